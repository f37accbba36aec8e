"""What is kept of a clip for a tower of samples: the samples themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drasp_cli.datatypes import Clip
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.build import seeded_predictor
from drasp_cli.training.features import FeatureStore, feature_store
from tests.tiny import tiny_audiobox_config


@pytest.fixture
def predictor() -> AudioboxPredictor:
    """Its windows are one second at 8 kHz."""
    return seeded_predictor(tiny_audiobox_config(), 0)


def store(folder: Path, clips: list[Clip], predictor: AudioboxPredictor) -> FeatureStore:
    return feature_store(folder / "kept", "train", clips, predictor, lambda: None)


def test_sixteen_bit_samples_are_kept_as_they_are(tmp_path: Path, predictor: AudioboxPredictor) -> None:
    rng = np.random.default_rng(0)
    sounds = [rng.integers(-(2**15), 2**15, n).astype(np.int16) for n in (5000, 8000, 13000)]
    clips = []
    for i, sound in enumerate(sounds):
        soundfile.write(tmp_path / f"{i}.wav", sound, 8000, subtype="PCM_16")
        clips.append(Clip(str(tmp_path / f"{i}.wav"), id=str(i)))
    kept = store(tmp_path, clips, predictor)
    assert kept.first.tolist() == [0, 1, 2, 4]
    every = np.arange(4)
    assert kept.num_samples is not None
    real = kept.real(every)
    assert real is not None
    assert real.tolist()[:2] == [5000, 8000]
    batch = kept.batch(every)
    assert (batch.shape, batch.dtype) == ((4, 8000), torch.float32)
    assert torch.equal(batch[0, :5000] * 2**15, torch.from_numpy(sounds[0].astype(np.float32)))
    assert not batch[0, 5000:].any()
    assert torch.equal(batch[2] * 2**15, torch.from_numpy(sounds[2][:8000].astype(np.float32)))


def test_what_is_beyond_full_scale_is_clipped_and_does_not_wrap(tmp_path: Path, predictor: AudioboxPredictor) -> None:
    soundfile.write(tmp_path / "loud.wav", np.array([1.5, -1.5] * 2000, np.float32), 8000, subtype="FLOAT")
    kept = store(tmp_path, [Clip(str(tmp_path / "loud.wav"))], predictor).batch(np.array([0]))[0]
    assert kept[:2].tolist() == [1 - 2.0**-15, -1.0]


def test_kept_samples_are_found_again_until_the_front_end_changes(
    tmp_path: Path, predictor: AudioboxPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(6000, 0.25), 8000)
    clips = [Clip(str(tmp_path / "a.wav"))]
    first = store(tmp_path, clips, predictor)
    data = tmp_path / "kept" / "train.i16"
    before = data.stat().st_mtime_ns
    again = store(tmp_path, clips, predictor)
    assert data.stat().st_mtime_ns == before
    assert np.array_equal(first.windows, again.windows)
    assert again.num_samples is not None
    assert again.num_samples.tolist() == [6000]
    audio = {"sample_rate": 8000, "frontend_sample_rate": 8000, "window_samples": 4000, "fill": "zero"}
    shorter = store(tmp_path, clips, seeded_predictor(tiny_audiobox_config(audio=audio), 0))
    assert shorter.windows.shape == (2, 4000)
