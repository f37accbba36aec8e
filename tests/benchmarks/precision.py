"""How far scores drift in bf16 and fp16 from those in fp32, and what it gains.

Both are autocast in the towers; log-mels and heads stay fp32 in all three. The differences say what a score may be off;
the rank correlation of the two lists of scores says whether clips would be ordered otherwise.

Parts: `drift`, which is the same on a busy machine, and `speed`, which is for an idle one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drasp_cli import load_predictor, score_clips
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datasets.manifest import collect_clips
from drasp_cli.datasets.musiceval import read_musiceval
from drasp_cli.datasets.prompts import attach_prompts
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.metrics import srcc
from tests.benchmarks.report import Cell, Report, parser

PARTS = ("drift", "speed")
EXACT, LOWER = "fp32", ("bf16", "fp16")
EXAMPLES = Path("docs/examples")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--data", type=Path, default=Path("runs/unseen"), help="FOLDER with wav/; else docs/examples")
    options.add_argument("--clips", type=int, default=100, help="only the first N")
    options.add_argument("--device", default="cpu")
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    given = options.parse_args()

    source, clips = find_clips(given.data)
    clips = clips[: given.clips]
    checkpoint = load_predictor(given.model)
    runs = {precision: timed_run(checkpoint, clips, given.device, precision) for precision in (EXACT, *LOWER)}

    report = Report(
        "Precision",
        {
            "model": checkpoint.label,
            "clips": f"{len(clips)} of {source}, {sum(clip.prompt is not None for clip in clips)} with a prompt",
            "device": given.device,
        },
    )
    if "drift" in given.parts:
        exact = runs[EXACT][0]
        columns = ["axis", "precision", "clips", "mean difference", "largest", "SRCC with fp32"]
        rows = [row for precision in LOWER for row in drift_rows(precision, exact, runs[precision][0])]
        report.table("Drift from fp32", columns, rows, decimals=5)
    if "speed" in given.parts:
        speeds: list[list[Cell]] = [[name, len(clips) / took] for name, (_, took) in runs.items()]
        report.table("Speed", ["precision", "clips a second"], speeds)
    report.save(given.json)


def find_clips(data: Path) -> tuple[Path, list[Clip]]:
    """The folder and its clips, with prompts where it has them; the example clips where `data` is not there."""
    if (data / "sets").is_dir():
        return data, [row.clip for split in ("train", "dev", "test") for row in read_musiceval(data, split)]
    if (data / "wav").is_dir():
        return data, list(collect_clips([str(data / "wav")]))
    clips, _ = attach_prompts(collect_clips([str(EXAMPLES / "clips")]), str(EXAMPLES / "prompts.txt"))
    return EXAMPLES, list(clips)


def timed_run(
    checkpoint: Checkpoint, clips: Sequence[Clip], device: str, precision: str
) -> tuple[list[ClipScore], float]:
    """The scores, and how many seconds they took; one clip is scored before the clock starts."""
    list(score_clips(checkpoint, clips[:1], device=device, precision=precision))
    begun = time.monotonic()
    rows = list(score_clips(checkpoint, clips, device=device, precision=precision))
    took = time.monotonic() - begun
    if failed := [row for row in rows if row.error]:
        sys.exit(f"{len(failed)} clips failed in {precision}, the first: {failed[0].clip.path}: {failed[0].error}")
    return rows, took


def drift_rows(precision: str, exact: Sequence[ClipScore], lower: Sequence[ClipScore]) -> list[list[Cell]]:
    """One row per axis: clips with a score, mean and largest absolute difference, Spearman of the two orders."""
    rows: list[list[Cell]] = []
    for axis in exact[0].scores:
        pairs = [
            (a.scores[axis], b.scores[axis]) for a, b in zip(exact, lower, strict=True) if a.scores[axis] is not None
        ]
        if not pairs:
            continue
        reference, drifted = np.array(pairs, np.float64).T
        difference = np.abs(drifted - reference)
        rows.append(
            [
                axis,
                precision,
                len(pairs),
                float(difference.mean()),
                float(difference.max()),
                srcc(reference, drifted),
            ]
        )
    return rows


if __name__ == "__main__":
    main()
