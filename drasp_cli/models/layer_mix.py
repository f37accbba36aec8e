"""A weighted sum of a tower's layers for each axis, taken while the tower runs.

    mix_axis = sum_l softmax(w_axis)_l x_l          l = 0 .. L over the outputs of the layers

What an axis listens for may sit early in the tower (a sound's quality) or late (its content), so each has weights of
its own. A stack would hold all L + 1 outputs at once, 13 for WavLM-base; here each is added to every axis' sum and
forgotten.

Source: audiobox-aesthetics 0.0.4 (`layer_weights.<AXIS>`); such sums go back to ELMo (Peters et al., 2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


class LayerMix(nn.Module):
    """Layer outputs to one mix for each axis. Starts with equal weights. Its parameters are named as the axes.

    Args:
        axes: in the order of the mixes.
        num_outputs: of the tower.
    """

    def __init__(self, axes: Sequence[str], num_outputs: int) -> None:
        super().__init__()
        self.axes = tuple(axes)
        for axis in axes:
            self.register_parameter(axis, nn.Parameter(torch.full((num_outputs,), 1.0 / num_outputs)))

    def weights(self) -> Tensor:
        """(axes, outputs), each row >= 0 and of sum 1."""
        return torch.stack([self.get_parameter(axis) for axis in self.axes]).softmax(dim=-1)

    def forward(self, outputs: Iterable[Tensor]) -> Tensor:
        """One (batch, frames, dim) for each layer -> (axes, batch, frames, dim).

        Raises:
            ValueError: there are more or fewer outputs than weights.
        """
        mixes: Tensor | None = None
        for output, weight in zip(outputs, self.weights().unbind(dim=1), strict=True):
            weight = weight[:, None, None, None]
            # In place: a backward pass needs the outputs and the weights, and no partial sum.
            mixes = weight * output if mixes is None else mixes.addcmul_(weight, output)
        assert mixes is not None
        return mixes
