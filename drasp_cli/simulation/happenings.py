"""Sounds that happen again and again: birds, barks, footsteps, bells, an alarm, knocks, drips, a clock.

Each kind has a rhythm (so many a second, regular or by chance) and a maker of a few variants of the one sound, so that
the same dog barks twice without barking the same bark. Struck things ring in inharmonic modes that die away the faster
the higher they are (van den Doel and Pai, Presence 7(4), 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drasp_cli.simulation.instruments import TIMBRES, draw_build

Samples = NDArray[np.float64]
_VARIANTS = 4
_TOP = 0.45  # of the sampling rate: no partial above it


@dataclass(frozen=True, slots=True)
class Happening:
    """One kind of event.

    Attributes:
        per_second: fewest and most events in a second.
        uneven: SD of the distance between two, as a share of it; None: they come by chance (a Poisson process).
        sound: (rate, rng) -> one event, (num_samples,), peak about 1; its differences are those of one source.
    """

    per_second: tuple[float, float]
    uneven: float | None
    sound: Callable[[int, np.random.Generator], Callable[[], Samples]]


def draw_onsets(kind: str, seconds: float, rng: np.random.Generator) -> tuple[float, ...]:
    """When the events of one source begin, in seconds: at least one, none in the last tenth of a second."""
    happening = HAPPENINGS[kind]
    low, high = happening.per_second
    distance = 1.0 / (low * (high / low) ** float(rng.random()))
    last = seconds - 0.1
    most = int(4 * seconds / distance) + 4
    if happening.uneven is None:
        steps = rng.exponential(distance, most)
    else:
        steps = np.maximum(0.3, rng.normal(1.0, happening.uneven, most)) * distance
    steps[0] = min(float(rng.random()) * distance, 0.5 * last)
    onsets = np.cumsum(steps)
    return tuple(float(onset) for onset in onsets[onsets < last])


def happen(kind: str, onsets: tuple[float, ...], rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """The events of one source, each with a strength of its own: (num_samples,)."""
    count = round(seconds * rate)
    make = HAPPENINGS[kind].sound(rate, rng)
    variants = [make() for _ in range(_VARIANTS)]
    out = np.zeros(count)
    for onset in onsets:
        sound = variants[int(rng.integers(_VARIANTS))]
        start = int(onset * rate)
        stop = min(count, start + len(sound))
        out[start:stop] += float(rng.uniform(0.6, 1.0)) * sound[: stop - start]
    return out


def _times(seconds: float, rate: int) -> Samples:
    return np.arange(int(seconds * rate)) / rate


def _rung(hertz: Samples, gains: Samples, decays: Samples, seconds: float, rate: int) -> Samples:
    """Modes (modes,) at `hertz` that die away at `decays` per second."""
    times = _times(seconds, rate)
    audible = hertz < _TOP * rate
    modes = np.exp(-times * decays[audible, None]) * np.sin(2 * np.pi * hertz[audible, None] * times)
    return np.asarray((gains[audible, None] * modes).sum(axis=0) / gains.sum())


def _birds(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """Calls of two to five gliding whistles."""
    centre, speed = float(rng.uniform(2200, 5200)), float(rng.uniform(0.05, 0.14))

    def call() -> Samples:
        notes = []
        for _ in range(int(rng.integers(2, 6))):
            times = _times(speed * float(rng.uniform(0.6, 1.4)), rate)
            glide = centre * (1.0 + float(rng.uniform(-0.3, 0.3)) * (times / times[-1] - 0.5))
            hertz = np.minimum(glide * float(rng.uniform(0.85, 1.2)), _TOP * rate)
            tone = np.sin(2 * np.pi * np.cumsum(hertz) / rate)
            notes += [tone * np.hanning(len(times)), np.zeros(int(0.3 * len(times)))]
        return np.concatenate(notes)

    return call


def _barks(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """A falling, rough tone with breath in it."""
    pitch, throat = float(rng.uniform(180, 600)), float(rng.uniform(600, 1500))

    def bark() -> Samples:
        times = _times(float(rng.uniform(0.12, 0.25)), rate)
        hertz = pitch * (1.15 - 0.5 * times / times[-1]) * float(rng.uniform(0.92, 1.08))
        phase = 2 * np.pi * np.cumsum(hertz) / rate
        order = np.arange(1, 20)[:, None]
        gain = order**-0.5 / (1.0 + ((order * pitch - throat) / 500.0) ** 2) * (order * pitch < _TOP * rate)
        tone = (gain * np.sin(order * phase)).sum(axis=0) / gain.sum()
        rough = tone + 0.12 * rng.standard_normal(len(times))
        return np.asarray(rough * np.minimum(1.0, times / 0.01) * np.hanning(len(times)) ** 0.5 * 2.0)

    return bark


def _footsteps(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """A thud of the heel, then a scuff."""
    thud, floor = float(rng.uniform(55, 140)), float(rng.uniform(0.15, 0.7))

    def step() -> Samples:
        times = _times(0.22, rate)
        heel = np.exp(-times * 45) * np.sin(2 * np.pi * thud * float(rng.uniform(0.9, 1.1)) * times)
        scuff = np.diff(rng.standard_normal(len(times) + 1)) * np.exp(-(((times - 0.07) / 0.03) ** 2))
        return np.asarray(heel + floor * 0.5 * scuff)

    return step


def _bells(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """The bell of the instruments, one to three of them."""
    build = draw_build(rng)
    pitches = float(rng.uniform(260, 1000)) * 2.0 ** (rng.choice([0, 3, 5, 7, 12], 3) / 12)
    return lambda: TIMBRES["bell"](float(rng.choice(pitches)), 0.3, float(rng.uniform(0.7, 1.0)), rate, build, rng)


def _alarm(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """Beeps of a buzzing tone, perhaps of two pitches in turn."""
    pitch, step = float(rng.uniform(700, 3000)), float(rng.choice([1.0, 1.25, 0.8]))
    length, drive = float(rng.uniform(0.08, 0.2)), float(rng.uniform(1.0, 4.0))
    second = False

    def beep() -> Samples:
        nonlocal second
        times = _times(length, rate)
        tone = np.tanh(drive * np.sin(2 * np.pi * pitch * (step if second else 1.0) * times))
        second = not second
        return np.asarray(tone * np.minimum(1.0, np.minimum(times, times[-1] - times) / 0.004))

    return beep


def _knocks(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """Wood, glass or metal struck: five to nine inharmonic modes."""
    count = int(rng.integers(5, 10))
    hertz = float(rng.uniform(120, 900)) * np.cumprod(np.concatenate([[1.0], rng.uniform(1.2, 1.8, count - 1)]))
    damping = float(rng.choice([60.0, 25.0, 8.0])) * float(rng.uniform(0.7, 1.4))
    decays = damping * (hertz / hertz[0]) ** 0.6

    def knock() -> Samples:
        gains = rng.uniform(0.3, 1.0, count) / np.arange(1, count + 1) ** 0.5
        ring = 2.0 * _rung(hertz * float(rng.uniform(0.98, 1.02)), gains, decays, min(1.2, 5.0 / damping), rate)
        hit = rng.standard_normal(int(0.004 * rate)) * 0.3
        ring[: len(hit)] += hit * np.linspace(1.0, 0.0, len(hit))
        return ring

    return knock


def _drips(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """Drops into water: a click, then a bubble that rises."""
    pitch = float(rng.uniform(500, 1800))

    def drip() -> Samples:
        times = _times(0.15, rate)
        hertz = np.minimum(pitch * float(rng.uniform(0.8, 1.3)) * (1.0 + 6.0 * times), _TOP * rate)
        bubble = np.exp(-times * 30) * np.sin(2 * np.pi * np.cumsum(hertz) / rate)
        bubble[: int(0.002 * rate)] += 0.5 * rng.standard_normal(int(0.002 * rate))
        return np.asarray(bubble)

    return drip


def _clock(rate: int, rng: np.random.Generator) -> Callable[[], Samples]:
    """Tick and tock: short, hard, of two pitches."""
    pitch = float(rng.uniform(1200, 3500))
    second = False

    def tick() -> Samples:
        nonlocal second
        second = not second
        hertz = pitch * (1.0 if second else 0.85) * np.array([1.0, 1.6, 2.3])
        return _rung(hertz, np.array([1.0, 0.6, 0.4]), np.array([120.0, 160.0, 220.0]), 0.06, rate) * 2.0

    return tick


HAPPENINGS: Final[Mapping[str, Happening]] = MappingProxyType(
    {
        "birds": Happening((0.5, 2.5), None, _birds),
        "barks": Happening((0.5, 2.0), None, _barks),
        "footsteps": Happening((1.4, 3.0), 0.05, _footsteps),
        "bells": Happening((0.4, 1.5), 0.2, _bells),
        "alarm": Happening((1.2, 4.0), 0.0, _alarm),
        "knocks": Happening((0.6, 4.0), None, _knocks),
        "drips": Happening((0.8, 4.0), None, _drips),
        "clock": Happening((1.0, 2.0), 0.0, _clock),
    }
)
"""Name -> its rhythm and its sound."""
