"""What a layout of a listening test brings along: its plans, its sound, its raters and its files.

    wish -plan-> plans -render-> clip + causes -rate-> causes + ratings -write-> folder

`listening_test` makes a test of any layout; `musiceval` and `aes_natural` are the two there are. What they do alike is
here: how systems are dealt to the splits, how long clips are, and how a folder becomes a data set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from drasp_cli.simulation.raters import Panel
from drasp_cli.simulation.rating import Judged, Rating

SPLITS: Final = {"train": 0.70, "dev": 0.12, "test": 0.18}
"""Split -> its share of the systems, and of the prompts."""
SHORTEST: Final = 1.0
SHORTER: Final = 0.35
"""The share of clips that are shorter than asked for."""
SHORTEST_SHARE: Final = 0.15
"""How short they may be, as a share of the full length; never below `SHORTEST`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for.

    Attributes:
        clips: number of clips in all splits together.
        systems: number of simulated generators.
        prompts: number of prompts; None in a layout without them.
        seed: of everything.
        sample_rate: in Hz.
        seconds: length of the clips; some are shorter, see `SHORTER`.
        speech, music: folders of recorded speech and music, see `recordings`; None where all of it is synthetic.
    """

    clips: int
    systems: int
    prompts: int | None
    seed: int
    sample_rate: int
    seconds: float
    speech: str | None = None
    music: str | None = None

    @property
    def recordings(self) -> dict[str, str]:
        """Kind of sound ("speech", "music") -> folder, of those that there are recordings of."""
        folders = {"speech": self.speech, "music": self.music}
        return {kind: folder for kind, folder in folders.items() if folder is not None}


class Plan(Protocol):
    """One clip to be made: everything but the dice, which it keys."""

    @property
    def name(self) -> str:
        """The name of its file."""


PlanT = TypeVar("PlanT", bound=Plan)
JudgedT = TypeVar("JudgedT", bound=Judged)


@dataclass(frozen=True, slots=True)
class Rendered(Generic[JudgedT]):
    """A clip and why it is as it is (ratings still missing: they equal the latents).

    Attributes:
        samples: (num_samples,) float64 within [-1, 1].
        causes: its row of `causes.csv`.
    """

    samples: NDArray[np.float64]
    causes: JudgedT


class Layout(Protocol[PlanT, JudgedT]):
    """One kind of listening test. It can be pickled, as worker processes need it.

    Attributes:
        panel: who rates.
        sample_rate: of the clips in Hz, unless asked otherwise.
        prompts: number of prompts, unless asked otherwise; None where there are none.
    """

    @property
    def panel(self) -> Panel: ...  # noqa: D102 - described above, as are the next two

    @property
    def sample_rate(self) -> int: ...  # noqa: D102

    @property
    def prompts(self) -> int | None: ...  # noqa: D102

    def plan(self, wish: Wish) -> tuple[PlanT, ...]:
        """The clips to make, in the order of their names."""

    def render(self, plan: PlanT, wish: Wish) -> Rendered[JudgedT]:
        """One clip, from its plan and the seed alone: the same whenever and wherever it is made."""

    def write(self, out: Path, rated: Sequence[JudgedT], ratings: Sequence[Rating], wish: Wish, command: str) -> None:
        """All files but the clips; `sets` appears last."""


def split_sizes(count: int) -> dict[str, int]:
    """How many of `count` systems or prompts (3 or more) each split gets; at least one.

    >>> split_sizes(31)
    {'train': 21, 'dev': 4, 'test': 6}
    """
    sizes = {name: max(1, round(share * count)) for name, share in SPLITS.items() if name != "train"}
    return {"train": count - sum(sizes.values()), **sizes}


def deal(count: int, rng: np.random.Generator) -> list[str]:
    """The split of each of `count` systems or prompts, at random."""
    names = [name for name, size in split_sizes(count).items() for _ in range(size)]
    return [names[i] for i in rng.permutation(count)]


def clips_of(system: int, clips: int, systems: int) -> int:
    """How many of all `clips` the system of this index has: all have equally many, give or take one."""
    return clips // systems + (system < clips % systems)


def draw_seconds(seconds: float, rng: np.random.Generator, shorter: float = SHORTER) -> float:
    """The length of one clip where `seconds` were asked for: that, or in a share of `shorter` less."""
    if rng.random() < shorter:
        return max(SHORTEST, seconds * float(rng.uniform(SHORTEST_SHARE, 1.0)))
    return seconds


@contextmanager
def lists_at_last(out: Path) -> Iterator[Path]:
    """A folder for the lists that make `out` a data set; it becomes `sets` when all of them are written."""
    unfinished = out / "sets.unfinished"
    unfinished.mkdir()
    yield unfinished
    unfinished.rename(out / "sets")
