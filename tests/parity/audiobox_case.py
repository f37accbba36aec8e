"""The clips, sizes and weights on which the Audiobox golden file and its test agree.

Imported by make_golden_wavlm.py (in the reference environment) and by test_wavlm_parity.py (in ours).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tests.parity.seeded_weights import seeded_matrix, seeded_tensor, seeded_waveform

SEED = 20261121
AXES = ("CE", "CU", "PC", "PQ")
TARGETS = {  # of the size of real ones
    "CE": {"mean": 5.1, "std": 1.7},
    "CU": {"mean": 5.8, "std": 1.5},
    "PC": {"mean": 3.3, "std": 1.4},
    "PQ": {"mean": 6.4, "std": 1.4},
}
SMALL_CONVS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
SMALL = {  # the published structure, narrow; most pairs of frames are beyond the largest distance
    "conv_dim": 24, "embed_dim": 48, "ffn_dim": 96, "num_layers": 3, "num_heads": 4,
    "pos_conv_kernel": 16, "pos_conv_groups": 4, "num_buckets": 32, "max_distance": 80,
}  # fmt: skip
RESEARCH_POOLINGS = {  # the research code's names, and ours
    "tap": "TemporalAverage",
    "tsp": "TemporalStatistics",
    "sap": "SelfAttentive",
    "asp": "AttentiveStatistics",
    "gsap": "SegmentalAttentive",
    "gasp": "SegmentalAttentiveStatistics",
    "drap": "DualResolutionAttentive",
    "drsp": "DualResolutionAttentiveStatistics",
}
SEGMENT_SIZE = 4


@dataclass(frozen=True)
class Sound:
    """One test file: what it is called tells what it is."""

    name: str
    sample_rate: int
    num_samples: int
    channels: int = 1
    gain: float = 1.0
    offset: float = 0.0

    def write(self, folder: Path) -> str:
        """Writes it as a float WAV, so that both sides decode the same bits, and returns its path."""
        signals = [seeded_waveform(self.num_samples, self.sample_rate, seed) for seed in range(1, self.channels + 1)]
        samples = np.stack(signals, axis=1) * np.float32(self.gain) + np.float32(self.offset)
        path = folder / f"{self.name}.wav"
        soundfile.write(path, samples, self.sample_rate, subtype="FLOAT")
        return str(path)


FULL_SIZE = (
    Sound("0.3s-8k-mono", 8000, 2400),
    Sound("3.2s-44k-stereo", 44100, 141120, channels=2),
    Sound("10.7s-48k-mono", 48000, 513600),
    Sound("25s-24k-stereo", 24000, 600000, channels=2),
)
SMALL_SIZE = (
    *FULL_SIZE,
    Sound("0.5s-11k-stereo", 11025, 5512, channels=2),
    Sound("1s-16k-mono", 16000, 16000),
    Sound("4.9s-22k-mono", 22050, 108045),
    Sound("9.99s-32k-stereo", 32000, 319680, channels=2),
    Sound("10s-16k-stereo", 16000, 160000, channels=2),
    Sound("one-sample-more-16k-mono", 16000, 160001),
    Sound("17s-44k-stereo", 44100, 749700, channels=2),
    Sound("silent-16k-mono", 16000, 32000, gain=0.0),
    Sound("faint-16k-mono", 16000, 48000, gain=1e-4),
    Sound("offset-16k-mono", 16000, 48000, gain=0.1, offset=0.5),
)


def seeded_audiobox_tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """`seeded_tensor`, made lively where the shape alone does not tell it what a parameter is for."""
    if len(shape) == 2 and min(shape) > 8:
        return seeded_matrix(name, shape, SEED, inputs=shape[1])
    values = seeded_tensor(name, shape, SEED)
    if name.startswith("layer_weights"):  # unlike for each axis, instead of nearly equal
        return 10.0 * values
    if name.endswith("weight_g"):  # a position embedding about as large as the frames
        return 1.0 + values
    if name in ("pooling.alpha", "pooling.beta"):  # both resolutions heard
        return np.float32(0.6) + values
    if name.endswith("attention"):  # scores of about unit size
        return values / np.float32(shape[0] ** 0.5)
    return values
