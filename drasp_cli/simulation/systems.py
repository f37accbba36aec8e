"""Simulated generators: how well each follows a prompt, makes music, and makes sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from drasp_cli.simulation.attributes import DRAWN, SPOKEN, SPOKEN_ALONE, VALUES
from drasp_cli.simulation.composer import MUSICAL_FAULTS, audible_heard
from drasp_cli.simulation.degradations import GLOBAL, LEVEL, LOCAL
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES

SHARED_QUALITY: Final = 0.4
"""Correlation between any two of a system's three abilities."""

# The share of systems that have each fault; bad systems have it more often.
_SHARES = {
    **dict.fromkeys(MUSICAL_FAULTS, 0.62),
    **dict.fromkeys(GLOBAL, 0.22),
    **dict.fromkeys(LOCAL, 0.26),
    LEVEL: 0.06,
}

_KEPT = 0.85  # of a system's faults, the share of its clips that show it
_STRAY = 0.02  # of the faults a system has not, the share of its clips that show it all the same
_GOOD_SOUND = 0.14
_GOOD_MUSIC = 0.08
# The share of clips whose sound has one fault alone, of any severity: there it can be learned what each does.
_ONE_FAULT = 0.3


@dataclass(frozen=True, slots=True)
class System:
    """One simulated generator.

    Attributes:
        id: "S001" and so on.
        follows: attribute -> probability that what the prompt asks is done.
        severities: cause -> its usual severity, 0 to 1; 0 for most.
        defects_first: local defects strike before the rest of the sound chain, not behind it.
    """

    id: str
    follows: Mapping[str, float]
    severities: Mapping[str, float]
    defects_first: bool


def draw_systems(count: int, seed: int) -> tuple[System, ...]:
    """`count` systems whose abilities spread evenly from excellent to terrible, whatever the count."""
    width = max(3, len(str(count)))
    # Badness of (following, music, sound): normal scores with a shared factor, then made evenly spread by rank.
    rng = stream(seed, "abilities")
    scores = np.sqrt(SHARED_QUALITY) * rng.standard_normal((count, 1))
    scores = scores + np.sqrt(1.0 - SHARED_QUALITY) * rng.standard_normal((count, 3))
    badness = (np.argsort(np.argsort(scores, axis=0), axis=0) + rng.random((count, 3))) / count
    owners = _draw_owners(badness, seed)
    return tuple(
        _draw_system(f"S{index + 1:0{width}d}", badness[index], owners[index], stream(seed, "system", index))
        for index in range(count)
    )


def _draw_owners(badness: NDArray[np.float64], seed: int) -> list[set[str]]:
    """The faults of each system; bad systems are the likelier ones to have them.

    Every fault has its share of the systems, whatever the dice, so that none is missing from a small test: a weighted
    draw without replacement (Efraimidis and Spirakis, Information Processing Letters 97(5), 2006).
    """
    owners: list[set[str]] = [set() for _ in badness]
    for index, (cause, share) in enumerate(_SHARES.items()):
        bad = badness[:, 1 if cause in MUSICAL_FAULTS else 2]
        keys = np.log(stream(seed, "owners", index).random(len(bad))) / np.maximum(bad, 1e-3)
        for system in np.argsort(-keys)[: max(1, round(share * len(bad)))]:
            owners[system].add(cause)
    return owners


def _draw_system(name: str, badness: NDArray[np.float64], faults: set[str], rng: np.random.Generator) -> System:
    following, music, sound = (float(value) for value in badness)
    skill = -1.4 * float(ndtri(np.clip(following, 0.01, 0.99))) - 0.15
    severities = {}
    for cause in _SHARES:
        bad = music if cause in MUSICAL_FAULTS else sound
        usual = bad**0.7 * float(rng.uniform(0.25, 1.0))
        severities[cause] = usual if cause in faults else 0.0
    return System(
        name,
        {attribute: float(expit(skill + rng.normal(0.0, 0.9))) for attribute in VALUES},
        severities,
        bool(rng.random() < 0.3),
    )


def draw_severities(system: System, rng: np.random.Generator) -> dict[str, float]:
    """The severities of one clip of `system`: its usual ones, varied, some spared, a few it has not usually."""
    good = {"music": rng.random() < _GOOD_MUSIC, "sound": rng.random() < _GOOD_SOUND}
    drawn = {}
    for cause, usual in system.severities.items():
        luck, change, stray = rng.random(), rng.normal(0.0, 0.16), rng.random()
        if good["music" if cause in MUSICAL_FAULTS else "sound"]:
            drawn[cause] = 0.0
        elif usual > 0.0:
            drawn[cause] = float(np.clip(usual + change, 0.03, 1.0)) if luck < _KEPT else 0.0
        else:
            drawn[cause] = float(np.clip(stray, 0.03, 1.0)) if luck < _STRAY else 0.0
    one, which, severity = rng.random(), rng.random(), rng.random()
    if not good["sound"] and one < _ONE_FAULT:
        owned = [cause for cause in CHAIN_CAUSES if system.severities[cause] > 0.0] or CHAIN_CAUSES
        alone = owned[int(which * len(owned))]
        drawn |= {cause: max(severity, 0.03) if cause == alone else 0.0 for cause in CHAIN_CAUSES}
    return drawn


def draw_heard(system: System, asked: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """What the music of one clip of `system` will be: what was asked where it follows, else anything else.

    An attribute that is not followed is dropped (any value, perhaps the right one by luck) or swapped (any other).
    """
    mood = rng.normal(0.0, 0.7)
    heard = {}
    for attribute, values in DRAWN.items():
        luck, pick, swapped = rng.random(), int(rng.integers(1 << 30)), rng.random() < 0.5
        wanted = asked.get(attribute)
        odds = np.log(system.follows[attribute] / (1.0 - system.follows[attribute]))
        if wanted is not None and luck < float(expit(odds + mood)):
            heard[attribute] = wanted
        else:
            others = [value for value in values if not (swapped and value == wanted)]
            heard[attribute] = others[pick % len(others)]
    if rng.random() < SPOKEN_ALONE and heard["timbre"] == SPOKEN and "texture" not in asked:
        heard["texture"] = "solo"
    return audible_heard(heard)
