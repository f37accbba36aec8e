"""Scenes: which sources sound when, how loudly, with which events, and which faults of content each of them has.

    generator + dice -> Scene (elements in time) -> its causes (here) and its sound (`scene_sound`)

An element is what one would name when asked what is heard: a piece of music, somebody talking, rain. The first one is
the foreground. A piece of music has as many sources as it has parts; every other element is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from drasp_cli.simulation.attributes import DRAWN, SPOKEN, VALUES
from drasp_cli.simulation.composer import MUSICAL_FAULTS, Note, audible_heard, compose
from drasp_cli.simulation.generators import CONTENT_FAULTS, CUT_OFF, KINDS, Generator
from drasp_cli.simulation.happenings import HAPPENINGS, draw_onsets
from drasp_cli.simulation.textures import NOISY, TEXTURES

ENVIRONMENTS: Final = (*TEXTURES, *HAPPENINGS)
MOST_ELEMENTS: Final = 4
MOST_SOURCES: Final = 6
LEVELS: Final = (-12.0, -1.0)
"""Between these (dB, against the foreground) lies what else sounds, by the system's din. Nothing is inaudible."""
PART_COUNT: Final = MappingProxyType({"solo": 1, "duet": 2, "ensemble": 3, "band": 4})
"""Texture of music -> its sources: melody, second voice or bass and chords, drums."""

RECORDED_MUSIC: Final = "recorded music"
"""What recorded music is called, whose timbres nobody wrote down."""

PLEASANTNESS: Final[Mapping[str, float]] = MappingProxyType(
    {
        **dict.fromkeys((name for name in VALUES["timbre"] if name != SPOKEN), 0.95),
        RECORDED_MUSIC: 0.95,
        "distorted guitar": 0.75,
        "synth lead": 0.85,
        "brass": 0.9,
        "speech": 0.75,
        "birds": 0.85,
        "stream": 0.85,
        "sea": 0.8,
        "rain": 0.7,
        "fire": 0.7,
        "bells": 0.7,
        "insects": 0.55,
        "drips": 0.5,
        "wind": 0.45,
        "footsteps": 0.4,
        "clock": 0.4,
        "crowd": 0.35,
        "barks": 0.3,
        "knocks": 0.25,
        "engine": 0.2,
        "alarm": 0.05,
    }
)
"""What is heard -> how much listeners like it when nothing is wrong with it, 0 to 1."""

RECORDED: Final = 0.5
"""The share of elements that could be a recording and are one, where recordings are given.

The others have the faults of content: with nine in ten recorded, a predictor met 1,600 pieces of synthetic music in
30,000 clips, too few to learn them.
"""

_TASTE = 2.5  # log odds between the most and the least pleasant environment at full taste
_MUTE_DB = 20.0  # a fault of an element so far below the loudest has a tenth of its severity
_ENOUGH_SECONDS = 5.0
_DENSEST = 16.0  # events a second
_RAIN_HIDES = 0.7  # severity of noise (an SNR of 15 dB) up to which rain alone hides it


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that is heard.

    Attributes:
        kind: "music", "speech", or one of `ENVIRONMENTS`.
        main: what it is, a key of `PLEASANTNESS`: the timbre of music, else the kind.
        sources: how many sound together in it.
        start, stop: in seconds.
        decibels: RMS level while it sounds, against the foreground.
        onsets: when its events begin, in seconds of the clip.
        notes: of music and speech, counted from `start`.
        faults: each of `MUSICAL_FAULTS` and `CONTENT_FAULTS` that this kind can have -> severity.
        recorded: a recording is heard, not the notes.
    """

    kind: str
    main: str
    sources: int
    start: float
    stop: float
    decibels: float
    onsets: tuple[float, ...]
    notes: tuple[Note, ...]
    faults: Mapping[str, float]
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What is heard in one clip.

    Attributes:
        seconds: length of the clip.
        stop: when the sound ends: `seconds`, or earlier where it is cut off.
        cut_off: the severity of that.
        elements: the first is the foreground, at 0 dB.
    """

    seconds: float
    stop: float
    cut_off: float
    elements: tuple[Element, ...]


# -------------------------------------------------------------------------------------------------- planning


def draw_scene(
    generator: Generator, severities: Mapping[str, float], seconds: float, rng: np.random.Generator
) -> Scene:
    """One scene of a generator.

    Args:
        generator: who makes it.
        severities: each of `MUSICAL_FAULTS`, `CONTENT_FAULTS` and `CUT_OFF`, for this clip.
        seconds: length of the clip.
        rng: the clip's content.
    """
    busy = float(np.clip(generator.business + rng.normal(0.0, 0.12), 0.0, 1.0))
    din = float(np.clip(generator.din + rng.normal(0.0, 0.12), 0.0, 1.0))
    count = 1 + int(rng.binomial(MOST_ELEMENTS - 1, 0.85 * busy))
    kinds = _draw_kinds(generator, count, rng)
    stop = seconds * (1.0 - 0.1 - 0.45 * severities[CUT_OFF]) if severities[CUT_OFF] > 0.0 else seconds
    elements: list[Element] = []
    left = MOST_SOURCES
    for index, (kind, dice) in enumerate(zip(kinds, rng.spawn(count), strict=True)):
        span, level = (0.0, stop), 0.0
        if index:
            level = LEVELS[0] + (LEVELS[1] - LEVELS[0]) * din + float(dice.normal(0.0, 1.5))
            level = float(np.clip(level, *LEVELS))
            if dice.random() < 0.5:
                length = stop * float(dice.uniform(0.4, 0.9))
                start = float(dice.uniform(0.0, stop - length))
                span = (start, start + length)
        element = _draw_element(kind, span, level, busy, left - (count - 1 - index), severities, dice)
        left -= element.sources
        elements.append(element)
    return Scene(seconds, stop, severities[CUT_OFF], tuple(elements))


def with_recordings(scene: Scene, kinds: Collection[str], rng: np.random.Generator) -> Scene:
    """`scene` with some of its elements of these kinds ("speech", "music") recorded, see `RECORDED`.

    Nobody made a mistake in a recording, so faults of content are gone. Nobody counted its parts either: music passes
    for a band. Its events, and the syllables of speech, count as those of the element it stands for.
    """
    luck = rng.random(len(scene.elements))
    elements = [
        _recorded(element) if element.kind in kinds and drawn < RECORDED else element
        for element, drawn in zip(scene.elements, luck, strict=True)
    ]
    return replace(scene, elements=tuple(elements))


def _recorded(element: Element) -> Element:
    element = replace(element, faults=dict.fromkeys(element.faults, 0.0), recorded=True)
    if element.kind == "music":
        element = replace(element, main=RECORDED_MUSIC, sources=PART_COUNT["band"])
    return element


def _draw_kinds(generator: Generator, count: int, rng: np.random.Generator) -> list[str]:
    """The kinds of `count` elements: music once at most, speech twice, no environment twice."""
    pleasant = np.array([PLEASANTNESS[name] for name in ENVIRONMENTS])
    weights = np.exp(_TASTE * generator.taste * (pleasant - pleasant.mean()))
    environments = list(rng.choice(ENVIRONMENTS, count, replace=False, p=weights / weights.sum()))
    kinds: list[str] = []
    for index in range(count):
        # Behind the foreground stands anything, in a system's own mixture or in an even one.
        shares = generator.kinds if index == 0 or rng.random() < 0.5 else (1 / 3,) * 3
        kind = KINDS[int(rng.choice(3, p=shares))]
        if kind == "environment" or kinds.count(kind) >= {"music": 1, "speech": 2}[kind]:
            kind = str(environments[index])
        kinds.append(kind)
    return kinds


def _draw_element(
    kind: str,
    span: tuple[float, float],
    level: float,
    busy: float,
    most_sources: int,
    severities: Mapping[str, float],
    rng: np.random.Generator,
) -> Element:
    start, stop = span
    seconds = stop - start
    if kind == "music":
        heard = {name: values[int(rng.integers(len(values)))] for name, values in VALUES.items()}
        timbres = [name for name in VALUES["timbre"] if name != SPOKEN]
        heard["timbre"] = timbres[int(rng.integers(len(timbres)))]
        parts = min(1 + int(rng.binomial(3, 0.1 + 0.8 * busy)), most_sources)
        heard["texture"] = next(name for name, count in PART_COUNT.items() if count == parts)
        faults = {name: severities[name] for name in MUSICAL_FAULTS}
        notes = compose(heard, faults, seconds, rng)
        # A chord is one event, and so is all that one part begins at one time.
        onsets = sorted({(note.part, round(note.start, 2)) for note in notes}, key=lambda onset: onset[1])
        times = tuple(start + time for _, time in onsets)
        return Element(kind, heard["timbre"], parts, start, stop, level, times, notes, faults)
    if kind == "speech":
        heard = {name: values[int(rng.integers(len(values)))] for name, values in DRAWN.items()}
        heard = audible_heard({**heard, "timbre": SPOKEN, "texture": "solo", "dynamics": "punchy"})
        flat = severities["flatness"]
        notes = _flatten(compose(heard, dict.fromkeys(MUSICAL_FAULTS, 0.0), seconds, rng), flat)
        times = tuple(start + note.start for note in notes)
        return Element(kind, kind, 1, start, stop, level, times, notes, {"flatness": flat})
    faults = {name: severities[name] for name in ("looping", "harshness")}
    times = tuple(start + onset for onset in draw_onsets(kind, seconds, rng)) if kind in HAPPENINGS else ()
    return Element(kind, kind, 1, start, stop, level, times, (), faults)


def _flatten(notes: Sequence[Note], severity: float) -> tuple[Note, ...]:
    """Syllables with a share of their movement in pitch and strength: twice what the composer wrote down to none."""
    if not notes:
        return ()
    pitch = float(np.mean([note.pitch for note in notes]))
    strength = float(np.mean([note.velocity for note in notes]))
    move = 2.0 * (1.0 - severity)
    return tuple(
        note._replace(
            pitch=pitch + move * (note.pitch - pitch),
            velocity=float(np.clip(strength + move * (note.velocity - strength), 0.05, 1.0)),
        )
        for note in notes
    )


# ---------------------------------------------------------------------------------------------------- causes


def scene_causes(scene: Scene) -> dict[str, float]:
    """What there is to be said of the content of a scene, each 0 to 1.

    Returns:
        `crowding`: log n / log 6 for a mean of n sources at once, while anything sounds.
        `density`: log(1 + e) / log(17) for e events a second, while anything sounds.
        `dullness`: 1 - the mean pleasantness of the elements, by their amplitude and time.
        `masking`: (12 - R) / 14 for R dB between the foreground and all else together.
        `shortness`: 1 - T / 5 for clips of T < 5 seconds.
        `cut_off`, and each of `MUSICAL_FAULTS` and `CONTENT_FAULTS` as strong as it is audible.
    """
    elements = scene.elements
    sources = sum(element.sources * (element.stop - element.start) for element in elements) / scene.stop
    events = sum(len(element.onsets) for element in elements) / scene.stop
    weights = np.array([_gain(element) * (element.stop - element.start) for element in elements])
    pleasant = np.array([PLEASANTNESS[element.main] for element in elements])
    behind = sum(_gain(element) ** 2 * (element.stop - element.start) for element in elements[1:]) / scene.stop
    lead = -10.0 * np.log10(behind) if behind > 0.0 else np.inf
    causes = {
        "crowding": _unit(np.log(sources) / np.log(MOST_SOURCES)),
        "density": _unit(np.log1p(events) / np.log1p(_DENSEST)),
        "dullness": _unit(1.0 - float(weights @ pleasant / weights.sum())),
        "masking": _unit((12.0 - lead) / 14.0),
        "shortness": _unit(1.0 - scene.seconds / _ENOUGH_SECONDS),
        CUT_OFF: scene.cut_off,
    }
    for name in (*MUSICAL_FAULTS, *CONTENT_FAULTS):
        causes[name] = max(
            (element.faults[name] * _audible(element) for element in elements if name in element.faults), default=0.0
        )
    return causes


def audible_noise(scene: Scene, severity: float) -> float:
    """The severity of steady noise as far as rain, wind and water let it be heard."""
    power = np.array([_gain(element) ** 2 * (element.stop - element.start) for element in scene.elements])
    noisy = np.array([element.kind in NOISY for element in scene.elements])
    hidden = _RAIN_HIDES * float(power @ noisy / power.sum())
    return max(0.0, (severity - hidden) / (1.0 - hidden))


def _gain(element: Element) -> float:
    return float(10.0 ** (element.decibels / 20.0))


def _audible(element: Element) -> float:
    return float(10.0 ** (min(0.0, element.decibels) / _MUTE_DB))


def _unit(value: float) -> float:
    return float(np.clip(value, 0.0, 1.0))
