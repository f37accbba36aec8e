"""Psychometric functions by hand-checked values, and raters whose bias and noise can be found again."""

from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.simulation.attributes import VALUES
from drasp_cli.simulation.composer import MUSICAL_FAULTS, audible_faults
from drasp_cli.simulation.prompts import draw_prompts
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import (
    ATTRIBUTE_WEIGHTS,
    BIAS_SD,
    CAUSES,
    NOISE_SD,
    PSYCHOMETRICS,
    RATERS,
    Psychometric,
    agreement,
    draw_biases,
    musical_damage,
    musical_impression,
    rate,
    sound_damage,
    textual_alignment,
)
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES
from drasp_cli.simulation.systems import draw_heard, draw_severities, draw_systems

CLEAN = dict.fromkeys(CAUSES, 0.0)


def test_every_cause_and_attribute_has_its_constants():
    assert set(CAUSES) == {*MUSICAL_FAULTS, *CHAIN_CAUSES}
    assert tuple(ATTRIBUTE_WEIGHTS) == tuple(VALUES)


def test_damage_at_the_scale_is_63_percent_of_the_weight():
    assert Psychometric(0.8, 0.5, 1.7).damage(0.5) == pytest.approx(0.8 * (1 - np.exp(-1)))


def test_impression_by_hand():
    assert musical_impression(CLEAN) == 5.0
    one = PSYCHOMETRICS["noise"].damage(0.7)
    assert musical_impression({**CLEAN, "noise": 0.7}) == pytest.approx(1 + 4 * np.exp(-one))
    two = PSYCHOMETRICS["clicks"].damage(0.4)
    both = (one**1.5 + two**1.5) ** (1 / 1.5)
    music = PSYCHOMETRICS["no_form"].damage(0.9)
    expected = 1 + 4 * np.exp(-both - music)
    assert musical_impression({**CLEAN, "noise": 0.7, "clicks": 0.4, "no_form": 0.9}) == pytest.approx(expected)


@pytest.mark.parametrize("cause", CAUSES)
def test_impression_falls_with_every_cause(cause):
    scores = [musical_impression({**CLEAN, cause: severity}) for severity in np.linspace(0, 1, 11)]
    assert np.all(np.diff(scores) < 0)
    assert scores[0] - scores[-1] > 0.8


def test_agreement_by_hand():
    asked = {"timbre": "piano", "tempo": "slow", "mode": "major"}
    assert agreement(asked, asked) == 1.0
    assert agreement(asked, {"timbre": "organ", "tempo": "fast", "mode": "minor"}) == 0.0
    assert agreement(asked, {"timbre": "electric piano", "tempo": "medium", "mode": ""}) == pytest.approx(
        (2.5 * 0.35 + 1.5 * 0.4) / 5.0
    )
    assert agreement({"mode": "major"}, {}) == 0.0


def test_alignment_rises_with_agreement_and_a_little_with_impression():
    rises = [textual_alignment(a, 3.0) for a in np.linspace(0, 1, 11)]
    assert rises[0] == pytest.approx(1.4)
    assert rises[5] == pytest.approx(3.0)
    assert rises[-1] == pytest.approx(4.6)
    assert np.all(np.diff(rises) > 0)
    assert textual_alignment(0.5, 4.0) - textual_alignment(0.5, 3.0) == pytest.approx(0.15)
    assert textual_alignment(0.0, 1.0) == pytest.approx(1.1)
    assert textual_alignment(1.0, 5.0) == pytest.approx(4.9)


def test_bias_and_noise_are_what_they_are_said_to_be():
    """In the middle of the scale clipping does nothing, and rounding adds a variance of 1/12."""
    pools = [draw_biases(stream(seed, "raters")) for seed in range(150)]
    assert np.std(pools) == pytest.approx(BIAS_SD, rel=0.05)
    assert np.shape(pools) == (150, RATERS, 2)

    biases = draw_biases(stream(3, "raters"))
    total = np.zeros((RATERS, 2))
    squares = np.zeros((RATERS, 2))
    counts = np.zeros((RATERS, 1))
    draws = stream(0, "latents").uniform(2.5, 3.5, 20000)
    rng = stream(0, "ratings")
    for latent in draws:
        raters, steps = rate({"MI": latent, "TA": latent}, biases, rng)
        assert len(set(raters.tolist())) == 5
        total[raters] += steps - latent
        squares[raters] += (steps - latent) ** 2
        counts[raters] += 1
    found = total / counts
    np.testing.assert_allclose(found, biases, atol=0.06)
    spread = np.sqrt(np.mean(squares / counts - found**2) - 1 / 12)
    assert spread == pytest.approx(NOISE_SD, rel=0.04)


def test_ratings_are_whole_steps_of_one_to_five():
    biases = draw_biases(stream(0, "raters"))
    for latent in (1.0, 3.0, 5.0):
        _, steps = rate({"MI": latent, "TA": latent}, biases, stream(0, "ratings"))
        assert steps.dtype.kind == "i"
        assert steps.min() >= 1
        assert steps.max() <= 5


@pytest.fixture(scope="module")
def population():
    """6,000 clips of 310 systems, without their sound: causes and agreement."""
    systems, prompts = draw_systems(310, 5), draw_prompts(384, 5)
    rows = []
    for index in range(6000):
        rng = stream(5, "clip", index)
        system, prompt = systems[index % 310], prompts[index % 384]
        heard = draw_heard(system, prompt.asked, rng)
        causes = draw_severities(system, rng)
        causes.update(audible_faults(heard, {name: causes[name] for name in MUSICAL_FAULTS}))
        impression = musical_impression(causes)
        aligned = textual_alignment(agreement(prompt.asked, heard), impression)
        rows.append((impression, aligned, musical_damage(causes), sound_damage(causes), index % 310))
    return np.array(rows).T


def test_scores_use_the_whole_scale(population):
    for scores in population[:2]:
        assert 2.7 < scores.mean() < 3.4
        assert 0.8 < scores.std() < 1.2
        assert scores.min() < 1.6
        assert scores.max() > 4.8


def test_music_and_sound_weigh_about_the_same(population):
    impression, _, music, sound, _ = population
    parts = np.stack([music, sound])
    shares = np.var(parts, axis=1) / np.var(parts, axis=1).sum()
    assert 0.35 < shares[0] < 0.65
    assert np.corrcoef(np.log(impression - 1), parts.sum(axis=0))[0, 1] == pytest.approx(-1.0)


def test_a_quarter_of_the_clips_has_one_fault_of_sound_alone_and_of_any_severity():
    """30 % of those whose sound is not spared (14 %), and some by luck."""
    alone = []
    for index, system in enumerate(draw_systems(310, 5) * 10):
        own = {cause for cause in CHAIN_CAUSES if system.severities[cause] > 0.0}
        drawn = draw_severities(system, stream(5, "one fault", index))
        faults = [cause for cause in CHAIN_CAUSES if drawn[cause] > 0.0]
        alone.append(drawn[faults[0]] if len(faults) == 1 and (faults[0] in own or not own) else np.nan)
    found = np.array(alone)[~np.isnan(alone)]
    assert 0.25 < len(found) / len(alone) < 0.5
    assert np.all(np.histogram(found, bins=5, range=(0.0, 1.0))[0] > 0.1 * len(found))


def test_a_third_of_the_clips_has_a_clean_chain(population):
    assert 0.3 < np.mean(population[3] < 0.1) < 0.55


def test_abilities_of_a_system_hang_together_a_little(population):
    _, _, music, sound, system = population
    means = [[part[system == s].mean() for s in range(310)] for part in (music, sound)]
    assert 0.2 < np.corrcoef(means)[0, 1] < 0.6


def test_clips_of_one_system_differ(population):
    impression, _, _, _, system = population
    within = np.mean([impression[system == s].std() for s in range(310)])
    assert 0.3 < within < 0.9
