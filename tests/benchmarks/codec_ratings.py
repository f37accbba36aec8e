"""MI, or another axis, against human MUSHRA ratings of coded speech: no target, said whatever it is.

The ratings are of real listeners, but of speech and of coding quality, where the checkpoint was trained on simulated
ratings of music. The data are for evaluation only: nothing was, or may be, trained or tuned on them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from drasp_cli import load_predictor, score_clips
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.evaluation import evaluate
from tests.benchmarks.agreement import estimates
from tests.benchmarks.report import Cell, Report, parser

CORRELATIONS = ("SRCC", "LCC")  # MUSHRA runs from 0 to 100, so the squared error says nothing


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=Path("../shared/data/codec-mushra"))
    options.add_argument("--axis", default="MI")
    given = options.parse_args()

    clips, ratings = read_ratings(given.data)
    checkpoint = load_predictor(given.model)
    scores = list(score_clips(checkpoint, clips))
    if failed := [row for row in scores if row.error]:
        sys.exit(f"{len(failed)} clips failed, the first: {failed[0].clip.path}: {failed[0].error}")

    report = Report(
        "Human ratings of coded speech (MUSHRA)",
        {"model": checkpoint.label, "clips": len(clips), "data": str(given.data)},
    )
    coded = [row for row in scores if row.clip.system != "ref"]
    report.table(
        f"{given.axis} against mean ratings",
        ["conditions", "level", "items", *CORRELATIONS],
        [
            *agreement_rows("all", scores, ratings, given.axis),
            *agreement_rows("without the reference", coded, ratings, given.axis),
        ],
    )
    columns = ["system", "clips", "mean rating", f"mean {given.axis}"]
    report.table("Per system", columns, system_rows(scores, ratings, given.axis))
    report.save(given.json)


def read_ratings(folder: Path) -> tuple[list[Clip], dict[str, float]]:
    """The clips in the order of `ratings.csv`, and path -> mean rating."""
    with (folder / "ratings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    clips = [Clip(str(folder / row["path"]), system=row["system"]) for row in rows]
    return clips, {clip.path: float(row["rating"]) for clip, row in zip(clips, rows, strict=True)}


def agreement_rows(
    conditions: str, scores: Sequence[ClipScore], ratings: Mapping[str, float], axis: str
) -> list[list[Cell]]:
    """One row for clips and one for systems."""
    result = evaluate(scores, ratings, axis)
    assert result.systems is not None  # every clip names its system
    return [
        [conditions, level, len(found.scores), *estimates(CORRELATIONS, found.ratings, found.scores)]
        for level, found in (("clip", result.clips), ("system", result.systems))
    ]


def system_rows(scores: Sequence[ClipScore], ratings: Mapping[str, float], axis: str) -> list[list[Cell]]:
    """Mean rating and mean score of each system, best rated first."""
    result = evaluate(scores, ratings, axis)
    assert result.systems is not None
    clips = {name: sum(row.clip.system == name for row in scores) for name in result.names}
    rows = zip(result.names, result.systems.ratings, result.systems.scores, strict=True)
    return [[name, clips[name], rating, score] for name, rating, score in sorted(rows, key=lambda row: -row[1])]


if __name__ == "__main__":
    main()
