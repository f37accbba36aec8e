"""The sound chain of a system: its degradations one behind the other, and how much of each can be heard at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drasp_cli.datasets.causes import Defect
from drasp_cli.simulation.degradations import (
    CLEAN_LEVELS,
    GLOBAL,
    HIGHEST_CUTOFF,
    LEVEL,
    LOCAL,
    LOWEST_CUTOFF,
    cutoff_at,
    highest_frequency,
    set_level,
)
from drasp_cli.simulation.recording import keep

CHAIN_CAUSES = (*GLOBAL, *LOCAL, LEVEL)
"""Every cause that lies in the sound chain."""

FAINTEST = -65.0
"""RMS in dBFS of a clip whose faintness is 1."""


@dataclass(frozen=True, slots=True)
class ChainOutput:
    """A clip behind the chain.

    Attributes:
        samples: (num_samples,) float64 within [-1, 1].
        severities: each of `CHAIN_CAUSES`, as it can be heard in this clip.
        defects: the local ones, by start.
    """

    samples: NDArray[np.float64]
    severities: Mapping[str, float]
    defects: tuple[Defect, ...]


def run_chain(
    samples: NDArray[np.float64],
    rate: int,
    severities: Mapping[str, float],
    defects_first: bool,
    rng: np.random.Generator,
    made_at: int | None = None,
) -> ChainOutput:
    """Send a clip through the chain.

    Args:
        samples: (num_samples,), any scale.
        rate: in Hz.
        severities: each of `CHAIN_CAUSES`, 0 (left out) to 1; any other name in it is passed over.
        defects_first: local defects come before the global ones (their gaps then fill with noise), else behind.
        rng: the clip's chain. Each degradation has a stream of its own, whatever the others do.
        made_at: the sampling rate in Hz of the recordings that the clip was made of; it is kept at no more than that.
    """
    names = (*CHAIN_CAUSES, "level", "file")
    streams = dict(zip(names, rng.spawn(len(names)), strict=True))
    heard = {name: severities[name] for name in CHAIN_CAUSES}
    defects: list[Defect] = []
    order = (*LOCAL, *GLOBAL) if defects_first else (*GLOBAL, *LOCAL)
    for name in order:
        severity = severities[name]
        if severity <= 0.0:
            continue
        if name in LOCAL:
            samples, found = LOCAL[name](samples, rate, severity, streams[name])
            defects += found
            continue
        if name == "bandwidth":
            heard[name] = _lost_bandwidth(samples, rate, severity)
        samples = GLOBAL[name](samples, rate, severity, streams[name])
    samples = keep(samples, rate, streams["file"], made_at)
    level = float(streams["level"].uniform(*CLEAN_LEVELS))
    if severities[LEVEL] > 0.0:
        level = CLEAN_LEVELS[0] + (FAINTEST - CLEAN_LEVELS[0]) * severities[LEVEL]
    defects.sort(key=lambda defect: (defect.start, defect.end, defect.kind))
    return ChainOutput(set_level(samples, level), heard, tuple(defects))


def _lost_bandwidth(samples: NDArray[np.float64], rate: int, severity: float) -> float:
    """The octaves that a low-pass takes from what this clip has, on the scale of the severity.

    A low-pass at 8 kHz takes nothing from a flute that ends at 5 kHz.
    """
    lost = np.log(highest_frequency(samples, rate) / cutoff_at(severity)) / np.log(HIGHEST_CUTOFF / LOWEST_CUTOFF)
    return float(np.clip(lost, 0.0, 1.0))
