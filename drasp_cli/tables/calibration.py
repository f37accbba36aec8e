"""A map from scores to a scale of somebody's own, kept in a small JSON file and applied to rows of scores.

    {"format": "drasp-calibration", "version": 1, "model": "clap-drasp.mini@bd8f0af51105", "maps": [
      {"axis": "MI", "kind": "linear", "scores": [1.9, 4.2], "ratings": [12.0, 88.5], "items": 60, "error": 7.1, ...}]}

A calibrated score stands beside the raw one, in a column of its own whose name says that and by which map, such as
`MI-calibrated-3f2a91`: so it is never taken for the raw one, nor for what another map gives.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from drasp_cli.datatypes import ClipScore
from drasp_cli.errors import InputError, OutputError
from drasp_cli.tables.columns import rounded
from drasp_cli.tables.files import replacing

LINEAR: Final = "linear"
MONOTONE: Final = "monotone"
CALIBRATED: Final = "-calibrated-"
"""Between an axis and the digest of the map, in the name of a calibrated column."""
_FORMAT, _VERSION = "drasp-calibration", 1


@dataclass(frozen=True, slots=True)
class AxisMap:
    """The map of one axis: a broken line through knots that never falls.

    Attributes:
        axis: whose scores it takes.
        kind: LINEAR is one straight line, which goes on beyond its ends; MONOTONE knows nothing there, and holds the
            rating of its last knot.
        scores: (knots,) ascending, at least two.
        ratings: (knots,) on the scale of the ratings, never falling, and higher at the end than at the beginning.
        low: smallest score that it was made from.
        high: the largest.
        items: clips that it was made from.
        error: cross-validated root mean squared error, on the scale of the ratings.
        constant_error: that of saying the mean rating of every clip.
    """

    axis: str
    kind: str
    scores: tuple[float, ...]
    ratings: tuple[float, ...]
    low: float
    high: float
    items: int
    error: float
    constant_error: float

    def apply(self, score: float) -> float:
        """What listeners would have said.

        >>> line = AxisMap("MI", LINEAR, (1.0, 3.0), (10.0, 50.0), 1.0, 3.0, 30, 4.0, 9.0)
        >>> line.apply(2.0), line.apply(4.0), replace(line, kind=MONOTONE).apply(4.0)
        (30.0, 70.0, 50.0)
        """
        if self.kind == MONOTONE:
            score = min(max(score, self.scores[0]), self.scores[-1])
        right = min(max(bisect_right(self.scores, score), 1), len(self.scores) - 1)
        (x0, x1), (y0, y1) = self.scores[right - 1 : right + 1], self.ratings[right - 1 : right + 1]
        return y0 + (score - x0) * (y1 - y0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The maps of some axes of one model.

    Attributes:
        model: name and revision of what scored the clips, as score tables have it.
        maps: one for each axis.
    """

    model: str
    maps: tuple[AxisMap, ...]

    @property
    def digest(self) -> str:
        """Six hexadecimal digits of what it is made of."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:6]

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the columns that it adds."""
        return tuple(f"{one.axis}{CALIBRATED}{self.digest}" for one in self.maps)


@dataclass
class Calibrator:
    """Adds calibrated scores to rows, and counts those that lie beyond what their map was made from.

    Attributes:
        calibration: the maps.
        beyond: axis -> how many scores so far lie outside of `low` and `high`.
    """

    calibration: Calibration
    beyond: dict[str, int] = field(default_factory=dict)

    def watch(self, rows: Iterable[ClipScore]) -> Iterator[ClipScore]:
        """The same rows, with the calibrated scores behind the others; None where there is no score.

        A map takes scores as files hold them, so that a table says what comes of its rows.
        """
        axes = self.calibration.axes
        for row in rows:
            added: dict[str, float | None] = {}
            for name, one in zip(axes, self.calibration.maps, strict=True):
                score = rounded(row.scores.get(one.axis))
                added[name] = None if score is None else one.apply(score)
                if score is not None and not one.low <= score <= one.high:
                    self.beyond[one.axis] = self.beyond.get(one.axis, 0) + 1
            yield replace(row, scores={**row.scores, **added})


def write_calibration(path: str, calibration: Calibration) -> None:
    """Writes the file in one step.

    Raises:
        OutputError: it cannot be written.
    """
    plain = {"format": _FORMAT, "version": _VERSION, **asdict(calibration)}
    try:
        with replacing(path) as stream:
            stream.write(json.dumps(plain, indent=1, allow_nan=False).encode() + b"\n")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None


def read_calibration(path: str) -> Calibration:
    """The maps in a file.

    Raises:
        InputError: it cannot be read, or is none that `drasp calibrate` could have written.
    """
    try:
        plain = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"is no calibration: not JSON ({error})") from None
    if not isinstance(plain, dict) or plain.get("format") != _FORMAT:
        raise InputError(path, f"is no calibration: 'format' is not '{_FORMAT}'; drasp calibrate writes one")
    if plain.get("version") != _VERSION:
        raise InputError(path, f"is a calibration of version {plain.get('version')!r}, and this drasp reads {_VERSION}")
    model, maps = plain.get("model"), plain.get("maps")
    if not isinstance(model, str) or not model or not isinstance(maps, list) or not maps:
        raise InputError(path, "is no calibration: 'model' is to be a name and 'maps' a list with something in it")
    found = tuple(_axis_map(path, one) for one in maps)
    if len({one.axis for one in found}) < len(found):
        raise InputError(path, "is no calibration: it has two maps for one axis")
    return Calibration(model, found)


def _axis_map(path: str, plain: object) -> AxisMap:
    """One map, every value of it checked: the file may be anyone's."""
    names = {one.name for one in fields(AxisMap)}
    if not isinstance(plain, dict) or plain.keys() != names:
        raise InputError(path, f"is no calibration: a map has {', '.join(sorted(names))}")
    problem = None
    if not isinstance(plain["axis"], str) or not plain["axis"] or plain["kind"] not in (LINEAR, MONOTONE):
        problem = f"'axis' is to be a name, and 'kind' {LINEAR} or {MONOTONE}"
    elif not all(isinstance(plain[name], list) and all(map(_is_finite, plain[name])) for name in ("scores", "ratings")):
        problem = "'scores' and 'ratings' are to be lists of numbers"
    elif not all(_is_finite(plain[name]) for name in ("low", "high", "items", "error", "constant_error")):
        problem = "'low', 'high', 'items', 'error' and 'constant_error' are to be numbers"
    elif not _is_rising(plain["scores"], plain["ratings"]) or (plain["kind"] == LINEAR and len(plain["scores"]) > 2):
        problem = "'scores' are to rise, 'ratings' never to fall, both equally long; a line has two of each"
    if problem is not None:
        raise InputError(path, f"is no calibration: {problem}")
    lists = {name: tuple(map(float, plain[name])) for name in ("scores", "ratings")}
    return AxisMap(**{**plain, **lists})


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_rising(scores: Sequence[float], ratings: Sequence[float]) -> bool:
    return (
        len(scores) == len(ratings) >= 2
        and all(left < right for left, right in pairwise(scores))
        and all(left <= right for left, right in pairwise(ratings))
        and ratings[0] < ratings[-1]
    )
