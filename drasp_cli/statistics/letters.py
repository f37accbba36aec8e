"""Compact letter display: systems that share a letter are not separated, and systems that share none are.

The display of Piepho (Journal of Computational and Graphical Statistics 13, 2004). A letter is a clique of the graph
whose edges join systems that are not separated, and letters are found until every edge lies in one: greedily, each
clique grown as large as it gets with the nearest systems first, and those that turn out to add nothing left out.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray


def letter_groups(separated: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """For each system the numbers of its groups from 0; group 0 holds the best systems.

    Args:
        separated: (systems, systems) symmetric, systems from best to worst.

    >>> far = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], bool)  # best and worst differ, the middle from neither
    >>> letter_groups(far)
    [(0,), (0, 1), (1,)]
    """
    near = ~separated
    systems = len(near)
    np.fill_diagonal(near, True)
    cliques: list[NDArray[np.intp]] = []
    open_edges = near.copy()  # of no clique yet; a system alone is an edge to itself
    for first in range(systems):
        for second in range(first, systems):
            if open_edges[first, second]:
                clique = _grown(near, first, second)
                open_edges[np.ix_(clique, clique)] = False
                cliques.append(clique)
    kept = _without_idle(near, cliques)
    kept.sort(key=lambda clique: clique.tolist())
    return [tuple(number for number, clique in enumerate(kept) if system in clique) for system in range(systems)]


def letters(groups: Sequence[int]) -> str:
    """The letters of a system's ascending groups: a to z, then a1 to z1, and so on; a dash for three and more in a row.

    >>> letters((0, 1)), letters((0, 1, 2, 3, 5)), letters((25, 26, 53))
    ('ab', 'a-df', 'za1b2')
    """
    text = ""
    for _, run in groupby(enumerate(groups), lambda numbered: numbered[1] - numbered[0]):
        names = [group_letter(group) for _, group in run]
        text += "".join(names) if len(names) < 3 else f"{names[0]}-{names[-1]}"
    return text


def group_numbers(text: str) -> tuple[int, ...]:
    """The ascending groups that `letters` wrote.

    >>> group_numbers("a-df"), group_numbers("za1b2"), group_numbers("")
    ((0, 1, 2, 3, 5), (25, 26, 53), ())
    """
    numbers: list[int] = []
    for dash, place, turn in re.findall("(-?)([a-z])([0-9]*)", text):
        last = int(turn or 0) * len(string.ascii_lowercase) + string.ascii_lowercase.index(place)
        numbers += range(numbers[-1] + 1, last + 1) if dash else [last]
    return tuple(numbers)


def group_letter(group: int) -> str:
    """What group `group` from 0 is called: a to z, then a1 to z1, and so on."""
    turn, place = divmod(group, len(string.ascii_lowercase))
    return string.ascii_lowercase[place] + (str(turn) if turn else "")


def _grown(near: NDArray[np.bool_], first: int, second: int) -> NDArray[np.intp]:
    """A maximal clique with both, ascending."""
    candidates = near[first] & near[second]
    members = {first, second}
    for system in _from_the_middle(first, second, len(near)):
        if candidates[system] and system not in members:
            members.add(system)
            candidates = candidates & near[system]
    return np.array(sorted(members))


def _from_the_middle(first: int, second: int, systems: int) -> Iterator[int]:
    """Systems between the two, then those around them, the nearest first."""
    yield from range(first + 1, second)
    for step in range(1, systems):
        if first - step >= 0:
            yield first - step
        if second + step < systems:
            yield second + step


def _without_idle(near: NDArray[np.bool_], cliques: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """The cliques less those whose every edge lies in another one that stays."""
    covered = np.zeros(near.shape, np.int64)
    for clique in cliques:
        covered[np.ix_(clique, clique)] += 1
    kept = []
    for clique in cliques:
        inside = np.ix_(clique, clique)
        if (covered[inside] > 1).all():
            covered[inside] -= 1
        else:
            kept.append(clique)
    return kept
