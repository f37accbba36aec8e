"""What a score table names as its model is found only where it still is what it was. On the Hub: see test_hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from drasp_cli.checkpoints.at_hand import find_at_hand
from drasp_cli.checkpoints.registry import DEFAULT_MODEL, shipped_folder
from drasp_cli.checkpoints.store import revision_of
from drasp_cli.errors import CheckpointError, UnknownModelError
from tests.tiny import tiny_folder


def test_a_folder_that_is_where_it_was(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "a@b")
    assert find_at_hand(f"{folder}@{revision_of(folder)}").folder == folder


def test_a_shipped_one() -> None:
    folder = shipped_folder(DEFAULT_MODEL)
    assert find_at_hand(f"{DEFAULT_MODEL}@{revision_of(folder)}").folder == folder


def test_a_folder_that_was_trained_again_is_another_one(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "mine")
    label = f"{folder}@{revision_of(folder)}"
    tiny_folder(folder, seed=1)
    with pytest.raises(CheckpointError, match="is another one by now"):
        find_at_hand(label)


@pytest.mark.parametrize(
    ("label", "error"), [("./gone@0123456789ab", CheckpointError), ("nobody@0123456789ab", UnknownModelError)]
)
def test_what_is_not_there(label: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        find_at_hand(label)
