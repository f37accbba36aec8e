"""The full-size CLAP predictor against laion-clap and the research code on seeded weights (make_golden_clap.py).

Tensors go in by the names and the way of `drasp convert`, and clips from their files through our decoding, resampling
and windows. The weights are two hundred million numbers, so the towers are filled once, and the poolings exchanged.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from drasp_cli.audio.stream import open_clip
from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.convert.laion import laion_config
from drasp_cli.checkpoints.convert.track1 import research_name, track1_config
from drasp_cli.checkpoints.store import Checkpoint, load_tensors
from drasp_cli.datatypes import Clip
from drasp_cli.models.build import build_predictor
from drasp_cli.models.config import AudioConfig, ClapConfig
from drasp_cli.models.pooling import build_pooling
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.models.tokenizer import PromptTokenizer
from drasp_cli.scoring import score_clips
from tests.parity.audiobox_case import Sound
from tests.parity.clap_case import CASES, SOUNDS, WITHIN_10_S, Case, seeded_clap_tensor, token_ids

GOLDEN = np.load(Path(__file__).parent / "golden" / "clap.npz")
PREFIX = "upstream_model.model."
DRASP = next(case for case in CASES if case.name == "drsp/5x1")
COMPUTED = ("stft", "melW", "relative_position_index", "attn_mask", "num_batches_tracked")


class Ids(PromptTokenizer):
    """Reads the number of a prompt as its token ids: RoBERTa's own tokenizer is not needed to compare towers."""

    def __init__(self) -> None:
        pass

    def encode(self, prompt: str) -> tuple[list[int], bool]:
        return token_ids()[int(prompt)], False


def config_of(case: Case) -> ClapConfig:
    config = track1_config(case.pooling, case.segment_size, case.frame_repeat, "seeded")
    assert isinstance(config, ClapConfig)
    return config


@pytest.fixture(scope="module")
def laions() -> dict[str, Tensor]:
    """Every learned tensor of LAION-CLAP, by the names and shapes that its own state dict has."""
    tensors = {}
    for line in GOLDEN["names"].tolist():
        name, sizes = line.split(" ", 1)
        if not any(part in name for part in COMPUTED):
            shape = tuple(int(size) for size in re.findall(r"[0-9]+", sizes))
            tensors[name] = torch.from_numpy(np.asarray(seeded_clap_tensor(name, shape)))
    return tensors


@pytest.fixture(scope="module")
def towers(laions: dict[str, Tensor]) -> ClapPredictor:
    """The predictor of `DRASP`, filled from a research checkpoint."""
    predictor = build_predictor(config_of(DRASP))
    fill(predictor, laions)
    return predictor


def fill(predictor: ClapPredictor, laions: dict[str, Tensor]) -> None:
    """As `drasp convert drasp-track1` does; what is not LAION's has its shape from our predictor."""
    tensors = {PREFIX + name: tensor for name, tensor in laions.items()}
    for name, tensor in predictor.state_dict().items():
        theirs = research_name(name)
        if not theirs.startswith(PREFIX):
            tensors[theirs] = torch.from_numpy(np.asarray(seeded_clap_tensor(theirs, tuple(tensor.shape))))
    load_tensors(predictor, clap.without_extras(tensors, "seeded", PREFIX), "seeded", research_name)


def window(sound: Sound, folder: Path, audio: AudioConfig) -> Tensor:
    """(1, window_samples): the one window of a clip."""
    with open_clip(
        Clip(sound.write(folder)), sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
    ) as windows:
        (only,) = windows
    return torch.from_numpy(only.samples)[None]


@pytest.fixture(scope="module")
def heard(towers: ClapPredictor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Tensor, Tensor]]:
    """Clip -> its log-mel (1, frames, mels) and its time steps (1, 32, dim), as a research checkpoint hears it."""
    folder = tmp_path_factory.mktemp("clips")
    found = {}
    with torch.inference_mode():
        for sound in SOUNDS:
            logmel = towers.logmel(window(sound, folder, towers.config.audio))
            found[sound.name] = logmel, towers.audio_branch(logmel).frames
    return found


@pytest.fixture(scope="module")
def texts(towers: ClapPredictor) -> Tensor:
    """(prompts, embedding_dim): each prompt alone, as it is scored."""
    with torch.inference_mode():
        return torch.cat([towers.embed_text(torch.tensor([ids])) for ids in token_ids()])


def assert_close(ours: Tensor | np.ndarray, golden: np.ndarray, tolerance: float) -> None:
    difference = np.abs(np.asarray(ours) - golden).max()
    print(f"largest difference {difference:.2e}, allowed {tolerance:.2e}")
    assert np.asarray(ours).shape == golden.shape
    assert difference < tolerance


def test_every_tensor_of_laions_is_read_or_known_to_be_left_out(
    towers: ClapPredictor, laions: dict[str, Tensor]
) -> None:
    ours = {research_name(name).removeprefix(PREFIX) for name in towers.state_dict()}
    assert laions.keys() - ours == clap.LEFT_OUT


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.name)
def test_logmels_are_laions(heard: dict[str, tuple[Tensor, Tensor]], sound: Sound) -> None:
    # dB of values down to -100; float32 sums of another order move them by some 1e-5
    assert_close(heard[sound.name][0][0, ::50, ::2], GOLDEN[f"logmel/{sound.name}"], 1e-4)


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.name)
def test_time_steps_are_laions(heard: dict[str, tuple[Tensor, Tensor]], sound: Sound) -> None:
    golden = GOLDEN[f"steps/{sound.name}"]
    assert_close(heard[sound.name][1][0, ::4, ::16], golden, 1e-5 * np.abs(golden).max())


def test_text_embeddings_are_laions(texts: Tensor) -> None:
    """Without padding to 77 tokens, which laion-clap does."""
    assert_close(texts, GOLDEN["text"], 1e-5)


def test_audio_embeddings_are_laions(towers: ClapPredictor, tmp_path: Path) -> None:
    config = laion_config(is_published=True, source="-")
    found = []
    with torch.inference_mode():
        for sound in WITHIN_10_S:
            logmel = towers.logmel(window(sound, tmp_path, config.audio))
            mean = towers.audio_branch(logmel).frames.mean(dim=1)  # no pooling, no projection behind it
            found.append(towers.embed_summary(mean))
    assert_close(torch.cat(found), GOLDEN["audio"], 1e-5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scores_are_the_research_codes(
    towers: ClapPredictor, heard: dict[str, tuple[Tensor, Tensor]], texts: Tensor, case: Case
) -> None:
    config, golden = config_of(case), GOLDEN[f"scores/{case.name}"]
    assert config.pooling is not None
    pooling = build_pooling(config.pooling, towers.audio_branch.dim)
    projection = nn.Linear(pooling.out_dim, towers.audio_branch.dim)
    with torch.inference_mode():
        for below, part in (("pooling", pooling), ("pooling_proj", projection)):
            for name, tensor in part.state_dict().items():
                seeded = seeded_clap_tensor(f"{below}.{name}", tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(np.asarray(seeded)))
        ours = []
        for i, (_, steps) in enumerate(heard.values()):
            frames = steps.repeat_interleave(config.backbone.frame_repeat, dim=1)
            audio = towers.embed_summary(projection(pooling(frames).embedding))
            scores = towers.score(audio, texts[i % len(texts)][None])
            ours.append([float(scores["MI"]), float(scores["TA"])])
    assert golden.std(axis=0).min() > 0.01  # a spread that the tolerance is small against
    assert_close(np.array(ours), golden, 1e-5)


def test_clips_are_scored_as_by_the_research_code(towers: ClapPredictor, tmp_path: Path) -> None:
    """From files to numbers, the way `drasp score` goes; in one batch, where the research code takes each alone."""
    checkpoint = Checkpoint("seeded", "0" * 12, towers, Ids())
    clips = [Clip(sound.write(tmp_path), prompt=str(i % len(token_ids()))) for i, sound in enumerate(SOUNDS)]
    rows = list(score_clips(checkpoint, clips))
    assert [row.windows for row in rows] == [1] * len(SOUNDS)
    ours = np.array([[row.scores["MI"], row.scores["TA"]] for row in rows])
    assert_close(ours, GOLDEN[f"scores/{DRASP.name}"], 1e-5)
