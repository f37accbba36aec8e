"""Every attribute can be measured in the sound, and every musical fault in the notes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import welch

from drasp_cli.simulation.attributes import ATTRIBUTES, SPOKEN, VALUES
from drasp_cli.simulation.composer import (
    BEATS_PER_MINUTE,
    MUSICAL_FAULTS,
    REGISTER_CENTRE,
    audible_faults,
    audible_heard,
    compose,
)
from drasp_cli.simulation.instruments import TIMBRES, draw_build, play
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.recording import record

RATE = 16000
SECONDS = 10.0
NO_FAULTS = dict.fromkeys(MUSICAL_FAULTS, 0.0)
PLAIN = {
    "timbre": "piano",
    "tempo": "medium",
    "mode": "major",
    "register": "middle",
    "texture": "solo",
    "rhythm": "straight",
    "dynamics": "punchy",
}


def notes_of(seed=0, faults=NO_FAULTS, **changed):
    return compose(audible_heard({**PLAIN, **changed}), {**NO_FAULTS, **faults}, SECONDS, stream(seed, "music"))


def sound_of(seed=0, **changed):
    return play(notes_of(seed, **changed), {**PLAIN, **changed}["timbre"], RATE, SECONDS, stream(seed, "play"))


def melody(notes):
    return [note for note in notes if note.part == "melody"]


def test_every_timbre_has_a_sound_and_a_tempo_a_rate():
    assert set(VALUES["timbre"]) == set(TIMBRES) - {"bass"} | {SPOKEN}
    assert tuple(BEATS_PER_MINUTE) == VALUES["tempo"]
    assert tuple(REGISTER_CENTRE) == VALUES["register"]
    assert len(VALUES["timbre"]) >= 12


def test_no_word_belongs_to_two_values_of_an_attribute():
    for values in ATTRIBUTES.values():
        words = [word for wording in values.values() for word in (*wording.adjectives, *wording.phrases)]
        assert len(words) == len(set(words))


@pytest.mark.parametrize("timbre", VALUES["timbre"])
def test_timbre_sounds_finite_and_is_not_silent(timbre):
    samples = sound_of(timbre=timbre)
    assert samples.shape == (int(RATE * SECONDS),)
    assert np.all(np.isfinite(samples))
    assert 0.02 < np.sqrt(np.mean(samples**2)) < 1.0


@pytest.mark.parametrize("timbre", [t for t in VALUES["timbre"] if t not in (SPOKEN, "singing voice", "bell")])
def test_notes_have_the_pitch_that_is_written(timbre):
    """The lowest strong partial, or the common period, lies on 220 Hz: the autocorrelation peaks at its period."""
    build_stream = stream(3, "play")
    samples = TIMBRES[timbre](220.0, 0.6, 0.8, RATE, draw_build(build_stream), build_stream)[1000:9000]
    size = 1 << 15
    correlation = np.fft.irfft(np.abs(np.fft.rfft(samples, size)) ** 2)[:400]
    lags = np.arange(50, 110)  # 145 to 320 Hz
    best = RATE / lags[np.argmax(correlation[lags])]
    # The distorted guitar plays a fifth along with it, which halves the common period's pitch, and so peaks at either.
    assert min(abs(best - 220.0), abs(best - 330.0) if timbre == "distorted guitar" else 1e9) < 4.0


def test_tempo_sets_the_rate_of_onsets():
    rates = [np.mean([len(melody(notes_of(seed, tempo=tempo))) for seed in range(12)]) for tempo in VALUES["tempo"]]
    beats = [np.mean(BEATS_PER_MINUTE[tempo]) for tempo in VALUES["tempo"]]
    np.testing.assert_allclose(np.array(rates) / rates[0], np.array(beats) / beats[0], rtol=0.2)


def test_tempo_ranges_are_clearly_apart():
    ranges = list(BEATS_PER_MINUTE.values())
    assert all(above[0] / below[1] > 1.25 for below, above in itertools.pairwise(ranges))


@pytest.mark.parametrize("mode", VALUES["mode"])
def test_mode_is_visible_in_pitch_classes(mode):
    """A sound melody and its chords stay within one scale of the mode: seven of twelve classes, at the right steps."""
    scale = {0, 2, 4, 5, 7, 9, 11} if mode == "major" else {0, 2, 3, 5, 7, 8, 10}
    for seed in range(8):
        classes = {int(n.pitch) % 12 for n in notes_of(seed, mode=mode, texture="ensemble") if n.part != "drums"}
        first = [int(n.pitch) % 12 for n in notes_of(seed, mode=mode, texture="ensemble") if n.part == "harmony"]
        fits = [key for key in range(12) if classes <= {(key + step) % 12 for step in scale}]
        assert fits, (seed, sorted(classes))
        third = {(key + (4 if mode == "major" else 3)) % 12 for key in fits}
        assert third & set(first)


def test_register_moves_the_fundamental():
    """Median pitch about one and a half octaves apart; and so is the power spectrum of a flute."""
    medians = [np.median([n.pitch for s in range(8) for n in notes_of(s, register=r)]) for r in VALUES["register"]]
    assert np.all(np.diff(medians) > 14)
    centroids = []
    for register in VALUES["register"]:
        frequency, power = welch(sound_of(timbre="flute", register=register, dynamics="soft"), RATE, nperseg=2048)
        centroids.append(np.exp(np.sum(np.log(frequency[1:]) * power[1:]) / np.sum(power[1:])))
    assert centroids[1] > 2 * centroids[0]
    assert centroids[2] > 2 * centroids[1]


def test_texture_adds_parts():
    parts = [{note.part for note in notes_of(texture=texture)} for texture in VALUES["texture"]]
    assert parts == [
        {"melody"},
        {"melody", "counter"},
        {"melody", "harmony", "bass"},
        {"melody", "harmony", "bass", "drums"},
    ]


def test_rhythm_places_notes_in_the_beat():

    for rhythm, fractions in {"straight": {0.0, 0.5}, "swing": {0.0, 2 / 3, 1 / 3}, "waltz": {0.0, 0.5}}.items():
        notes = melody(notes_of(2, rhythm=rhythm))
        found = _best_grid([note.start for note in notes], fractions)
        assert found < 0.02, rhythm
    waltz = [note.start for note in notes_of(2, rhythm="waltz", texture="band") if note.part == "bass"]
    straight = [note.start for note in notes_of(2, rhythm="straight", texture="band") if note.part == "bass"]
    assert np.median(np.diff(waltz)) / np.median(np.diff(straight)) == pytest.approx(1.5, rel=0.15)


def _best_grid(starts, fractions):
    """The largest distance of a start from the grid beat * (n + fraction), for the best beat in the medium tempo."""
    low, high = BEATS_PER_MINUTE["medium"]
    errors = []
    for beat in 60.0 / np.linspace(low, high, 2000):
        part = np.array(starts) / beat % 1.0
        distance = np.min([np.abs((part - f + 0.5) % 1.0 - 0.5) for f in fractions], axis=0)
        errors.append(distance.max())
    return min(errors)


def test_syncopation_leaves_the_beat_more_often():
    def off_beat(rhythm):
        low, high = BEATS_PER_MINUTE["medium"]
        shares = []
        for seed in range(6):
            starts = np.array([note.start for note in melody(notes_of(seed, rhythm=rhythm))])
            beats = 60.0 / np.linspace(low, high, 800)
            parts = (starts[None, :] / beats[:, None] + 0.05) % 1.0
            shares.append(1 - (parts < 0.1).mean(axis=1).max())
        return np.mean(shares)

    assert off_beat("syncopated") > off_beat("straight") + 0.15


def test_dynamics_shape_the_level():
    def levels(dynamics):
        samples = sound_of(2, timbre="organ", texture="ensemble", dynamics=dynamics)
        frames = samples.reshape(20, -1)
        return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)

    soft, swelling, punchy = (levels(dynamics) for dynamics in VALUES["dynamics"])
    assert np.ptp(swelling) > np.ptp(soft) + 6
    assert np.median(punchy) > np.median(soft) + 6


@pytest.mark.parametrize("texture", ["solo", "band"])
def test_wrong_notes_leave_the_key(texture):
    def outside(severity):
        counts = []
        for seed in range(6):
            right = {int(n.pitch) % 12 for n in notes_of(seed, texture=texture) if n.part != "drums"}
            played = notes_of(seed, {"wrong_notes": severity}, texture=texture)
            counts.append(np.mean([int(n.pitch) % 12 not in right for n in played if n.part != "drums"]))
        return np.mean(counts)

    shares = [outside(severity) for severity in (0.0, 0.3, 0.6, 1.0)]
    assert shares[0] == 0.0
    assert np.all(np.diff(shares) > 0.03)
    assert shares[-1] > 0.3


def test_broken_rhythm_moves_onsets_further_with_severity():
    def error(severity):
        right = np.array([n.start for n in notes_of(4, texture="band")])
        played = [n.start for n in notes_of(4, {"broken_rhythm": severity}, texture="band")]
        return np.mean([np.min(np.abs(right - start)) for start in played])

    errors = [error(severity) for severity in (0.0, 0.3, 0.6, 1.0)]
    assert errors[0] == 0.0
    assert np.all(np.diff(errors) > 0)


def best_repeat(pitches):
    """The best share of notes that the second k notes have in common with the first k."""
    return max(np.mean(pitches[:k] == pitches[k : 2 * k]) for k in range(6, len(pitches) // 2 + 1))


def test_sound_music_repeats_its_first_phrase_and_formless_music_does_not():
    for seed in range(6):
        sound, lost = (
            np.array([note.pitch for note in melody(notes_of(seed, {"no_form": severity}, tempo="fast"))])
            for severity in (0.0, 1.0)
        )
        assert best_repeat(sound) == 1.0
        assert best_repeat(lost) < 0.6


def test_wrong_chords_change_the_harmony_only():
    right, wrong = (notes_of(5, {"wrong_chords": severity}, texture="ensemble") for severity in (0.0, 1.0))
    assert melody(right) == melody(wrong)
    chords = [[n.pitch for n in notes if n.part == "harmony"] for notes in (right, wrong)]
    assert np.mean(np.array(chords[0]) != np.array(chords[1])) > 0.6


def test_speech_alone_has_no_key_no_beat_and_no_musical_fault():
    heard = {**PLAIN, "timbre": SPOKEN}
    assert audible_heard(heard)["mode"] == "" == audible_heard(heard)["rhythm"]
    assert audible_faults(heard, dict.fromkeys(MUSICAL_FAULTS, 0.5)) == NO_FAULTS
    accompanied = {**heard, "texture": "band"}
    assert audible_heard(accompanied) == accompanied
    assert audible_faults(accompanied, dict.fromkeys(MUSICAL_FAULTS, 0.5)) == {
        **dict.fromkeys(MUSICAL_FAULTS, 0.5),
        "no_form": 0.0,
    }


def test_speech_has_pauses():
    samples = sound_of(timbre=SPOKEN, dynamics="soft")
    power = np.mean(samples.reshape(-1, 320) ** 2, axis=1)
    assert 0.05 < np.mean(power < power.max() * 1e-4) < 0.7


def test_faults_of_the_music_leave_the_speech_over_it_alone():
    accompanied = {"timbre": SPOKEN, "texture": "band"}
    sound, broken = (
        [note for note in notes_of(3, dict.fromkeys(MUSICAL_FAULTS, severity), **accompanied) if note.part == "speech"]
        for severity in (0.0, 1.0)
    )
    assert sound
    assert sound == broken


def test_good_recordings_keep_length_and_differ():
    samples = sound_of()
    made = [record(samples, RATE, stream(seed, "record")) for seed in range(4)]
    assert all(one.shape == samples.shape and np.all(np.isfinite(one)) for one in made)
    assert not np.allclose(made[0], made[1])


def test_no_good_recording_has_silence_where_a_low_pass_would_leave_it():
    """Between 6 and 7.5 kHz lies a noise floor, 30 to 100 dB below the music, however dark the music."""
    times = np.arange(int(RATE * SECONDS)) / RATE
    dark = np.sin(2 * np.pi * 220 * times) * (0.2 + np.sin(2 * np.pi * 0.3 * times) ** 2)
    for seed in range(20):
        frequencies, power = welch(record(dark, RATE, stream(seed, "record")), RATE, nperseg=1024)
        share = power[(frequencies > 6000) & (frequencies < 7500)].sum() / power.sum()
        assert -100 < 10 * np.log10(share) < -30
