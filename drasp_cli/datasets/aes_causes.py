"""`causes.csv` of a simulated listening test in the AES-Natural layout: what is heard, and why it was rated so."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.datasets.aes_natural import AXES
from drasp_cli.datasets.causes import Defect, finite_number, parse_defects, parse_severities
from drasp_cli.datasets.lines import csv_records
from drasp_cli.errors import InputError

_FIRST = ("name", "system", "split", "sources")
_LAST = (*(f"latent_{axis}" for axis in AXES), *AXES, "defects")


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is heard: a piece of music, somebody talking, rain.

    Attributes:
        kind: "music", "speech", or what it is of an environment.
        main: the timbre of music, else the kind again.
        parts: how many sources it counts for: the parts of music, else 1.
        start, stop: in seconds.
        decibels: its level while it sounds, against the first one.
    """

    kind: str
    main: str
    parts: int
    start: float
    stop: float
    decibels: float


@dataclass(frozen=True, slots=True)
class AesCauses:
    """One clip of a simulated listening test.

    Attributes:
        name: file name of the clip, such as "audiomos2025-track2-sys002-utt0017.wav".
        system: "sys002".
        split: "train", "dev" or "test".
        sources: what is heard, the foreground first.
        causes: cause -> severity, 0 to 1.
        latent: PQ, PC, CE and CU before any rater, 1 to 10.
        ratings: the same as the mean of the raters.
        defects: the local ones, by start.
    """

    name: str
    system: str
    split: str
    sources: tuple[Source, ...]
    causes: Mapping[str, float]
    latent: Mapping[str, float]
    ratings: Mapping[str, float]
    defects: tuple[Defect, ...] = ()


def write_aes_causes(path: Path, rows: Iterable[AesCauses], causes: Iterable[str]) -> None:
    """Write `rows`, with one `cause_` column per cause.

    A source is written `kind/main/parts@start-stop@dB`, a defect `kind@start-end`; several are joined by `;`.
    """
    causes = tuple(causes)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_FIRST, *(f"cause_{name}" for name in causes), *_LAST])
        for row in rows:
            writer.writerow(
                [
                    *(row.name, row.system, row.split),
                    ";".join(_write_source(source) for source in row.sources),
                    *(f"{row.causes[name]:.6f}" for name in causes),
                    *(f"{row.latent[axis]:.6f}" for axis in AXES),
                    *(f"{row.ratings[axis]:.6f}" for axis in AXES),
                    ";".join(f"{defect.kind}@{defect.start:.4f}-{defect.end:.4f}" for defect in row.defects),
                ]
            )


def read_aes_causes(path: Path) -> dict[str, AesCauses]:
    """File name of a clip -> its causes, in the order of the file.

    Raises:
        InputError: the file cannot be read, is not UTF-8 or not well-formed CSV; or a column is missing, a number is
            not one or not finite, a severity is not within 0 and 1, a source or a defect cannot be read, or a name
            occurs twice (with the line).
    """
    rows: dict[str, AesCauses] = {}
    source = str(path)
    for line, fields in csv_records(source, "strict"):
        missing = [name for name in (*_FIRST, *_LAST) if name not in fields]
        if missing:
            reason = f"column '{missing[0]}' is missing; expected a causes.csv of drasp simulate --layout aes-natural"
            raise InputError(source, reason, 1)
        if fields["name"] in rows:
            raise InputError(source, f"'{fields['name']}' occurs twice", line)
        rows[fields["name"]] = _parse(fields, source, line)
    return rows


def _parse(fields: Mapping[str, str], source: str, line: int) -> AesCauses:
    def number(column: str) -> float:
        return finite_number(fields, column, source, line)

    return AesCauses(
        name=fields["name"],
        system=fields["system"],
        split=fields["split"],
        sources=tuple(_parse_source(text, source, line) for text in fields["sources"].split(";") if text),
        causes=parse_severities(fields, source, line),
        latent={axis: number(f"latent_{axis}") for axis in AXES},
        ratings={axis: number(axis) for axis in AXES},
        defects=parse_defects(fields["defects"], source, line),
    )


def _write_source(source: Source) -> str:
    place = f"{source.start:.2f}-{source.stop:.2f}"
    return f"{source.kind}/{source.main}/{source.parts}@{place}@{source.decibels:.1f}"


def _parse_source(text: str, source: str, line: int) -> Source:
    try:
        what, place, decibels = text.split("@")
        kind, main, parts = what.split("/")
        start, stop = place.split("-")
        return Source(kind, main, int(parts), float(start), float(stop), float(decibels))
    except ValueError:
        raise InputError(source, f"source '{text}' is not kind/main/parts@start-stop@dB", line) from None
