"""The Audiobox predictor against audiobox-aesthetics' own pipeline on seeded weights (make_golden_wavlm.py).

Each clip goes from its file through our decoding, resampling and windows; the golden scores are those of the published
`AesPredictor` on the same file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from drasp_cli.audio.stream import open_clip
from drasp_cli.cli.app import app
from drasp_cli.datatypes import Clip, WindowBatch
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.average import WindowAverage
from drasp_cli.models.backbones.wavlm import PRETRAINING_ONLY, WavLM
from drasp_cli.models.config import AudioboxConfig, AudioConfig, TargetTransform, WavLMConfig
from drasp_cli.models.interface import Heard
from drasp_cli.models.pooling import PoolingConfig
from tests.meta_folder import meta_plain
from tests.parity.audiobox_case import (
    AXES,
    FULL_SIZE,
    RESEARCH_POOLINGS,
    SEGMENT_SIZE,
    SMALL,
    SMALL_SIZE,
    TARGETS,
    Sound,
    seeded_audiobox_tensor,
)

GOLDEN = np.load(Path(__file__).parent / "golden" / "wavlm.npz")
HEAD = AesHeadConfig(num_layers=5, layer_norm=True)
WINDOW_SAMPLES = 160_000


def seeded(tower: WavLMConfig, pooling: str | None = None, shared: WavLM | None = None) -> AudioboxPredictor:
    """Every learned tensor as in the golden file, built without drawing others first; or a seeded tower `shared`."""
    research = None if pooling is None else PoolingConfig(RESEARCH_POOLINGS[pooling], segment_size=SEGMENT_SIZE)
    config = AudioboxConfig(
        name="seeded",
        architecture="audiobox",
        axes=AXES,
        audio=AudioConfig(16_000, 16_000, WINDOW_SAMPLES, "zero"),
        targets={axis: TargetTransform(**TARGETS[axis]) for axis in AXES},
        ratings="none",
        licence="Apache-2.0",
        training_data="none",
        backbone=tower,
        pooling=research,
        heads=HEAD,
    )
    with torch.device("meta"):
        predictor = AudioboxPredictor(config)
    if shared is not None:
        predictor.wavlm_model = shared
    state = {
        name: torch.from_numpy(np.asarray(seeded_audiobox_tensor(name, tuple(tensor.shape))))
        if tensor.is_meta
        else tensor
        for name, tensor in predictor.state_dict().items()
    }
    predictor.load_state_dict(state, assign=True)
    return predictor.eval()


def windows(sound: Sound, folder: Path) -> WindowBatch:
    """All windows of a clip in one batch."""
    clip = Clip(sound.write(folder))
    with open_clip(clip, sample_rate=16_000, window_samples=WINDOW_SAMPLES, fill="zero") as audio:
        cut = list(audio)
    return WindowBatch(
        torch.from_numpy(np.stack([window.samples for window in cut])), torch.tensor([w.num_samples for w in cut])
    )


def clip_scores(predictor: AudioboxPredictor, batch: WindowBatch) -> list[float]:
    with torch.inference_mode():
        scores = predictor(batch)
    averages = {axis: WindowAverage() for axis in AXES}
    for axis, column in scores.items():
        for score, num_samples in zip(column.tolist(), batch.num_samples.tolist(), strict=True):
            averages[axis].add(score, num_samples)
    return [average.mean for average in averages.values()]


def first_window_layers(predictor: AudioboxPredictor, batch: WindowBatch) -> np.ndarray:
    with torch.inference_mode():
        outputs, mask = predictor.wavlm_model(WindowBatch(batch.samples[:1], batch.num_samples[:1]))
        assert mask is None
        return torch.cat(list(outputs)).numpy()


def assert_close(ours: np.ndarray, golden: np.ndarray, tolerance: float) -> None:
    assert ours.shape == golden.shape
    difference = np.abs(ours - golden).max() / tolerance
    assert difference < 1, f"{difference} times the tolerance"


@pytest.fixture(scope="module")
def full() -> AudioboxPredictor:
    return seeded(WavLMConfig())


@pytest.fixture(scope="module")
def small() -> AudioboxPredictor:
    return seeded(WavLMConfig(**SMALL))


@pytest.fixture(scope="module")
def small_batches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WindowBatch]:
    folder = tmp_path_factory.mktemp("clips")
    return {sound.name: windows(sound, folder) for sound in SMALL_SIZE}


def test_parameter_names_and_shapes_are_the_published_ones(full: AudioboxPredictor) -> None:
    """All of them but the mask embedding of pre-training; together, they fill the published file."""
    ours = {f"{name} {tuple(tensor.shape)}" for name, tensor in full.state_dict().items()}
    left_out = {f"wavlm_model.{name} ({full.wavlm_model.dim},)" for name in PRETRAINING_ONLY}
    assert ours | left_out == set(GOLDEN["names"].tolist())
    assert not ours & left_out
    assert sum(p.numel() for p in full.parameters()) + full.wavlm_model.dim == 103_859_112


@pytest.mark.parametrize("sound", FULL_SIZE, ids=lambda sound: sound.name)
def test_full_size_scores_equal_the_references(full: AudioboxPredictor, sound: Sound, tmp_path: Path) -> None:
    ours = clip_scores(full, windows(sound, tmp_path))
    assert_close(np.array(ours), GOLDEN["full/mean"][FULL_SIZE.index(sound)], 1e-4)


def published_folder(predictor: AudioboxPredictor, folder: Path, **settings: Any) -> Path:
    """A folder as the programs of the golden scores save it, with the tensor that only pre-training reads."""
    mask_embeddings = {f"wavlm_model.{name}": torch.ones(predictor.wavlm_model.dim) for name in PRETRAINING_ONLY}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(meta_plain(target_transform=TARGETS, **settings)))
    save_file(predictor.state_dict() | mask_embeddings, folder / "model.safetensors")
    return folder


def drasp(*words: object) -> str:
    """What `drasp` prints."""
    run = CliRunner().invoke(app, [str(word) for word in words])
    assert run.exit_code == 0, run.stderr
    return run.stdout


def command_scores(model: Path, sounds: Sequence[Sound], folder: Path) -> np.ndarray:
    """(clips, axes), of all clips in one run of `drasp score`."""
    rows = json.loads(drasp("score", *(sound.write(folder) for sound in sounds), "--model", model, "-f", "json"))
    return np.array([[row[axis] for axis in AXES] for row in rows])


def test_a_full_size_folder_of_metas_scores_as_the_reference_does(full: AudioboxPredictor, tmp_path: Path) -> None:
    """From files to rows by the command itself: the published folder, several clips in a batch."""
    meta = published_folder(full, tmp_path / "meta")
    assert_close(command_scores(meta, FULL_SIZE, tmp_path), GOLDEN["full/mean"], 1e-4)
    shutil.rmtree(meta)


@pytest.mark.parametrize("sound", FULL_SIZE[:2], ids=lambda sound: sound.name)
def test_full_size_layers_equal_the_references(full: AudioboxPredictor, sound: Sound, tmp_path: Path) -> None:
    golden = GOLDEN[f"full/layers/{sound.name}"]
    ours = first_window_layers(full, windows(sound, tmp_path))[:, ::12, ::24]
    for layer, expected in zip(ours, golden, strict=True):
        assert_close(layer, expected, 1e-5 * np.abs(expected).max())


@pytest.fixture(scope="module")
def heard_in_full(full: AudioboxPredictor, tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    """What the tower and the layer mixes, which all poolings share, hear in clips of one window."""
    folder = tmp_path_factory.mktemp("clips")
    with torch.inference_mode():
        return [full.hear(windows(sound, folder)) for sound in FULL_SIZE[:2]]


@pytest.mark.parametrize("pooling", RESEARCH_POOLINGS)
def test_full_size_scores_equal_the_research_codes(
    pooling: str, full: AudioboxPredictor, heard_in_full: list[Heard]
) -> None:
    predictor = seeded(WavLMConfig(), pooling, shared=full.wavlm_model)
    with torch.inference_mode():
        ours = [[float(score) for score in predictor.judge(heard).values()] for heard in heard_in_full]
    assert_close(np.array(ours), GOLDEN[f"full/{pooling}"], 1e-4)


def test_a_full_size_research_folder_is_converted_and_scores_as_the_research_code_does(
    full: AudioboxPredictor, tmp_path: Path
) -> None:
    """Both by their commands: from the files that the code saves to rows."""
    drasp_predictor = seeded(WavLMConfig(), "drsp", shared=full.wavlm_model)
    settings = {"pooling_type": "drsp", "segment_size": SEGMENT_SIZE}
    research = published_folder(drasp_predictor, tmp_path / "research", **settings)
    drasp("convert", "drasp-track2", research, tmp_path / "converted")
    shutil.rmtree(research)
    ours = command_scores(tmp_path / "converted", FULL_SIZE[:2], tmp_path)
    assert_close(ours, GOLDEN["full/drsp"], 1e-4)
    shutil.rmtree(tmp_path / "converted")


def test_every_clips_layers_equal_the_references(
    small: AudioboxPredictor, small_batches: dict[str, WindowBatch]
) -> None:
    for name, batch in small_batches.items():
        golden = GOLDEN[f"small/layers/{name}"]
        ours = first_window_layers(small, batch)[:, ::25, ::8]
        for layer, expected in zip(ours, golden, strict=True):
            assert_close(layer, expected, 1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("pooling", ["mean", *RESEARCH_POOLINGS])
def test_every_clips_scores_equal_the_references(pooling: str, small_batches: dict[str, WindowBatch]) -> None:
    predictor = seeded(WavLMConfig(**SMALL), None if pooling == "mean" else pooling)
    ours = [clip_scores(predictor, batch) for batch in small_batches.values()]
    assert_close(np.array(ours), GOLDEN[f"small/{pooling}"], 1e-4)
