from __future__ import annotations

from dataclasses import replace

import pytest

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.scoring import score_clips, side_by_side
from tests.tiny import tiny_audiobox_checkpoint, tiny_checkpoint


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return replace(tiny_checkpoint(tmp_path_factory.mktemp("clap")), name="a", revision="1")


@pytest.fixture(scope="module")
def audiobox(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return replace(tiny_audiobox_checkpoint(tmp_path_factory.mktemp("audiobox")), name="b", revision="2")


def test_one_model_has_its_axes(clap: Checkpoint) -> None:
    named = side_by_side([clap])
    assert (named.axes, named.label) == (("MI", "TA"), "a@1")


def test_axes_are_bare_where_one_model_has_them(clap: Checkpoint, audiobox: Checkpoint) -> None:
    named = side_by_side([audiobox, clap])
    assert named.axes == ("PQ", "PC", "CE", "CU", "MI", "TA")
    assert named.label == "b@2;a@1"


def test_shared_axes_say_their_model(clap: Checkpoint, audiobox: Checkpoint) -> None:
    named = side_by_side([clap, audiobox, replace(clap, name="./c", revision="3")])
    assert named.axes == ("MI@a", "TA@a", "PQ", "PC", "CE", "CU", "MI@./c", "TA@./c")
    assert named.columns[2] == {"MI": "MI@./c", "TA": "TA@./c"}


def test_two_revisions_of_a_name_say_their_revision(clap: Checkpoint) -> None:
    assert side_by_side([clap, replace(clap, revision="9")]).axes == ("MI@a@1", "TA@a@1", "MI@a@9", "TA@a@9")


def test_none_and_one_twice_are_refused(clap: Checkpoint) -> None:
    for checkpoints in ([], [clap, clap]):
        with pytest.raises(ValueError, match="at least one checkpoint, and none of them twice"):
            score_clips(checkpoints, [])
