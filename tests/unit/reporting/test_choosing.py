from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.reporting.choosing import choose

SCORES = st.lists(st.none() | st.integers(1, 9).map(float), max_size=12)


def rows(scores: list[float | None]) -> list[ClipScore]:
    return [ClipScore(Clip(f"{i}.wav"), {"MI": score}) for i, score in enumerate(scores)]


@given(SCORES, st.integers(0, 6))
def test_the_best_are_no_worse_and_the_worst_no_better_than_the_rest(scores: list[float | None], count: int) -> None:
    found = choose(rows(scores), "MI", count)
    known = [score for score in scores if score is not None]
    assert [scores[i] for i in found.best] == sorted(known, reverse=True)[: len(found.best)]
    assert [scores[i] for i in found.worst] == sorted(known)[: len(found.worst)]
    assert not set(found.best) & set(found.worst)
    assert len(found.best) + len(found.worst) == min(2 * count, len(known))


def test_of_equal_clips_the_first_comes_first() -> None:
    found = choose(rows([2.0, 2.0, 2.0, 2.0, None]), "MI", 1)
    assert (found.best, found.worst) == ((0,), (1,))
    assert choose(rows([1.0]), "MI", 5).best == (0,)
    assert choose(rows([1.0]), "TA", 5).best == ()
