"""Seven ways to make a recording worse in five steps each.

Written apart from `drasp_cli.simulation`, on purpose: what the shipped checkpoint was trained on must not be what it is
tested on. Each step does more of the same thing (the same noise louder, the same gaps and more), so that a sentence
can only get worse. Level is left alone, except that a clipped signal gets the RMS back that it lost.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soundfile
from scipy.signal import cheby2, correlate, istft, oaconvolve, sosfiltfilt, stft

Samples = np.ndarray  # (num_samples,) float64
PACKET = 0.02  # seconds that a dropout takes away


@dataclass(frozen=True, slots=True)
class Damage:
    """One way to make a recording worse.

    Attributes:
        kind: its name.
        unit: of the amounts.
        amounts: of step 1 to 5, mild to gross.
        apply: (samples, sample rate in Hz, amount, seed) -> samples of the same length.
    """

    kind: str
    unit: str
    amounts: tuple[float, ...]
    apply: Callable[[Samples, int, float, int], Samples]


def add_white_noise(samples: Samples, rate: int, snr: float, seed: int) -> Samples:
    """White noise at `snr` dB below the RMS of the whole recording."""
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    return samples + noise * (_rms(samples) / _rms(noise) * 10 ** (-snr / 20))


def low_pass(samples: Samples, rate: int, cutoff: float, seed: int) -> Samples:
    """Nothing (60 dB down, and the filter runs twice) above `cutoff` Hz."""
    return np.asarray(sosfiltfilt(cheby2(10, 60, cutoff, fs=rate, output="sos"), samples))


def clip(samples: Samples, rate: int, threshold: float, seed: int) -> Samples:
    """Cut off at `threshold` dB relative to the peak."""
    limit = np.abs(samples).max() * 10 ** (threshold / 20)
    clipped = np.clip(samples, -limit, limit)
    return clipped * (_rms(samples) / _rms(clipped))


def drop_packets(samples: Samples, rate: int, percent: float, seed: int) -> Samples:
    """`percent` of all packets zeroed, those within 30 dB of the loudest first: a gap in silence is not heard."""
    length = round(PACKET * rate)
    count = len(samples) // length
    kept = samples.copy()
    packets = kept[: count * length].reshape(count, length)
    energy = np.square(packets).sum(axis=1)
    order = np.random.default_rng(seed).permutation(count)
    order = order[np.argsort(energy[order] < energy.max() * 1e-3, kind="stable")]
    packets[order[: round(count * percent / 100)]] = 0.0
    return kept


def code_mp3(samples: Samples, rate: int, kbps: float, seed: int) -> Samples:
    """Through LAME at a constant `kbps`, and back; moved back in time by what the coding delays it."""
    coded = soundfile.read(io.BytesIO(encode_mp3(samples, rate, kbps)))[0]
    delay = int(np.argmax(correlate(coded, samples))) - (len(samples) - 1)
    coded = coded[max(delay, 0) :][: len(samples)]
    return np.pad(coded, (0, len(samples) - len(coded)))


def encode_mp3(samples: Samples, rate: int, kbps: float) -> bytes:
    """An MP3 file at a constant bit rate.

    Args:
        samples: (num_samples,).
        rate: in Hz; 16,000 to 24,000: MPEG-1, above, and MPEG-2.5, below, have other bit rates.
        kbps: 8 to 160.
    """
    highest, lowest = 160, 8
    # libsndfile spreads its level evenly over the rates, and LAME takes the nearest it has; the last level is refused.
    level = (highest - kbps) / (highest - lowest + 1)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=level)
    return file.getvalue()


def reverberate(samples: Samples, rate: int, ratio: float, seed: int) -> Samples:
    """A reverberant tail of 1.5 s `ratio` dB below the sound itself, which comes first."""
    times = np.arange(round(1.5 * rate)) / rate
    tail = np.random.default_rng(seed).standard_normal(len(times)) * 10 ** (-3.0 * times / 1.5)  # 60 dB down at its end
    wet = oaconvolve(samples, tail)[: len(samples)]
    return samples + wet * (_rms(samples) / _rms(wet) * 10 ** (-ratio / 20))


def smear_phases(samples: Samples, rate: int, share: float, seed: int) -> Samples:
    """Each phase of a short-time spectrum (64 ms) turned by up to `share` of half a turn either way."""
    length = round(0.064 * rate)
    spectrum = stft(samples, nperseg=length, noverlap=length * 3 // 4)[2]
    turns = np.random.default_rng(seed).uniform(-1.0, 1.0, spectrum.shape)
    smeared = istft(spectrum * np.exp(1j * np.pi * share * turns), nperseg=length, noverlap=length * 3 // 4)[1]
    smeared = np.pad(smeared, (0, max(0, len(samples) - len(smeared))))[: len(samples)]
    return smeared * (_rms(samples) / _rms(smeared))


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


DAMAGES = (
    Damage("white noise", "dB SNR", (40, 30, 20, 10, 0), add_white_noise),
    Damage("low-pass", "Hz", (8000, 4400, 2400, 1300, 700), low_pass),
    Damage("clipping", "dB re peak", (-3, -10, -17, -23, -30), clip),
    Damage("dropouts", "%", (2, 5, 10, 20, 40), drop_packets),
    Damage("MP3", "kbit/s", (160, 64, 32, 16, 8), code_mp3),
    Damage("reverb", "dB below the sound", (15, 9, 3, -3, -9), reverberate),
    Damage("phase smear", "of half a turn", (0.1, 0.2, 0.4, 0.7, 1.0), smear_phases),
)
FIRST = tuple(damage.kind for damage in DAMAGES[:5])
"""The five kinds by which MI is judged; PQ is judged by all of them."""
