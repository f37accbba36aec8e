"""A file that is there complete, or not at all, and no other file touched on the way."""

from __future__ import annotations

import pytest

from drasp_cli.errors import OutputError
from drasp_cli.tables.columns import Column, Kind
from drasp_cli.tables.files import replacing, write_table

COLUMNS = (Column("system", Kind.TEXT),)


def test_a_table_replaces_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    (tmp_path / "t.csv.part").write_text("mine")
    write_table(str(path), COLUMNS, [("a",)])
    assert path.read_text() == "system\na\n"
    assert (tmp_path / "t.csv.part").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


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
