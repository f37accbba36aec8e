"""Listeners: from causes to what a clip deserves (latent MI and TA), and from there to single ratings.

Every cause does damage d = w (1 - exp(-(s / a)^k)) at severity s (a Weibull psychometric function). The damages of the
music, and those of the sound chain, are joined by a p-norm each, so that the worst counts most, and what remains of the
five-point scale is the product of two survivals:

    MI = 1 + 4 exp(-D_music - D_sound),   D = (sum d^p)^(1/p),  p = 1.5

TA grows with the agreement between what was asked and what can be heard, by a logistic curve, plus a small halo:

    TA = 1.4 + 3.2 (g(A) - g(0)) / (g(1) - g(0)) + 0.15 (MI - 3),   g(A) = 1 / (1 + exp(-(A - 0.5) / 0.35))

which runs from 1.1 to 4.9. The constants are this module's tables; docs/simulator.md prints them and a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drasp_cli.simulation.attributes import SPOKEN, VALUES
from drasp_cli.simulation.composer import MUSICAL_FAULTS
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES

AXES: Final = ("MI", "TA")


@dataclass(frozen=True, slots=True)
class Psychometric:
    """Damage d(s) = weight (1 - exp(-(s / scale)^slope)) of one cause."""

    weight: float
    scale: float
    slope: float

    def damage(self, severity: float) -> float:
        """Damage at a severity of 0 to 1; 0 at 0.

        >>> Psychometric(1.0, 0.5, 2.0).damage(0.0)
        0.0
        """
        return float(self.weight * (1.0 - np.exp(-((severity / self.scale) ** self.slope))))


PSYCHOMETRICS: Final[dict[str, Psychometric]] = {
    "wrong_notes": Psychometric(0.63, 0.50, 1.4),
    "wrong_chords": Psychometric(0.50, 0.55, 1.4),
    "broken_rhythm": Psychometric(0.59, 0.60, 1.8),
    "no_form": Psychometric(0.42, 0.55, 1.4),
    "wobble": Psychometric(0.42, 0.60, 1.8),
    "smear": Psychometric(0.55, 0.55, 1.6),
    "reverb": Psychometric(0.38, 0.65, 2.0),
    "bandwidth": Psychometric(1.20, 0.60, 2.0),
    "clipping": Psychometric(0.55, 0.55, 1.7),
    "hum": Psychometric(0.42, 0.60, 2.0),
    "noise": Psychometric(0.75, 0.60, 1.3),
    "codec": Psychometric(0.75, 0.70, 1.4),
    "dropouts": Psychometric(0.72, 0.50, 1.2),
    "glitches": Psychometric(0.55, 0.55, 1.2),
    "bursts": Psychometric(0.59, 0.55, 1.4),
    "clicks": Psychometric(0.47, 0.50, 1.3),
    "faintness": Psychometric(0.30, 0.60, 1.6),
}
"""Cause -> its psychometric function, in the order of the columns of `causes.csv`."""

CAUSES: Final = tuple(PSYCHOMETRICS)
NORM: Final = 1.5
HALO: Final = 0.15
AGREEMENT_WIDTH: Final = 0.35

ATTRIBUTE_WEIGHTS: Final = {
    "timbre": 2.5,
    "tempo": 1.5,
    "mode": 1.0,
    "register": 1.2,
    "texture": 1.3,
    "rhythm": 1.0,
    "dynamics": 0.8,
}
"""How much each mentioned attribute counts in the agreement."""

NEIGHBOUR_CREDIT: Final = {"tempo": 0.4, "register": 0.3, "texture": 0.4}
"""Ordered attributes: the credit for the value next to the one asked for."""

TIMBRE_CREDIT: Final = 0.35
TIMBRE_FAMILIES: Final = (
    ("piano", "electric piano"),
    ("flute", "clarinet"),
    ("guitar", "harp"),
    ("bell", "marimba"),
    ("synth lead", "distorted guitar"),
    ("singing voice", SPOKEN),
)
"""Timbres that earn `TIMBRE_CREDIT` for one another."""

RATERS: Final = 14
RATINGS_PER_CLIP: Final = 5
BIAS_SD: Final = 0.4
NOISE_SD: Final = 0.6


@dataclass(frozen=True, slots=True)
class Panel:
    """Who rates, on what, and how.

    Attributes:
        axes: what they are asked about.
        steps: the scale is 1 to this, in whole steps.
        raters: how many there are.
        ratings_per_clip: how many of them rate each clip, drawn anew for it.
        bias_sd: SD of the normal bias of each rater on each axis, in steps.
        noise_sd: SD of the normal noise of each rating, in steps.
    """

    axes: tuple[str, ...]
    steps: int
    raters: int
    ratings_per_clip: int
    bias_sd: float
    noise_sd: float


MUSICEVAL_PANEL: Final = Panel(AXES, 5, RATERS, RATINGS_PER_CLIP, BIAS_SD, NOISE_SD)


def musical_damage(causes: Mapping[str, float]) -> float:
    """D_music: the musical faults together."""
    return _joined(causes, MUSICAL_FAULTS)


def sound_damage(causes: Mapping[str, float]) -> float:
    """D_sound: the sound chain with its local defects."""
    return _joined(causes, CHAIN_CAUSES)


def _joined(causes: Mapping[str, float], names: tuple[str, ...]) -> float:
    damages = np.array([PSYCHOMETRICS[name].damage(causes[name]) for name in names])
    return float(np.sum(damages**NORM) ** (1.0 / NORM))


def musical_impression(causes: Mapping[str, float]) -> float:
    """Latent MI, above 1 and at most 5, of a clip with these severities (each of `CAUSES`)."""
    return float(1.0 + 4.0 * np.exp(-musical_damage(causes) - sound_damage(causes)))


def agreement(asked: Mapping[str, str], heard: Mapping[str, str]) -> float:
    """Weighted share of what was asked that can be heard, 0 to 1.

    Args:
        asked: attribute -> value that the prompt mentions; at least one.
        heard: attribute -> value of the music; "" or absent where it has none.
    """
    total = sum(ATTRIBUTE_WEIGHTS[name] for name in asked)
    return sum(ATTRIBUTE_WEIGHTS[name] * _credit(name, asked[name], heard.get(name, "")) for name in asked) / total


def _credit(name: str, asked: str, heard: str) -> float:
    if asked == heard:
        return 1.0
    if name == "timbre":
        return TIMBRE_CREDIT if any(asked in family and heard in family for family in TIMBRE_FAMILIES) else 0.0
    values = VALUES[name]
    if name in NEIGHBOUR_CREDIT and heard and abs(values.index(asked) - values.index(heard)) == 1:
        return NEIGHBOUR_CREDIT[name]
    return 0.0


def textual_alignment(agreed: float, impression: float) -> float:
    """Latent TA, 1.1 to 4.9, from the agreement (0 to 1) and the latent MI."""
    low, here, high = (1.0 / (1.0 + np.exp(-(a - 0.5) / AGREEMENT_WIDTH)) for a in (0.0, agreed, 1.0))
    return float(1.4 + 3.2 * (here - low) / (high - low) + HALO * (impression - 3.0))


def draw_biases(rng: np.random.Generator, panel: Panel = MUSICEVAL_PANEL) -> NDArray[np.float64]:
    """How much too high each rater rates: (raters, axes)."""
    return rng.normal(0.0, panel.bias_sd, (panel.raters, len(panel.axes)))


def rate(
    latent: Mapping[str, float],
    biases: NDArray[np.float64],
    rng: np.random.Generator,
    panel: Panel = MUSICEVAL_PANEL,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ratings of one clip by as many raters as the panel sets on each.

    Args:
        latent: axis -> what the clip deserves, each of the panel's axes.
        biases: (raters, axes), of `draw_biases`.
        rng: of this clip's ratings.
        panel: who rates.

    Returns:
        Indices of the raters, (ratings,), ascending; and their ratings, (ratings, axes), whole steps.
    """
    raters = np.sort(rng.choice(len(biases), panel.ratings_per_clip, replace=False))
    wished = np.array([latent[axis] for axis in panel.axes]) + biases[raters]
    wished = wished + rng.normal(0.0, panel.noise_sd, wished.shape)
    return raters, np.clip(np.rint(wished), 1, panel.steps).astype(np.int64)
