"""Clips made worse by two steps, in log-mels: whatever a clip is worth, with more noise or less bandwidth it is less.

That a little more noise is a little worse is learned from ratings only as far as single ratings tell it, each of
another clip and with the noise of its listeners; two versions of one clip tell it without any. What is done here to a
log-mel comes out much as it would in the samples: noise adds to the power of a band, a low-pass takes from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from drasp_cli.training.bands import SILENCE, Bands

STEPS: Final = 2
"""How many times a clip is made worse, each time more."""

_SNR = (0.0, 60.0)  # dB, at the first step
_LESS_SNR = (5.0, 15.0)  # dB from the first step to the second
_SLOPE = (-0.5, 1.0)  # power of noise goes with frequency to minus this: half way to blue, to pink
_CUTOFF = (500.0, 14000.0)  # Hz, at the first step, or up to the highest band
_TOP = 9000.0  # Hz; half of the cut-offs lie above it: there files of different rates and codings end
_LOWER = (1.3, 2.2)  # ratio of the cut-offs of both steps
_STEEPNESS = (36.0, 72.0, 1000.0)  # dB per octave; the last is a brick wall
_CODING_NOISE = (15.0, 45.0)  # dB below what is loud around it, at the first step
_LESS_DEEP = (5.0, 12.0)  # dB from the first step to the second
_HOLES = (15.0, 50.0)  # dB below what is loud around it, from which on nothing is left, at the first step
_MASKED_BANDS, _MASKED_FRAMES = 3, 1  # to either side
_ALL_THERE_IS = 4.0  # dB, see `audible_change`


def make_worse(sound: Tensor, bands: Bands, rng: np.random.Generator) -> Tensor:
    """Each clip in one of four ways: noise, a low-pass (twice as often), the noise or the holes of a coarse coding.

    Three times in four the first step is in the milder half of what it can be: of gross faults ratings teach most, of
    traces least.

    Args:
        sound: (clips, frames, mels) in dB.
        bands: of the front end.
        rng: the dice.

    Returns:
        (clips, `STEPS`, frames, mels), each step worse than the one before.
    """
    ways: tuple[Callable[[Tensor, Bands, np.random.Generator], list[Tensor]], ...] = (
        _noisy,
        _dull,
        _dull,
        _coarse,
        _holed,
    )
    return torch.stack([torch.stack(ways[int(rng.integers(len(ways)))](clip, bands, rng)) for clip in sound])


def audible_change(better: Tensor, worse: Tensor) -> Tensor:
    """How much there is to hear between two versions of each clip, 0 to 1: 4 dB, on average over all bands, is all.

    Args:
        better: (clips, frames, mels) in dB.
        worse: the same.

    Returns:
        (clips,).
    """
    return ((better - worse).abs().mean((-2, -1)) / _ALL_THERE_IS).clamp_max(1.0)


def loudest_around(sound: Tensor) -> Tensor:
    """The loudest of three bands to either side and one frame before and after: (clips, frames, mels), both in dB."""
    window = (2 * _MASKED_FRAMES + 1, 2 * _MASKED_BANDS + 1)
    return F.max_pool2d(sound, window, stride=1, padding=(_MASKED_FRAMES, _MASKED_BANDS))


def _noisy(clip: Tensor, bands: Bands, rng: np.random.Generator) -> list[Tensor]:
    """Steady noise, the same at both steps, 0 to 60 dB below the clip and then 5 to 15 dB louder."""
    density = bands.centres ** -float(rng.uniform(*_SLOPE))
    power = (10.0 ** (clip.double().numpy() / 10.0)).mean(axis=0)
    loud = (power * bands.widths).sum() / (density * bands.widths).sum()
    snr = _mostly_mild(_SNR, rng)
    snrs = (snr, snr - float(rng.uniform(*_LESS_SNR)))
    noise = _noise(clip, bands, rng) * torch.from_numpy((density * loud).astype(np.float32))
    return [_add(clip, noise * 10.0 ** (-step / 10.0)) for step in snrs]


def _dull(clip: Tensor, bands: Bands, rng: np.random.Generator) -> list[Tensor]:
    """A low-pass at 500 Hz to 14 kHz, and then at a lower cut-off."""
    highest = min(_CUTOFF[1], float(bands.centres[-1]))
    lowest = _TOP if rng.random() < 0.5 and highest > _TOP else _CUTOFF[0]
    cutoff = lowest * (highest / lowest) ** _mostly_mild((0.0, 1.0), rng)
    steepness = float(rng.choice(_STEEPNESS))
    cutoffs = (cutoff, cutoff / float(rng.uniform(*_LOWER)))
    silence = float(rng.uniform(*SILENCE))
    steps = []
    for frequency in cutoffs:
        loss = steepness * np.maximum(0.0, np.log2(bands.centres / frequency))
        dulled = (clip - torch.from_numpy(loss.astype(np.float32))).clamp_min(silence)
        steps.append(clip.minimum(dulled))
    return steps


def _coarse(clip: Tensor, bands: Bands, rng: np.random.Generator) -> list[Tensor]:
    """The noise of a coarse coding, 15 to 45 dB below what is loud around it, and then 5 to 12 dB louder."""
    around = loudest_around(clip[None])[0]
    depth = _mostly_mild(_CODING_NOISE, rng)
    depths = (depth, depth - float(rng.uniform(*_LESS_DEEP)))
    noise = _noise(clip, bands, rng) * 10.0 ** (around / 10.0)
    return [_add(clip, noise * 10.0 ** (-step / 10.0)) for step in depths]


def _holed(clip: Tensor, bands: Bands, rng: np.random.Generator) -> list[Tensor]:
    """Nothing left where 15 to 50 dB of louder sound lie around, and then where 5 to 12 dB less do."""
    around = loudest_around(clip[None])[0]
    depth = _mostly_mild(_HOLES, rng)
    depths = (depth, depth - float(rng.uniform(*_LESS_DEEP)))
    silence = clip.clamp_max(float(rng.uniform(*SILENCE)))
    return [torch.where(clip < around - step, silence, clip) for step in depths]


def _mostly_mild(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """Between gross and mild, three times in four in the milder half."""
    gross, mild = limits
    return gross + (mild - gross) * float(rng.random()) ** 0.5


def _noise(clip: Tensor, bands: Bands, rng: np.random.Generator) -> Tensor:
    """Power of noise of mean power 1 in every band and frame of a clip, as if frames did not overlap."""
    power = rng.gamma(bands.independent, 1.0 / bands.independent, tuple(clip.shape))
    return torch.from_numpy(power.astype(np.float32))


def _add(clip: Tensor, power: Tensor) -> Tensor:
    return 10.0 * torch.log10(10.0 ** (clip / 10.0) + power)
