"""Real lossy coding: MP3, Vorbis and Opus by libsndfile, in memory.

A ladder goes from transparent, which is no fault, to gross. Each rung names its codec, the rate the sound is coded at
and libsndfile's compression level; the bit rate is what that gives for ten seconds of broad-band music (measured with
libsndfile 1.2.2, see docs/simulator.md).
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
        codec: "mp3", "vorbis" or "opus".
        kbps: bit rate in kbit/s.
        rate: sampling rate of the coded sound in Hz.
        level: libsndfile's compression level, 0 to 1.
    """

    codec: str
    kbps: int
    rate: int
    level: float


LADDERS: Final[dict[str, tuple[Rung, ...]]] = {
    "mp3": (
        Rung("mp3", 97, 32000, 0.80),
        Rung("mp3", 56, 32000, 0.90),
        Rung("mp3", 40, 24000, 0.80),
        Rung("mp3", 32, 24000, 0.85),
        Rung("mp3", 24, 16000, 0.90),
        Rung("mp3", 16, 16000, 0.95),
        Rung("mp3", 8, 8000, 0.95),
    ),
    "mp3 at 24 kHz": (
        Rung("mp3", 96, 24000, 0.42),
        Rung("mp3", 64, 24000, 0.63),
        Rung("mp3", 48, 24000, 0.74),
        Rung("mp3", 32, 24000, 0.84),
        Rung("mp3", 24, 24000, 0.89),
        Rung("mp3", 16, 24000, 0.95),
        Rung("mp3", 8, 24000, 0.99),
    ),
    "vorbis": (
        Rung("vorbis", 101, 32000, 0.2),
        Rung("vorbis", 59, 32000, 0.8),
        Rung("vorbis", 42, 24000, 0.8),
        Rung("vorbis", 34, 24000, 1.0),
        Rung("vorbis", 29, 16000, 1.0),
        Rung("vorbis", 22, 11025, 1.0),
        Rung("vorbis", 18, 8000, 1.0),
    ),
    "opus": (
        Rung("opus", 64, 48000, 0.78),
        Rung("opus", 33, 48000, 0.90),
        Rung("opus", 23, 24000, 0.94),
        Rung("opus", 16, 24000, 0.96),
        Rung("opus", 11, 16000, 0.98),
        Rung("opus", 8, 12000, 0.99),
        Rung("opus", 6, 8000, 1.0),
    ),
}
"""Ladder -> its rungs, best first, the same number for all. One MP3 ladder goes down at one sampling rate."""

_PIECE_SECONDS = 20
_FORMATS = {"mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS")}


def rung_at(ladder: str, severity: float) -> Rung:
    """The rung of a ladder for a severity of 0 (exclusive) to 1, in equal steps from its second on."""
    rungs = LADDERS[ladder][1:]
    return rungs[min(len(rungs) - 1, int(severity * len(rungs)))]


def code(samples: Samples, rate: int, rung: Rung) -> Samples:
    """`samples` encoded and decoded, at the same rate and length, its level kept.

    Args:
        samples: (num_samples,), any scale.
        rate: of `samples`, in Hz.
        rung: the codec and its setting.
    """
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0.0:
        return samples
    small = convert_rate(samples * (0.7 / peak), rate, rung.rate)
    kind, subtype = _FORMATS[rung.codec]
    options = {"bitrate_mode": "CONSTANT"} if rung.codec == "mp3" else {}
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
