"""The clips, prompts and weights on which the CLAP golden file and its test agree.

Imported by make_golden_clap.py (in the reference environment) and by test_clap_parity.py (in ours).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.parity.audiobox_case import Sound
from tests.parity.seeded_weights import seeded_matrix, seeded_tensor

SEED = 20261122
FRAME_REPEAT = 32  # what laion-clap's own fine-grained output does
VOCAB_SIZE = 50265
MAX_TOKENS = 77


@dataclass(frozen=True)
class Case:
    """One research checkpoint: what its state dict does not say."""

    pooling: str
    segment_size: int
    frame_repeat: int

    @property
    def name(self) -> str:
        return f"{self.pooling}/{self.segment_size}x{self.frame_repeat}"


POOLINGS = ("tap", "tsp", "sap", "asp", "gsap", "gasp", "drap", "drsp")
CASES = tuple(Case(pooling, size, repeat) for size, repeat in ((5, 1), (48, 32)) for pooling in POOLINGS)
"""5 does not divide 32, and 48 not 1,024: the last segment is partial."""

BASELINE = "none"  # what `drasp convert` calls the pooling of the MusicEval baseline

SOUNDS = (
    Sound("0.3s-8k-mono", 8000, 2400),
    Sound("3.2s-44k-stereo", 44100, 141120, channels=2),
    Sound("5.1s-48k-mono", 48000, 244800),
    Sound("9.9s-22k-stereo", 22050, 218295, channels=2),
    Sound("12s-16k-mono", 16000, 192000),
    Sound("25s-32k-stereo", 32000, 800000, channels=2),
)
"""One window each for a research checkpoint (30 s); up to three for LAION-CLAP (10 s)."""


def token_ids() -> list[list[int]]:
    """Prompts as RoBERTa would read them: an empty one, a usual one, and one that fills the tower."""
    rng = np.random.Generator(np.random.Philox(key=[SEED, 0]))
    return [[0, *rng.integers(4, VOCAB_SIZE, size=length).tolist(), 2] for length in (0, 9, MAX_TOKENS - 2)]


def sampling(size: int) -> int:
    """Which value of `size` in a row is kept of a constant: every n-th, of some 400, in other columns of each row."""
    return size // 400 | 1


def seeded_clap_tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values for a learned tensor, by its name in LAION-CLAP or in the research code; float32."""
    if len(shape) == 2 and min(shape) > 8:
        return seeded_matrix(name, shape, SEED, inputs=48.0 if "embeddings" in name else shape[1])
    values = seeded_tensor(name, shape, SEED)
    if name in ("pooling.alpha", "pooling.beta"):  # both resolutions heard
        return np.float32(0.6) + values
    if name.endswith("attention"):  # scores of about unit size
        return values / np.float32(shape[0] ** 0.5)
    return values
