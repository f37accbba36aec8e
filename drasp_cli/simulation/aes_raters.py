"""Ten listeners who judge any sound on four axes: from causes to what a clip deserves, 1 to 10.

Each axis has causes of its own. With d = w (1 - exp(-(s / a)^k)) for the damage of one cause at severity s, and
D = (sum d^p)^(1/p), p = 1.5, over a group of them (as for MI, see `raters`):

    PQ = 1 + 9 exp(-1.6 D_sound)                                      the sound chain
    PC = 1 + 9 (0.7 crowding + 0.3 density)                           how many sources and events; not how good
    CE = 1 + 9 (1 - dullness) exp(-D_content) (1 - 0.3 (1 - q))       what is heard and how well it is done
    CU = 1 + 9 exp(-D_use - 0.4 D_content) (1 - 0.5 (1 - q))          whether it can be used in something else

with q = (PQ - 1) / 9. D_content joins the musical faults, flat delivery, looping and harshness; D_use masking, cut-off
and shortness. What the axes mean: Tjandra et al., Meta Audiobox Aesthetics, arXiv 2502.05139. The constants are this
module's; docs/simulator.md prints them and a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from drasp_cli.datasets.aes_natural import AXES
from drasp_cli.simulation.composer import MUSICAL_FAULTS
from drasp_cli.simulation.generators import CONTENT_FAULTS, CUT_OFF
from drasp_cli.simulation.raters import NORM, PSYCHOMETRICS, Panel, Psychometric, sound_damage
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES

AES_PSYCHOMETRICS: Final[dict[str, Psychometric]] = {
    **{name: PSYCHOMETRICS[name] for name in MUSICAL_FAULTS},
    "flatness": Psychometric(0.60, 0.50, 1.5),
    "looping": Psychometric(0.65, 0.50, 1.4),
    "harshness": Psychometric(0.60, 0.50, 1.4),
    "masking": Psychometric(0.85, 0.55, 1.5),
    "cut_off": Psychometric(0.75, 0.40, 1.2),
    "shortness": Psychometric(0.55, 0.50, 1.4),
}
"""Cause of CE or CU -> its psychometric function. Those of the sound chain are in `raters.PSYCHOMETRICS`."""

CONTENT_CAUSES: Final = (*MUSICAL_FAULTS, *CONTENT_FAULTS)
USE_CAUSES: Final = ("masking", CUT_OFF, "shortness")
AES_CAUSES: Final = ("crowding", "density", "dullness", *CONTENT_CAUSES, *USE_CAUSES, *CHAIN_CAUSES)
"""Every cause, 0 to 1, in the order of the columns of `causes.csv`."""

SOUND_SLOPE: Final = 1.6
CROWDING_SHARE: Final = 0.7
ENJOYED_WITH_QUALITY: Final = 0.3
USED_WITH_QUALITY: Final = 0.5
USED_WITH_CONTENT: Final = 0.4

AES_PANEL: Final = Panel(AXES, steps=10, raters=10, ratings_per_clip=10, bias_sd=0.5, noise_sd=1.2)
"""All ten rate every clip."""


def aesthetics(causes: Mapping[str, float]) -> dict[str, float]:
    """The latent PQ, PC, CE and CU, each 1 to 10, of a clip with these severities (each of `AES_CAUSES`)."""
    quality = float(np.exp(-SOUND_SLOPE * sound_damage(causes)))
    content, use = _joined(causes, CONTENT_CAUSES), _joined(causes, USE_CAUSES)
    complexity = CROWDING_SHARE * causes["crowding"] + (1.0 - CROWDING_SHARE) * causes["density"]
    enjoyment = (1.0 - causes["dullness"]) * np.exp(-content) * (1.0 - ENJOYED_WITH_QUALITY * (1.0 - quality))
    usefulness = np.exp(-use - USED_WITH_CONTENT * content) * (1.0 - USED_WITH_QUALITY * (1.0 - quality))
    shares = {"PQ": quality, "PC": complexity, "CE": enjoyment, "CU": usefulness}
    return {axis: float(1.0 + 9.0 * shares[axis]) for axis in AXES}


def _joined(causes: Mapping[str, float], names: tuple[str, ...]) -> float:
    damages = np.array([AES_PSYCHOMETRICS[name].damage(causes[name]) for name in names])
    return float(np.sum(damages**NORM) ** (1.0 / NORM))
