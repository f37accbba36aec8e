"""How sound music is recorded: everything that differs between good recordings and is nobody's fault.

Rooms, microphones, a noise floor far below the music, the upper edge of the recording, fades and silence at the ends.
Without these a network would learn that a little room, a quiet hiss, a dark instrument or a pause is a fault. Below the
upper edge the floor is never missing: only against it can a low-pass be told from a dark instrument.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, oaconvolve, sosfilt

from drasp_cli.audio.resample import resample
from drasp_cli.simulation.codecs import LADDERS, code, convert_rate
from drasp_cli.simulation.degradations import coloured_noise, db, rms

Samples = NDArray[np.float64]

EDGES: Final = (9000.0, 16000.0)
"""Between which a recording may end, in Hz, and be none the worse."""
USUAL_EDGES: Final = (11025.0, 12000.0)
"""Half of 22.05 and 24 kHz."""
KEPT_RATES: Final = (22050, 24000)
"""Lower sampling rates that clips are often kept at, in Hz."""


def record(samples: Samples, rate: int, rng: np.random.Generator, *, recorded: bool = False) -> Samples:
    """`samples` as a good recording of them: (num_samples,), same length and rate.

    `recorded`: they are one already, with a room and a floor of its own.
    """
    out = samples / rms(samples)
    if rng.random() < 0.6 and not recorded:
        out = _room(out, rate, rng)
    out = _colour(out, rate, rng)
    out = _ends(out, rate, rng)
    if not recorded:
        out = out + _floor(len(out), rate, rng)
    if rng.random() < 0.4:
        out = _upper_edge(out, rate, rng)
    if rng.random() < 0.15:
        ladders = tuple(LADDERS.values())
        out = code(out, rate, ladders[int(rng.integers(len(ladders)))][0])
    return out


def keep(samples: Samples, rate: int, rng: np.random.Generator, made_at: int | None = None) -> Samples:
    """`samples` as they are heard again from the file they are kept in: same length and rate.

    Half of all files are at one of `KEPT_RATES`, and none at more than the clip was made at. Whatever was done to a
    clip, it ends there, and nothing but that is wrong with it. Who keeps it has a steep filter or the gentle one of
    common resamplers; heard it is as `drasp` hears every file.

    Args:
        samples: (num_samples,).
        rate: in Hz.
        rng: which file.
        made_at: the sampling rate in Hz of the recordings it was made of; None for `rate`.
    """
    length, kept = len(samples), int(rng.choice(KEPT_RATES))
    lower, steep = rng.random() < 0.5, rng.random() < 0.5
    kept = min(kept if lower else rate, made_at or rate)
    if kept >= rate:
        return samples
    if steep:
        samples = convert_rate(samples, rate, kept).astype(np.float32)
    else:
        samples = resample(samples.astype(np.float32), rate, kept)
    return resample(samples, kept, rate)[:length].astype(np.float64)


def _room(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A small room: 0.1 to 0.5 s, 14 to 26 dB below the direct sound."""
    seconds = float(rng.uniform(0.1, 0.5))
    times = np.arange(int(seconds * rate)) / rate
    tail = rng.standard_normal(len(times)) * np.exp(-6.9 * times / seconds)
    tail = np.asarray(sosfilt(butter(1, float(rng.uniform(3000, 7000)), fs=rate, output="sos"), tail))
    wet = oaconvolve(samples, tail)[: len(samples)]
    return np.asarray(samples + wet * (rms(samples) / rms(wet) * db(float(rng.uniform(-26.0, -14.0)))))


def _colour(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A microphone and its place: a smooth curve, SD 3 dB at points an octave and a half apart; rumble taken out."""
    size = next_fast_len(len(samples), real=True)
    spectrum = rfft(samples, size)
    curve = smooth_curve(np.arange(len(spectrum)) * rate / size, 3.0, rng)
    out = irfft(spectrum * 10.0 ** (curve / 20.0), size)[: len(samples)]
    return np.asarray(sosfilt(butter(2, float(rng.uniform(20.0, 45.0)), "highpass", fs=rate, output="sos"), out))


def smooth_curve(frequency: NDArray[np.floating], spread: float, rng: np.random.Generator) -> Samples:
    """Gains in dB at `frequency` (Hz, rising): normal with SD `spread` at points an octave and a half apart."""
    octaves = np.log2(np.maximum(frequency, 40.0) / 40.0)
    points = np.arange(0.0, float(octaves[-1]) + 1.5, 1.5)
    return np.interp(octaves, points, rng.normal(0.0, spread, len(points)))


def _floor(count: int, rate: int, rng: np.random.Generator) -> Samples:
    """What a room and a microphone add: hiss 80 to 50 dB and rumble 65 to 25 dB below the music."""
    hiss = coloured_noise(count, rate, float(rng.uniform(-0.3, 1.2)), rng) * db(float(rng.uniform(-80.0, -50.0)))
    return hiss + coloured_noise(count, rate, float(rng.uniform(2.5, 3.5)), rng) * db(float(rng.uniform(-65.0, -25.0)))


def _upper_edge(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Nothing above 9 to 16 kHz: a recording made at another sampling rate, often one of the usual ones."""
    size = next_fast_len(len(samples), real=True)
    spectrum = rfft(samples, size)
    frequency = np.arange(len(spectrum)) * rate / size
    edge, width = float(rng.uniform(*EDGES)), float(rng.uniform(100.0, 800.0))
    if rng.random() < 0.5:
        edge = float(rng.choice(USUAL_EDGES)) - width / 2
    return np.asarray(irfft(spectrum * np.clip((edge - frequency) / width + 0.5, 0.0, 1.0), size)[: len(samples)])


def _ends(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Sometimes a fade in or out, sometimes silence before or behind the music."""
    gain = np.ones(len(samples))
    seconds = len(samples) / rate
    if rng.random() < 0.15:
        count = int(min(float(rng.uniform(0.3, 1.5)), seconds / 4) * rate)
        gain[:count] *= np.linspace(0.0, 1.0, count) ** 2
    if rng.random() < 0.25:
        count = int(min(float(rng.uniform(0.5, 2.5)), seconds / 4) * rate)
        gain[-count:] *= np.linspace(1.0, 0.0, count) ** 2
    out = samples * gain
    if rng.random() < 0.15:
        lead = int(min(float(rng.uniform(0.1, 0.6)), seconds / 8) * rate)
        out = np.concatenate([np.zeros(lead), out[: len(out) - lead]])
    if rng.random() < 0.15:
        tail = int(min(float(rng.uniform(0.1, 0.8)), seconds / 8) * rate)
        fade = min(int(0.15 * rate), len(out) - tail)
        out[-tail - fade : len(out) - tail] *= np.linspace(1.0, 0.0, fade)
        out[-tail:] = 0.0
    return out
