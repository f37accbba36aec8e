"""PQ, PC, CE and CU by hand, each with causes of its own, and axes that can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.datasets.aes_natural import AXES
from drasp_cli.simulation.aes_natural import draw_content, plan_scenes
from drasp_cli.simulation.aes_raters import (
    AES_CAUSES,
    AES_PANEL,
    AES_PSYCHOMETRICS,
    CONTENT_CAUSES,
    USE_CAUSES,
    aesthetics,
)
from drasp_cli.simulation.layout import draw_seconds
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import PSYCHOMETRICS, draw_biases, rate, sound_damage
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES
from tests.docs.pages import ROOT, table

CLEAN = dict.fromkeys(AES_CAUSES, 0.0)
FALLS = {
    **dict.fromkeys(CHAIN_CAUSES, ("PQ", "CE", "CU")),
    **dict.fromkeys(CONTENT_CAUSES, ("CE", "CU")),
    **dict.fromkeys(USE_CAUSES, ("CU",)),
    "dullness": ("CE",),
    "crowding": (),
    "density": (),
}


def test_a_perfect_lone_sound():
    assert aesthetics(CLEAN) == {"PQ": 10.0, "PC": 1.0, "CE": 10.0, "CU": 10.0}


def test_axes_by_hand():
    causes = {**CLEAN, "noise": 0.6, "looping": 0.5, "masking": 0.4, "dullness": 0.3, "crowding": 0.5, "density": 0.8}
    quality = np.exp(-1.6 * sound_damage(causes))
    looping, masking = (AES_PSYCHOMETRICS[name].damage(causes[name]) for name in ("looping", "masking"))
    found = aesthetics(causes)
    assert found["PQ"] == pytest.approx(1 + 9 * quality)
    assert found["PC"] == pytest.approx(1 + 9 * (0.7 * 0.5 + 0.3 * 0.8))
    assert found["CE"] == pytest.approx(1 + 9 * 0.7 * np.exp(-looping) * (0.7 + 0.3 * quality))
    assert found["CU"] == pytest.approx(1 + 9 * np.exp(-masking - 0.4 * looping) * (0.5 + 0.5 * quality))


@pytest.mark.parametrize("cause", AES_CAUSES)
def test_each_cause_moves_its_axes_and_no_other(cause):
    scores = [aesthetics({**CLEAN, cause: severity}) for severity in np.linspace(0.0, 1.0, 6)]
    for axis in AXES:
        steps = np.diff([score[axis] for score in scores])
        if cause in ("crowding", "density") and axis == "PC":
            assert np.all(steps > 0)
        elif axis in FALLS[cause]:
            assert np.all(steps < 0)
            assert sum(steps) < -0.3
        else:
            assert not np.any(steps)


def test_every_cause_has_its_constants():
    assert set(AES_CAUSES) == set(FALLS)
    assert set(AES_PSYCHOMETRICS) == {*CONTENT_CAUSES, *USE_CAUSES}
    assert set(CHAIN_CAUSES) < set(PSYCHOMETRICS)


def test_all_ten_raters_rate_every_clip_in_whole_steps_of_one_to_ten():
    biases = draw_biases(stream(0, "raters"), AES_PANEL)
    assert biases.shape == (10, 4)
    for latent in (1.0, 5.5, 10.0):
        raters, steps = rate(dict.fromkeys(AXES, latent), biases, stream(0, "ratings"), AES_PANEL)
        assert raters.tolist() == list(range(10))
        assert steps.shape == (10, 4)
        assert steps.dtype.kind == "i"
        assert steps.min() >= 1
        assert steps.max() <= 10
    assert steps.max() == 10


def test_bias_and_noise_can_be_found_again():
    biases = draw_biases(stream(3, "raters"), AES_PANEL)
    rng = stream(0, "ratings")
    off = np.array([rate(dict.fromkeys(AXES, 5.5), biases, rng, AES_PANEL)[1] - 5.5 for _ in range(3000)])
    np.testing.assert_allclose(off.mean(axis=0), biases, atol=0.1)
    assert np.sqrt(np.mean(off.var(axis=0)) - 1 / 12) == pytest.approx(AES_PANEL.noise_sd, rel=0.05)


@pytest.fixture(scope="module")
def population():
    """2,000 clips of 62 systems without their sound: (clips, axes) latents and the system of each."""
    plans = plan_scenes(2000, 62, 1)
    latents = []
    for plan in plans:
        content, *_, length = stream(1, "scene", plan.index).spawn(5)
        latents.append(list(aesthetics(draw_content(plan, draw_seconds(10.0, length), content).severities).values()))
    return np.array(latents), np.array([plan.generator.id for plan in plans])


def test_axes_can_be_told_apart(population):
    latents, systems = population
    means = np.array([latents[systems == system].mean(axis=0) for system in np.unique(systems)])
    for scores, most in ((latents, 0.7), (means, 0.8)):
        others = np.corrcoef(scores.T)[~np.eye(4, dtype=bool)]
        assert np.abs(others).max() < most


def test_the_documented_correlations_are_those_of_the_population(population):
    """Clips above the diagonal of the table, systems below it."""
    latents, systems = population
    means = np.array([latents[systems == system].mean(axis=0) for system in np.unique(systems)])
    shown = table(ROOT / "docs" / "simulator.md", "### Causes of the four axes", "axis")
    assert list(shown) == list(AXES)
    found = np.array([[float(cell or "nan") for cell in cells] for cells in shown.values()])
    expected = np.triu(np.corrcoef(latents.T), 1) + np.tril(np.corrcoef(means.T), -1)
    others = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(found[others], expected[others], atol=0.0051)


def test_axes_use_their_scale_and_systems_differ(population):
    latents, systems = population
    assert np.all(np.quantile(latents, 0.05, axis=0) < 3.2)
    assert np.all(np.quantile(latents, 0.95, axis=0) > 7.0)
    assert np.all(latents.std(axis=0) > 1.4)
    means = np.array([latents[systems == system].mean(axis=0) for system in np.unique(systems)])
    assert np.all(means.std(axis=0) > 0.8)
