"""`from drasp_cli import ...`: the names that exist, where they live, and that there are no others."""

from __future__ import annotations

import importlib.metadata

import pytest

import drasp_cli
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.scoring import score_clips
from drasp_cli.tables.ranking import rank_systems


def test_public_names() -> None:
    assert set(drasp_cli.__all__) == {"__version__", "load_predictor", "score_clips", "rank_systems"}
    assert drasp_cli.load_predictor is load_predictor
    assert drasp_cli.score_clips is score_clips
    assert drasp_cli.rank_systems is rank_systems


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rank_clips'"):
        _ = drasp_cli.rank_clips


def test_the_version_is_that_of_the_installed_package() -> None:
    assert importlib.metadata.version("drasp") == drasp_cli.__version__


def test_the_program_is_installed() -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="drasp")
    from drasp_cli.cli.app import main

    assert entry.load() is main
