"""Scenes have the sources, levels and faults that their causes tell of, and sound like it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from drasp_cli.simulation.aes_natural import draw_content, plan_scenes
from drasp_cli.simulation.attributes import SPOKEN, VALUES
from drasp_cli.simulation.degradations import rms
from drasp_cli.simulation.generators import CONTENT_FAULTS, CUT_OFF, draw_faults, draw_generators
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.scene_sound import harshen, loop, sound_scene
from drasp_cli.simulation.scenes import (
    ENVIRONMENTS,
    LEVELS,
    MOST_ELEMENTS,
    MOST_SOURCES,
    PLEASANTNESS,
    RECORDED_MUSIC,
    Element,
    Scene,
    audible_noise,
    draw_scene,
    scene_causes,
)

RATE = 16000
CLEAN = dict.fromkeys(("wrong_notes", "wrong_chords", "broken_rhythm", "no_form", *CONTENT_FAULTS, CUT_OFF), 0.0)
SYSTEM = draw_generators(3, 0)[0]


def environment(kind, start=0.0, stop=10.0, decibels=0.0, onsets=(), **faults):
    return Element(kind, kind, 1, start, stop, decibels, onsets, (), {"looping": 0.0, "harshness": 0.0, **faults})


def scene(*elements, seconds=10.0, stop=None, cut_off=0.0):
    return Scene(seconds, stop or seconds, cut_off, elements)


def drawn(seed, severities=CLEAN, seconds=10.0, **style):
    return draw_scene(replace(SYSTEM, **style), severities, seconds, stream(seed, "scene"))


# -------------------------------------------------------------------------------------------------- planning


def test_everything_that_can_be_heard_has_a_pleasantness():
    timbres = set(VALUES["timbre"]) - {SPOKEN}
    assert set(PLEASANTNESS) == {*timbres, RECORDED_MUSIC, "speech", *ENVIRONMENTS}
    assert all(0.0 <= value <= 1.0 for value in PLEASANTNESS.values())


def test_scenes_keep_to_their_limits():
    seen = set()
    for plan in plan_scenes(300, 30, 5):
        content = draw_content(plan, 10.0, stream(5, "content", plan.index))
        elements = content.scene.elements
        assert 1 <= len(elements) <= MOST_ELEMENTS
        assert sum(element.sources for element in elements) <= MOST_SOURCES
        assert sum(element.kind == "music" for element in elements) <= 1
        assert sum(element.kind == "speech" for element in elements) <= 2
        kinds = [element.kind for element in elements if element.kind in ENVIRONMENTS]
        assert len(set(kinds)) == len(kinds)
        assert (elements[0].decibels, elements[0].start, elements[0].stop) == (0.0, 0.0, content.scene.stop)
        for element in elements:
            assert LEVELS[0] <= element.decibels <= 0.0
            assert 0.0 <= element.start < element.stop <= content.scene.stop <= 10.0
            assert all(element.start <= onset <= element.stop for onset in element.onsets)
            assert element.main in PLEASANTNESS
        assert all(0.0 <= value <= 1.0 for value in content.severities.values())
        seen |= {element.kind for element in elements}
    assert seen == {"music", "speech", *ENVIRONMENTS}


def test_busier_systems_crowd_their_scenes():
    sizes = []
    for business in (0.0, 0.5, 1.0):
        scenes = [drawn(seed, business=business) for seed in range(40)]
        sizes.append(np.mean([sum(element.sources for element in one.elements) for one in scenes]))
    assert sizes[0] < 1.6 < 2.3 < sizes[1] < sizes[2] - 1.0


def test_louder_company_masks_and_pleasant_taste_pleases():
    quiet, loud = ([scene_causes(drawn(seed, business=0.7, din=din)) for seed in range(30)] for din in (0.0, 1.0))
    assert np.mean([one["masking"] for one in quiet]) + 0.4 < np.mean([one["masking"] for one in loud])
    kind = {"kinds": (0.0, 0.0, 1.0), "business": 0.0}
    dull = [np.mean([scene_causes(drawn(s, taste=t, **kind))["dullness"] for s in range(60)]) for t in (-1.0, 1.0)]
    assert dull[0] > dull[1] + 0.15


def test_a_tidy_system_has_clips_without_faults():
    tidy = replace(SYSTEM, severities=dict.fromkeys(SYSTEM.severities, 0.0))
    drawn_faults = [draw_faults(tidy, stream(seed, "faults")) for seed in range(200)]
    strays = np.mean([[faults[name] > 0.0 for name in tidy.severities] for faults in drawn_faults])
    assert 0.01 < strays < 0.06


# ---------------------------------------------------------------------------------------------------- causes


def test_crowding_and_density_by_hand():
    causes = scene_causes(scene(environment("rain")))
    assert (causes["crowding"], causes["density"], causes["masking"]) == (0.0, 0.0, 0.0)
    three = scene(
        environment("rain"), environment("wind"), environment("clock", 5.0, 10.0, onsets=tuple(np.arange(5.0, 9.5)))
    )
    causes = scene_causes(three)
    assert causes["crowding"] == pytest.approx(np.log(2.5) / np.log(6))
    assert causes["density"] == pytest.approx(np.log(1.5) / np.log(17))


def test_dullness_and_masking_by_hand():
    two = scene(environment("alarm"), environment("birds", decibels=-6.0206))
    assert scene_causes(two)["dullness"] == pytest.approx(1 - (0.05 + 0.5 * 0.85) / 1.5, abs=1e-4)
    assert scene_causes(two)["masking"] == pytest.approx((12 - 6.0206) / 14)
    half = scene(environment("alarm"), environment("birds", 0.0, 5.0, decibels=-6.0206))
    assert scene_causes(half)["masking"] == pytest.approx((12 - 9.0309) / 14, abs=1e-4)


def test_faults_behind_the_foreground_count_less():
    causes = scene_causes(scene(environment("rain"), environment("fire", decibels=-10.0, looping=0.8)))
    assert causes["looping"] == pytest.approx(0.8 * 10**-0.5)
    assert causes["harshness"] == 0.0


@pytest.mark.parametrize(("seconds", "expected"), [(10.0, 0.0), (5.0, 0.0), (2.5, 0.5), (1.0, 0.8)])
def test_shortness(seconds, expected):
    short = scene(environment("rain", 0.0, seconds), seconds=seconds)
    assert scene_causes(short)["shortness"] == pytest.approx(expected)


def test_rain_hides_noise_and_birds_do_not():
    rain, birds = scene(environment("rain")), scene(environment("birds"))
    assert audible_noise(birds, 0.5) == 0.5
    assert audible_noise(rain, 0.5) == 0.0
    assert audible_noise(rain, 1.0) == pytest.approx(1.0)
    both = scene(environment("birds"), environment("rain"))
    assert 0.0 < audible_noise(both, 0.5) < 0.5


# ----------------------------------------------------------------------------------------------------- sound


@pytest.mark.parametrize("rate", [16000, 32000])
@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_environments_sound_and_no_two_alike(kind, rate):
    def sound(seed):
        onsets = (0.2, 0.9, 1.6, 2.4)
        return sound_scene(scene(environment(kind, 0.0, 3.0, onsets=onsets), seconds=3.0), rate, stream(seed, "x"))

    first = sound(0)
    assert first.shape == (3 * rate,)
    assert np.all(np.isfinite(first))
    assert 0.4 < rms(first) < 1.6  # the loudest half of it has 1
    assert np.array_equal(first, sound(0))
    assert abs(np.corrcoef(first, sound(1))[0, 1]) < 0.5


def test_elements_are_at_their_level_and_place():
    rain, behind = environment("rain"), environment("engine", 4.0, 8.0, decibels=-10.0)
    both = sound_scene(scene(rain, behind), RATE, stream(0, "x"))
    alone = sound_scene(scene(rain, replace(behind, decibels=-300.0)), RATE, stream(0, "x"))
    engine = both - alone
    assert rms(engine[int(4.5 * RATE) : int(7.5 * RATE)]) == pytest.approx(10**-0.5, rel=0.35)
    assert not np.any(engine[: 4 * RATE])
    assert not np.any(engine[8 * RATE :])


def test_a_cut_off_stops_dead():
    severities = {**CLEAN, CUT_OFF: 0.5}
    cut = drawn(3, severities, kinds=(0.0, 0.0, 1.0), business=0.0, taste=0.0)
    assert cut.stop == pytest.approx(10.0 * (1 - 0.1 - 0.225))
    assert scene_causes(cut)[CUT_OFF] == 0.5
    wind = scene(environment("rain", 0.0, cut.stop), stop=cut.stop, cut_off=0.5)
    samples = sound_scene(wind, RATE, stream(0, "x"))
    end = int(cut.stop * RATE)
    assert not np.any(samples[end + 2 :])
    assert rms(samples[end - RATE // 50 : end]) > 0.3


def test_flat_speech_keeps_its_pitch():
    kind = {"kinds": (0.0, 1.0, 0.0), "business": 0.0}
    spread = [
        np.std([note.pitch for note in drawn(1, {**CLEAN, "flatness": flat}, **kind).elements[0].notes])
        for flat in (0.0, 0.5, 1.0)
    ]
    assert spread[0] == pytest.approx(2 * spread[1])
    assert spread[2] == pytest.approx(0.0, abs=1e-9)
    assert spread[0] > 2.0  # semitones


def test_a_loop_repeats_its_piece():
    noise = stream(0, "noise").standard_normal(6 * RATE)
    looped = loop(noise, RATE, 0.5, stream(0, "loop"))
    assert np.array_equal(looped[: 3 * RATE], noise[: 3 * RATE])
    tail = looped[3 * RATE :]
    lags = range(int(0.35 * RATE), int(1.1 * RATE) + 1)
    assert any(np.array_equal(tail[lag:], tail[:-lag]) for lag in lags)


def test_harsh_sound_is_rough_and_shrill():
    noise = stream(0, "noise").standard_normal(4 * RATE)
    harsh = harshen(noise, RATE, 1.0, stream(0, "harsh"))
    frequency, before = welch(noise, RATE, nperseg=1024)
    after = welch(harsh, RATE, nperseg=1024)[1]
    gain = 10 * np.log10(after / before)
    assert gain[frequency > 5000].mean() - gain[(frequency > 100) & (frequency < 800)].mean() > 9.0
    envelope = np.abs(np.fft.rfft(np.convolve(harsh**2, np.ones(64) / 64, "same") - np.mean(harsh**2)))
    modulation = np.fft.rfftfreq(len(harsh), 1 / RATE)
    slow = (modulation > 5) & (modulation < 200)
    assert 40.0 <= modulation[slow][np.argmax(envelope[slow])] <= 75.0
