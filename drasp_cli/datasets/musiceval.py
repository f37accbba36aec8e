"""The MusicEval data set, real or simulated: clips with their prompts and mean ratings.

FOLDER/wav/audiomos2025-track1-S002_P044.wav      system S002 on prompt P044
FOLDER/sets/{train,dev,test}_mos_list.txt         name.wav,MI,TA      no header
FOLDER/prompt_info.txt                            id<TAB>text         header; ids such as P044
FOLDER/demo_prompt_info.txt                       id<TAB>text         header; ids are whole file names; optional
FOLDER/causes.csv README.md                       a simulated one only: `causes.py`; the command that made it
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drasp_cli.datasets.lines import whole_lines
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError

AXES: Final = ("MI", "TA")
_SYSTEM = re.compile(r"(?:^|[^A-Za-z0-9])(S\d+)_")
_PROMPT = re.compile(r"(?:^|[^A-Za-z0-9])S\d+_(P\d+)(?:[^A-Za-z0-9]|$)")


@dataclass(frozen=True, slots=True)
class RatedClip:
    """A clip and what listeners said of it.

    Attributes:
        clip: with its system and prompt; its id is the file name.
        ratings: axis -> mean rating.
    """

    clip: Clip
    ratings: Mapping[str, float]


def read_musiceval(folder: Path, split: str) -> list[RatedClip]:
    """The clips of one split with their mean MI and TA, in the order of its list.

    Args:
        folder: holds `wav`, `sets` and `prompt_info.txt`.
        split: "train", "dev" or "test".

    Raises:
        InputError: a file is missing or empty; a line is malformed; a name occurs twice or has no system in it; a
            rating is not a finite number; a prompt is unknown (all with file and line); or clips have no audio file
            (with their number, and the first one's line).
    """
    source = folder / "sets" / f"{split}_mos_list.txt"
    lines = whole_lines(source)
    prompts = _read_prompts(folder / "prompt_info.txt")
    demo = folder / "demo_prompt_info.txt"
    by_name = _read_prompts(demo) if demo.exists() else {}
    rated: list[RatedClip] = []
    first_line: dict[str, int] = {}
    missing: list[str] = []
    for number, line in enumerate(lines, start=1):
        name, ratings = _parse_line(line, str(source), number)
        if name in first_line:
            raise InputError(str(source), f"'{name}' was listed already in line {first_line[name]}", number)
        first_line[name] = number
        path = folder / "wav" / name
        if not path.is_file():
            missing.append(name)
        system = _SYSTEM.search(name)
        if system is None:
            raise InputError(str(source), f"'{name}' names no system; expected something like S002_P044.wav", number)
        prompt = _prompt_of(name, prompts, by_name, str(source), number)
        rated.append(RatedClip(Clip(str(path), id=name, system=system[1], prompt=prompt), ratings))
    if missing:
        reason = f"{len(missing)} of {len(lines)} clips are not in {folder / 'wav'}; the first is '{missing[0]}'"
        raise InputError(str(source), reason, first_line[missing[0]])
    if not rated:
        raise InputError(str(source), "is empty; expected lines of name.wav,MI,TA")
    return rated


def _parse_line(line: str, source: str, number: int) -> tuple[str, dict[str, float]]:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 1 + len(AXES) or not fields[0]:
        raise InputError(source, f"'{line}' is not name.wav,MI,TA", number)
    if Path(fields[0]).name != fields[0]:
        raise InputError(source, f"'{fields[0]}' is not a plain file name", number)
    ratings = {}
    for axis, text in zip(AXES, fields[1:], strict=True):
        try:
            ratings[axis] = float(text)
        except ValueError:
            ratings[axis] = math.nan
        if not math.isfinite(ratings[axis]):
            raise InputError(source, f"{axis} of '{fields[0]}' is '{text}', not a finite number", number)
    return fields[0], ratings


def _prompt_of(name: str, prompts: Mapping[str, str], by_name: Mapping[str, str], source: str, number: int) -> str:
    for key in (name, Path(name).stem):
        if key in by_name:
            return by_name[key]
    found = _PROMPT.search(name)
    if found is None:
        reason = f"'{name}' names no prompt such as P044, and demo_prompt_info.txt does not list it"
        raise InputError(source, reason, number)
    if found[1] not in prompts:
        raise InputError(source, f"prompt {found[1]} of '{name}' is not in prompt_info.txt", number)
    return prompts[found[1]]


def _read_prompts(path: Path) -> dict[str, str]:
    lines = whole_lines(path)
    if not lines or lines[0].split("\t") != ["id", "text"]:
        raise InputError(str(path), "expected the header id<TAB>text", 1)
    prompts: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        key, tab, text = line.partition("\t")
        key, text = key.strip(), text.strip()
        if not tab or not key or not text:
            raise InputError(str(path), f"'{line}' is not id<TAB>text", number)
        if key in prompts:
            raise InputError(str(path), f"prompt '{key}' occurs twice", number)
        prompts[key] = text
    return prompts
