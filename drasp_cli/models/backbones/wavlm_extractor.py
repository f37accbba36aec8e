"""WavLM's convolutions: zero-padded windows to frames, at the price of their real part.

    samples -conv 10/5, group norm over time, GELU-> -conv, GELU (six times)-> frames

The reference pads every window with zeros to one length (10 s) and normalises each channel of the first convolution
over all of it, so the padding is part of the score: it may not be cut off. It need not be computed either.

**The norm.** Let w be a channel's kernel (no bias) and x_t the t-th patch of samples, t = 1 .. T over the padded
window. The channel is y_t = w x_t, so its mean and variance over time follow from moments that all channels share:

    m = (1/T) sum_t x_t,   C = (1/T) sum_t x_t x_t^T - m m^T        mean(y) = w m,   var(y) = w^T C w

A patch of zeros adds nothing to either sum: they run over the real part, and only the division by T knows of the
rest. With a 10-sample kernel, C is 10 x 10 and takes 6 MFLOP for a 10 s window, where a norm would read and write the
66 MB of 512 channels. Both sums are float64: neighbouring samples are nearly equal, and what a high-pass kernel leaves
of w^T C w would drown in float32. Normalisation is then an affine map for each channel and row, folded into the kernel:

    g (y_t - mean) / sqrt(var + eps) + b = (a w) x_t + (b - a w m),    a = g / sqrt(var + eps)

C costs the square of the kernel. From about 64 samples on, which small towers have, it is cheaper to look at the y_t
themselves: var(y) is then the mean of (y_t - mean)^2, each patch of zeros adding mean^2.

**The rest.** Behind the norm every output is a function of the samples under it. Frame r hears the samples from hop r
up to hop r + receptive_field, so R frames need exactly hop (R - 1) + receptive_field samples, the last of them padding:
for 3 s of sound, 150 frames and 48,080 of 160,000 samples.

**Which frames are real.** The reference cuts the window into as many equal groups of samples as there are frames, and a
frame is real when its group holds a real sample: with F frames in a window of W samples, n real samples make
R = min(F, ceil(n / floor(W / F))) real frames. The groups are hop long when W is 160,000, and longer in short windows.

Rows of a batch are computed up to the longest one's R. Each row has its own m, C and T, so batch mates change nothing.

**In memory** the channels of a frame stand side by side, from the first layer's matrix product to the frames that the
transformer reads: a convolution is then a product of long rows, which takes a quarter off the time of all of them on a
CPU, and nothing is ever transposed. On a CPU, frames are computed in pieces (`drasp_cli.models.pieces`), which share
the norm's statistics and overlap by what a frame hears beyond its hop, 80 samples.

**Log-mels in place of the first convolution** (`num_mels`) are for towers trained here from nothing. A convolution and
the norm over time hide two things that the ratings of sound hang on: how loud a band is, and what lies 40 dB below its
peaks, such as noise, a reverberant tail, or the holes that a codec leaves. There is no norm, so no padding is heard
beyond the last real frame.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.datatypes import Features, WindowBatch
from drasp_cli.models.config import WavLMConfig
from drasp_cli.models.logmel import mel_filters
from drasp_cli.models.pieces import at_once, in_pieces

MOMENTS_UP_TO = 64
"""Samples of a kernel up to which its outputs' statistics are those of the patches."""

_PIECE = 8 << 20  # bytes that the first layer makes of one row's frames at once
_SILENCE = 1e-8  # power in a mel band, 110 dB below a full-scale sine's


def patch_moments(samples: Tensor, kernel: int, stride: int, num_real: int) -> tuple[Tensor, Tensor]:
    """The moments m and C of the module docstring, over all patches of the window.

    Args:
        samples: (batch, window_samples), with zeros as padding.
        kernel: samples in a patch.
        stride: samples from one patch to the next.
        num_real: from here on, samples are padding in every row.

    Returns:
        (batch, kernel) and (batch, kernel, kernel), float64.

    >>> mean, covariance = patch_moments(torch.tensor([[1.0, 2.0, 0.0, 0.0]]), kernel=2, stride=2, num_real=2)
    >>> mean.tolist(), covariance.tolist()
    ([[0.5, 1.0]], [[[0.25, 0.5], [0.5, 1.0]]])
    """
    count = (samples.shape[1] - kernel) // stride + 1
    real = samples[:, : num_real + kernel - 1]  # up to the end of the last patch that touches a real sample
    if real.device.type == "mps":
        real = real.cpu()  # Apple's GPUs have no float64
    patches = real.double().unfold(1, kernel, stride)
    mean = patches.sum(dim=1) / count
    second = patches.transpose(1, 2) @ patches / count
    covariance = second - mean[:, :, None] * mean[:, None, :]
    return mean, covariance


class NormalisedConv(nn.ModuleDict):
    """The first convolution, group norm over time with one channel in each group, and GELU.

    Its convolution is called `0` and its norm `2`, as in the published state dict.
    """

    def __init__(self, dim: int, kernel: int, stride: int) -> None:
        super().__init__({"0": nn.Conv1d(1, dim, kernel, stride, bias=False), "2": nn.GroupNorm(dim, dim)})
        self.kernel, self.stride = kernel, stride

    def folded(self, samples: Tensor, num_real: int) -> tuple[Tensor, Tensor]:
        """Kernels a w, (batch, dim, kernel), and shifts b - a w m, (batch, dim), for each row's own statistics."""
        conv, norm = self["0"], self["2"]
        assert isinstance(conv, nn.Conv1d)
        assert isinstance(norm, nn.GroupNorm)
        kernels = conv.weight.squeeze(1)
        mean, covariance = patch_moments(samples, self.kernel, self.stride, num_real)
        precise = kernels.to(mean.device, mean.dtype)
        variance = ((precise @ covariance) * precise).sum(dim=-1).clamp(min=0.0)  # rounding may leave it at -1e-20
        inverse_std = (variance + norm.eps).rsqrt()
        scale = norm.weight * inverse_std.to(kernels)
        centre = (inverse_std * (mean @ precise.T)).to(kernels)
        return scale[..., None] * kernels, norm.bias - norm.weight * centre

    def normalised(self, samples: Tensor, num_real: int, num_outputs: int) -> Tensor:
        """What `folded` does to the outputs by way of the kernels, done to the outputs: (batch, num_outputs, dim)."""
        conv, norm = self["0"], self["2"]
        assert isinstance(conv, nn.Conv1d)
        assert isinstance(norm, nn.GroupNorm)
        count = (samples.shape[1] - self.kernel) // self.stride + 1
        heard = min(count, max(num_outputs, -(-num_real // self.stride)))  # all later patches are zeros
        patches = samples.unfold(1, self.kernel, self.stride)[:, :heard]
        y = patches @ conv.weight.squeeze(1).T
        y = y.to(torch.promote_types(y.dtype, torch.float32))
        mean = y.sum(dim=1, keepdim=True) / count
        squares = (y - mean).square().sum(dim=1, keepdim=True) + (count - heard) * mean.square()
        scale = norm.weight * (squares / count + norm.eps).rsqrt()
        return torch.addcmul(norm.bias - scale * mean, scale, y[:, :num_outputs])

    def forward(self, samples: Tensor, num_real: int, num_outputs: int) -> Tensor:
        """(batch, window_samples), zeros as padding -> (batch, num_outputs, dim), the first ones of the window."""
        return F.gelu(self.normalised(samples, num_real, num_outputs))

    def convolved(self, samples: Tensor, kernels: Tensor, shifts: Tensor) -> Tensor:
        """What `folded` gave, on a stretch of the window: (batch, samples) -> (batch, outputs, dim)."""
        patches = samples.unfold(1, self.kernel, self.stride)
        return F.gelu(torch.baddbmm(shifts[:, None], patches, kernels.transpose(1, 2)))


class LogMels(nn.Module):
    """The power of each patch in mel bands, in dB, scaled and shifted band by band.

        y[t, b] = weight[b] 10 log10(max(1e-8, sum_k mel[b, k] |rfft(hann x_t)[k]|^2)) + bias[b]

    The floor lies where the rounding to 16 bits does, so that silence is silence in every file format.

    Args:
        num_mels: bands, from 0 Hz to half the sample rate.
        kernel: samples in a patch.
        stride: samples from one patch to the next.
        sample_rate: in Hz.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, num_mels: int, kernel: int, stride: int, sample_rate: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.weight = nn.Parameter(torch.full((num_mels,), 0.05))  # 20 dB are one unit
        self.bias = nn.Parameter(torch.ones(num_mels))
        filters = mel_filters(sample_rate, kernel, num_mels, 0.0, sample_rate / 2)
        self.register_buffer("window", torch.hann_window(kernel), persistent=False)
        self.register_buffer("filters", torch.from_numpy(filters).T.contiguous(), persistent=False)

    def decibels(self, samples: Tensor, num_outputs: int) -> Tensor:
        """(batch, samples) -> (batch, num_outputs, num_mels); each row's spectrum stays in the processor's cache."""
        return torch.stack([self._one(row, num_outputs) for row in samples])

    def _one(self, samples: Tensor, num_outputs: int) -> Tensor:
        patches = samples.unfold(0, self.kernel, self.stride)[:num_outputs]
        real, imaginary = torch.view_as_real(torch.fft.rfft(patches * self.window)).unbind(-1)
        return 10.0 * torch.log10(((real.square() + imaginary.square()) @ self.filters).clamp_min(_SILENCE))

    def forward(self, samples: Tensor, num_outputs: int) -> Tensor:
        """(batch, samples) -> (batch, num_outputs, num_mels), the first ones; never in half precision."""
        with torch.autocast(samples.device.type, enabled=False):
            precise = samples.to(torch.promote_types(samples.dtype, torch.float32))
            return torch.addcmul(self.bias, self.weight, self.decibels(precise, num_outputs))


class PlainConv(nn.Sequential):
    """A convolution without a norm, and GELU. Its convolution is called `0`, as in the published state dict."""

    def __init__(self, in_dim: int, dim: int, kernel: int, stride: int) -> None:
        super().__init__(nn.Conv1d(in_dim, dim, kernel, stride, bias=False), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, in_dim) -> (batch, outputs, dim)."""
        conv = self[0]
        assert isinstance(conv, nn.Conv1d)
        # As an image of one row, because only those can have their channels side by side.
        image = x.transpose(1, 2)[:, :, None]
        kernel = conv.weight[:, :, None].contiguous(memory_format=torch.channels_last)
        return F.gelu(F.conv2d(image, kernel, stride=(1, *conv.stride))[:, :, 0].transpose(1, 2))


class ConvExtractor(nn.Module):
    """A batch of windows to one frame for each `hop` samples, `conv_dim` wide.

    Two differences from the published class, neither of which inference can see: its dropout of 0, and a factor of 0.1
    on its gradients, which belongs to a training recipe.

    Args:
        config: of the whole tower.
        sample_rate: of the windows, in Hz; only log-mels need to know it.
    """

    def __init__(self, config: WavLMConfig, sample_rate: int = 16000) -> None:
        super().__init__()
        self.config = config
        dim, num_mels = config.conv_dim, config.num_mels
        first, *others = zip(config.conv_kernels, config.conv_strides, strict=True)
        opening = LogMels(num_mels, *first, sample_rate) if num_mels else NormalisedConv(dim, *first)
        self.conv_layers = nn.ModuleList([opening])
        for i, other in enumerate(others):
            self.conv_layers.append(PlainConv(num_mels if num_mels and i == 0 else dim, dim, *other))
        self.frames_at_once = at_once(config.hop // first[1] * dim * 4, _PIECE)

    def num_real_frames(self, num_samples: Tensor, window_samples: int) -> Tensor:
        """R of the module docstring: (batch,) int64, at least 1 -> (batch,) int64.

        Raises:
            ValueError: a window of that length has no frame at all.
        """
        num_frames = (window_samples - self.config.receptive_field) // self.config.hop + 1
        if num_frames < 1:
            raise ValueError(
                f"a window must have at least {self.config.receptive_field} samples to give a frame, not "
                f"{window_samples}; padding may be part of it"
            )
        group = window_samples // num_frames
        return ((num_samples + group - 1) // group).clamp(max=num_frames)

    def forward(self, batch: WindowBatch) -> Features:
        """Windows (batch, window_samples), whatever their padding holds -> Features (batch, R of the longest, dim)."""
        real_frames = self.num_real_frames(batch.num_samples, batch.samples.shape[1])
        # One tensor, so that a GPU is waited for once.
        bounds = torch.stack((real_frames.min(), real_frames.max(), batch.num_samples.max()))
        shortest, longest, num_real = bounds.tolist()
        positions = torch.arange(batch.samples.shape[1], device=batch.samples.device)
        samples = batch.samples.masked_fill(positions >= batch.num_samples[:, None], 0.0)

        first = self.conv_layers[0]
        if isinstance(first, LogMels):
            x = self._behind(first(samples, self._num_outputs(longest)))
        else:
            assert isinstance(first, NormalisedConv)
            hear = self._wide if first.kernel > MOMENTS_UP_TO else self._narrow
            x = hear(first, samples, num_real, longest)
        if shortest == longest:
            return Features(x)
        return Features(x, positions[:longest] < real_frames[:, None])

    def _wide(self, first: NormalisedConv, samples: Tensor, num_real: int, num_frames: int) -> Tensor:
        """The first frames, all at once, by the statistics of the first layer's outputs."""
        return self._behind(first(samples, num_real, self._num_outputs(num_frames)))

    def _narrow(self, first: NormalisedConv, samples: Tensor, num_real: int, num_frames: int) -> Tensor:
        """The first frames, piece by piece, by the moments of patches."""
        kernels, shifts = first.folded(samples, num_real)
        size = self.frames_at_once if in_pieces(samples) else num_frames
        pieces = []
        for start in range(0, num_frames, size):
            begin, count = self.config.hop * start, min(size, num_frames - start)
            stretch = samples[:, begin : begin + self._num_samples(count)]
            pieces.append(self._behind(first.convolved(stretch, kernels, shifts)))
        return torch.cat(pieces, dim=1)

    def _behind(self, x: Tensor) -> Tensor:
        for layer in self.conv_layers[1:]:
            x = layer(x)
        return x

    def _num_outputs(self, num_frames: int) -> int:
        """Outputs of the first layer under so many frames."""
        return (self._num_samples(num_frames) - self.config.conv_kernels[0]) // self.config.conv_strides[0] + 1

    def _num_samples(self, num_frames: int) -> int:
        """Samples under so many frames."""
        return self.config.hop * (num_frames - 1) + self.config.receptive_field
