"""One item ahead: the same items, made while others are used, and nothing left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from drasp_cli.training.ahead import one_ahead


def test_items_come_in_order() -> None:
    assert list(one_ahead(iter(range(7)))) == list(range(7))
    assert list(one_ahead(iter([]))) == []
    assert list(one_ahead(iter([None, None]))) == [None, None]


def test_the_next_item_is_made_while_one_is_used_and_no_more_than_that() -> None:
    made = [threading.Event() for _ in range(4)]

    def making() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    items = one_ahead(making())
    assert next(items) == 0
    assert made[1].wait(10)
    assert not made[2].wait(0.05)
    assert list(items) == [1, 2, 3]


def test_an_error_is_raised_where_its_item_would_have_come() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    items = one_ahead(failing())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    items = one_ahead(iter(range(100)))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
