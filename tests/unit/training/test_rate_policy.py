"""The rate policy is the recipe's: what the front end believes it hears, in training as in scoring, and on the card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from drasp_cli.audio.stream import open_clip
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.datatypes import Clip
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import AudioConfig, ClapConfig
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.features import feature_store
from drasp_cli.training.recipe import StageRecipe
from tests.unit.training.dataset import make_dataset
from tests.unit.training.test_loop import recipe, train

CORRECT = AudioConfig(sample_rate=8000, frontend_sample_rate=8000, window_samples=8000, fill="repeat")
RESEARCH = AudioConfig(sample_rate=8000, frontend_sample_rate=24000, window_samples=8000, fill="repeat")
ONE_STAGE = recipe(StageRecipe("ratings", 1, {"ratings": 1.0}))


def with_policy(audio: AudioConfig) -> ClapConfig:
    assert isinstance(ONE_STAGE.predictor, ClapConfig)
    return replace(ONE_STAGE.predictor, audio=audio)


@pytest.mark.parametrize(
    ("audio", "said"),
    [
        (CORRECT, 'Audio: 1 s windows at 8000 Hz, short clips filled by "repeat".'),
        (RESEARCH, 'Audio: 1 s windows at 8000 Hz, heard as if they were 24000 Hz, short clips filled by "repeat".'),
    ],
    ids=["correct", "research"],
)
def test_a_recipe_chooses_and_the_card_says_which(tmp_path: Path, audio: AudioConfig, said: str) -> None:
    chosen = replace(ONE_STAGE, predictor=with_policy(audio))
    train(make_dataset(tmp_path / "data"), tmp_path / "out", recipe=chosen)
    assert load_predictor(f"{tmp_path}/out").config.audio == audio
    assert said in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize("audio", [CORRECT, RESEARCH], ids=["correct", "research"])
def test_training_hears_a_clip_as_scoring_does(tmp_path: Path, audio: AudioConfig) -> None:
    path = next((make_dataset(tmp_path / "data") / "wav").iterdir())
    predictor = seeded_predictor(with_policy(audio), 0)
    kept = feature_store(tmp_path / "kept", "train", [Clip(str(path), id="a")], predictor, lambda: None)
    how = {"sample_rate": audio.sample_rate, "window_samples": audio.window_samples, "fill": audio.fill}
    with open_clip(Clip(str(path)), **how) as windows:
        scored = [predictor.logmel(torch.from_numpy(window.samples)[None])[0] for window in windows]
    assert len(scored) == 1
    np.testing.assert_allclose(kept.batch(np.arange(1))[0], scored[0], atol=0.05)  # dB; kept in half precision


def test_the_two_policies_hear_one_clip_differently() -> None:
    tone = 0.5 * torch.sin(2 * torch.pi * 1000.0 * torch.arange(8000) / 8000)[None]
    loudest = []
    for audio in (CORRECT, RESEARCH):
        predictor = seeded_predictor(with_policy(audio), 0)
        assert isinstance(predictor, ClapPredictor)
        loudest.append(int(predictor.logmel(tone).mean(dim=1).argmax()))
    assert loudest[1] > loudest[0] + 3  # three times as high
