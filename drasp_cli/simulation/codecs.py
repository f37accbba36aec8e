"""Real lossy coding: MP3, Vorbis and Opus by libsndfile, in memory.

A ladder per codec goes from transparent to gross. Each rung names the rate the sound is coded at and libsndfile's
compression level; the bit rate is what that gives for ten seconds of broad-band music (measured with libsndfile 1.2.2,
see docs/simulator.md).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rung:
    """One setting of a codec.

    Attributes:
        kbps: bit rate in kbit/s.
        rate: sampling rate of the coded sound in Hz.
        level: libsndfile's compression level, 0 to 1.
    """

    kbps: int
    rate: int
    level: float


LADDERS: Final[dict[str, tuple[Rung, ...]]] = {
    "mp3": (
        Rung(97, 32000, 0.80),
        Rung(56, 32000, 0.90),
        Rung(40, 24000, 0.80),
        Rung(32, 24000, 0.85),
        Rung(24, 16000, 0.90),
        Rung(16, 16000, 0.95),
        Rung(8, 8000, 0.95),
    ),
    "vorbis": (
        Rung(101, 32000, 0.2),
        Rung(59, 32000, 0.8),
        Rung(42, 24000, 0.8),
        Rung(34, 24000, 1.0),
        Rung(29, 16000, 1.0),
        Rung(22, 11025, 1.0),
        Rung(18, 8000, 1.0),
    ),
    "opus": (
        Rung(64, 48000, 0.78),
        Rung(33, 48000, 0.90),
        Rung(23, 24000, 0.94),
        Rung(16, 24000, 0.96),
        Rung(11, 16000, 0.98),
        Rung(8, 12000, 0.99),
        Rung(6, 8000, 1.0),
    ),
}
"""Codec -> its rungs, best first. All ladders have the same number of rungs."""

_PIECE_SECONDS = 20
_FORMATS = {"mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS")}


def rung_at(codec: str, severity: float) -> Rung:
    """The rung for a severity of 0 (exclusive) to 1: the ladder in equal steps."""
    ladder = LADDERS[codec]
    return ladder[min(len(ladder) - 1, int(severity * len(ladder)))]


def code(samples: Samples, rate: int, codec: str, rung: Rung) -> Samples:
    """`samples` encoded and decoded, at the same rate and length, its level kept.

    Args:
        samples: (num_samples,), any scale.
        rate: of `samples`, in Hz.
        codec: "mp3", "vorbis" or "opus".
        rung: the setting.
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0.0:
        return samples
    small = convert_rate(samples * (0.7 / peak), rate, rung.rate)
    kind, subtype = _FORMATS[codec]
    options = {"bitrate_mode": "CONSTANT"} if codec == "mp3" else {}
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", rung.rate, 1, subtype, format=kind, compression_level=rung.level, **options
    ) as encoder:
        # In pieces: libsndfile's Vorbis encoder has crashed the process on a minute written at once.
        for start in range(0, len(small), _PIECE_SECONDS * rung.rate):
            encoder.write(small[start : start + _PIECE_SECONDS * rung.rate].astype(np.float32))
    buffer.seek(0)
    decoded, decoded_rate = soundfile.read(buffer, dtype="float64")
    back = convert_rate(_align(small, decoded) if decoded_rate == rung.rate else decoded, decoded_rate, rate)
    out = np.zeros(len(samples))
    out[: min(len(out), len(back))] = back[: len(out)]
    return out * (peak / 0.7)


def convert_rate(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Polyphase resampling."""
    if rate == new_rate:
        return samples
    common = gcd(rate, new_rate)
    return np.asarray(resample_poly(samples, new_rate // common, rate // common))


def _align(reference: Samples, decoded: Samples) -> Samples:
    """`decoded` without the coder's delay: low-rate MP3 files carry no note of how much there is."""
    extra = len(decoded) - len(reference)
    if extra <= 0:
        return decoded
    size = 1 << int(np.ceil(np.log2(len(decoded) + len(reference))))
    cross = np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(reference, size)), size)
    delay = int(np.argmax(np.abs(cross[: extra + 1200])))
    return decoded[delay:]
