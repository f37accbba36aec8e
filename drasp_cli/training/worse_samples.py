"""Clips made worse by two steps, in samples: one fault of the simulator's sound chain, mild and then less so.

What `worse.py` does to log-mels, for predictors that hear samples. The same dice at a higher severity give more of the
same thing (`simulation.degradations`), so that a step can only make a clip worse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drasp_cli.simulation.degradations import GLOBAL, LOCAL, rms
from drasp_cli.training.worse import STEPS

Samples = NDArray[np.float64]

FAULTS: Final = (*GLOBAL, *GLOBAL, *LOCAL)
"""Drawn evenly: what is wrong all the time twice as often, because ratings teach local faults better than mild haze."""

_MILD = (0.05, 0.6)  # severity at the first step
_MORE = (0.15, 0.4)  # severity from one step to the next
_SILENT = 1e-6  # RMS, full scale 1


def make_samples_worse(
    sound: Tensor, num_samples: Tensor, rate: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Each clip with one of `FAULTS`, and with more of it.

    Args:
        sound: (clips, window_samples), zeros behind the real samples.
        num_samples: (clips,) int64, real samples of each.
        rate: in Hz.
        rng: the dice.

    Returns:
        (clips, `STEPS`, window_samples), each step worse than the one before, and (clips, `STEPS`) by how much in
        severity, 0 to 1; silence is not made worse.
    """
    worse = sound[:, None].repeat(1, STEPS, 1)
    amounts = torch.zeros(len(sound), STEPS)
    for index, count in enumerate(num_samples.tolist()):
        clip = sound[index, :count].double().numpy()
        fault, dice = FAULTS[int(rng.integers(len(FAULTS)))], int(rng.integers(2**62))
        severities = np.cumsum([0.0, rng.uniform(*_MILD), *rng.uniform(*_MORE, STEPS - 1)]).clip(max=1.0)
        if count == 0 or rms(clip) < _SILENT:
            continue
        for step, severity in enumerate(severities[1:]):
            made = _degraded(fault)(clip, rate, float(severity), np.random.default_rng(dice))
            worse[index, step, :count] = torch.from_numpy(made.astype(np.float32))
        amounts[index] = torch.from_numpy(np.diff(severities))
    return worse, amounts


def _degraded(fault: str) -> Callable[[Samples, int, float, np.random.Generator], Samples]:
    if fault in GLOBAL:
        return GLOBAL[fault]
    return lambda *given: LOCAL[fault](*given)[0]
