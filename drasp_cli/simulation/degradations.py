"""What a sound chain does to a clip: each degradation is a pure function (samples, rate, severity, rng) -> samples.

Severity runs from 0 (nothing) to 1 (gross) on a perceptual scale: it maps to the physical quantity in logarithmic
steps (dB, octaves, cents, kbit/s), as docs/simulator.md lists. The same random stream at two severities gives the same
thing more strongly. Local degradations also return where they struck.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, istft, oaconvolve, sosfilt, stft, welch

from drasp_cli.datasets.causes import Defect
from drasp_cli.simulation.codecs import LADDERS, code, rung_at

Samples = NDArray[np.float64]
Degradation = Callable[[Samples, int, float, np.random.Generator], Samples]
LocalDegradation = Callable[[Samples, int, float, np.random.Generator], tuple[Samples, list[Defect]]]

HIGHEST_CUTOFF: Final = 16000.0
LOWEST_CUTOFF: Final = 500.0
_BRICK_WALL = 0
_INAUDIBLE_BELOW_PEAK_DB = 45.0


def between(severity: float, mild: float, gross: float) -> float:
    """From `mild` at severity 0 to `gross` at 1 in equal ratios.

    >>> between(0.5, 1.0, 100.0)
    10.0
    """
    return float(mild * (gross / mild) ** severity)


def rms(samples: Samples) -> float:
    """Root mean square; never below 1e-9, so that it can divide."""
    return float(max(np.sqrt(np.mean(np.square(samples))), 1e-9))


def db(decibels: float) -> float:
    """Amplitude ratio of a level difference."""
    return float(10.0 ** (decibels / 20.0))


# ---------------------------------------------------------------------------------------------------- global


def highest_frequency(samples: Samples, rate: int) -> float:
    """The frequency in Hz above which nothing is left within 45 dB of the strongest third of an octave."""
    frequencies, power = welch(samples, rate, nperseg=min(2048, len(samples)))
    edges = np.geomspace(100.0, rate / 2, int(np.log2(rate / 200.0) * 3) + 1)
    bands = np.array([power[(frequencies >= low) & (frequencies <= high)].sum() for low, high in pairwise(edges)])
    heard = np.flatnonzero(bands > bands.max() * 10 ** (-_INAUDIBLE_BELOW_PEAK_DB / 10))
    return float(min(HIGHEST_CUTOFF, edges[heard[-1] + 1])) if len(heard) else HIGHEST_CUTOFF


def cutoff_at(severity: float) -> float:
    """Cut-off of `bandwidth` in Hz: 16 kHz to 500 Hz."""
    return between(severity, HIGHEST_CUTOFF, LOWEST_CUTOFF)


def bandwidth(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Low-pass at 16 kHz to 500 Hz: Butterworth of order 2 to 12 (12 to 72 dB per octave), or a brick wall."""
    order = int(rng.choice([2, 4, 8, 12, _BRICK_WALL, _BRICK_WALL, _BRICK_WALL, _BRICK_WALL]))
    cutoff = min(cutoff_at(severity), 0.49 * rate)
    if order == _BRICK_WALL:
        size = next_fast_len(len(samples), real=True)
        spectrum = rfft(samples, size)
        spectrum[int(cutoff * size / rate) + 1 :] = 0.0
        return np.asarray(irfft(spectrum, size)[: len(samples)])
    return np.asarray(sosfilt(butter(order, cutoff, fs=rate, output="sos"), samples))


def coloured_noise(count: int, rate: int, slope: float, rng: np.random.Generator) -> Samples:
    """Noise of RMS 1 whose power falls by `slope` * 3 dB per octave above 30 Hz: 0 white, 1 pink, 2 brown."""
    size = next_fast_len(count)
    spectrum = rfft(rng.standard_normal(size))
    frequency = np.maximum(np.arange(len(spectrum)) * rate / size, 30.0)
    noise = irfft(spectrum * frequency ** (-slope / 2), size)[:count]
    return np.asarray(noise / rms(noise))


def noise(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Steady noise, white to brown, sometimes breathing slowly; SNR 50 to 0 dB, both A-weighted, as loudness is."""
    slope = float(rng.choice([0.0, 0.0, 1.0, 1.0, 2.0])) if rng.random() < 0.7 else float(rng.uniform(-0.5, 2.0))
    hiss = coloured_noise(len(samples), rate, slope, rng)
    depth = float(rng.uniform(0.0, 0.5)) if rng.random() < 0.3 else 0.0
    times = np.arange(len(samples)) / rate
    hiss *= 1.0 + depth * np.sin(2 * np.pi * float(rng.uniform(0.1, 0.6)) * times)
    loudness = weighted_rms(samples, rate) / weighted_rms(hiss, rate)
    return samples + hiss * (loudness * db(-50.0 * (1.0 - severity)))


def weighted_rms(samples: Samples, rate: int) -> float:
    """RMS behind the A-weighting of IEC 61672-1 (0 dB at 1 kHz); never below 1e-9."""
    size = next_fast_len(len(samples), real=True)
    square = np.square(np.arange(size // 2 + 1) * rate / size)
    poles = (square + 107.7**2) * (square + 737.9**2)
    weight = 10**0.1 * 12194.0**2 * square**2 / ((square + 20.6**2) * np.sqrt(poles) * (square + 12194.0**2))
    power = np.square(np.abs(rfft(samples, size)) * weight)
    return float(max(np.sqrt(2.0 * power.sum() / size / len(samples)), 1e-9))


def hum(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Mains hum of 50 or 60 Hz with harmonics, 45 dB below to 3 dB above the sound."""
    mains = float(rng.choice([50.0, 60.0])) * float(rng.uniform(0.998, 1.002))
    times = np.arange(len(samples)) / rate
    tone = np.zeros(len(samples))
    slope = float(rng.uniform(0.3, 1.3))
    for order in range(1, 17):
        gain = order**-slope * float(rng.uniform(0.3, 1.0)) * (1.0 if order % 2 or order == 2 else 0.4)
        tone += gain * np.sin(2 * np.pi * (mains * order * times + float(rng.random())))
    return samples + tone / rms(tone) * (rms(samples) * db(-45.0 + 48.0 * severity))


def clipping(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Peaks cut 0 to 30 dB below the peak (its 99.9th percentile), hard or soft; the RMS level is restored."""
    peak = float(np.quantile(np.abs(samples), 0.999)) + 1e-9
    threshold = peak * db(-30.0 * severity)
    soft = rng.random() < 0.3
    cut = threshold * np.tanh(samples / threshold) if soft else np.clip(samples, -threshold, threshold)
    return np.asarray(cut * (rms(samples) / rms(cut)))


def reverb(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """A reverberant tail of 0.4 to 4 s, from 20 dB below to 6 dB above the direct sound."""
    seconds = between(severity, 0.4, 4.0)
    count = int(min(seconds, len(samples) / rate) * rate)
    times = np.arange(count) / rate
    tail = rng.standard_normal(count) * np.exp(-6.9 * times / seconds)
    tail = np.asarray(
        sosfilt(butter(1, min(between(float(rng.random()), 2500, 9000), 0.45 * rate), fs=rate, output="sos"), tail)
    )
    tail[: int(float(rng.uniform(0.005, 0.03)) * rate)] = 0.0
    wet = oaconvolve(samples, tail)[: len(samples)]
    return np.asarray(samples + wet * (rms(samples) / rms(wet) * db(-20.0 + 26.0 * severity)))


def smear(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """A phase vocoder gone wrong: magnitudes blurred over time by 10 to 400 ms, phases loosened, or only one of both.

    Its frames are 20 to 130 ms long: what is smeared lies before and behind each sound by as much.
    """
    size = int(2 ** rng.integers(9, 12)) * (1 if rate <= 24000 else 2)
    blurs, turns = ((True, True), (True, True), (True, False), (False, True))[int(rng.integers(4))]
    step = size // 4
    _, _, spectrum = stft(samples, rate, nperseg=size, noverlap=size - step)
    magnitude = np.abs(spectrum)
    phases = spectrum / np.maximum(magnitude, 1e-12)
    if turns:
        phases = phases * np.exp(1j * rng.uniform(-np.pi, np.pi, spectrum.shape) * min(1.0, 1.3 * severity))
    if blurs:
        keep = float(np.exp(-step / rate / between(severity, 0.01, 0.4)))
        pole = np.array([[1 - keep, 0.0, 0.0, 1.0, -keep, 0.0]])
        blurred = np.maximum(np.asarray(sosfilt(pole, magnitude, axis=1)), 0.0)
        depth = min(1.0, 1.5 * severity)
        magnitude = (1 - depth) * magnitude + depth * blurred
    _, out = istft(magnitude * phases, rate, nperseg=size, noverlap=size - step)
    out = np.resize(out, len(samples)) if len(out) < len(samples) else out[: len(samples)]
    return np.asarray(out * (rms(samples) / rms(out)))


def wobble(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Wow and flutter: pitch swings of 5 to 150 cents at 0.4 to 7 Hz."""
    cents = between(severity, 5.0, 150.0)
    speed = between(float(rng.random()), 0.4, 7.0)
    times = np.arange(len(samples)) / rate
    swing = np.sin(2 * np.pi * (speed * times + float(rng.random())))
    swing += 0.5 * np.sin(2 * np.pi * (speed * 0.37 * times + float(rng.random())))
    warped = np.cumsum(1.0 + swing * cents * (np.log(2) / 1200))
    warped *= (len(samples) - 1) / warped[-1]
    return np.interp(warped, np.arange(len(samples)), samples)


def coding(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """MP3, Vorbis or Opus, about 60 down to 6 to 18 kbit/s (see `codecs.LADDERS`)."""
    ladder = tuple(LADDERS)[int(rng.integers(len(LADDERS)))]
    return code(samples, rate, rung_at(ladder, severity))


# ----------------------------------------------------------------------------------------------------- local


def _places(samples: Samples, rate: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` sample positions, only where there is something to hear (20 ms frames within 35 dB of the loudest)."""
    frame = int(0.02 * rate)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-3.5)
    chosen = loud[(rng.random(count) * len(loud)).astype(np.int64)]
    return chosen * frame + rng.integers(0, frame, count)


def dropouts(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> tuple[Samples, list[Defect]]:
    """Gaps of 5 to 300 ms, 0.4 to 40 % of the clip in all, with hard or soft edges."""
    share = between(severity, 0.004, 0.4)
    typical = between(float(rng.random()), 0.008, 0.2)
    soft = rng.random() < 0.4
    most = 2000
    lengths = np.clip(typical * np.exp(rng.normal(0.0, 0.5, most)), 0.005, 0.3)
    places = _places(samples, rate, most, rng)
    gain = np.ones(len(samples))
    defects: list[Defect] = []
    lost, target = 0, max(int(share * len(samples)), int(0.005 * rate))
    for place, length in zip(places, lengths, strict=True):
        if lost >= target:
            break
        wanted = min(int(length * rate), max(target - lost, int(0.005 * rate)))
        stop = min(len(samples), place + wanted)
        lost += int(gain[place:stop].sum())
        gain[place:stop] = 0.0
        defects.append(Defect("dropout", place / rate, stop / rate))
    if soft:
        ramp = np.hanning(2 * int(min(0.004, typical / 4) * rate) + 3)
        gain = np.clip(oaconvolve(gain - 1.0, ramp / ramp.sum(), mode="same") + 1.0, 0.0, 1.0)
    return samples * gain, defects


def clicks(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> tuple[Samples, list[Defect]]:
    """Impulses and short decaying ticks: 0.3 to 30 a second, 6 to 24 dB above the RMS level."""
    count = max(1, round(between(severity, 0.3, 30.0) * len(samples) / rate))
    width = int(between(float(rng.random()), 0.0001, 0.002) * rate) + 2
    shape = np.exp(-np.arange(width) / (width / 4)) * np.where(np.arange(width) % 2 == 0, 1.0, -0.7)
    places = rng.integers(0, max(1, len(samples) - width), count)
    heights = rng.uniform(0.5, 1.0, count) * rng.choice([-1.0, 1.0], count) * (rms(samples) * db(6 + 18 * severity))
    out = samples.copy()
    for place, height in zip(places, heights, strict=True):
        out[place : place + width] += height * shape
    return out, [Defect("click", place / rate, (place + width) / rate) for place in places]


def bursts(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> tuple[Samples, list[Defect]]:
    """One to fourteen bursts of noise of 20 to 400 ms, from 14 dB below to 8 dB above the RMS level."""
    count = max(1, round(between(severity, 1.0, 14.0) * len(samples) / rate / 10.0))
    level = rms(samples) * db(-14.0 + 22.0 * severity)
    slope = float(rng.uniform(-0.5, 2.0))
    out = samples.copy()
    defects = []
    for _ in range(count):
        length = min(len(samples), int(between(float(rng.random()), 0.02, 0.4) * rate))
        place = int(rng.integers(0, max(1, len(samples) - length)))
        out[place : place + length] += level * coloured_noise(length, rate, slope, rng) * np.hanning(length) ** 0.25
        defects.append(Defect("burst", place / rate, (place + length) / rate))
    return out, defects


def glitches(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> tuple[Samples, list[Defect]]:
    """One to ten stutters: a piece of 30 to 250 ms played two to eight times over."""
    count = max(1, round(between(severity, 1.0, 10.0) * len(samples) / rate / 10.0))
    places = _places(samples, rate, count, rng)
    out = samples.copy()
    defects = []
    for place in places:
        length = int(between(float(rng.random()), 0.03, 0.25) * rate)
        times = int(rng.integers(2, 4 + int(5 * severity)))
        stop = min(len(out), int(place) + length * times)
        piece = out[place : min(len(out), int(place) + length)]
        out[place:stop] = np.resize(piece, stop - int(place))
        defects.append(Defect("glitch", int(place) / rate, stop / rate))
    return out, defects


# ----------------------------------------------------------------------------------------------------- level

CLEAN_LEVELS: Final = (-42.0, -12.0)
"""RMS in dBFS between which a clip's level is no cause of anything."""


def set_level(samples: Samples, decibels: float) -> Samples:
    """`samples` at an RMS of `decibels` dBFS, or as near to it as their peaks allow without touching full scale."""
    scaled = samples * (db(decibels) / rms(samples))
    peak = float(np.max(np.abs(scaled), initial=0.0))
    return np.asarray(scaled * (0.99 / peak)) if peak > 0.99 else scaled


GLOBAL: Final[dict[str, Degradation]] = {
    "wobble": wobble,
    "smear": smear,
    "reverb": reverb,
    "bandwidth": bandwidth,
    "clipping": clipping,
    "hum": hum,
    "noise": noise,
    "codec": coding,
}
"""In the order in which the chain applies them."""

LOCAL: Final[dict[str, LocalDegradation]] = {
    "dropouts": dropouts,
    "glitches": glitches,
    "bursts": bursts,
    "clicks": clicks,
}

LEVEL: Final = "faintness"
"""The cause of a clip that is far too quiet: 0 to 1 is an RMS of -42 to -65 dBFS."""
