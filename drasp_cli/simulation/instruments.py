"""Fourteen timbres, a bass and four drums: one function from a note to samples each, vectorised over the samples.

Methods: evolving wave tables (harmonics that decay each at its own rate, which is what the Karplus-Strong string does;
Karplus and Strong, Computer Music Journal 7(2), 1983, equation for the decay of harmonic k), additive synthesis of
inharmonic partials (bars and bells), frequency modulation (Chowning, JAES 21(7), 1973), and source-filter vowels
(formant frequencies after Peterson and Barney, JASA 24(2), 1952). Speech has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from drasp_cli.simulation.attributes import SPOKEN
from drasp_cli.simulation.composer import HAT, KICK, RIDE, SNARE, Note
from drasp_cli.simulation.speech import Syllable, speak

Samples = NDArray[np.float64]

_TABLE = 4096
_ROW = 256
_TOP = 0.46  # of the sample rate: no partial above it
_PART_GAIN = {"melody": 1.0, "counter": 0.7, "harmony": 0.38, "bass": 0.8, "drums": 0.9}
_STRUM = {"guitar": 0.022, "harp": 0.07}  # seconds from string to string of a chord
_VOWELS = (  # first three formants in Hz
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (660, 1720, 2410),
)


@dataclass(frozen=True, slots=True)
class Build:
    """How this one instrument differs from others of its kind: so that no two clips share the same piano.

    Attributes:
        bright: factor on the strength of upper partials, in octaves of roll-off, about -0.4 to 0.4.
        attack: factor on attack times, about 0.7 to 1.4.
        decay: factor on decay times, about 0.7 to 1.4.
        vibrato: factor on vibrato depth, 0 to 1.5.
        tract: factor on formant frequencies, 0.85 to 1.2.
    """

    bright: float
    attack: float
    decay: float
    vibrato: float
    tract: float


def draw_build(rng: np.random.Generator) -> Build:
    """A random instrument of any kind."""
    return Build(
        float(rng.uniform(-0.4, 0.4)),
        float(rng.uniform(0.7, 1.4)),
        float(rng.uniform(0.7, 1.4)),
        float(rng.uniform(0.0, 1.5)),
        float(rng.uniform(0.85, 1.2)),
    )


def play(
    notes: tuple[Note, ...],
    timbre: str,
    rate: int,
    seconds: float,
    rng: np.random.Generator,
    recorded: Samples | None = None,
) -> Samples:
    """The clip as performed: (num_samples,) at `rate` Hz, any scale, cut to `seconds`.

    The melody, counter-voice and chords are played by `timbre`; beside speech (see `speech.speak`) the others are
    played by an electric piano. Bass and drums have sounds of their own. `recorded`, (num_samples,), speaks in place of
    the synthetic speaker.
    """
    build = draw_build(rng)
    total = round(seconds * rate)
    out = np.zeros(total)
    if timbre == SPOKEN:
        syllables = [Syllable(*note[:4]) for note in notes if note.part == "speech"]
        notes = tuple(note for note in notes if note.part != "speech")
        out += speak(syllables, rate, seconds, build.tract, rng) if recorded is None else recorded
    kit = {drum: _drum(drum, rate, rng) for drum in (KICK, SNARE, HAT, RIDE)}
    backing = "electric piano" if timbre == SPOKEN else timbre
    cache: dict[tuple[str, float, float, float], Samples] = {}
    struck: dict[float, int] = {}  # start of a chord -> how many of its notes have sounded
    for note in notes:
        voice = {"melody": timbre, "bass": "bass", "drums": "drums"}.get(note.part, backing)
        # 10 ms and 5 % steps: finer ones cannot be heard, and repeated chords are then computed once.
        key = (voice, round(note.pitch, 1), round(note.seconds, 2), round(note.velocity * 20) / 20)
        sound = cache.get(key)
        if sound is None:
            if voice == "drums":
                sound = kit[int(note.pitch)]
            else:
                hertz = 440.0 * 2.0 ** ((note.pitch - 69) / 12)
                sound = TIMBRES[voice](hertz, max(0.06, key[2]), key[3], rate, build, rng)
            if voice != "singing voice":  # no two vowels are alike
                cache[key] = sound
        start = int(note.start * rate)
        if note.part == "harmony" and voice in _STRUM:
            start += int(struck.get(note.start, 0) * _STRUM[voice] * rate)
            struck[note.start] = struck.get(note.start, 0) + 1
        if start >= total:
            continue
        stop = min(total, start + len(sound))
        gain = _PART_GAIN[note.part] * 10 ** ((note.velocity - 1) * 26 / 20)
        out[start:stop] += gain * sound[: stop - start]
    return out


# --------------------------------------------------------------------------------------------- building blocks


def _times(seconds: float, rate: int) -> Samples:
    return np.arange(int(seconds * rate)) / rate


def _envelope(seconds: float, attack: float, release: float, rate: int, sag: float = 0.0) -> Samples:
    """Rise, hold (falling by `sag` of its height), fall; the fall lies behind `seconds`."""
    hold = max(seconds, attack + 0.01)
    times = _times(hold + release, rate)
    return np.asarray(np.interp(times, (0.0, attack, hold, hold + release), (0.0, 1.0, 1.0 - sag, 0.0)) ** 1.5)


def _harmonics(hertz: float, rate: int, most: int = 100) -> Samples:
    return np.arange(1, max(2, min(most, int(_TOP * rate / hertz))) + 1, dtype=np.float64)


def _table(amplitudes: Samples) -> Samples:
    """One period of the sum of harmonics, peak about 1, phases spread so that it does not click (Schroeder)."""
    count = len(amplitudes)
    order = np.arange(1, count + 1)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : count + 1] = amplitudes * np.exp(-1j * np.pi * order * (order - 1) / count)
    period = irfft(spectrum, _TABLE)
    return np.asarray(period / (np.sqrt(np.mean(period**2)) * 2.5 + 1e-12))


def _read(table: Samples, phase: Samples) -> Samples:
    return table[(phase * _TABLE).astype(np.int64) & (_TABLE - 1)]


def _phase(hertz: float | Samples, times: Samples, rate: int, cents: float = 0.0, speed: float = 5.5) -> Samples:
    """Phase in periods, with vibrato of `cents` at `speed` Hz that sets in after a quarter second."""
    if cents == 0.0 and not isinstance(hertz, np.ndarray):
        return hertz * times
    bend = np.sin(2 * np.pi * speed * times) * np.minimum(1.0, times / 0.25) * cents
    return np.cumsum(hertz * (1.0 + bend * (np.log(2) / 1200))) / rate


def _decaying(amplitudes: Samples, decay: Samples, hertz: float, seconds: float, rate: int) -> Samples:
    """Harmonics that die away each at its own rate (1/s): one row of the wave table per period, read in a line."""
    periods = int(np.ceil(seconds * hertz)) + 2
    count = min(len(amplitudes), _ROW // 2 - 1)
    order = np.arange(1, count + 1)
    scale = amplitudes[:count] * np.exp(-1j * np.pi * order * (order - 1) / count)
    rows = np.zeros((periods, _ROW // 2 + 1), dtype=np.complex128)
    rows[:, 1 : count + 1] = scale * np.exp(np.arange(periods)[:, None] / hertz * -decay[:count])
    flat = irfft(rows, _ROW, axis=1).reshape(-1)
    position = _times(seconds, rate) * (hertz * _ROW)
    whole = position.astype(np.int64)
    part = position - whole
    line = flat[whole] * (1.0 - part) + flat[whole + 1] * part
    return np.asarray(line / (np.sqrt(np.mean(flat[: _ROW * 4] ** 2)) * 2.5 + 1e-12))


def _roll_off(order: Samples, slope: float, velocity: float, build: Build, soft: float = 1.0) -> Samples:
    """k^-slope; softer notes fall off faster by up to `soft` octaves per octave."""
    return order ** -(slope - build.bright + soft * (1.0 - velocity))


def _partials(
    hertz: float,
    ratios: tuple[float, ...],
    gains: tuple[float, ...],
    decays: tuple[float, ...],
    seconds: float,
    rate: int,
) -> Samples:
    times = _times(seconds, rate)
    out = np.zeros(len(times))
    for ratio, gain, decay in zip(ratios, gains, decays, strict=True):
        if hertz * ratio < _TOP * rate:
            out += gain * np.exp(-times * decay) * np.sin(2 * np.pi * hertz * ratio * times)
    return out * 0.6


def _struck(sound: Samples, seconds: float, release: float, attack: float, rate: int) -> Samples:
    """A decaying sound that starts within `attack` and is damped after `seconds`."""
    times = np.arange(len(sound)) / rate
    return sound * np.interp(times, (0.0, attack, seconds, seconds + release), (0.0, 1.0, 1.0, 0.0))


def _hiss(count: int, rng: np.random.Generator) -> Samples:
    """White noise, differentiated once: bright breath and bow noise."""
    return np.diff(rng.standard_normal(count + 1)) * 0.4


# -------------------------------------------------------------------------------------------------- timbres


def _piano(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    order = _harmonics(hertz, rate, 40)
    amplitudes = _roll_off(order, 1.1, velocity, build) * (1.0 - 0.7 * (order % 8 == 0))
    decay = (0.7 + 0.35 * order) * (hertz / 260) ** 0.6 / build.decay
    sound = _decaying(amplitudes, decay, hertz, seconds + 0.25, rate)
    hammer = rng.standard_normal(len(sound)) * np.exp(-np.arange(len(sound)) / (0.006 * rate)) * 0.12 * velocity
    return _struck(sound + hammer, seconds, 0.25, 0.003, rate)


def _electric_piano(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    times = _times(seconds + 0.2, rate)
    ratio = min(14.0, np.floor(_TOP * rate / hertz))
    tine = 0.35 * velocity * np.exp(-times * 7) * np.sin(2 * np.pi * ratio * hertz * times)
    index = (0.3 + 1.4 * velocity) * np.exp(-times * 3) * 2**build.bright
    body = np.sin(2 * np.pi * hertz * times + index * np.sin(2 * np.pi * hertz * times))
    tremolo = 1.0 + 0.5 * np.sin(2 * np.pi * 6.0 * times)
    return _struck((body * 0.55 + tine) * np.exp(-times * 1.2 / build.decay) * tremolo, seconds, 0.2, 0.004, rate)


def _organ(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    amplitudes = np.zeros(int(max(8, min(16, _TOP * rate / hertz))))
    for order, gain in ((1, 1.0), (2, 0.9), (3, 0.5), (4, 0.7), (6, 0.35), (8, 0.5), (12, 0.25), (16, 0.25)):
        if order <= len(amplitudes) and order * hertz < _TOP * rate:
            amplitudes[order - 1] = gain * order ** (0.5 * build.bright - 0.6 * (1.0 - velocity))
    envelope = _envelope(seconds, 0.02, 0.06, rate)
    times = np.arange(len(envelope)) / rate
    table = _table(amplitudes)
    return 0.5 * (_read(table, hertz * times) + _read(table, hertz * 1.003 * times)) * envelope


def _strings(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    envelope = _envelope(seconds, min(0.16 * build.attack, seconds * 0.6), 0.2, rate)
    times = np.arange(len(envelope)) / rate
    order = _harmonics(hertz, rate, 60)
    body = 1.0 + 1.5 * np.exp(-(((order * hertz - 2800) / 900) ** 2))  # bridge hill
    table = _table(_roll_off(order, 1.0, velocity, build) * body)
    depth = 12 + 10 * build.vibrato
    desks = sum(
        _read(table, _phase(hertz * 2 ** (cents / 1200), times, rate, depth, 5.0 + 0.4 * i) + 0.37 * i)
        for i, cents in enumerate((-9, 0, 8))
    )
    return (desks * 0.4 + 0.03 * _hiss(len(times), rng)) * envelope


def _flute(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    envelope = _envelope(seconds, min(0.07 * build.attack, seconds * 0.5), 0.08, rate)
    times = np.arange(len(envelope)) / rate
    table = _table(_roll_off(_harmonics(hertz, rate, 8), 2.4, velocity, build))
    breath = _hiss(len(times), rng)
    tone = _read(table, _phase(hertz, times, rate, 14 * build.vibrato, 5.0))
    return (tone * 0.9 + (0.10 + 0.3 * np.exp(-times * 25)) * breath * velocity) * envelope


def _clarinet(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    envelope = _envelope(seconds, min(0.04 * build.attack, seconds * 0.5), 0.06, rate)
    times = np.arange(len(envelope)) / rate
    order = _harmonics(hertz, rate, 30)
    amplitudes = _roll_off(order, 0.9, velocity, build) * np.where(order % 2 == 1, 1.0, 0.04)
    return _read(_table(amplitudes), _phase(hertz, times, rate, 4 * build.vibrato)) * envelope


def _brass(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    """The spectrum opens with the level, the mark of brass (Risset and Mathews, Physics Today 22(2), 1969)."""
    envelope = _envelope(seconds, min(0.07 * build.attack, seconds * 0.5), 0.09, rate, sag=0.15)
    times = np.arange(len(envelope)) / rate
    order = _harmonics(hertz, rate, 40)
    formant = 1.0 + 2.0 * np.exp(-((np.log2(order * hertz / 1400) / 0.7) ** 2))
    dark = _table(order**-2.5)
    bright = _table(_roll_off(order, 0.5, velocity, build, soft=1.6) * formant)
    phase = _phase(hertz, times, rate, 6 * build.vibrato)
    opened = np.clip(envelope, 0, 1) ** 2
    return (_read(dark, phase) * (1 - opened) + _read(bright, phase) * opened) * envelope


def _string_plucked(position: float, slope: float, damp: float, release: float) -> Callable[..., Samples]:
    """A plucked string: harmonics of the plucking `position`, and their decay rates."""

    def pluck(
        hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
    ) -> Samples:
        order = _harmonics(hertz, rate, 90)
        amplitudes = np.abs(np.sin(np.pi * order * position)) * _roll_off(order, slope, velocity, build) + 1e-4
        # Karplus-Strong: harmonic k loses cos(pi k / N) per period of N samples, that is nearly k^2 per second.
        decay = (0.8 + damp * order**1.4 * (hertz / 220) ** 0.5) / build.decay
        sound = _decaying(amplitudes, decay, hertz, seconds + release, rate)
        return _struck(sound, seconds, release, 0.002, rate)

    return pluck


_guitar_string = _string_plucked(0.13, 0.6, 0.35, 0.12)


def _distorted_guitar(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    envelope = _envelope(seconds, 0.006, 0.05, rate)
    times = np.arange(len(envelope)) / rate
    order = _harmonics(hertz, rate, 40)
    comb = np.abs(np.sin(np.pi * order * 0.21)) + 0.1
    string = _read(_table(order**-0.8 * comb), hertz * times) + 0.5 * _read(_table(order**-0.8), hertz * 1.4983 * times)
    driven = np.tanh(string * (3.0 + 6.0 * velocity)) + 0.04 * rng.standard_normal(len(times))
    return 0.6 * driven * envelope


def _bell(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    ring = max(seconds, 0.3) + 1.2 * build.decay
    ratios = (0.5, 1.0, 1.2, 1.5, 2.0, 2.67, 3.0, 4.2, 5.4)  # hum, prime, tierce, quint, nominal, and above
    gains = tuple(
        gain * ratio ** (build.bright - 0.8 * (1 - velocity))
        for ratio, gain in zip(ratios, (0.4, 0.8, 0.45, 0.25, 0.9, 0.5, 0.35, 0.45, 0.3), strict=True)
    )
    decays = tuple(d / build.decay for d in (0.7, 1.2, 1.8, 2.2, 1.8, 3.0, 3.5, 5.0, 7.0))
    return _struck(_partials(hertz, ratios, gains, decays, ring, rate), ring - 0.1, 0.1, 0.002, rate) * 0.7


def _marimba(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    decays = tuple(d / build.decay * (hertz / 260) ** 0.4 for d in (6.0, 16.0, 30.0))
    sound = _partials(hertz, (1.0, 3.93, 9.2), (1.0, 0.5 * velocity, 0.3 * velocity), decays, 0.8, rate)
    knock = rng.standard_normal(len(sound)) * np.exp(-np.arange(len(sound)) / (0.004 * rate)) * 0.25 * velocity
    return _struck(sound * 1.4 + knock, 0.7, 0.1, 0.001, rate)


def _synth_lead(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    envelope = _envelope(seconds, 0.005, 0.04, rate)
    times = np.arange(len(envelope)) / rate
    order = _harmonics(hertz, rate, 100)
    saw = _table(order**-1.0)
    muffled = _table(order**-1.0 / (1 + (order * hertz / (1500 * 2 ** (2 * velocity))) ** 4))
    opened = 0.25 + 0.75 * np.exp(-times * 4)
    both = np.zeros(len(times))
    for cents in (-12, 12):
        phase = hertz * 2 ** (cents / 1200) * times
        both = both + _read(saw, phase) * opened + _read(muffled, phase) * (1 - opened)
    return 0.5 * both * envelope


def _vowel(hertz: float, formants: tuple[float, ...], rate: int, velocity: float, build: Build) -> Samples:
    order = _harmonics(hertz, rate, 100)
    frequency = order * hertz
    source = order ** -(1.1 + 0.6 * (1 - velocity) - 0.5 * build.bright)
    tract = np.full(len(order), 0.01)
    for i, (formant, width) in enumerate(zip((*formants, 3500, 4500), (80, 100, 140, 250, 400), strict=True)):
        tract += 10 ** (-i * 5 / 20) / (1 + ((frequency - formant * build.tract) / width) ** 2)
    return _table(source * tract)


def _singing(
    hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator
) -> Samples:
    envelope = _envelope(seconds, min(0.08 * build.attack, seconds * 0.5), 0.1, rate)
    times = np.arange(len(envelope)) / rate
    first, second = rng.choice(len(_VOWELS), 2, replace=False)
    phase = _phase(hertz, times, rate, 20 + 20 * build.vibrato, float(rng.uniform(4.8, 6.2)))
    glide = np.clip(times / max(seconds, 0.1), 0, 1)
    tone = _read(_vowel(hertz, _VOWELS[first], rate, velocity, build), phase) * (1 - glide)
    tone += _read(_vowel(hertz, _VOWELS[second], rate, velocity, build), phase) * glide
    return (tone + 0.015 * _hiss(len(times), rng)) * envelope


def _bass(hertz: float, seconds: float, velocity: float, rate: int, build: Build, rng: np.random.Generator) -> Samples:
    order = _harmonics(hertz, rate, 20)
    decay = (0.8 + 1.2 * order) / build.decay
    sound = _decaying(_roll_off(order, 1.5, velocity, build), decay, hertz, seconds + 0.06, rate)
    return _struck(sound, seconds, 0.06, 0.004, rate)


def _drum(drum: int, rate: int, rng: np.random.Generator) -> Samples:
    """Kick: a falling sine. Snare: tone and noise. Hat and ride: bright noise, short and long."""
    length = {KICK: 0.3, SNARE: 0.22, HAT: 0.07, RIDE: 0.45}[drum]
    times = _times(length, rate)
    noise = rng.standard_normal(len(times))
    if drum == KICK:
        fall = 48 + 110 * np.exp(-times * 30)
        return np.sin(2 * np.pi * np.cumsum(fall) / rate) * np.exp(-times * 11) * 1.3
    if drum == SNARE:
        return 0.45 * noise * np.exp(-times * 18) + 0.5 * np.sin(2 * np.pi * 185 * times) * np.exp(-times * 22)
    bright = np.diff(np.diff(noise, prepend=0.0), prepend=0.0) * 0.22
    if drum == HAT:
        return bright * np.exp(-times * 60)
    metal = sum(np.sin(2 * np.pi * f * times) for f in (3170.0, 4420.0, 5290.0, 6810.0) if f < _TOP * rate)
    return (0.4 * bright + 0.05 * metal) * np.exp(-times * 9)


TIMBRES: Final[dict[str, Callable[..., Samples]]] = {
    "piano": _piano,
    "electric piano": _electric_piano,
    "organ": _organ,
    "strings": _strings,
    "flute": _flute,
    "clarinet": _clarinet,
    "brass": _brass,
    "guitar": _guitar_string,
    "distorted guitar": _distorted_guitar,
    "harp": _string_plucked(0.48, 1.5, 0.12, 0.9),
    "bell": _bell,
    "marimba": _marimba,
    "synth lead": _synth_lead,
    "singing voice": _singing,
    "bass": _bass,
}
"""Timbre -> (hertz, seconds, velocity, rate, build, rng) -> samples with an RMS of about 0.3. Speech is not among them:
it has no notes."""
