from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from drasp_cli.training.augment import EDGES, USUAL_EDGES, Augmentation
from drasp_cli.training.bands import SILENCE, Bands
from drasp_cli.training.batch import Batch
from drasp_cli.training.recipe import DataRecipe
from drasp_cli.training.worse import STEPS, loudest_around
from tests.tiny import tiny_audiobox_config, tiny_config

CLAP, AUDIOBOX = tiny_config(), tiny_audiobox_config()
LOGMELS = Batch(torch.arange(24.0).view(2, 4, 3), None, torch.zeros(2, 1))
SAMPLES = Batch(
    torch.tensor([[0.5, -0.25, 0.0], [1.0, 1.0, 1.0]]), None, torch.zeros(2, 1), num_samples=torch.tensor([2, 3])
)


def test_without_any_it_is_the_same_sound() -> None:
    for config, batch in ((CLAP, LOGMELS), (AUDIOBOX, SAMPLES)):
        changed = Augmentation(config, DataRecipe())(batch, np.random.default_rng(0))
        assert torch.equal(changed.sound, batch.sound)
        assert changed.worse is None


def test_samples_are_multiplied_by_one_gain_a_clip_within_the_range() -> None:
    rng, augment = np.random.default_rng(0), Augmentation(AUDIOBOX, DataRecipe(gain_db=6.0))
    ratios = torch.stack([augment(SAMPLES, rng).sound[:, 0] / SAMPLES.sound[:, 0] for _ in range(200)])
    decibels = 20 * ratios.log10()
    assert decibels.abs().max() <= 6.0
    assert decibels.min() < -5.0
    assert decibels.max() > 5.0
    assert not torch.equal(decibels[:, 0], decibels[:, 1])
    louder = augment(SAMPLES, rng)
    assert louder.sound[0, 2] == 0.0
    torch.testing.assert_close(louder.sound[0, 1] / louder.sound[0, 0], torch.tensor(-0.5))
    assert louder.num_samples is SAMPLES.num_samples


def test_log_mels_are_shifted_round_and_raised_by_one_level_a_clip() -> None:
    changed = Augmentation(CLAP, DataRecipe(roll=True, gain_db=6.0))(LOGMELS, np.random.default_rng(1)).sound
    for before, after in zip(LOGMELS.sound, changed, strict=True):
        fits = [after - before.roll(shift, dims=0) for shift in range(4)]
        assert any(torch.allclose(fit, fit.flatten()[0].expand_as(fit), atol=1e-4) for fit in fits)


def test_a_share_of_clips_ends_at_a_frequency_of_its_own_and_all_its_versions_with_it() -> None:
    config = replace(CLAP, logmel=replace(CLAP.logmel, num_mels=64, f_max=16000.0))
    config = replace(config, audio=replace(config.audio, sample_rate=32000, frontend_sample_rate=32000))
    centres = Bands.of(config.logmel, config.audio).centres
    loud = Batch(torch.full((400, 5, 64), -20.0), None, torch.zeros(400, 1))
    data = DataRecipe(edges=0.5, worse=40, order_axis="MI")
    changed = Augmentation(config, data)(loud, np.random.default_rng(2), order=True)
    assert changed.worse is not None
    assert changed.worse.shape == (40, STEPS, 5, 64)
    cut = (changed.sound != -20.0).any(1)  # (clips, mels)
    ended = cut.any(1)
    assert 0.42 < ended.float().mean() < 0.58
    lowest = centres[cut[ended].int().argmax(1).numpy()]
    assert EDGES[0] < lowest.min() < lowest.max() <= EDGES[1]
    usual = [float(np.isclose(lowest, centres[np.searchsorted(centres, edge)]).mean()) for edge in USUAL_EDGES]
    assert min(usual) > 0.2
    for clip, bands in zip(changed.sound[ended], cut[ended], strict=True):
        assert bool(bands[bands.int().argmax() :].all())
        assert SILENCE[0] <= clip[:, bands].min() == clip[:, bands].max() <= SILENCE[1]
    ends = cut[:40].any(1)
    assert 5 < ends.sum() < 35
    for clip, versions, bands in zip(changed.sound[:40][ends], changed.worse[ends], cut[:40][ends], strict=True):
        assert versions[..., bands].max() <= clip[:, bands].max()


@pytest.mark.parametrize("order", [True, False])
def test_only_a_stage_that_teaches_order_makes_clips_worse(order: bool) -> None:
    sound = torch.randn(4, 20, CLAP.logmel.num_mels, generator=torch.Generator().manual_seed(0)) * 10 - 40
    data = DataRecipe(batch_size=4, worse=3, order_axis="MI")
    changed = Augmentation(CLAP, data)(Batch(sound, None, torch.zeros(4, 1)), np.random.default_rng(0), order=order)
    assert torch.equal(changed.sound, sound)
    assert (changed.worse is not None) == order
    assert changed.worse is None or len(changed.worse) == 3
    assert (changed.worse_by is not None) == order


def test_how_much_worse_a_log_mel_is_counts_what_is_left_of_it() -> None:
    """Above the edge of a recording nothing can be taken away."""
    sound = torch.full((40, 5, CLAP.logmel.num_mels), -20.0)
    data = DataRecipe(batch_size=40, worse=40, order_axis="MI")
    changed = Augmentation(CLAP, data)(Batch(sound, None, torch.zeros(40, 1)), np.random.default_rng(0), order=True)
    assert changed.worse is not None
    assert changed.worse_by is not None
    first = (changed.sound - changed.worse[:, 0]).abs().mean((-2, -1)) / 4.0
    torch.testing.assert_close(changed.worse_by[:, 0], first.clamp_max(1.0))


@pytest.mark.parametrize("config", [CLAP, AUDIOBOX], ids=["log-mels", "samples"])
def test_a_colour_is_a_smooth_curve_of_its_own_for_each_clip(config) -> None:
    rate, clips = config.audio.frontend_sample_rate, 30
    augment = Augmentation(config, DataRecipe(colour_db=3.0))
    if config is CLAP:
        batch = Batch(torch.full((clips, 4, config.logmel.num_mels), -30.0), None, torch.zeros(clips, 1))
        decibels = (augment(batch, np.random.default_rng(0)).sound + 30.0)[:, 0]
        assert torch.equal(decibels + 0.0, (augment(batch, np.random.default_rng(0)).sound + 30.0)[:, 3])
    else:
        click = torch.zeros(clips, rate)
        click[:, rate // 2] = 1.0
        whole = Batch(click, None, torch.zeros(clips, 1), num_samples=torch.full((clips,), rate))
        coloured = augment(whole, np.random.default_rng(0)).sound
        decibels = 20.0 * torch.fft.rfft(coloured).abs().log10()
        upside_down = coloured[:, rate // 2] < 0
        assert 5 < int(upside_down.sum()) < 25
    assert 2.0 < float(decibels.std()) < 3.5
    assert float(decibels.diff(dim=1).abs().max()) < 9.0
    assert not torch.equal(decibels[0], decibels[1])


def test_padding_stays_silent_in_colour() -> None:
    coloured = Augmentation(AUDIOBOX, DataRecipe(colour_db=6.0))(SAMPLES, np.random.default_rng(0)).sound
    assert coloured[0, 2] == 0.0
    assert bool(coloured[0, :2].any())


def test_samples_are_made_worse_where_order_is_taught() -> None:
    rate = AUDIOBOX.audio.frontend_sample_rate
    rng = np.random.default_rng(0)
    sound = torch.from_numpy(0.1 * rng.standard_normal((4, rate)).astype(np.float32))
    sound[1, rate // 2 :] = 0.0
    counts = torch.tensor([rate, rate // 2, rate, rate])
    batch = Batch(sound, None, torch.zeros(4, 1), num_samples=counts)
    changed = Augmentation(AUDIOBOX, DataRecipe(batch_size=4, worse=2, order_axis="PQ"))(batch, rng, order=True)
    assert changed.worse is not None
    assert changed.worse_by is not None
    assert changed.worse.shape == (2, STEPS, rate)
    assert changed.worse_by.shape == (2, STEPS)
    assert not bool(changed.worse[1, :, rate // 2 :].any())


def test_a_share_of_clips_gets_deeper_valleys_and_keeps_its_peaks() -> None:
    sound = torch.randn(400, 20, CLAP.logmel.num_mels, generator=torch.Generator().manual_seed(0)) * 10 - 40
    augment = Augmentation(CLAP, DataRecipe())
    changed = augment(Batch(sound, None, torch.zeros(400, 1)), np.random.default_rng(0), contrast=0.5).sound
    depth = loudest_around(sound) - sound
    assert torch.equal(changed[depth == 0.0], sound[depth == 0.0])
    deep = (depth > 1.0) & (changed > -99.0)  # no deeper than silence
    amounts = [((before - after) / by)[at] for before, after, by, at in zip(sound, changed, depth, deep, strict=True)]
    assert max(float(amount.max() - amount.min()) for amount in amounts) < 1e-4  # one for all of a clip
    means = np.array([float(amount.mean()) for amount in amounts])
    assert 0.4 < np.mean(means > 1e-4) < 0.6
    assert means.min() == 0.0
    assert 0.55 < means.max() <= 0.6001
