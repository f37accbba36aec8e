from __future__ import annotations

import doctest

import torch

from drasp_cli.models import pieces


def test_doctests() -> None:
    result = doctest.testmod(pieces)
    assert result.attempted > 0
    assert result.failed == 0


def test_pieces_are_for_a_cpu_that_learns_nothing() -> None:
    x = torch.zeros(1)
    assert not pieces.in_pieces(x)
    with torch.no_grad():
        assert pieces.in_pieces(x)
        assert not pieces.in_pieces(x.to("meta"))
