"""Planted sounds: each degradation does to them what physics says, the more the severer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from drasp_cli.simulation.codecs import LADDERS, code, rung_at
from drasp_cli.simulation.degradations import (
    CLEAN_LEVELS,
    GLOBAL,
    LEVEL,
    LOCAL,
    bandwidth,
    between,
    bursts,
    clicks,
    clipping,
    coloured_noise,
    cutoff_at,
    dropouts,
    glitches,
    highest_frequency,
    hum,
    noise,
    rms,
    set_level,
    smear,
    weighted_rms,
    wobble,
)
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES, FAINTEST, run_chain

RATE = 32000
SECONDS = 4
TIMES = np.arange(RATE * SECONDS) / RATE
SILENT_CHAIN = dict.fromkeys(CHAIN_CAUSES, 0.0)


@pytest.fixture(scope="module")
def music():
    """Tones of many pitches with an envelope, over a little wide-band sound."""
    rng = stream(0, "music")
    tones = sum(
        np.sin(2 * np.pi * f * TIMES + f) / (1 + f / 800) for f in (220, 277, 330, 880, 1760, 3520, 7040, 12000)
    )
    beat = 0.3 + np.exp(-8 * (TIMES % 0.5))
    return tones * beat + 0.05 * rng.standard_normal(len(TIMES))


def power_above(samples, hertz):
    frequency, power = welch(samples, RATE, nperseg=4096)
    return power[frequency > hertz].sum() / power.sum()


@pytest.mark.parametrize("name", [*GLOBAL, *LOCAL])
@pytest.mark.parametrize("severity", [0.03, 0.5, 1.0])
def test_keeps_length_stays_finite_and_leaves_its_input_alone(music, name, severity):
    before = music.copy()
    spoilt = {**GLOBAL, **LOCAL}[name](music, RATE, severity, stream(1, name))
    if name in LOCAL:
        spoilt, defects = spoilt
        assert defects
        assert all(0 <= d.start < d.end <= SECONDS + 1e-6 for d in defects)
    assert spoilt.shape == music.shape
    assert np.all(np.isfinite(spoilt))
    assert np.array_equal(music, before)


@pytest.mark.parametrize("name", [name for name in (*GLOBAL, *LOCAL) if name not in ("codec", "wobble")])
def test_more_severity_is_further_from_the_original(music, name):
    distances = []
    for severity in (0.05, 0.35, 0.65, 1.0):
        made = [{**GLOBAL, **LOCAL}[name](music, RATE, severity, stream(seed, name)) for seed in range(5)]
        distances.append(np.mean([rms((one[0] if name in LOCAL else one) - music) for one in made]))
    assert np.all(np.diff(distances) > 0)


@pytest.mark.parametrize("codec", LADDERS)
def test_lower_rungs_code_worse(music, codec):
    ladder = LADDERS[codec]
    errors = [rms(code(music, RATE, rung) - music) for rung in (ladder[0], ladder[3], ladder[-1])]
    assert errors[0] < errors[1] < errors[2]
    assert [rung.kbps for rung in ladder] == sorted((rung.kbps for rung in ladder), reverse=True)


def test_a_low_pass_is_at_times_a_brick_wall_that_leaves_nothing_above():
    white = stream(0, "white").standard_normal(len(TIMES))
    above = int(1.05 * cutoff_at(0.6) * len(white) / RATE)
    left = [np.abs(np.fft.rfft(bandwidth(white, RATE, 0.6, stream(seed, "bandwidth"))))[above:] for seed in range(30)]
    walls = sum(spectrum.max() < 1e-9 * np.sqrt(len(white)) for spectrum in left)
    assert 0.25 < walls / len(left) < 0.75  # half


@pytest.mark.parametrize("codec", LADDERS)
def test_coded_sound_stays_in_place_and_at_its_level(music, codec):
    for rung in LADDERS[codec]:
        coded = code(music, RATE, rung)
        size = 1 << 18
        cross = np.fft.irfft(np.fft.rfft(coded, size) * np.conj(np.fft.rfft(music, size)))
        delay = int(np.argmax(cross))
        assert min(delay, size - delay) <= 0.002 * RATE, rung
        assert 0.7 < rms(coded) / rms(music) < 1.2, rung


def test_ladders_are_walked_from_the_first_rung_that_is_a_fault_to_the_last():
    for codec, ladder in LADDERS.items():
        assert rung_at(codec, 0.01) == ladder[1]
        assert rung_at(codec, 1.0) == ladder[-1]


def test_coding_silence_gives_silence():
    assert not np.any(code(np.zeros(1000), RATE, LADDERS["mp3"][0]))


def test_smear_blurs_loosens_phases_or_does_both():
    """A blur of 90 ms is still heard 0.2 s behind a burst, loose phases are not; about a quarter has no blur."""
    burst = 1e-6 * stream(0, "floor").standard_normal(RATE)
    burst[RATE // 2 : RATE // 2 + RATE // 50] += stream(0, "burst").standard_normal(RATE // 50)
    later = []
    for seed in range(24):
        spoilt = smear(burst, RATE, 0.6, stream(seed, "smear"))
        power = np.square(spoilt)
        later.append(power[RATE * 7 // 10 :].sum() / power.sum())
    blurred = np.array(later) > 0.01
    assert 0.5 < blurred.mean() < 1.0


def test_low_pass_takes_what_lies_above():
    white = stream(0, "white").standard_normal(len(TIMES))
    severity = float(np.log(16000 / 2000) / np.log(16000 / 500))
    assert cutoff_at(severity) == pytest.approx(2000.0)
    for seed in range(4):
        filtered = bandwidth(white, RATE, severity, stream(seed, "bandwidth"))
        assert power_above(filtered, 8000) < 0.01 * power_above(white, 8000)
        low = welch(filtered, RATE, nperseg=4096)[1][10:100].sum()  # 80 to 780 Hz
        assert low == pytest.approx(welch(white, RATE, nperseg=4096)[1][10:100].sum(), rel=0.1)


@pytest.mark.parametrize("severity", [0.0, 0.4, 1.0])
def test_noise_has_its_snr(music, severity):
    wanted = 50 * (1 - severity)
    for seed in range(6):
        added = noise(music, RATE, severity, stream(seed, "noise")) - music
        found = 20 * np.log10(weighted_rms(music, RATE) / weighted_rms(added, RATE))
        assert found == pytest.approx(wanted, abs=1.5)


@pytest.mark.parametrize(
    ("hertz", "decibels"),
    [
        (31.5, -39.4),
        (63, -26.2),
        (125, -16.1),
        (250, -8.6),
        (500, -3.2),
        (1000, 0),
        (2000, 1.2),
        (4000, 1.0),
        (8000, -1.1),
    ],
)
def test_levels_are_weighted_as_the_standard_has_it(hertz, decibels):
    """Table of IEC 61672-1, A-weighting at the octaves' nominal frequencies."""
    tone = np.sqrt(2) * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
    assert 20 * np.log10(weighted_rms(tone, RATE)) == pytest.approx(decibels, abs=0.2)


@pytest.mark.parametrize(("slope", "per_octave"), [(0.0, 0.0), (1.0, -3.01), (2.0, -6.02)])
def test_noise_has_its_colour(slope, per_octave):
    frequency, power = welch(coloured_noise(RATE * 20, RATE, slope, stream(0, "colour")), RATE, nperseg=4096)
    inside = (frequency > 100) & (frequency < 12000)
    fit = np.polyfit(np.log2(frequency[inside]), 10 * np.log10(power[inside]), 1)
    assert fit[0] == pytest.approx(per_octave, abs=0.15)


def test_hum_is_mains(music):
    added = hum(music, RATE, 1.0, stream(0, "hum")) - music
    frequency, power = welch(added, RATE, nperseg=1 << 15)
    peaks = frequency[power > power.max() * 0.02]
    mains = 50 if np.abs(peaks / 50 - np.round(peaks / 50)).max() < 0.1 else 60
    assert np.abs(peaks / mains - np.round(peaks / mains)).max() < 0.1


def test_clipping_flattens_peaks(music):
    def crest(samples):
        return np.abs(samples).max() / rms(samples)

    crests = [crest(clipping(music, RATE, severity, stream(1, "clip"))) for severity in (0.0, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(crests) < 0)
    assert crests[-1] < 1.3
    assert rms(clipping(music, RATE, 0.8, stream(1, "clip"))) == pytest.approx(rms(music))


def test_wobble_bends_pitch_by_its_cents():
    tone = np.sin(2 * np.pi * 1000 * TIMES)
    bent = wobble(tone, RATE, 1.0, stream(0, "wobble"))
    crossings = np.flatnonzero((bent[:-1] < 0) & (bent[1:] >= 0))
    frequency = RATE / np.convolve(np.diff(crossings), np.ones(8) / 8, "valid")
    cents = 1200 * np.log2(frequency / 1000)
    assert 100 < np.ptp(cents) / 2 < 260


@pytest.mark.parametrize("severity", [0.3, 0.6, 1.0])
def test_dropouts_silence_their_share(music, severity):
    for seed in range(4):
        spoilt, defects = dropouts(music, RATE, severity, stream(seed, "dropouts"))
        lost = np.mean(np.abs(spoilt) < 0.5 * np.abs(music))
        assert lost == pytest.approx(between(severity, 0.004, 0.4), rel=0.1, abs=0.002)
        assert max(d.end - d.start for d in defects) <= 0.3001


@pytest.mark.parametrize("name", LOCAL)
def test_nothing_happens_outside_the_places_told(music, name):
    spoilt, defects = LOCAL[name](music, RATE, 0.4, stream(3, name))
    inside = np.zeros(len(music), dtype=bool)
    margin = int(0.005 * RATE)  # soft edges
    for defect in defects:
        inside[max(0, round(defect.start * RATE) - margin) : round(defect.end * RATE) + margin] = True
    assert np.array_equal(spoilt[~inside], music[~inside])
    assert not np.array_equal(spoilt[inside], music[inside])


def test_glitches_repeat(music):
    spoilt, defects = glitches(music, RATE, 0.05, stream(4, "glitches"))
    piece = spoilt[round(defects[0].start * RATE) : round(defects[0].end * RATE)]
    correlation = np.correlate(piece[: len(piece)], piece[: len(piece) // 2], "valid")
    energy = np.sum(piece[: len(piece) // 2] ** 2)
    assert np.max(correlation[int(0.02 * RATE) :]) == pytest.approx(energy, rel=1e-6)


def test_counts_grow_with_severity(music):
    for local in (clicks, bursts, glitches):
        counts = [len(local(music, RATE, severity, stream(0, "count"))[1]) for severity in (0.1, 0.5, 1.0)]
        assert counts[0] <= counts[1] <= counts[2]
        assert counts[0] < counts[2]


def test_level_is_set_within_full_scale(music):
    quiet = set_level(music, -30.0)
    assert 20 * np.log10(rms(quiet)) == pytest.approx(-30.0)
    assert np.abs(set_level(music, 0.0)).max() <= 0.99 + 1e-9


def test_an_empty_chain_only_sets_a_level(music):
    """But for the rate of the file, see test_recording.py."""
    outputs = [run_chain(music, 24000, SILENT_CHAIN, False, stream(seed, "chain")) for seed in range(12)]
    same = [np.allclose(output.samples / rms(output.samples), music / rms(music)) for output in outputs]
    assert 2 < sum(same) < 12
    output = outputs[same.index(True)]
    assert CLEAN_LEVELS[0] - 1e-6 <= 20 * np.log10(rms(output.samples)) <= CLEAN_LEVELS[1] + 1e-6
    assert output.severities == SILENT_CHAIN
    assert output.defects == ()


def test_each_degradation_keeps_its_dice_when_others_join(music):
    alone = run_chain(music, RATE, {**SILENT_CHAIN, "clicks": 0.5}, False, stream(0, "chain"))
    beside = run_chain(music, RATE, {**SILENT_CHAIN, "clicks": 0.5, "noise": 0.3}, False, stream(0, "chain"))
    assert alone.defects == beside.defects


def test_a_low_pass_above_the_music_costs_nothing():
    dark = np.sin(2 * np.pi * 300 * TIMES) + 0.3 * np.sin(2 * np.pi * 900 * TIMES)
    assert highest_frequency(dark, RATE) < 1600
    output = run_chain(dark, RATE, {**SILENT_CHAIN, "bandwidth": 0.4}, False, stream(0, "chain"))
    assert output.severities["bandwidth"] == 0.0
    bright = stream(0, "white").standard_normal(len(TIMES))
    output = run_chain(bright, RATE, {**SILENT_CHAIN, "bandwidth": 0.4}, False, stream(0, "chain"))
    assert output.severities["bandwidth"] == pytest.approx(0.4, abs=0.02)


def test_faint_clips_are_faint(music):
    output = run_chain(music, RATE, {**SILENT_CHAIN, LEVEL: 1.0}, False, stream(0, "chain"))
    assert 20 * np.log10(rms(output.samples)) == pytest.approx(FAINTEST)
