"""Scores of clips as compact arrays, kept while rows stream by: what a ranking is computed from.

A clip takes 28 bytes and 8 for each axis: its system, its scores, and 64-bit hashes of what may say which prompt it was
made from. Two prompts of one hash would be taken for one; among a million, the chance of any is below 1e-7.
"""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import TableError
from drasp_cli.tables.columns import rounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from drasp_cli.statistics.cells import Cells

_NONE = 0  # the hash of the empty text
_LARGEST = 1e75


@dataclass(frozen=True, slots=True)
class Pairing:
    """What says which clips were made from one prompt, so that they are drawn and compared together.

    Attributes:
        by: "prompt", "id" or "file name"; empty where nothing does, and each clip stands alone.
        shared: how many of them two systems or more have clips of.
        distinct: how many there are.
    """

    by: str
    shared: int
    distinct: int


class ClipSample:
    """Keeps what is needed of each row that goes by; it neither changes nor drops any."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._system = array("i")
        self._keys = {"prompt": array("q"), "id": array("q"), "file name": array("q")}
        self._scores: dict[str, array[float]] = {}

    def watch(self, rows: Iterable[ClipScore]) -> Iterator[ClipScore]:
        """The same rows."""
        for row in rows:
            before = len(self._system)
            for axis in row.scores:
                if axis not in self._scores:
                    self._scores[axis] = array("d", [math.nan]) * before
            for axis, kept in self._scores.items():
                score = rounded(row.scores.get(axis))
                kept.append(math.nan if score is None else score)
            clip = row.clip
            self._system.append(self._number.setdefault(clip.system, len(self._number)))
            self._keys["prompt"].append(hash(clip.prompt or ""))
            self._keys["id"].append(hash(clip.id))
            self._keys["file name"].append(hash(_name(clip)))
            yield row

    @property
    def systems(self) -> tuple[str, ...]:
        """Their names in code-point order: what the numbers of systems mean."""
        return tuple(sorted(self._number))

    def scores(self, axis: str) -> dict[str, NDArray[np.float64]]:
        """System -> (clips,) scores of its clips on an axis, as they came; empty without any."""
        import numpy as np

        score = np.frombuffer(self._scores[axis], np.float64) if axis in self._scores else np.empty(0)
        system = self._system_numbers()[: len(score)]
        has_score = ~np.isnan(score)
        score, system = score[has_score], system[has_score]
        ends = np.cumsum(np.bincount(system, minlength=len(self._number)))
        parts = np.split(score[np.argsort(system, kind="stable")], ends[:-1]) if self._number else []
        return dict(zip(self.systems, parts, strict=True))

    def pair(self) -> tuple[Pairing, NDArray[np.int64]]:
        """What pairs the clips, and (clips,) the number of each clip's cluster.

        The first of these that says something: prompts, where two clips or more have the same; ids, where two systems
        or more have the same; file names without their endings, likewise, if no system has one twice. One prompt for
        all clips says nothing: over prompts, nothing could be known of the systems then. A clip of which the chosen
        one says nothing stands alone.
        """
        import numpy as np

        system = self._system_numbers()
        for by, kept in self._keys.items():
            key = np.frombuffer(kept, np.int64)
            known = key != _NONE
            _, number = np.unique(key, return_inverse=True)
            cells = np.unique(number[known] * len(self._number) + system[known])
            systems_of = np.bincount(cells // len(self._number))
            shared, distinct = int((systems_of > 1).sum()), int((systems_of > 0).sum())
            repeats = known.sum() > len(cells)  # within a system
            says_something = {
                "prompt": shared > 0 or repeats,
                "id": shared > 0,
                "file name": shared > 0 and not repeats,
            }[by]
            if says_something and distinct > 1:
                alone = number.max() + 1 + np.arange(len(key))
                return Pairing(by, shared, distinct), np.where(known, number, alone)
        return Pairing("", 0, len(system)), np.arange(len(system))

    def cells(self, axis: str, cluster: NDArray[np.int64]) -> Cells:
        """The scores on one axis as sums over clusters and systems; clips without one are left out.

        Raises:
            TableError: a score is so large that the fourth power of it is no number any more.
        """
        import numpy as np

        from drasp_cli.statistics.cells import gather_cells

        score = np.frombuffer(self._scores[axis], np.float64) if axis in self._scores else np.empty(0)
        has_score = ~np.isnan(score)
        if (largest := float(np.abs(score[has_score]).max(initial=0.0))) > _LARGEST:
            raise TableError("the scores", f"hold {largest:g} on {axis}; beyond {_LARGEST:g} no spread can be computed")
        return gather_cells(
            cluster[: len(score)][has_score],
            self._system_numbers()[: len(score)][has_score],
            score[has_score],
            len(self._number),
        )

    def _system_numbers(self) -> NDArray[np.int64]:
        import numpy as np

        place = {name: number for number, name in enumerate(self.systems)}
        sorted_number = np.array([place[name] for name in self._number], np.int64)
        return sorted_number[np.frombuffer(self._system, np.int32)] if self._system else np.empty(0, np.int64)


def _name(clip: Clip) -> object:
    """The file name without its ending, and the time range."""
    stem = os.path.splitext(os.path.basename(clip.path))[0]  # noqa: PTH119, PTH122 - a Path for each of 10 M is slow
    return stem, clip.start, clip.end
