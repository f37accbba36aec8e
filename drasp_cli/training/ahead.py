"""What comes next, made while what came before is being used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order, each made in a thread of its own from when the one before it is taken.

    A batch is read, augmented and made worse on one core, most of it outside of Python, while the network learns from
    the batch before. Whatever `items` raises is raised where its item would have come.
    """
    with ThreadPoolExecutor(1, "ahead") as thread:
        end = object()
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]  # not `end`
