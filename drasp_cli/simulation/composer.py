"""Music as notes: key, chords, a melody of motifs in the form A A B A, counter-voice, bass, drums, and musical faults.

The same random stream always makes the same sound music; faults are drawn from a stream of their own and laid over it,
so one severity can be changed while all else stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from drasp_cli.simulation.attributes import SPOKEN, UNSPOKEN

MUSICAL_FAULTS: Final = ("wrong_notes", "wrong_chords", "broken_rhythm", "no_form")
"""The causes that lie in the notes, each with a severity of 0 (none) to 1 (gross)."""

BEATS_PER_MINUTE: Final = {"very slow": (46, 54), "slow": (70, 80), "medium": (104, 118), "fast": (156, 176)}
SYLLABLES_PER_SECOND: Final = {"very slow": 1.7, "slow": 2.6, "medium": 4.0, "fast": 6.2}
REGISTER_CENTRE: Final = {"low": 43, "middle": 62, "high": 81}
"""MIDI note around which the melody's tonic lies (43 is 98 Hz, 62 is 294 Hz, 81 is 880 Hz)."""

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Roots of the chords as scale degrees. Mostly the three primary triads: all major in major, all minor in minor.
_PROGRESSIONS_A = ((0, 3, 4, 0), (0, 4, 0, 4), (0, 0, 3, 4), (0, 3, 0, 4), (0, 4, 3, 0))
_PROGRESSIONS_B = ((3, 0, 4, 4), (3, 3, 0, 4), (4, 3, 4, 0), (3, 4, 3, 4))

# Note lengths of one bar, in beats.
_CELLS = {
    "straight": (
        (1, 1, 1, 1),
        (1, 0.5, 0.5, 1, 1),
        (0.5, 0.5, 0.5, 0.5, 1, 1),
        (1, 1, 0.5, 0.5, 1),
        (0.5, 0.5, 1, 0.5, 0.5, 1),
    ),
    "swing": (
        (1, 2 / 3, 1 / 3, 1, 2 / 3, 1 / 3),
        (2 / 3, 1 / 3, 2 / 3, 1 / 3, 1, 1),
        (2 / 3, 1 / 3, 1, 2 / 3, 1 / 3, 1),
        (2 / 3, 1 / 3, 2 / 3, 1 / 3, 2 / 3, 4 / 3),
    ),
    "syncopated": (
        (0.75, 0.75, 0.5, 1, 1),
        (0.75, 0.75, 0.75, 0.75, 1),
        (0.5, 1, 1, 1, 0.5),
        (0.75, 0.75, 0.75, 1, 0.75),
    ),
    "waltz": ((1, 1, 1), (2, 1), (1, 0.5, 0.5, 1), (1.5, 0.5, 1), (1, 1, 0.5, 0.5)),
}
# (offset in the bar, length), in beats.
_CHORD_HITS = {
    "straight": ((0, 0.95), (1, 0.95), (2, 0.95), (3, 0.95)),
    "swing": ((1, 0.6), (5 / 3, 0.4), (3, 0.6), (11 / 3, 0.4)),
    "syncopated": ((0, 0.6), (0.75, 0.6), (1.5, 0.5), (2.5, 0.5), (3.25, 0.5)),
    "waltz": ((1, 0.8), (2, 0.8)),
}
# (offset, length, step of the chord: 0 root, 1 third, 2 fifth).
_BASS_HITS = {
    "straight": ((0, 1.8, 0), (2, 1.8, 2)),
    "swing": ((0, 0.95, 0), (1, 0.95, 1), (2, 0.95, 2), (3, 0.95, 1)),
    "syncopated": ((0, 0.7, 0), (0.75, 0.7, 0), (1.5, 0.5, 2), (2.75, 0.7, 0), (3.5, 0.5, 2)),
    "waltz": ((0, 2.6, 0),),
}
KICK, SNARE, HAT, RIDE = 36, 38, 42, 51
_DRUM_HITS = {
    "straight": {KICK: (0, 2), SNARE: (1, 3), HAT: (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)},
    "swing": {KICK: (0,), RIDE: (0, 1, 5 / 3, 2, 3, 11 / 3), SNARE: (1, 3)},
    "syncopated": {KICK: (0, 0.75, 1.5, 2.75), SNARE: (1, 3), HAT: tuple(np.arange(0, 4, 0.5) + 0.0)},
    "waltz": {KICK: (0,), HAT: (1, 2), SNARE: (2,)},
}
_WRONG_STEPS = (-6, -1, 1, 6, -4, 3)


class Note(NamedTuple):
    """One note or drum hit. Start and length in seconds, pitch in MIDI numbers, velocity 0 to 1."""

    start: float
    seconds: float
    pitch: float
    velocity: float
    part: str


@dataclass(frozen=True, slots=True)
class _Meter:
    beat: float  # seconds
    bar: int  # beats
    bars: int  # in the clip, the last one may be cut


@dataclass(frozen=True, slots=True)
class _Phrase:
    chords: tuple[tuple[int, int], ...]  # (root degree, first beat) in order
    melody: tuple[tuple[float, float, int], ...]  # (beat, length in beats, scale degree)


def speaks_alone(heard: Mapping[str, str]) -> bool:
    """Whether the clip is a voice that speaks and nothing else."""
    return heard["timbre"] == SPOKEN and heard["texture"] == "solo"


def audible_heard(heard: Mapping[str, str]) -> dict[str, str]:
    """`heard` without what speech alone cannot have; those values are the empty string."""
    alone = speaks_alone(heard)
    return {name: "" if alone and name in UNSPOKEN else value for name, value in heard.items()}


def audible_faults(heard: Mapping[str, str], faults: Mapping[str, float]) -> dict[str, float]:
    """`faults` with those set to 0 that this kind of music cannot show: speech has no key, beat or form of its own."""
    if heard["timbre"] != SPOKEN:
        return dict(faults)
    accompanied = heard["texture"] != "solo"
    return {name: value if accompanied and name != "no_form" else 0.0 for name, value in faults.items()}


def compose(
    heard: Mapping[str, str], faults: Mapping[str, float], seconds: float, rng: np.random.Generator
) -> tuple[Note, ...]:
    """The notes of a clip, by start.

    Args:
        heard: attribute -> value, all of them; "" where the clip has none (see `audible_heard`).
        faults: severity of each of `MUSICAL_FAULTS`.
        seconds: length of the clip.
        rng: the clip's music.
    """
    music, mistakes = rng.spawn(2)
    rhythm = heard["rhythm"] or "straight"
    mode = heard["mode"] or "major"
    meter = _draw_meter(heard["tempo"], rhythm, seconds, music)
    tonic = _draw_tonic(heard["register"], music)
    phrase_bars = max(1, round(meter.bars / 4))
    form = "AABA" * (meter.bars // (4 * phrase_bars) + 1)
    phrases = {
        "A": _draw_phrase(rhythm, mode, meter, phrase_bars, _PROGRESSIONS_A, music),
        "B": _draw_phrase(rhythm, mode, meter, phrase_bars, _PROGRESSIONS_B, music),
    }
    notes: list[Note] = []
    start_bar = 0
    for name in form:
        phrase = _lose_form(phrases[name], meter, phrase_bars, faults["no_form"], mistakes)
        roots = _wrong_roots(phrase, faults["wrong_chords"], mistakes)
        notes += _write_phrase(phrase, roots, start_bar, phrase_bars, meter, tonic, mode, rhythm, heard)
        start_bar += phrase_bars
    if heard["timbre"] == SPOKEN:
        notes = [note for note in notes if note.part != "melody"]
        notes += _speak(heard["tempo"], heard["register"], seconds, music)
    notes = _shape_dynamics(notes, heard["dynamics"], rhythm, meter, seconds, music)
    notes = _misplay(notes, faults, meter, mistakes)
    return tuple(sorted(note for note in notes if 0 <= note.start < seconds - 0.05))


# ------------------------------------------------------------------------------------------------ sound music


def _draw_meter(tempo: str, rhythm: str, seconds: float, rng: np.random.Generator) -> _Meter:
    beat = 60.0 / rng.uniform(*BEATS_PER_MINUTE[tempo])
    bar = 3 if rhythm == "waltz" else 4
    return _Meter(beat, bar, int(np.ceil(seconds / beat / bar)))


def _draw_tonic(register: str, rng: np.random.Generator) -> int:
    return REGISTER_CENTRE[register] + int(rng.integers(-6, 6))


def _draw_phrase(
    rhythm: str,
    mode: str,
    meter: _Meter,
    bars: int,
    progressions: tuple[tuple[int, ...], ...],
    rng: np.random.Generator,
) -> _Phrase:
    """A phrase whose second bar answers the first in the same rhythm; chord tones stand on the beats."""
    roots = progressions[int(rng.integers(len(progressions)))]
    per_bar = 2 if bars == 1 and meter.bar == 4 else 1
    length = meter.bar // per_bar
    chords = tuple((roots[i % len(roots)], i * length) for i in range(bars * per_bar))
    cells = _CELLS[rhythm]
    motif = cells[int(rng.integers(len(cells)))]
    other = cells[int(rng.integers(len(cells)))]
    melody: list[tuple[float, float, int]] = []
    degree = int(rng.choice([0, 2] if mode == "major" else [4, 7]))
    for bar in range(bars):
        beat = float(bar * meter.bar)
        for length_beats in motif if bar % 4 != 3 else other:
            root = _root_at(chords, beat)
            on_beat = abs(beat - round(beat)) < 0.01
            degree = _next_degree(degree, root, on_beat, mode, rng)
            melody.append((beat, float(length_beats), degree))
            beat += length_beats
    return _Phrase(chords, tuple(melody))


def _root_at(chords: tuple[tuple[int, int], ...], beat: float) -> int:
    return [root for root, first in chords if first <= beat + 1e-6][-1]


def _next_degree(degree: int, root: int, on_beat: bool, mode: str, rng: np.random.Generator) -> int:
    """Major lines mostly rise by leaps and fall back; minor ones mostly sink by steps, and start again from above."""
    if mode == "major":
        step = int(rng.choice([-1, 1, 2, 2]))
        if degree >= 7:
            step = -7
    else:
        step = int(rng.choice([-2, -1, -1, 1]))
        if degree <= -3:
            step = 7
    target = degree + step
    if on_beat:  # the chord tone nearest to where the line was going, but not the same note again
        tones = [d for d in range(-3, 8) if (d - root) % 7 in (0, 2, 4) and d != degree]
        target = min(tones, key=lambda d: abs(d - target))
    return int(np.clip(target, -3, 7))


def _pitch(tonic: int, mode: str, degree: int) -> int:
    octave, step = divmod(degree, 7)
    return tonic + 12 * octave + _SCALES[mode][step]


def _write_phrase(
    phrase: _Phrase,
    roots: tuple[int, ...],
    start_bar: int,
    bars: int,
    meter: _Meter,
    tonic: int,
    mode: str,
    rhythm: str,
    heard: Mapping[str, str],
) -> list[Note]:
    """All parts of one phrase. `roots`: for each chord its shift in semitones away from the right one (0 = right)."""
    texture = heard["texture"]
    zero = start_bar * meter.bar
    notes: list[Note] = []

    def add(part: str, beat: float, beats: float, pitch: float, velocity: float) -> None:
        notes.append(Note((zero + beat) * meter.beat, beats * meter.beat, pitch, velocity, part))

    for beat, beats, degree in phrase.melody:
        chord = max(i for i, (_, first) in enumerate(phrase.chords) if first <= beat + 1e-6)
        # With chords under it the melody stays and clashes; without, the melody itself jumps out of the key.
        shift = roots[chord] if texture in ("solo", "duet") else 0
        add("melody", beat, beats, _pitch(tonic, mode, degree) + shift, 0.8)
    if texture == "solo":
        return notes

    low = tonic - 12 if tonic >= 55 else tonic
    ends = [first for _, first in phrase.chords[1:]] + [bars * meter.bar]
    for (root, first), end, shift in zip(phrase.chords, ends, roots, strict=True):
        triad = [_pitch(low, mode, root + step) + shift for step in (0, 2, 4)]
        if texture == "duet":
            step = 1.5 if meter.bar == 3 else 2.0
            for i, beat in enumerate(np.arange(first, end, step)):
                clash = shift and i % 2  # one of the two voices has lost the key
                add("counter", float(beat), step, triad[(0, 2, 1)[i % 3]] + (1 if clash else 0), 0.6)
            continue
        if shift:  # a wrong chord is not only elsewhere, it grinds in itself
            triad = [triad[0], triad[0] + 1, triad[2] + 1]
        bass = 28 + (triad[0] - 28) % 12
        for offset in range(first - first % meter.bar, end, meter.bar):
            for beat, beats in _CHORD_HITS[rhythm]:
                if first <= offset + beat < end:
                    for pitch in triad:
                        add("harmony", offset + beat, beats, pitch, 0.5)
            for beat, beats, tone in _BASS_HITS[rhythm]:
                if first <= offset + beat < end:
                    add("bass", offset + beat, beats, bass + (triad[tone] - triad[0]), 0.8)
    if texture == "band":
        for bar in range(bars):
            for drum, beats_of_drum in _DRUM_HITS[rhythm].items():
                for beat in beats_of_drum:
                    add("drums", bar * meter.bar + beat, 0.4, drum, 0.9 if beat == 0 else 0.7)
    return notes


def _speak(tempo: str, register: str, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Syllables, part "speech", in breath groups with pauses between; pitch falls through a group."""
    rate = SYLLABLES_PER_SECOND[tempo]
    centre = {"low": 45.0, "middle": 52.0, "high": 59.0}[register]  # 110, 165, 247 Hz
    notes: list[Note] = []
    now = rng.uniform(0.0, 0.4)
    while now < seconds:
        count = int(rng.integers(3, 9))
        for i in range(count):
            length = rng.lognormal(0.0, 0.25) / rate
            if i == count - 1:
                length *= 1.4
            pitch = centre + 2.5 - 5.0 * i / count + rng.normal(0, 1.2)
            notes.append(Note(now, min(length, 0.9), pitch, float(rng.uniform(0.65, 0.95)), "speech"))
            now += length
        now += rng.uniform(0.2, 0.7)
    return notes


def _accent(beat: float, bar: int, rhythm: str) -> float:
    """Velocity factor of a note by its place in the bar: what makes a style audible even in a single line."""
    place = beat % bar
    on_beat = abs(place - round(place)) < 0.02
    if rhythm == "syncopated":
        return 0.78 if on_beat else 1.0
    if on_beat:
        first = round(place) % bar == 0
        if rhythm == "swing":
            return 0.85 if round(place) % 2 == 0 else 1.0
        return 1.0 if first else 0.72 if rhythm == "waltz" else 0.86
    return 0.72


def _shape_dynamics(
    notes: list[Note], dynamics: str, rhythm: str, meter: _Meter, seconds: float, rng: np.random.Generator
) -> list[Note]:
    """Velocities and lengths: soft is even and legato, swelling grows by far, punchy is accented and short."""
    twice = bool(rng.random() < 0.5)
    shaped = []
    for note in notes:
        accent = _accent(note.start / meter.beat, meter.bar, rhythm) if note.part != "speech" else 1.0
        if dynamics == "soft":
            level, length = 0.36 * accent**0.5, 1.0
        elif dynamics == "swelling":
            position = note.start / seconds
            level, length = (0.12 + 0.88 * (position * 2 % 1.0 if twice else position)) * accent**0.5, 0.95
        else:
            level, length = accent, 0.55
        jitter = float(rng.uniform(0.96, 1.04))
        kept = note.seconds * (length if note.part not in ("drums", "speech") else 1.0)
        shaped.append(note._replace(velocity=min(1.0, level * note.velocity / 0.8 * jitter), seconds=kept))
    return shaped


# ---------------------------------------------------------------------------------------------------- faults


def _lose_form(phrase: _Phrase, meter: _Meter, bars: int, severity: float, rng: np.random.Generator) -> _Phrase:
    """Bars replaced, with probability `severity`, by an aimless one that never comes back."""
    aimless = rng.random(bars) < severity
    melody = [note for note in phrase.melody if not aimless[min(bars - 1, int(note[0] // meter.bar))]]
    chords = list(phrase.chords)
    for bar in np.flatnonzero(aimless):
        beat, end = float(bar * meter.bar), float((bar + 1) * meter.bar)
        while beat < end - 0.1:
            length = float(rng.choice([0.25, 0.5, 0.75, 1.25, 1.75, 2.5]))
            if rng.random() < 0.7:
                melody.append((beat, min(length, end - beat), int(rng.integers(-7, 15))))
            beat += length
        chords = [(int(rng.integers(7)) if first // meter.bar == bar else root, first) for root, first in chords]
    return replace(phrase, melody=tuple(sorted(melody)), chords=tuple(chords))


def _wrong_roots(phrase: _Phrase, severity: float, rng: np.random.Generator) -> tuple[int, ...]:
    """For each chord its shift in semitones: not 0 with probability `severity`."""
    wrong = rng.random(len(phrase.chords)) < severity
    shifts = rng.choice(_WRONG_STEPS, len(phrase.chords))
    return tuple(int(shift) if is_wrong else 0 for shift, is_wrong in zip(shifts, wrong, strict=True))


def _misplay(notes: list[Note], faults: Mapping[str, float], meter: _Meter, rng: np.random.Generator) -> list[Note]:
    """Notes shifted out of the key, doubled by a clashing neighbour, moved in time, lost, or hit twice.

    Each note draws the same numbers whatever the severities, so more severity only adds to what is wrong.
    """
    wrong, broken = faults["wrong_notes"], faults["broken_rhythm"]
    # Timing errors grow from just noticeable (about 10 ms) to nearly half a beat, 0.28 s at most.
    spread = 0.0 if broken <= 0 else 0.01 * (min(0.28, 0.45 * meter.beat) / 0.01) ** broken
    played: list[Note] = []
    for note in notes:
        chance = rng.random(4)
        shift = float(rng.choice(_WRONG_STEPS))
        late, echo = rng.normal(size=2)
        if note.part == "speech":  # it has neither key nor beat to miss
            played.append(note)
            continue
        pitched = note.part != "drums"
        if chance[1] < 0.22 * broken:
            continue
        moved = note._replace(start=max(0.0, note.start + spread * late))
        if pitched and chance[0] < 0.75 * wrong:
            moved = moved._replace(pitch=note.pitch + shift)
        played.append(moved)
        if pitched and chance[2] < 0.45 * wrong:
            played.append(moved._replace(pitch=moved.pitch + 1.0))
        if chance[3] < 0.2 * broken:
            played.append(moved._replace(start=max(0.0, moved.start + 0.06 + 0.1 * abs(echo))))
    return played
