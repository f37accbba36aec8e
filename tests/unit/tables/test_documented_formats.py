"""docs/file-formats.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from drasp_cli.audio.flags import FLAGS
from drasp_cli.datasets.folders import AUDIO_ENDINGS
from drasp_cli.datasets.ratings import LISTENER_COLUMNS, NAME_COLUMNS, UNNAMED_COLUMNS
from drasp_cli.evaluation.table import EVALUATION_COLUMNS
from drasp_cli.tables.formats import WRITERS
from drasp_cli.tables.pairs import NO_DIFFERENCE, PAIR_COLUMNS, TOO_FEW_CLIPS
from drasp_cli.tables.score_table import score_columns
from drasp_cli.tables.systems import SystemScore, SystemTable, system_columns

PAGE = (Path(__file__).parents[3] / "docs/file-formats.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^#+ ", PAGE.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_flags_are_the_closed_list():
    assert dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", section("Flags"), re.MULTILINE)) == dict(FLAGS)


def test_columns_are_documented_in_their_order():
    cells = re.findall(r"^\| (`.*?) \|", section("Score tables"), re.MULTILINE)
    names = [name for cell in cells for name in re.findall("`([^`]+)`", cell)]
    assert names == [column.name for column in score_columns((), with_prompts=True)]


def test_columns_of_system_tables_are_documented_in_their_order():
    cells = re.findall(r"^\| (`.*?) \|", section("System tables"), re.MULTILINE)
    names = [name for cell in cells for name in re.findall("`([^`]+)`", cell)]
    system = SystemScore("S", clips=1, failed=0, means={"<AXIS>": 3.0}, scored={"<AXIS>": 1}, ranks={"<AXIS>": 1})
    assert names == [column.name for column in system_columns(SystemTable(("<AXIS>",), (system,)))]


def test_columns_of_pair_tables_are_documented_in_their_order():
    cells = re.findall(r"^\| (`.*?) \|", section("Pair tables"), re.MULTILINE)
    assert [name for cell in cells for name in re.findall("`([^`]+)`", cell)] == [c.name for c in PAIR_COLUMNS]
    assert all(f"`{note}`" in section("Pair tables") for note in (NO_DIFFERENCE, TOO_FEW_CLIPS))


def test_formats_and_endings_are_documented():
    assert set(re.findall(r"^\| (CSV|JSONL|JSON|Parquet) \|", section("Score tables"), re.MULTILINE)) == {
        {"csv": "CSV", "jsonl": "JSONL", "json": "JSON", "parquet": "Parquet"}[name] for name in WRITERS
    }
    text = section("What `drasp score` takes: INPUT").split("told by its ending", 1)[1].split("which need", 1)[0]
    assert set(re.findall(r"\.[a-z0-9]+", text)) == AUDIO_ENDINGS


def test_columns_of_ratings_and_evaluations_are_documented():
    page = (Path(__file__).parents[3] / "docs/evaluation.md").read_text(encoding="utf-8")
    rows = [re.findall("`([^`]+)`", cell) for cell in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)]
    for names in (NAME_COLUMNS, LISTENER_COLUMNS, UNNAMED_COLUMNS):
        assert list(names) in rows
    names = [column.name for column in EVALUATION_COLUMNS]
    assert [name for row in rows for name in row][: len(names)] == names
