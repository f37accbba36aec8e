"""`causes.csv` of a simulated listening test: why each clip was rated as it was."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.errors import InputError

_CAUSE = "cause_"
_FIRST = ("name", "system", "prompt_id", "split")
_LAST = ("agreement", "latent_MI", "latent_TA", "MI", "TA", "defects")


@dataclass(frozen=True, slots=True)
class Defect:
    """One local defect: its kind, and where it begins and ends in seconds."""

    kind: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Causes:
    """One clip of a simulated listening test.

    Attributes:
        name: file name of the clip, such as "audiomos2025-track1-S002_P044.wav".
        system: "S002".
        prompt_id: "P044".
        split: "train", "dev" or "test".
        prompt: attribute -> value, for the attributes that the prompt mentions.
        heard: attribute -> value that the music has; attributes it has none of are left out.
        causes: cause -> severity, 0 (absent) to 1 (gross).
        agreement: how much of the prompt can be heard, 0 to 1.
        latent: "MI" and "TA" before any rater, 1 to 5.
        ratings: "MI" and "TA" as the mean of the raters, 1 to 5.
        defects: the local ones, by start.
    """

    name: str
    system: str
    prompt_id: str
    split: str
    prompt: Mapping[str, str]
    heard: Mapping[str, str]
    causes: Mapping[str, float]
    agreement: float
    latent: Mapping[str, float]
    ratings: Mapping[str, float]
    defects: tuple[Defect, ...] = ()


def write_causes(path: Path, rows: Iterable[Causes], attributes: Iterable[str], causes: Iterable[str]) -> None:
    """Write `rows` with one `prompt_` and one `heard_` column per attribute and one `cause_` column per cause."""
    attributes, causes = tuple(attributes), tuple(causes)
    header = [
        *_FIRST,
        *(f"prompt_{name}" for name in attributes),
        *(f"heard_{name}" for name in attributes),
        *(f"cause_{name}" for name in causes),
        *_LAST,
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(
                [
                    *(row.name, row.system, row.prompt_id, row.split),
                    *(row.prompt.get(name, "") for name in attributes),
                    *(row.heard.get(name, "") for name in attributes),
                    *(f"{row.causes[name]:.6f}" for name in causes),
                    f"{row.agreement:.6f}",
                    *(f"{row.latent[axis]:.6f}" for axis in ("MI", "TA")),
                    *(f"{row.ratings[axis]:.6f}" for axis in ("MI", "TA")),
                    ";".join(f"{defect.kind}@{defect.start:.4f}-{defect.end:.4f}" for defect in row.defects),
                ]
            )


def read_causes(path: Path) -> dict[str, Causes]:
    """File name of a clip -> its causes, in the order of the file.

    Raises:
        InputError: the file cannot be read or is not UTF-8; or it is not well-formed CSV, a column is missing, a row
            has too few or too many fields, a number is not one or not finite, a severity is not within 0 and 1, a
            defect cannot be read, or a name occurs twice (with the line).
    """
    rows: dict[str, Causes] = {}
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), f"is not UTF-8 text: {error.reason}") from error
    # Strict: else a quote that is never closed would swallow the rest of the file, and be told as a missing field.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1  # line of the row that is being read
    try:
        header = next(reader, [])
        missing = [name for name in (*_FIRST, *_LAST) if name not in header]
        if missing:
            raise InputError(str(path), f"column '{missing[0]}' is missing; expected a causes.csv of drasp simulate", 1)
        begins = reader.line_num + 1
        for values in reader:
            if len(values) != len(header):
                reason = f"{len(values)} fields where the header has {len(header)}"
                raise InputError(str(path), reason, begins)
            row = _parse(dict(zip(header, values, strict=True)), str(path), begins)
            if row.name in rows:
                raise InputError(str(path), f"'{row.name}' occurs twice", begins)
            rows[row.name] = row
            begins = reader.line_num + 1
    except csv.Error as error:
        reason = f"is not well-formed CSV: {error}; expected a causes.csv of drasp simulate"
        raise InputError(str(path), reason, begins) from None
    return rows


def _parse(fields: Mapping[str, str], source: str, line: int) -> Causes:
    def number(column: str) -> float:
        return finite_number(fields, column, source, line)

    def chosen(prefix: str) -> dict[str, str]:
        return {
            column.removeprefix(prefix): value
            for column, value in fields.items()
            if column.startswith(prefix) and column not in _FIRST and value
        }

    return Causes(
        name=fields["name"],
        system=fields["system"],
        prompt_id=fields["prompt_id"],
        split=fields["split"],
        prompt=chosen("prompt_"),
        heard=chosen("heard_"),
        causes=parse_severities(fields, source, line),
        agreement=number("agreement"),
        latent={"MI": number("latent_MI"), "TA": number("latent_TA")},
        ratings={"MI": number("MI"), "TA": number("TA")},
        defects=parse_defects(fields["defects"], source, line),
    )


def finite_number(fields: Mapping[str, str], column: str, source: str, line: int) -> float:
    """The number in a column of one row.

    Raises:
        InputError: there is none, or it is not finite.
    """
    try:
        value = float(fields[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(source, f"{column} is '{fields[column]}', not a finite number", line)
    return value


def parse_severities(fields: Mapping[str, str], source: str, line: int) -> dict[str, float]:
    """Cause -> severity: the columns `cause_<name>` of one row.

    Raises:
        InputError: one is not a number of 0 to 1.
    """
    severities = {}
    for column in fields:
        if column.startswith(_CAUSE):
            value = finite_number(fields, column, source, line)
            if not 0.0 <= value <= 1.0:
                raise InputError(source, f"{column} is {value:g}; expected a severity of 0 to 1", line)
            severities[column.removeprefix(_CAUSE)] = value
    return severities


def parse_defects(text: str, source: str, line: int) -> tuple[Defect, ...]:
    """The column `defects` of one row: `kind@start-end` in seconds, joined by `;`.

    Raises:
        InputError: a part of it is something else.
    """
    return tuple(_parse_defect(part, source, line) for part in text.split(";") if part)


def _parse_defect(text: str, source: str, line: int) -> Defect:
    kind, _, place = text.partition("@")
    start, _, end = place.partition("-")
    try:
        return Defect(kind, float(start), float(end))
    except ValueError:
        raise InputError(source, f"defect '{text}' is not kind@start-end in seconds", line) from None
