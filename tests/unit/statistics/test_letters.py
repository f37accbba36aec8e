"""Letters say exactly which systems are not separated."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.statistics.letters import group_numbers, letter_groups, letters


@st.composite
def verdicts(draw: st.DrawFn) -> np.ndarray:
    systems = draw(st.integers(0, 9))
    upper = np.array(draw(st.lists(st.booleans(), min_size=systems**2, max_size=systems**2)), bool)
    upper = np.triu(upper.reshape(systems, systems), 1)
    return upper | upper.T


@given(verdicts())
def test_systems_share_a_letter_where_they_are_not_separated_and_nowhere_else(separated: np.ndarray) -> None:
    groups = letter_groups(separated)
    assert len(groups) == len(separated)
    for a, of_a in enumerate(groups):
        assert of_a
        for b, of_b in enumerate(groups):
            assert bool(set(of_a) & set(of_b)) == (a == b or not separated[a, b])
    assert {number for group in groups for number in group} == set(range(max((max(g) for g in groups), default=-1) + 1))


def test_the_best_system_has_the_first_letter() -> None:
    separated = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 0]], bool)
    assert [letters(group) for group in letter_groups(separated)] == ["a", "ab", "b", "c"]
    assert [letters(group) for group in letter_groups(np.zeros((3, 3), bool))] == ["a", "a", "a"]


def test_letters_of_many_groups_can_be_told_apart() -> None:
    names = [letters((number,)) for number in range(200)]
    assert len(set(names)) == 200
    assert names[:27:13] == ["a", "n", "a1"]


@given(st.sets(st.integers(0, 90)))
def test_letters_say_which_groups_they_are(groups: set[int]) -> None:
    assert group_numbers(letters(sorted(groups))) == tuple(sorted(groups))
