"""Audio below a folder: all of it, or whether there is any."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from drasp_cli.datasets.folders import find_audio, holds_audio
from drasp_cli.errors import InputError


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are listed, in order; one called `locked` cannot be."""
    folders = []
    list_folder = os.scandir

    def scandir(place: str) -> object:
        folders.append(place)
        if "locked" in place:
            raise PermissionError(errno.EACCES, "Permission denied")
        return list_folder(place)

    monkeypatch.setattr(os, "scandir", scandir)
    return folders


def test_whether_there_is_audio_is_asked_of_no_more_folders_than_it_takes(tmp_path: Path, listed: list[str]) -> None:
    for system in ("a", "b", "c"):
        (tmp_path / system).mkdir()
        (tmp_path / system / "1.wav").touch()
    assert holds_audio(str(tmp_path))
    assert len(listed) == 2
    assert find_audio(str(tmp_path)) == ["a/1.wav", "b/1.wav", "c/1.wav"]


def test_a_folder_that_cannot_be_listed_holds_no_audio_and_is_refused_where_all_is_asked_for(
    tmp_path: Path, listed: list[str]
) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/1.txt").touch()
    assert not holds_audio(str(tmp_path))
    (tmp_path / "notes/1.wav").touch()
    assert holds_audio(str(tmp_path))
    with pytest.raises(InputError, match=r"locked: cannot be listed: Permission denied"):
        find_audio(str(tmp_path))
