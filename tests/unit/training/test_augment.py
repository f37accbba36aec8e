from __future__ import annotations

import numpy as np
import torch

from drasp_cli.training.augment import augment
from drasp_cli.training.batch import Batch
from drasp_cli.training.recipe import DataRecipe

LOGMELS = Batch(torch.arange(24.0).view(2, 4, 3), None, torch.zeros(2, 1))
SAMPLES = Batch(
    torch.tensor([[0.5, -0.25, 0.0], [1.0, 1.0, 1.0]]), None, torch.zeros(2, 1), num_samples=torch.tensor([2, 3])
)


def test_without_any_it_is_the_same_sound() -> None:
    rng = np.random.default_rng(0)
    assert torch.equal(augment(SAMPLES, DataRecipe(), rng).sound, SAMPLES.sound)


def test_samples_are_multiplied_by_one_gain_a_clip_within_the_range() -> None:
    rng = np.random.default_rng(0)
    ratios = torch.stack(
        [augment(SAMPLES, DataRecipe(gain_db=6.0), rng).sound[:, 0] / SAMPLES.sound[:, 0] for _ in range(200)]
    )
    decibels = 20 * ratios.log10()
    assert decibels.abs().max() <= 6.0
    assert decibels.min() < -5.0
    assert decibels.max() > 5.0
    assert not torch.equal(decibels[:, 0], decibels[:, 1])
    louder = augment(SAMPLES, DataRecipe(gain_db=6.0), rng)
    assert louder.sound[0, 2] == 0.0
    torch.testing.assert_close(louder.sound[0, 1] / louder.sound[0, 0], torch.tensor(-0.5))
    assert louder.num_samples is SAMPLES.num_samples


def test_log_mels_are_shifted_round_and_raised_by_one_level_a_clip() -> None:
    changed = augment(LOGMELS, DataRecipe(roll=True, gain_db=6.0), np.random.default_rng(1)).sound
    for before, after in zip(LOGMELS.sound, changed, strict=True):
        fits = [after - before.roll(shift, dims=0) for shift in range(4)]
        assert any(torch.allclose(fit, fit.flatten()[0].expand_as(fit), atol=1e-4) for fit in fits)
