"""Speech without words: syllables of consonants and vowels, by a source and a filter that move from target to target.

    syllables -> phones -> targets every 5 ms, smoothed -> (pulses + breath) x formants + frication -> samples

Every phone sets targets: three formants, the levels of voice, breath and frication, and where the frication lies in
frequency. The tracks are smoothed as the tongue smooths them (40 ms), sampled sound is filtered in overlapping frames.
Formants after Peterson and Barney (JASA 24(2), 1952); the parallel of voice, breath and frication after Klatt (JASA
67(3), 1980). It carries no language: consonants and vowels come at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d

Samples = NDArray[np.float64]

_STEP = 0.005  # seconds between targets
_SMOOTHING = {"formants": 0.018, "levels": 0.006, "pitch": 0.03}  # SD in seconds


class _Phone(NamedTuple):
    """Targets of one phone; its consonants' formants are the loci that vowels bend towards.

    Attributes:
        seconds: usual length; 0 for vowels, which take what is left of the syllable.
        formants: F1 to F3 in Hz.
        voice, breath, friction: levels in dB, -99 for none.
        centre, width: of the frication, Hz.
    """

    seconds: float
    formants: tuple[float, float, float]
    voice: float = -99.0
    breath: float = -99.0
    friction: float = -99.0
    centre: float = 4000.0
    width: float = 2000.0


_VOWELS: Final = tuple(
    _Phone(0.0, formants, voice=0.0, breath=-30.0)
    for formants in (
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    )
)
_LABIAL, _DENTAL, _PALATAL = (300.0, 900.0, 2300.0), (300.0, 1750.0, 2600.0), (300.0, 2100.0, 2700.0)
_SILENT = -99.0
# Each consonant is one phone or, for the stops, closure, burst and (voiceless ones) a puff of breath.
_CONSONANTS: Final[tuple[tuple[_Phone, ...], ...]] = (
    (_Phone(0.11, _DENTAL, friction=-8.0, centre=7000.0, width=2500.0),),  # s
    (_Phone(0.11, _PALATAL, friction=-6.0, centre=3400.0, width=1600.0),),  # sh
    (_Phone(0.09, _LABIAL, friction=-24.0, centre=7000.0, width=6000.0),),  # f, th
    (_Phone(0.06, (500.0, 1500.0, 2500.0), breath=-16.0),),  # h
    (_Phone(0.08, _DENTAL, voice=-14.0, friction=-14.0, centre=6500.0, width=2500.0),),  # z
    (_Phone(0.06, _LABIAL, voice=-10.0, friction=-30.0, centre=6000.0, width=5000.0),),  # v
    *(
        (
            _Phone(0.06, locus),
            _Phone(0.012, locus, friction=burst, centre=centre, width=width),
            _Phone(0.035, locus, breath=-20.0),
        )
        for locus, burst, centre, width in (
            (_LABIAL, -18.0, 900.0, 900.0),  # p
            (_DENTAL, -10.0, 4500.0, 2500.0),  # t
            (_PALATAL, -12.0, 2000.0, 900.0),  # k
        )
    ),
    *(
        (_Phone(0.05, locus, voice=-26.0), _Phone(0.01, locus, voice=-8.0, friction=burst, centre=centre, width=width))
        for locus, burst, centre, width in (
            (_LABIAL, -22.0, 900.0, 900.0),  # b
            (_DENTAL, -16.0, 4000.0, 2000.0),  # d
            (_PALATAL, -18.0, 1900.0, 900.0),  # g
        )
    ),
    (_Phone(0.07, (260.0, 1000.0, 2200.0), voice=-10.0),),  # m
    (_Phone(0.07, (260.0, 1500.0, 2500.0), voice=-10.0),),  # n
    (_Phone(0.06, (350.0, 1050.0, 2900.0), voice=-5.0),),  # l
    (_Phone(0.07, (330.0, 1100.0, 1500.0), voice=-5.0),),  # r
    (_Phone(0.06, (290.0, 650.0, 2300.0), voice=-6.0),),  # w
    (_Phone(0.06, (280.0, 2250.0, 3000.0), voice=-6.0),),  # y
)


class Syllable(NamedTuple):
    """When, for how long (seconds), how high (MIDI number) and how strongly (0 to 1) a syllable is spoken."""

    start: float
    seconds: float
    pitch: float
    velocity: float


def speak(syllables: Sequence[Syllable], rate: int, seconds: float, tract: float, rng: np.random.Generator) -> Samples:
    """The syllables spoken by one random voice: (num_samples,), RMS of the voiced parts about 0.3.

    Args:
        syllables: by start; one that begins before the last has ended cuts it short.
        rate: in Hz.
        seconds: length of the result.
        tract: factor on all formants, about 0.85 (a large head) to 1.2 (a small one).
        rng: the voice and what it says.
    """
    total = round(seconds * rate)
    steps = int(np.ceil(seconds / _STEP)) + 1
    formants = np.tile((500.0, 1500.0, 2500.0), (steps, 1))
    levels = np.full((steps, 3), _SILENT)
    hiss = np.tile((4000.0, 2000.0), (steps, 1))
    pitch = np.full(steps, np.nan)
    breathy = float(rng.uniform(-8.0, 8.0))
    for index, syllable in enumerate(syllables):
        end = syllables[index + 1].start if index + 1 < len(syllables) else seconds
        length = min(syllable.seconds, end - syllable.start)
        gain = 26.0 * (syllable.velocity - 1.0)
        now = syllable.start
        for phone, duration in _draw_phones(length, rng):
            here = slice(int(now / _STEP), max(int(now / _STEP) + 1, int((now + duration) / _STEP)))
            formants[here] = phone.formants
            levels[here] = np.maximum(np.array((phone.voice, phone.breath + breathy, phone.friction)) + gain, _SILENT)
            hiss[here] = (phone.centre, phone.width)
            now += duration
        pitch[int(syllable.start / _STEP) : int((syllable.start + length) / _STEP) + 1] = syllable.pitch
    formants = gaussian_filter1d(formants, _SMOOTHING["formants"] / _STEP, axis=0) * tract
    gains = gaussian_filter1d(np.maximum(levels, -60.0), _SMOOTHING["levels"] / _STEP, axis=0)
    gains = np.where(gains > -59.0, 10.0 ** (gains / 20.0), 0.0)

    voice = _pulses(_pitch_track(pitch, rng), rate, total, float(rng.uniform(1.2, 1.9)), rng)
    times = np.arange(total) / rate / _STEP
    loudness = [np.interp(times, np.arange(steps), track) for track in gains.T]
    breath, friction = rng.standard_normal((2, total)) * 0.3
    upper = np.arange(3600.0, 9000.0, 1050.0) * tract * float(rng.uniform(0.95, 1.05))

    def at(track: Samples, moments: Samples) -> Samples:
        return track[np.minimum((moments / _STEP).astype(np.int64), steps - 1)]

    vocal = _filter(
        voice * loudness[0] + breath * loudness[1],
        rate,
        lambda frequency, moments: _tract_gain(frequency, at(formants, moments), upper),
    )
    hissed = _filter(friction * loudness[2], rate, lambda frequency, moments: _hiss_gain(frequency, at(hiss, moments)))
    return vocal + hissed


def _draw_phones(length: float, rng: np.random.Generator) -> list[tuple[_Phone, float]]:
    """Phones of a syllable of `length` seconds with their lengths: consonant, one or two vowels, perhaps another."""
    onset = _CONSONANTS[int(rng.integers(len(_CONSONANTS)))] if rng.random() < 0.85 else ()
    coda = _CONSONANTS[int(rng.integers(len(_CONSONANTS)))] if rng.random() < 0.35 else ()
    usual = sum(phone.seconds for phone in (*onset, *coda))
    scale = min(1.0, 0.55 * length / usual) * float(rng.uniform(0.8, 1.2)) if usual else 1.0
    left = length - scale * usual
    first, second = rng.integers(len(_VOWELS), size=2)
    turn = float(rng.uniform(0.3, 0.7)) if rng.random() < 0.4 else 1.0
    vowels = [(_VOWELS[first], left * turn), (_VOWELS[second], left * (1.0 - turn))]
    return [
        *((phone, scale * phone.seconds) for phone in onset),
        *(vowel for vowel in vowels if vowel[1] > 0.0),
        *((phone, scale * phone.seconds) for phone in coda),
    ]


def _pitch_track(pitch: Samples, rng: np.random.Generator) -> Samples:
    """Hz at every step: gliding from syllable to syllable, with the tremor that every voice has."""
    known = np.flatnonzero(~np.isnan(pitch))
    track = np.interp(np.arange(len(pitch)), known, pitch[known]) if len(known) else np.full(len(pitch), 50.0)
    track = gaussian_filter1d(track, _SMOOTHING["pitch"] / _STEP)
    tremor = gaussian_filter1d(rng.standard_normal(len(track)), 8.0) * 0.9
    jitter = gaussian_filter1d(rng.standard_normal(len(track)), 1.0) * 0.18
    return np.asarray(440.0 * 2.0 ** ((track + tremor + jitter - 69.0) / 12.0))


def _pulses(hertz: Samples, rate: int, total: int, tilt: float, rng: np.random.Generator) -> Samples:
    """Glottal pulses: all harmonics below half the rate, falling by `tilt` * 6 dB per octave, with shimmer."""
    track = np.interp(np.arange(total) / rate / _STEP, np.arange(len(hertz)), hertz)
    phase = np.cumsum(track) / rate
    size = 4096
    most = min(size // 2, int(0.47 * rate / hertz.max()))
    order = np.arange(1, most + 1)
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
    # Near minimum phase: a pulse sharper at one end than at the other, as the folds close faster than they open.
    spectrum[1 : most + 1] = order**-tilt * np.exp(-0.5j * np.pi * order**0.3)
    period = irfft(spectrum, size)
    period /= np.sqrt(np.mean(period**2))
    shimmer = 1.0 + 0.05 * rng.standard_normal(int(phase[-1]) + 2)
    return np.asarray(0.3 * period[(phase * size).astype(np.int64) % size] * shimmer[phase.astype(np.int64)])


def _tract_gain(frequency: Samples, formants: Samples, upper: Samples) -> Samples:
    """Gain of a vocal tract with formants (frames, 3) and fixed upper ones, at `frequency` (bins,): (frames, bins)."""
    gain = np.full((len(formants), len(frequency)), 0.008)
    for i, width in enumerate((70.0, 90.0, 130.0)):
        gain += 10 ** (-i * 4.0 / 20) / (1.0 + ((frequency - formants[:, i, None]) / width) ** 2)
    for i, centre in enumerate(upper):
        gain += 10 ** (-(12.0 + i * 2.0) / 20) / (1.0 + ((frequency - centre) / (200.0 + 100.0 * i)) ** 2)
    return gain


def _hiss_gain(frequency: Samples, hiss: Samples) -> Samples:
    """Gain of frication with (centre, width) in Hz, (frames, 2), at `frequency` (bins,): (frames, bins)."""
    centre, width = hiss[:, 0, None], hiss[:, 1, None]
    return np.asarray(1.0 / (1.0 + ((frequency - centre) / width) ** 2) * np.sqrt(2000.0 / width))


def _filter(samples: Samples, rate: int, gain_at: Callable[[Samples, Samples], Samples]) -> Samples:
    """`samples` through a gain that changes with time, in frames of 25 ms that overlap by half.

    Args:
        samples: (num_samples,).
        rate: in Hz.
        gain_at: (frequencies in Hz, times in seconds) -> gain, (times, frequencies).
    """
    half = next_fast_len(int(0.0125 * rate), real=True)
    padded = np.pad(samples, (half, 2 * half - len(samples) % half))
    starts = np.arange(0, len(padded) - 2 * half + 1, half)
    window = np.sin(np.pi * (np.arange(2 * half) + 0.5) / (2 * half))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)[starts] * window
    gain = gain_at(np.asarray(np.fft.rfftfreq(2 * half, 1.0 / rate)), starts / rate)
    frames = irfft(rfft(frames, axis=1) * gain, 2 * half, axis=1) * window
    out = np.zeros(len(padded))
    out[: len(starts) * half] += frames[:, :half].reshape(-1)
    out[half : (len(starts) + 1) * half] += frames[:, half:].reshape(-1)
    return out[half : half + len(samples)]
