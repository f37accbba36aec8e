"""The AES-Natural data set in the layout of AudioMOS 2025 track 2, real or simulated: clips and their mean ratings.

FOLDER/sets/audiomos2025-track2-train_list.csv    also directly in FOLDER, as Meta publishes it; dev and test likewise
    sample_id,data_path,Production_Quality,Production_Complexity,Content_Enjoyment,Content_Usefulness
    audiomos2025-track2-speech-EARS_p041_...,/your_path/EARS/p041/....wav,8.0,1.4,7.0,7.2
FOLDER/wav/audiomos2025-track2-sys002-utt0017.wav the clips of a simulated one: system sys002
FOLDER/causes.csv README.md                       a simulated one only: `aes_causes.py`; the command that made it

Meta publishes the lists of train and dev (github.com/facebookresearch/audiobox-aesthetics, audiomos2025_track2), and
no sound: the clips lie in seven public corpora, below a place that its lists call `/your_path`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from drasp_cli.datasets.lines import csv_records
from drasp_cli.datasets.musiceval import RatedClip
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PQ": "Production_Quality",
        "PC": "Production_Complexity",
        "CE": "Content_Enjoyment",
        "CU": "Content_Usefulness",
    }
)
"""Axis -> its column in the lists."""
AXES: Final = tuple(COLUMNS)
YOUR_PATH: Final = "/your_path/"
"""What a `data_path` of Meta's lists begins with; it stands for the folder of the data set."""

_SYSTEM = re.compile(r"(?:^|-)(sys[A-Za-z0-9]+)-")


def list_name(split: str) -> str:
    """File name of the list of a split: "train", "dev" or "test"."""
    return f"audiomos2025-track2-{split}_list.csv"


def read_aes_natural(folder: Path, split: str) -> list[RatedClip]:
    """The clips of one split with their mean PQ, PC, CE and CU, in the order of its list.

    A clip's system is the `sys...` of its sample_id; it is empty for recordings, which have none. A `data_path` that is
    not absolute begins in `folder`, and so does one that begins with `/your_path/`.

    Args:
        folder: holds the list, itself or in `sets`.
        split: "train", "dev" or "test".

    Raises:
        InputError: the list is missing, twice there, empty or not well-formed CSV; a column is missing; a sample_id is
            empty or occurs twice; a rating is not a finite number (all with file and line); or clips have no audio file
            (with their number, and the first one's line).
    """
    source = _find_list(folder, split)
    rated: list[RatedClip] = []
    first_line: dict[str, int] = {}
    missing: list[tuple[str, int]] = []
    for number, row in csv_records(source, "strict"):
        for column in ("sample_id", "data_path", *COLUMNS.values()):
            if column not in row:
                raise InputError(source, f"column '{column}' is missing", 1)
        name, place = row["sample_id"].strip(), row["data_path"].strip()
        if not name or not place:
            raise InputError(source, "sample_id or data_path is empty", number)
        if name in first_line:
            raise InputError(source, f"'{name}' was listed already in line {first_line[name]}", number)
        first_line[name] = number
        ratings = {axis: _number(row[column], column, name, source, number) for axis, column in COLUMNS.items()}
        path = folder / PurePosixPath(place.removeprefix(YOUR_PATH))
        if not path.is_file():
            missing.append((str(path), number))
        system = _SYSTEM.search(name)
        rated.append(RatedClip(Clip(str(path), id=name, system=system[1] if system else ""), ratings))
    if missing:
        reason = f"{len(missing)} of {len(rated)} clips are not there; the first is '{missing[0][0]}'"
        raise InputError(source, reason, missing[0][1])
    if not rated:
        raise InputError(source, "lists no clip")
    return rated


def _find_list(folder: Path, split: str) -> str:
    places = [folder / "sets" / list_name(split), folder / list_name(split)]
    found = [place for place in places if place.is_file()]
    if len(found) == 2:
        raise InputError(str(found[0]), f"there is another one, {found[1]}; expected one list of a split")
    if not found:
        raise InputError(str(places[0]), f"is not there, and neither is {places[1]}")
    return str(found[0])


def _number(text: str, column: str, name: str, source: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(source, f"{column} of '{name}' is '{text}', not a finite number", line)
    return value
