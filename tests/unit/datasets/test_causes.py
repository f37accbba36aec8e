"""causes.csv: written, read back the same, refused with its line when spoilt."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import pytest

from drasp_cli.datasets.causes import Causes, Defect, read_causes, write_causes
from drasp_cli.errors import InputError

ROW = Causes(
    name="S001_P001.wav",
    system="S001",
    prompt_id="P001",
    split="dev",
    prompt={"timbre": "piano"},
    heard={"timbre": "organ", "mode": "minor"},
    causes={"noise": 0.25, "clicks": 0.0},
    agreement=0.5,
    latent={"MI": 2.5, "TA": 3.25},
    ratings={"MI": 2.6, "TA": 3.2},
    defects=(Defect("click", 0.5, 0.5005), Defect("burst", 3.0, 3.2)),
)


def write(path, *rows):
    write_causes(path, rows, ("timbre", "mode"), ("noise", "clicks"))
    return path


def test_reads_back_what_was_written(tmp_path):
    assert read_causes(write(tmp_path / "causes.csv", ROW)) == {ROW.name: ROW}


def test_columns_are_the_documented_ones(tmp_path):
    header, line = write(tmp_path / "causes.csv", ROW).read_text().splitlines()
    assert header == (
        "name,system,prompt_id,split,prompt_timbre,prompt_mode,heard_timbre,heard_mode,cause_noise,cause_clicks,"
        "agreement,latent_MI,latent_TA,MI,TA,defects"
    )
    assert line.endswith(",click@0.5000-0.5005;burst@3.0000-3.2000")
    assert ",piano,,organ,minor,0.250000,0.000000,0.500000," in line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.250000", "much", "causes.csv:2: cause_noise is 'much', not a finite number"),
        ("0.250000", "1.25", "causes.csv:2: cause_noise is 1.25; expected a severity of 0 to 1"),
        ("0.500000", "nan", "causes.csv:2: agreement is 'nan', not a finite number"),
        ("click@0.5000-0.5005", "click@here", "causes.csv:2: defect 'click@here' is not kind@start-end"),
        (",organ,", ",", "causes.csv:2: 15 fields where the header has 16"),
        ("latent_MI", "other", "causes.csv:1: column 'latent_MI' is missing"),
    ],
)
def test_spoilt_files_are_refused_with_the_line(tmp_path, old, new, message):
    path = write(tmp_path / "causes.csv", ROW)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=re.escape(message)):
        read_causes(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("S001_P002.wav", '"S001_P002.wav'),  # a quote that is never closed
        ("S001_P002.wav", '"S001"_P002.wav'),
        ("S001_P002.wav", "S001_P002.wav" * 10),  # a field over the limit, which is made small below
    ],
)
def test_what_is_no_csv_is_refused_with_the_line_where_its_row_begins(tmp_path, old, new):
    path = write(tmp_path / "causes.csv", ROW, replace(ROW, name="S001_P002.wav"), replace(ROW, name="S001_P003.wav"))
    path.write_text(path.read_text().replace(old, new, 1))
    limit = csv.field_size_limit(100)
    try:
        with pytest.raises(InputError, match=r"causes.csv:3: is not well-formed CSV: .*; expected a causes.csv of"):
            read_causes(path)
    finally:
        csv.field_size_limit(limit)


def test_a_name_that_comes_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"causes.csv:3: 'S001_P001.wav' occurs twice"):
        read_causes(write(tmp_path / "causes.csv", ROW, ROW))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none.csv: cannot be read: No such file"):
        read_causes(tmp_path / "none.csv")
