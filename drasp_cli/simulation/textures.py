"""Sounds that go on: rain, wind, stream, sea, fire, insects, engine, crowd. One function each, noise and grains.

Each is (rate, seconds, rng) -> (num_samples,), at any scale, and no two streams of dice make the same rain. All of them
are uneven in a way of their own (drops, gusts, bubbles, swell, crackles), so they can be told from a noisy channel.
The bubbles of running water are decaying sines that rise in pitch (van den Doel, ACM Transactions on Applied
Perception 2(4), 2005).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from drasp_cli.simulation.speech import Syllable, speak

Samples = NDArray[np.float64]
Texture = Callable[[int, float, np.random.Generator], Samples]

_BABBLE_SECONDS = 5.0
_BABBLE_VOICES = 7


def noise_band(count: int, rate: int, low: float, high: float, slope: float, rng: np.random.Generator) -> Samples:
    """Noise of RMS 1 between `low` and `high` Hz (soft edges), falling by `slope` * 3 dB per octave between them."""
    size = next_fast_len(count, real=True)
    dice = rng.standard_normal((2, size // 2 + 1))
    frequency = np.maximum(np.arange(size // 2 + 1) * rate / size, 1.0)
    gain = frequency ** (-slope / 2) / np.sqrt((1.0 + (low / frequency) ** 4) * (1.0 + (frequency / high) ** 4))
    noise = irfft((dice[0] + 1j * dice[1]) * gain, size)[:count]
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def wander(count: int, rate: int, hertz: float, rng: np.random.Generator) -> Samples:
    """A curve that wanders between 0 and 1 with about `hertz` turns a second."""
    points = rng.random(int(count / rate * hertz) + 3)
    places = (np.arange(len(points)) - float(rng.random())) / hertz
    return np.interp(np.arange(count) / rate, places, points)


def scatter(count: int, places: NDArray[np.int64], grains: Samples) -> Samples:
    """Sum of `grains` (grains, length), each beginning at its sample of `places`: (count,)."""
    where = places[:, None] + np.arange(grains.shape[1])
    total = np.bincount(where.ravel(), grains.ravel(), minlength=count + grains.shape[1])
    return total[:count].astype(np.float64, copy=False)


def _places(count: int, rate: int, per_second: float, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.integers(0, count, max(1, round(per_second * count / rate)))


def _rain(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """A hiss, and drops near by that tick."""
    count = round(seconds * rate)
    hiss = noise_band(count, rate, rng.uniform(600, 1500), 7000.0, rng.uniform(0.0, 1.0), rng)
    hiss *= 0.8 + 0.4 * wander(count, rate, 0.7, rng)
    places = _places(count, rate, float(rng.uniform(25, 110)), rng)
    times = np.arange(int(0.008 * rate)) / rate
    pitch = rng.uniform(1200, min(6500, 0.45 * rate), (len(places), 1))
    height = rng.lognormal(0.0, 0.8, (len(places), 1)) * float(rng.uniform(1.0, 3.0))
    return hiss + scatter(count, places, height * np.exp(-times * 700) * np.sin(2 * np.pi * pitch * times))


def _wind(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Gusts that roar, and whistle where they are strong."""
    count = round(seconds * rate)
    gusts = wander(count, rate, float(rng.uniform(0.4, 1.2)), rng) ** 1.5 + 0.05
    roar = noise_band(count, rate, 40.0, float(rng.uniform(250, 600)), 1.5, rng)
    tone = float(rng.uniform(350, 1300))
    whistle = noise_band(count, rate, tone * 0.95, tone * 1.05, 0.0, rng)
    return roar * gusts + float(rng.uniform(0.1, 0.6)) * whistle * gusts**3


def _stream(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Bubbles over a soft rush."""
    count = round(seconds * rate)
    places = _places(count, rate, float(rng.uniform(35, 90)), rng)
    times = np.arange(int(0.04 * rate)) / rate
    pitch = np.exp(rng.uniform(np.log(350), np.log(2800), (len(places), 1)))
    decay = pitch * rng.uniform(0.03, 0.08, (len(places), 1))
    rise = pitch * times * (1.0 + rng.uniform(0.0, 8.0, (len(places), 1)) * times)
    height = rng.lognormal(-0.3, 0.7, (len(places), 1))
    bubbles = scatter(count, places, height * np.exp(-times * decay) * np.sin(2 * np.pi * rise))
    return bubbles + float(rng.uniform(0.05, 0.25)) * noise_band(count, rate, 300.0, 4000.0, 1.0, rng)


def _sea(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Waves: a swell that brightens as it breaks."""
    count = round(seconds * rate)
    phase = (np.arange(count) / rate / float(rng.uniform(3.0, 7.0)) + float(rng.random())) % 1.0
    swell = np.where(phase < 0.3, phase / 0.3, np.exp(-(phase - 0.3) * 4.0)) * (
        0.6 + 0.4 * wander(count, rate, 0.3, rng)
    )
    deep = noise_band(count, rate, 30.0, 500.0, 1.5, rng)
    foam = noise_band(count, rate, 800.0, 6000.0, 0.8, rng)
    return deep * (0.25 + swell) + float(rng.uniform(0.6, 1.2)) * foam * (0.03 + swell**2)


def _fire(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """A low roar and crackles of very different strength."""
    count = round(seconds * rate)
    roar = noise_band(count, rate, 40.0, 350.0, 1.0, rng) * (0.4 + wander(count, rate, 3.0, rng))
    places = _places(count, rate, float(rng.uniform(5, 25)), rng)
    length = int(0.02 * rate)
    decay = rng.uniform(200, 1200, (len(places), 1)) / rate
    height = np.minimum(rng.pareto(1.5, (len(places), 1)) + 0.3, 8.0) * float(rng.uniform(0.8, 2.0))
    grains = height * np.exp(-np.arange(length) * decay) * rng.standard_normal((len(places), length))
    return float(rng.uniform(0.4, 1.0)) * roar + scatter(count, places, grains)


def _insects(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Crickets: two or three tones above 3 kHz, pulsed, in chirps."""
    count = round(seconds * rate)
    times = np.arange(count) / rate
    out = 0.03 * noise_band(count, rate, 1000.0, 6000.0, 0.5, rng)
    for _ in range(int(rng.integers(2, 4))):
        tone = float(rng.uniform(3000, min(5600, 0.42 * rate)))
        pulses = np.maximum(0.0, np.sin(2 * np.pi * float(rng.uniform(25, 60)) * times))
        chirps = (times * float(rng.uniform(1.2, 3.5)) + float(rng.random())) % 1.0 < float(rng.uniform(0.3, 0.7))
        out += float(rng.uniform(0.3, 1.0)) * pulses * chirps * np.sin(2 * np.pi * tone * times)
    return out


def _engine(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Firing pulses through a few resonances, with a turning speed that wanders, and noise in step with it."""
    count = round(seconds * rate)
    speed = float(rng.uniform(18, 60)) * (0.8 + 0.4 * wander(count, rate, 0.5, rng))
    phase = np.cumsum(speed) / rate
    size = 4096
    order = np.arange(1, 160)
    hertz = order * float(np.mean(speed)) / 2
    gain = order**-0.6 * (1.0 + 1.5 * (order % 2 == 0))
    for _ in range(3):
        gain = gain * (1.0 + 4.0 / (1.0 + ((hertz - float(rng.uniform(80, 1500))) / 90.0) ** 2))
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
    spectrum[1:160] = gain * np.exp(2j * np.pi * rng.random(159)) * (hertz < 0.45 * rate)
    cycle = irfft(spectrum, size)
    cycle /= np.sqrt(np.mean(cycle**2))
    # Two turns make one cycle of a four-stroke engine.
    motor = cycle[(phase / 2 * size).astype(np.int64) % size]
    rattle = noise_band(count, rate, 500.0, 4000.0, 0.5, rng) * (1.0 + np.cos(2 * np.pi * phase)) ** 2
    return motor + float(rng.uniform(0.05, 0.3)) * rattle


def _crowd(rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """Babble: one voice's syllables laid over each other at many speeds, and so at many pitches."""
    count = round(seconds * rate)
    syllables, now = [], 0.0
    while now < _BABBLE_SECONDS - 0.3:
        length = float(rng.uniform(0.12, 0.3))
        syllables.append(Syllable(now, length, float(rng.uniform(45, 57)), float(rng.uniform(0.6, 1.0))))
        now += length * (1.0 if rng.random() < 0.8 else 2.5)
    voice = speak(syllables, rate, _BABBLE_SECONDS, float(rng.uniform(0.9, 1.1)), rng)
    out = np.zeros(count)
    for _ in range(_BABBLE_VOICES):
        # Read at another speed, in a circle.
        where = (np.arange(count) * float(rng.uniform(0.8, 1.3)) + rng.integers(len(voice))) % (len(voice) - 1)
        out += float(rng.uniform(0.4, 1.0)) * voice[where.astype(np.int64)]
    return out


TEXTURES: Final[Mapping[str, Texture]] = MappingProxyType(
    {
        "rain": _rain,
        "wind": _wind,
        "stream": _stream,
        "sea": _sea,
        "fire": _fire,
        "insects": _insects,
        "engine": _engine,
        "crowd": _crowd,
    }
)
"""Name -> its sound."""

NOISY: Final = frozenset({"rain", "wind", "stream", "sea"})
"""Those in which a noisy channel is hard to hear."""
