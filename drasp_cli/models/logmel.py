"""Log-mel spectrogram, as LAION-CLAP's front end computes it.

    power[m, k] = |sum_n hann[n] x[m hop + n] exp(-2 pi i k n / N)|^2        (centred frames, reflected edges)
    logmel[m, b] = 10 log10(max(1e-10, sum_k mel[b, k] power[m, k]))         (dB; reference 1, no floor below the max)

Source: torchlibrosa's Spectrogram and LogmelFilterBank as LAION-AI/CLAP (1fd4c37) sets them; the mel filters are
librosa's defaults (slaney scale and slaney normalisation). The matrices are constants: recomputed here, never read
from a checkpoint.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.models.config import LogMelConfig

# The slaney mel scale: linear with 200/3 Hz per mel up to 1 kHz, logarithmic with 27 mels per factor of 6.4 above.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27.0


def hz_to_mel(hz: np.ndarray) -> np.ndarray:
    """Slaney mels of frequencies in Hz.

    >>> hz_to_mel(np.array([0.0, 1000.0, 6400.0])).round(6).tolist()
    [0.0, 15.0, 42.0]
    """
    hz = np.asarray(hz, dtype=np.float64)
    above = np.maximum(hz, _BREAK_HZ)
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, _BREAK_MEL + np.log(above / _BREAK_HZ) / _LOG_STEP)


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Frequencies in Hz of slaney mels; the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    above = np.maximum(mel, _BREAK_MEL)
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, _BREAK_HZ * np.exp((above - _BREAK_MEL) * _LOG_STEP))


def band_edges(num_mels: int, f_min: float, f_max: float) -> np.ndarray:
    """(num_mels + 2,) in Hz: filter m rises from edge m to edge m + 1, and falls to edge m + 2."""
    low, high = hz_to_mel(np.array([f_min, f_max]))
    return mel_to_hz(np.linspace(low, high, num_mels + 2))


def mel_filters(sample_rate: int, fft_size: int, num_mels: int, f_min: float, f_max: float) -> np.ndarray:
    """Triangular mel filters of unit area per Hz.

    Args:
        sample_rate: in Hz.
        fft_size: samples in one STFT frame.
        num_mels: number of filters.
        f_min: lower edge of the first filter, in Hz.
        f_max: upper edge of the last filter, in Hz.

    Returns:
        (num_mels, fft_size // 2 + 1) float32.
    """
    bins = np.linspace(0.0, sample_rate / 2, fft_size // 2 + 1)
    edges = band_edges(num_mels, f_min, f_max)
    rising = (bins[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    filters: np.ndarray = np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]
    return filters.astype(np.float32)


class LogMel(nn.Module):
    """(batch, num_samples) in [-1, 1] to (batch, frames, num_mels) in dB, with num_samples // hop_size + 1 frames.

    Holds no learned tensor: window and filters are buffers that stay out of the state dict.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: LogMelConfig, sample_rate: int) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("window", torch.hann_window(config.fft_size), persistent=False)
        filters = mel_filters(sample_rate, config.fft_size, config.num_mels, config.f_min, config.f_max)
        self.register_buffer("filters", torch.from_numpy(filters).T.contiguous(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """(batch, num_samples) -> (batch, frames, num_mels).

        One window at a time: the spectrum of a single window stays in the processor's cache on its way to the mel
        bands, that of a batch does not (2.8 against 10.5 ms of one core a window).
        """
        return torch.stack([self._one(window) for window in samples])

    def _one(self, samples: Tensor) -> Tensor:
        """(num_samples,) -> (frames, num_mels)."""
        margin = self.config.fft_size // 2
        padded = F.pad(samples[None, None], (margin, margin), mode="reflect")[0, 0]
        frames = padded.unfold(0, self.config.fft_size, self.config.hop_size) * self.window
        real, imaginary = torch.view_as_real(torch.fft.rfft(frames)).unbind(-1)
        mel = (real.square() + imaginary.square()) @ self.filters
        return 10.0 * torch.log10(mel.clamp_min(1e-10))
