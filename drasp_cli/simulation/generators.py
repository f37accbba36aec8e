"""Generators of any sound: what each likes to make, how crowded and how well mixed, and which faults its content has.

The sound chain and the musical faults are those of `systems`; here is what a generator of scenes has beyond them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.systems import System, draw_severities, draw_systems

CONTENT_FAULTS: Final = ("flatness", "looping", "harshness")
"""Faults of what is heard, beside those of music: flat delivery (of speech), a piece repeated and a rough, shrill tone
(of environmental sound). Severity 0 to 1."""
CUT_OFF: Final = "cut_off"
"""The sound stops dead before the clip ends. Severity 0 to 1."""
KINDS: Final = ("music", "speech", "environment")

_SHARES = {**dict.fromkeys(CONTENT_FAULTS, 0.6), CUT_OFF: 0.45}  # of the systems that have each
_KEPT = 0.85  # of a system's faults, the share of its clips that show it
_STRAY = 0.03  # of the faults a system has not, the share of its clips that show it all the same
_FOCUS = 0.7  # of the Dirichlet distribution of kinds: below 1, most systems favour one of them


@dataclass(frozen=True, slots=True)
class Generator:
    """One simulated generator of sound.

    Attributes:
        id: "sys001" and so on.
        base: its sound chain and its musical faults.
        kinds: (3,) how often the foreground is each of `KINDS`; sums to 1.
        business: 0 (one source at a time) to 1 (as many as there can be).
        din: 0 (the rest stays behind the foreground) to 1 (all is equally loud).
        taste: -1 (unpleasant environments) to 1 (pleasant ones).
        severities: each of `CONTENT_FAULTS` and `CUT_OFF`, its usual severity, 0 to 1.
    """

    id: str
    base: System
    kinds: tuple[float, ...]
    business: float
    din: float
    taste: float
    severities: Mapping[str, float]


def draw_generators(count: int, seed: int) -> tuple[Generator, ...]:
    """`count` generators. Business, din, taste, carelessness and haste are spread evenly over them, each on its own."""
    width = max(3, len(str(count)))
    rng = stream(seed, "generators")
    spread = (np.argsort(np.argsort(rng.random((count, 5)), axis=0), axis=0) + rng.random((count, 5))) / count
    generators = []
    for index, base in enumerate(draw_systems(count, seed)):
        own = stream(seed, "generator", index)
        business, din, taste, carelessness, haste = (float(value) for value in spread[index])
        severities = {name: _draw_usual(_SHARES[name], carelessness, own) for name in CONTENT_FAULTS}
        severities[CUT_OFF] = _draw_usual(_SHARES[CUT_OFF], haste, own)
        kinds = tuple(float(share) for share in own.dirichlet((_FOCUS,) * len(KINDS)))
        name = f"sys{index + 1:0{width}d}"
        generators.append(Generator(name, base, kinds, business, din, 2.0 * taste - 1.0, severities))
    return tuple(generators)


def _draw_usual(share: float, bad: float, rng: np.random.Generator) -> float:
    """The usual severity of a fault that this share of systems has; bad ones (0 to 1) have it more often, and more."""
    has, much = rng.random() < min(1.0, 2.0 * share * bad), float(rng.uniform(0.3, 1.0))
    return bad**0.7 * much if has else 0.0


def draw_faults(generator: Generator, rng: np.random.Generator) -> dict[str, float]:
    """The severities of one clip: those of its system, varied, some spared, a few that it has not usually."""
    drawn = draw_severities(generator.base, rng)
    for name, usual in generator.severities.items():
        luck, change, stray = rng.random(), rng.normal(0.0, 0.16), rng.random()
        if usual > 0.0:
            drawn[name] = float(np.clip(usual + change, 0.05, 1.0)) if luck < _KEPT else 0.0
        else:
            drawn[name] = float(np.clip(stray, 0.05, 1.0)) if luck < _STRAY else 0.0
    return drawn
