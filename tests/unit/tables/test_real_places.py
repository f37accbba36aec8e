from __future__ import annotations

import os
from pathlib import Path

import pytest

from drasp_cli.errors import TableError
from drasp_cli.tables import real_places
from drasp_cli.tables.reading import read_score_tables
from drasp_cli.tables.real_places import RealPlaces


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with x/a.wav in it."""
    folder = tmp_path / "work"
    (folder / "x").mkdir(parents=True)
    (folder / "x" / "a.wav").write_bytes(b"a")
    monkeypatch.chdir(folder)
    return folder


def read(*paths: object) -> int:
    """How many rows there are in a table of these paths."""
    Path("t.csv").write_text("path,system,MI\n" + "".join(f"{path},S,1\n" for path in paths))
    return len(list(read_score_tables(["t.csv"])))


@pytest.mark.parametrize("exists", [True, False])
def test_two_spellings_of_a_path_are_one_clip(work: Path, exists: bool) -> None:
    """Also where the files are not: relative paths start at the working directory."""
    if not exists:
        (work / "x" / "a.wav").unlink()
        (work / "x").rmdir()
    for other in ("./x/a.wav", "x/../x/a.wav", "../work/x/a.wav", work / "x" / "a.wav"):
        with pytest.raises(TableError, match=r"t\.csv:3: .* stands already in t\.csv:2; it would count twice"):
            read("x/a.wav", other)
    assert read("x/a.wav", "a.wav", "x/b.wav", work.parent / "x" / "a.wav") == 4


def test_links_to_one_file_are_one_clip(work: Path) -> None:
    """A link to the file, by another name; one to its folder; one to a link."""
    (work / "b.wav").symlink_to(work / "x" / "a.wav")
    (work / "y").symlink_to("x")
    (work / "x" / "c.wav").symlink_to("../b.wav")
    for other in ("b.wav", "y/a.wav", "x/c.wav", "y/c.wav"):
        with pytest.raises(TableError, match="would count twice"):
            read("x/a.wav", other)


def test_links_to_files_of_one_name_are_clips_of_their_own(work: Path) -> None:
    for name in ("p", "q"):
        (work / name).mkdir()
        (work / name / "a.wav").write_bytes(b"a")
        (work / f"{name}.wav").symlink_to(f"{name}/a.wav")
    assert read("x/a.wav", "p.wav", "q.wav") == 3
    (work / "lost.wav").symlink_to("nowhere.wav")
    assert read("x/a.wav", "lost.wav") == 2


@pytest.mark.parametrize(
    "name", ["", ".", "/", "a" * 5000, "a/" * 3000 + "a", "s3://bucket/a.wav", "\0/a.wav", "\ud800/a"]
)
def test_any_text_is_a_place(work: Path, name: str) -> None:
    assert RealPlaces().of(name) == RealPlaces().of(name)


def test_a_place_where_the_working_directory_is_gone(work: Path) -> None:
    (work / "x" / "a.wav").unlink()
    os.chdir(work / "x")
    (work / "x").rmdir()
    assert RealPlaces().of("b.wav") == RealPlaces().of("./b.wav") != RealPlaces().of("c.wav")


def test_files_are_not_looked_at_one_by_one(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at each of a million files takes minutes on a disk over the network."""
    looks: list[object] = []

    def spy(name: str) -> None:
        look = getattr(os, name)
        monkeypatch.setattr(real_places.os, name, lambda *words, **options: (looks.append(words), look(*words))[1])

    for name in ("stat", "lstat", "scandir", "readlink"):
        spy(name)
    places = RealPlaces()
    assert len({places.of(f"x/{i}.wav") for i in range(1000)}) == 1000
    assert len(looks) <= len(work.parts) + 2
