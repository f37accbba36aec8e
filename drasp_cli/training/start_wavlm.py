"""Where a tower of samples starts: hearing bands and levels, as an ear does, instead of noise.

A tower of samples can find out from random kernels that sound has frequencies, and it does; starting from them saves
that part of a training (on 405 clips the training losses after three epochs are 4 to 10 % lower). The norm behind the
first convolution hides how loud each frequency is, which kernels of one size cannot undo. So, once before the first
step:

- The first convolution is a bank of band-pass filters, cosines under a Hann window whose frequencies are equally spaced
  in mel (as log-mels are; Zeghidour et al., "LEAF", 2021, start so too). A window is as long as it takes to tell a band
  from its neighbours, 2 / spacing seconds, if the kernel is: low bands tell notes apart, high ones moments. Every band
  has three filters, 120 degrees apart, so that at no phase all are negative, which the GELU behind them would silence.
- Each of the three hears another range of levels. A band's output is y / sqrt(var(y) + eps): for var(y) far above eps
  its level is gone, far below it the level is all that is left. Kernels scaled by sqrt(eps) / r put that knee at a band
  level of r = -20, -40 and -60 dB.
- The other convolutions average each channel over their kernel, which makes envelopes of what the GELU has rectified,
  plus fresh weights that mix channels.
- Where log-mels take the first convolution's place, each band gets zero mean and unit variance over the training
  clips; what is behind them starts as any convolution does.
- The layer norm behind them all gives each channel zero mean and unit variance over the frames of the training clips,
  as bn0 does in the other tower: else what all frames have in common drowns what tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.backbones.wavlm import WavLM
from drasp_cli.models.backbones.wavlm_extractor import LogMels, NormalisedConv
from drasp_cli.training.features import FeatureStore

CLIPS_FOR_SPREAD = 512
KNEES = (0.1, 0.01, 0.001)
"""Band levels (RMS, full scale 1) above which the three filters of a band hear ever less of a level."""
_LOWEST = 60.0  # Hz
_HIGHEST = 0.95  # of half the sample rate
_MIXING = 0.5  # standard deviation of the weights that mix channels, in that of He's initialisation
_SMALLEST_SPREAD = 0.05


@torch.no_grad()
def prepare_tower(tower: WavLM, sample_rate: int, features: FeatureStore) -> None:
    """Sets the convolutions and the norm behind them, in place."""
    first, *others = tower.feature_extractor.conv_layers
    if isinstance(first, LogMels):
        _standardise_bands(first, features)
    else:
        assert isinstance(first, NormalisedConv)
        _start_filters(first, others, sample_rate)
    _standardise_frames(tower, features)


def _start_filters(first: NormalisedConv, others: list[nn.Module], sample_rate: int) -> None:
    """Sets the convolutions where the first of them hears samples."""
    conv, norm = first["0"], first["2"]
    assert isinstance(conv, nn.Conv1d)
    assert isinstance(norm, nn.GroupNorm)
    conv.weight.copy_(filter_bank(conv.out_channels, first.kernel, sample_rate, norm.eps)[:, None])
    for layer in others:
        assert isinstance(layer, nn.Sequential)
        assert isinstance(layer[0], nn.Conv1d)
        _average_in_time(layer[0])


def _standardise_bands(mels: LogMels, features: FeatureStore) -> None:
    """Sets the affine part of the log-mels, over what the real frames of training clips hear."""
    patches = []
    for block in sample_blocks(features):
        batch = window_batch(features, block)
        for samples, count in zip(batch.samples, batch.num_samples.tolist(), strict=True):
            outputs = max(1, (count - mels.kernel) // mels.stride + 1)
            patches.append(mels.decibels(samples[None], outputs)[0])
    _standardise(mels, torch.cat(patches))


def filter_bank(channels: int, kernel: int, sample_rate: int, eps: float) -> Tensor:
    """Band-pass filters, three to a band, (channels, kernel); see the module docstring.

    Args:
        channels: a number that 3 does not divide leaves the highest band incomplete.
        kernel: in samples.
        sample_rate: in Hz.
        eps: of the norm behind them.
    """
    lowest = min(_LOWEST, sample_rate / 8)
    bands = math.ceil(channels / len(KNEES))
    mels = np.linspace(_to_mel(lowest), _to_mel(_HIGHEST * sample_rate / 2), bands)
    frequencies = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    spacing = np.gradient(frequencies) if bands > 1 else frequencies
    time = (np.arange(kernel) - (kernel - 1) / 2) / sample_rate
    lengths = np.minimum((kernel + 1) / sample_rate, 2.0 / spacing)  # of a whole kernel: no zeros at its ends
    filters = []
    for channel in range(channels):
        band, which = divmod(channel, len(KNEES))
        phase = 2.0 * np.pi * which / len(KNEES)
        window = np.cos(np.pi * (time / lengths[band]).clip(-0.5, 0.5)) ** 2
        shape = window * np.cos(2.0 * np.pi * frequencies[band] * time + phase)
        filters.append(shape / np.linalg.norm(shape) * math.sqrt(eps) / KNEES[which])
    return torch.from_numpy(np.stack(filters).astype(np.float32))


def _to_mel(frequency: float) -> float:
    return 2595.0 * math.log10(1.0 + frequency / 700.0)


def _average_in_time(conv: nn.Conv1d) -> None:
    channels, _, kernel = conv.weight.shape
    nn.init.kaiming_normal_(conv.weight)
    conv.weight.mul_(_MIXING)
    conv.weight.add_(torch.eye(channels)[..., None] / kernel)


def _standardise_frames(tower: WavLM, features: FeatureStore) -> None:
    """Sets the affine part of the layer norm behind the convolutions, over the real frames of training clips."""
    norm = tower.layer_norm
    nn.init.ones_(norm.weight)
    nn.init.zeros_(norm.bias)
    frames = []
    for block in sample_blocks(features):
        heard = tower.feature_extractor(window_batch(features, block))
        normed = norm(heard.frames)
        frames.append(normed.flatten(0, 1) if heard.mask is None else normed[heard.mask])
    _standardise(norm, torch.cat(frames))


def _standardise(layer: LogMels | nn.LayerNorm, heard: Tensor) -> None:
    """Sets the affine part of a layer so that each channel of (frames, channels) `heard` gets mean 0 and variance 1."""
    spread = heard.std(dim=0).clamp_min(_SMALLEST_SPREAD)
    layer.weight.copy_(1.0 / spread)
    layer.bias.copy_(-heard.mean(dim=0) / spread)


def sample_blocks(features: FeatureStore) -> Iterator[np.ndarray]:
    """The first windows of up to about 512 clips, evenly from the whole store, in blocks of up to 32."""
    step = max(1, len(features) // CLIPS_FOR_SPREAD)
    windows = features.first[:-1][::step]
    yield from np.array_split(windows, math.ceil(len(windows) / 32))


def window_batch(features: FeatureStore, windows: np.ndarray) -> WindowBatch:
    """Windows of samples as a tower takes them."""
    num_samples = features.real(windows)
    assert num_samples is not None
    return WindowBatch(features.batch(windows), num_samples)
