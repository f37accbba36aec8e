"""How sound music is recorded: everything that differs between good recordings and is nobody's fault.

Rooms, microphones, a noise floor far below the music, fades and silence at the ends. Without these a network would
learn that a little room, a quiet hiss, a dark instrument or a pause is a fault.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, oaconvolve, sosfilt

from drasp_cli.simulation.degradations import coloured_noise, db, rms

Samples = NDArray[np.float64]


def record(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """`samples` as a good recording of them: (num_samples,), same length and rate."""
    out = samples / rms(samples)
    if rng.random() < 0.6:
        out = _room(out, rate, rng)
    out = _colour(out, rate, rng)
    out = _ends(out, rate, rng)
    if rng.random() < 0.5:
        floor = db(float(rng.uniform(-85.0, -58.0)))
        out = out + coloured_noise(len(out), rate, float(rng.uniform(0.0, 2.0)), rng) * floor
    return out


def _room(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A small room: 0.1 to 0.5 s, 14 to 26 dB below the direct sound."""
    seconds = float(rng.uniform(0.1, 0.5))
    times = np.arange(int(seconds * rate)) / rate
    tail = rng.standard_normal(len(times)) * np.exp(-6.9 * times / seconds)
    tail = np.asarray(sosfilt(butter(1, float(rng.uniform(3000, 7000)), fs=rate, output="sos"), tail))
    wet = oaconvolve(samples, tail)[: len(samples)]
    return np.asarray(samples + wet * (rms(samples) / rms(wet) * db(float(rng.uniform(-26.0, -14.0)))))


def _colour(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A microphone: a gentle shelf of up to 5 dB either way, and rumble taken out."""
    split = float(rng.uniform(800.0, 4000.0))
    low = np.asarray(sosfilt(butter(1, split, fs=rate, output="sos"), samples))
    out = low + (samples - low) * db(float(rng.uniform(-5.0, 5.0)))
    return np.asarray(sosfilt(butter(2, float(rng.uniform(20.0, 45.0)), "highpass", fs=rate, output="sos"), out))


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
