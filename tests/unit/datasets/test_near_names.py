"""The name that was meant, found beside one that is not there."""

from __future__ import annotations

import pytest

from drasp_cli.datasets import near_names
from drasp_cli.datasets.manifest import collect_clips
from drasp_cli.datasets.near_names import near_name, perhaps_meant
from drasp_cli.datasets.prompts import attach_prompts
from drasp_cli.errors import InputError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    for name in ("prompts.txt", "results/Alpha.wav", "results/beta.wav"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("promts.txt", "prompts.txt"),
        ("PROMPTS.TXT", "prompts.txt"),
        ("./prompt.txt", "./prompts.txt"),
        ("prompts", "prompts.txt"),
        ("result/", "results"),
        ("results/alpa.wav", "results/Alpha.wav"),
        ("nothing-like-it", None),
        ("nowhere/prompts.txt", None),
    ],
)
def test_nearest_name(here, typed, meant):
    assert near_name(typed) == meant


def test_the_absolute_path_stays_one(here):
    assert near_name(f"{here}/promts.txt") == f"{here}/prompts.txt"


def test_only_so_many_names_are_compared(here, monkeypatch):
    monkeypatch.setattr(near_names, "_LOOKED_AT", 0)
    assert perhaps_meant("promts.txt") == ""


def test_inputs_and_prompt_files_that_are_not_there_name_it(here):
    with pytest.raises(InputError, match=r"no such file or folder; did you mean results\?"):
        collect_clips(["result"])
    with pytest.raises(InputError, match=r"no such file of prompts; did you mean prompts\.txt\?"):
        attach_prompts(collect_clips(["results"]), "promts.txt")
