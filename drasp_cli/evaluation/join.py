"""Which rating is of which clip: by path, file name, stem or id, and never by a guess.

A rating and a clip belong together where the path of one ends in the whole path of the other (`wav/1.wav` and
`results/wav/1.wav`, or `1.wav` alone), or where the rating is called like the clip's file without its ending, or like
its id. What would fit two is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from drasp_cli.datasets.aes_natural import YOUR_PATH
from drasp_cli.datatypes import Clip
from drasp_cli.errors import RatingsError

_SEVERAL = -1


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What a join kept and what it could not.

    Attributes:
        matched: clips with a score and a rating.
        only_scores: paths with a score and no rating, in the order of the scores.
        only_ratings: names with a rating and no clip, in the order of the ratings.
        without_score: paths that were rated, but have no score on this axis.
    """

    matched: int
    only_scores: tuple[str, ...]
    only_ratings: tuple[str, ...]
    without_score: tuple[str, ...]

    @property
    def left_over(self) -> dict[str, tuple[str, ...]]:
        """Why something was not compared, in words -> its names; only where there is any."""
        names = {
            "without a rating": self.only_scores,
            "rated and without a row of scores": self.only_ratings,
            "rated and without a score on the axis": self.without_score,
        }
        return {why: some for why, some in names.items() if some}


def join(clips: Iterable[Clip], items: Sequence[Sequence[str]], source: str = "ratings") -> list[int | None]:
    """For each clip the place of its rating in `items`, or None.

    Args:
        clips: that were scored.
        items: the names of each rated clip; those of different clips differ.
        source: what messages call the ratings.

    Raises:
        RatingsError: a rating fits several clips, or a clip has several ratings.
    """
    index = _Index(items, source)
    taken: dict[int, str] = {}
    places: list[int | None] = []
    for clip in clips:
        place = index.find(clip)
        if place is not None:
            if place in taken:
                called = items[place][0]
                both = f"'{called}' fits both '{taken[place]}' and '{clip.path}'"
                raise RatingsError(source, f"{both}; name clips by their path")
            taken[place] = clip.path
        places.append(place)
    return places


class _Index:
    """Items by name, and by every ending of a name that begins at a folder."""

    def __init__(self, items: Sequence[Sequence[str]], source: str) -> None:
        self._items, self._source = items, source
        self._names: dict[str, int] = {}
        self._endings: dict[str, int] = {}
        for place, names in enumerate(items):
            for name in names:
                path = _plain(name)
                if self._names.setdefault(path, place) != place:
                    raise RatingsError(source, f"'{name}' is rated twice")
                for ending in _endings(path):
                    if self._endings.setdefault(ending, place) != place:
                        self._endings[ending] = _SEVERAL

    def find(self, clip: Clip) -> int | None:
        """The item of a clip.

        Raises:
            RatingsError: it has several.
        """
        path = _plain(clip.path)
        stem = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122
        called = [path, *_endings(path), stem, *([clip.id] if clip.id else [])]
        found = list(dict.fromkeys(self._names[name] for name in called if name in self._names))
        if not found and (place := self._endings.get(path)) is not None:
            found = [place]
        if found == [_SEVERAL]:
            raise RatingsError(self._source, f"'{clip.path}' fits several ratings; score clips by a longer path")
        if len(found) > 1:
            one, other = (self._items[place][0] for place in found[:2])
            raise RatingsError(self._source, f"'{clip.path}' is rated twice, as '{one}' and as '{other}'")
        return found[0] if found else None


def _plain(path: str) -> str:
    """A path without what says nothing: `.`, `//` and the place that AES-Natural's lists call `/your_path`."""
    return os.path.normpath(path.removeprefix(YOUR_PATH))


def _endings(path: str) -> Iterator[str]:
    """What is left of a path without its first folder, its first two, and so on.

    >>> list(_endings("a/b/c.wav"))
    ['b/c.wav', 'c.wav']
    """
    while "/" in path:
        path = path.partition("/")[2]
        yield path
