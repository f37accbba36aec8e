from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from drasp_cli.datatypes import Clip
from drasp_cli.errors import OutputError
from drasp_cli.explaining import Branches, ClipExplanation, Explanation, ScoredWindow, Segment, Span, Stretches
from drasp_cli.explaining.formats import COLUMNS, WRITERS, labels, write_file
from tests.docs.pages import ROOT, table

WINDOWS = (ScoredWindow(Span(0.0, 1.0), 3.0), ScoredWindow(Span(1.0, 1.6), 4.0))
STRETCHES = tuple(
    ScoredWindow(Span(*span), score) for *span, score in ((0.0, 1.0, 3.0), (0.25, 1.25, 2.5), (0.6, 1.6, 3.5))
)
SEGMENTS = (
    Segment(1, Span(0.0, 0.5), (Span(0.0, 0.5),), 0.75, -0.125),
    Segment(1, Span(0.5, 1.0), (Span(0.5, 1.0),), 0.25, 0.0625),
    Segment(2, Span(1.0, 1.5), (Span(1.0, 1.1), Span(1.2, 1.6)), 0.4, None),
    Segment(2, Span(1.5, 2.0), (), 0.6, 1e-9),
)


def explanation(path: str = "a.wav", axes: tuple[str, ...] = ("MI",)) -> ClipExplanation:
    found = tuple(
        Explanation(axis, 3.375, WINDOWS, SEGMENTS, Branches(1.5, -0.5, 0.75, 0.25), STRETCHES) for axis in axes
    )
    return ClipExplanation(
        Clip(path, prompt="p"), found, 1.6, 8000, ("short",), "m@1", "P", 0.5, 1.0, 2, Stretches(1.0, 0.25, "")
    )


def written(format: str, found: ClipExplanation) -> bytes:
    stream = io.BytesIO()
    WRITERS[format](found, stream)
    return stream.getvalue()


def test_csv_has_a_row_for_each_stretch_and_one_without_times_for_silence() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", explanation()).decode())))
    shown = [(row["window"], row["segment"], row["start"], row["end"], row["influence"]) for row in rows]
    assert shown == [
        ("1", "1", "0.000000", "0.500000", "-0.125000"),
        ("1", "2", "0.500000", "1.000000", "0.062500"),
        ("2", "1", "1.000000", "1.100000", ""),
        ("2", "1", "1.200000", "1.600000", ""),
        ("2", "2", "", "", "0.000000"),
    ]
    assert {(row["path"], row["axis"], row["score"], row["model"]) for row in rows} == {
        ("a.wav", "MI", "3.375000", "m@1")
    }
    assert [row["window_score"] for row in rows] == ["3.000000"] * 2 + ["4.000000"] * 3


def test_json_says_all_of_it() -> None:
    plain: dict[str, Any] = json.loads(written("json", explanation()))
    axis = plain["axes"]["MI"]
    assert (plain["path"], plain["prompt"], plain["model"], plain["flags"]) == ("a.wav", "p", "m@1", ["short"])
    assert axis["branches"] == {"alpha": 1.5, "beta": -0.5, "whole": 0.75, "segments": 0.25}
    assert axis["worst"] == {"span": [0.25, 1.25], "score": 2.5}
    assert axis["best"] == {"span": [0.6, 1.6], "score": 3.5}
    assert [stretch["score"] for stretch in axis["stretches"]] == [3.0, 2.5, 3.5]
    assert (plain["stretch_seconds"], plain["stretch_hop"], plain["no_stretches"]) == (1.0, 0.25, "")
    assert [segment["spans"] for segment in axis["segments"]] == [
        [[0.0, 0.5]],
        [[0.5, 1.0]],
        [[1.0, 1.1], [1.2, 1.6]],
        [],
    ]
    assert axis["segments"][2] == {
        "window": 2,
        "segment": 1,
        "heard": [1.0, 1.5],
        "spans": [[1.0, 1.1], [1.2, 1.6]],
        "weight": 0.4,
        "influence": None,
    }


def test_json_of_a_clip_without_stretches_says_why() -> None:
    found = explanation()
    axes = tuple(dataclasses.replace(axis, stretches=()) for axis in found.axes)
    bare = dataclasses.replace(found, axes=axes, stretches=Stretches(1.0, None, "too short"))
    plain: dict[str, Any] = json.loads(written("json", bare))
    assert (plain["stretch_hop"], plain["no_stretches"]) == (None, "too short")
    assert (plain["axes"]["MI"]["worst"], plain["axes"]["MI"]["best"]) == (None, None)
    assert not any("best" in text or "worst" in text for _, text in labels(bare))


def test_labels_are_read_back_as_audacity_reads_them() -> None:
    lines = written("labels", explanation()).decode().splitlines()
    found = [(float(start), float(end), text) for start, end, text in (line.split("\t") for line in lines)]
    assert found == [
        (0.0, 1.0, "MI 3.000"),
        (0.0, 0.5, "MI -0.125 w 0.750"),
        (0.25, 1.25, "worst MI 2.500"),
        (0.5, 1.0, "MI +0.062 w 0.250"),
        (0.6, 1.6, "best MI 3.500"),
        (1.0, 1.6, "MI 4.000"),
        (1.0, 1.1, "w 0.400"),
        (1.2, 1.6, "w 0.400"),
    ]


def test_labels_of_axes_that_weigh_alike_say_the_weight_once() -> None:
    texts = [text for _, text in labels(explanation(axes=("MI", "TA")))]
    assert texts[:2] == ["MI 3.000 TA 3.000", "MI -0.125 TA -0.125 w 0.750"]


def test_a_name_that_is_no_utf8_survives() -> None:
    name = os.fsdecode(b"a\xff.wav")
    assert b"a\xff.wav,MI" in written("csv", explanation(name))
    assert json.loads(written("json", explanation(name)))["path"] == name


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(explanation(), "json", str(tmp_path / "nowhere" / "a.json"))
    write_file(explanation(), "json", str(tmp_path / "a.json"))
    assert (tmp_path / "a.json").read_bytes() == written("json", explanation())


def documented(first: str) -> list[str]:
    """The names in the first column of a table of docs/file-formats.md, below Explanations."""
    cells = table(ROOT / "docs/file-formats.md", "## Explanations", first)
    return [name for cell in cells for name in cell.replace("`", "").split(", ")]


def test_columns_and_keys_are_documented() -> None:
    plain = json.loads(written("json", explanation()))
    (axis,) = plain["axes"].values()
    assert documented("column") == [column.name for column in COLUMNS]
    assert documented("key") == list(plain)
    assert documented("key of an axis") == list(axis)
    described = " ".join(
        " ".join(cells) for cells in table(ROOT / "docs/file-formats.md", "## Explanations", "key of an axis").values()
    )
    nested = [*axis["branches"], *axis["windows"][0], *axis["segments"][0]]
    assert all(f"`{name}`" in described for name in nested)
