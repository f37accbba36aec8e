"""Which ratings an axis of the scores is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from drasp_cli.datasets.ratings import UNNAMED, Ratings
from drasp_cli.errors import RatingsError
from drasp_cli.tables.calibration import CALIBRATED


def names_of_axes(axes: Iterable[str]) -> tuple[str, ...]:
    """What columns of ratings may be called: the axes of the scores, and what stands before `@model` in them.

    >>> names_of_axes(["MI@./mine", "MI@./other", "TA"])
    ('MI@./mine', 'MI', 'MI@./other', 'TA')
    """
    return tuple(dict.fromkeys(name for axis in axes for name in (axis, axis.partition("@")[0])))


def match_axes(axes: Sequence[str], ratings: Ratings, wanted: str | None = None) -> Mapping[str, str]:
    """Axis of the scores -> axis of the ratings, for each axis that both have.

    Args:
        axes: of the scores.
        ratings: whose axis may be unnamed; it is then that of `wanted`, or the only one of the scores.
        wanted: the only axis to take; None takes all.

    Raises:
        RatingsError: the scores have no axis `wanted`, the ratings do not say their axis, or there is no common one.
    """
    if wanted is not None and wanted not in axes:
        raise RatingsError("the scores", f"have no axis '{wanted}'; they have {', '.join(axes)}")
    taken = axes if wanted is None else [wanted]
    if ratings.axes == (UNNAMED,):
        if len(taken) > 1:
            reason = f"does not say which axis it rates; --axis says it (rank-systems: --by), one of {', '.join(axes)}"
            raise RatingsError(ratings.source, reason)
        return {taken[0]: UNNAMED}
    names = {axis: list(names_of_axes([axis])) for axis in taken}
    if wanted is not None:  # a calibrated column is held against ratings when it is asked for, beside the raw one never
        names[wanted] += names_of_axes([wanted.partition(CALIBRATED)[0]])
    found: dict[str, str] = {}
    for axis in taken:
        if rated := [name for name in names[axis] if name in ratings.axes]:
            found[axis] = rated[0]
    if not found:
        they = ", ".join(name or "an unnamed axis" for name in ratings.axes)
        raise RatingsError(ratings.source, f"rates {they}; the scores have {', '.join(taken)}")
    return found
