from __future__ import annotations

import numpy as np
import pytest
import torch

from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.examples import NOT_MENTIONED, Examples, Vocabulary
from drasp_cli.training.features import FeatureStore
from drasp_cli.training.start import expect_average, fix_batch_norm, prepare, spread_clips
from drasp_cli.training.teachers import Teachers, graded
from tests.tiny import tiny_config

VOCABULARY = Vocabulary({"height": ("high", "low")}, ("hum", "noise"))


@pytest.fixture
def predictor() -> ClapPredictor:
    return seeded_predictor(tiny_config(), 0)


@pytest.fixture
def features() -> FeatureStore:
    """40 clips of one window each; clips differ in level and tilt, as real ones do."""
    rng = np.random.default_rng(0)
    tilt = rng.normal(0, 10, (40, 1, 1)) * np.linspace(-1, 1, 16)
    frames = -50 + rng.normal(0, 8, (40, 1, 1)) + tilt + rng.normal(0, 6, (40, 63, 16))
    return FeatureStore(frames.astype(np.float16), np.arange(41))


def examples() -> Examples:
    heard = torch.tensor([[0], [0], [0], [1], [NOT_MENTIONED]] * 8)
    asked = torch.tensor([[0], [1], [NOT_MENTIONED], [1], [0]] * 8)
    causes = torch.tensor([[0.0, 0.5], [1.0, 0.5]] * 20)
    return Examples([], torch.full((40, 2), 3.0), heard, asked, causes)


def test_batch_norm_standardises_each_band(predictor: ClapPredictor, features: FeatureStore) -> None:
    fix_batch_norm(predictor, features)
    frames = torch.from_numpy(features.windows.astype(np.float32))
    normed = predictor.audio_branch.bn0(frames.transpose(1, 2)[..., None])
    torch.testing.assert_close(normed.mean(dim=(0, 2, 3)), torch.zeros(16), atol=1e-3, rtol=0)
    torch.testing.assert_close(normed.var(dim=(0, 2, 3)), torch.ones(16), atol=1e-2, rtol=0)


def test_clips_start_apart(features: FeatureStore) -> None:
    """The mean cosine between clips falls to less than half on average; a single draw of the layers may do less."""
    windows = features.batch(np.arange(40))
    shares = []
    for seed in range(10):
        predictor = seeded_predictor(tiny_config(), 0)
        fix_batch_norm(predictor, features)
        torch.manual_seed(seed)
        with torch.inference_mode():
            before = predictor.embed_audio(windows)
            spread_clips(predictor, features)
            summary, after = predictor.summarise(windows), predictor.embed_audio(windows)
        torch.testing.assert_close(summary.mean(dim=0), torch.zeros(16), atol=1e-4, rtol=0)
        shares.append(float((after @ after.T).mean() / (before @ before.T).mean()))
    assert max(shares) < 0.75
    assert np.mean(shares) < 0.5


def test_every_answer_starts_at_the_average(predictor: ClapPredictor, features: FeatureStore) -> None:
    teachers = Teachers(predictor.config, VOCABULARY)
    with torch.inference_mode():
        prepare(predictor, teachers, examples(), features)
        windows = features.batch(np.arange(40))
        scores = predictor.score(predictor.embed_audio(windows), None)
        assert torch.equal(scores["MI"], torch.full((40,), 3.0))
        assert teachers.causes is not None
        summary = predictor.summarise(windows)
        expected = graded(examples().causes).mean(0)
        torch.testing.assert_close(teachers.causes(summary), expected.expand(40, 2))
        torch.testing.assert_close(teachers.heard[0](summary).softmax(-1)[0], torch.tensor([0.75, 0.25]))


def test_without_causes_there_is_nothing_to_expect(predictor: ClapPredictor) -> None:
    teachers = Teachers(predictor.config, None)
    expect_average(teachers, Examples([], torch.full((4, 2), 3.0)))
    assert len(teachers.heard) == 0
