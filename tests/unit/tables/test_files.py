"""A file that is there complete, or not at all, and no other file touched on the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from drasp_cli.errors import OutputError
from drasp_cli.tables.columns import Column, Kind
from drasp_cli.tables.files import check_place, replacing, write_table

COLUMNS = (Column("system", Kind.TEXT),)


def test_a_table_replaces_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    (tmp_path / "t.csv.part").write_text("mine")
    write_table(str(path), COLUMNS, [("a",)])
    assert path.read_text() == "system\na\n"
    assert (tmp_path / "t.csv.part").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json", "t.parquet"])
def test_the_file_that_a_link_leads_to_is_replaced_and_keeps_its_mode(tmp_path, name):
    write_table(str(tmp_path / name), COLUMNS, [("a",)])
    whole = (tmp_path / name).read_bytes()
    (tmp_path / "store").mkdir()
    stored, link = tmp_path / "store" / name, tmp_path / f"link{name}"
    link.symlink_to(Path("store") / name)
    for mode in (None, 0o600, 0o664):  # at first the link leads to a file that is not there yet
        if mode is not None:
            stored.write_text("old")
            stored.chmod(mode)
        write_table(str(link), COLUMNS, [("a",)])
        assert os.readlink(link) == f"store/{name}"
        assert stored.read_bytes() == whole
        assert mode in (None, stat.S_IMODE(stored.stat().st_mode))
    assert [entry.name for entry in (tmp_path / "store").iterdir()] == [name]


def test_what_is_written_is_never_more_open_than_the_old_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    path.chmod(0o600)
    with replacing(str(path)):
        (part,) = tmp_path.glob("*.part")
        assert stat.S_IMODE(part.stat().st_mode) == 0o600


def test_a_link_into_no_folder_is_told_before_the_work(tmp_path):
    (tmp_path / "t.csv").symlink_to(tmp_path / "none" / "t.csv")
    with pytest.raises(OutputError, match=r"there is no folder .*none"):
        check_place(str(tmp_path / "t.csv"))


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    (tmp_path / "t.csv").symlink_to("/dev/null")
    write_table(str(tmp_path / "t.csv"), COLUMNS, [("a",)])
    assert stat.S_ISCHR((tmp_path / "t.csv").stat().st_mode)
    assert (tmp_path / "t.csv").is_symlink()


def test_a_link_to_itself_is_refused_and_left(tmp_path):
    (tmp_path / "t.csv").symlink_to("t.csv")
    with pytest.raises(OutputError, match=r"t\.csv: cannot be written: Too many levels of symbolic links"):
        write_table(str(tmp_path / "t.csv"), COLUMNS, [])
    assert (tmp_path / "t.csv").is_symlink()


def test_what_fails_half_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")

    def stopped_half_way() -> None:
        with replacing(str(path)) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("t.csv", "old")]


def test_a_name_that_somebody_took_is_never_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("drasp_cli.tables.files.secrets.token_hex", lambda _: "0")
    (tmp_path / "t.csv.0.part").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written: File exists"):
        write_table(str(tmp_path / "t.csv"), COLUMNS, [])
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("t.csv.0.part", "mine")]
