"""Whether MI falls, step by step, as real recordings are made worse.

Takes every audio file of a folder, makes it worse in five steps of each kind in `damage.py`, and scores all of it. The
worse versions lie in a temporary folder; nothing is written beside the recordings.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from drasp_cli import load_predictor, score_clips
from drasp_cli.datasets.folders import find_audio
from drasp_cli.datatypes import Clip
from drasp_cli.metrics import srcc
from tests.benchmarks.damage import DAMAGES, Damage, Samples
from tests.benchmarks.report import Cell, Report, parser

STEPS = range(6)  # 0 is the recording itself


def main() -> None:
    options = parser(__doc__)
    options.add_argument(
        "--clips", type=Path, default=Path("../shared/data/codec-mushra/clips/ref"), help="recordings at 24 kHz"
    )
    options.add_argument("--limit", type=int, help="only the first N recordings")
    given = options.parse_args()

    sources = [given.clips / name for name in find_audio(str(given.clips))[: given.limit]]
    checkpoint = load_predictor(given.model)
    with TemporaryDirectory() as folder:
        paths = write_versions(sources, Path(folder))
        rows = list(score_clips(checkpoint, [Clip(str(path)) for path in paths]))
    if failed := [row for row in rows if row.error]:
        sys.exit(f"{len(failed)} clips failed, the first: {failed[0].clip.path}: {failed[0].error}")
    # (damages, recordings, steps)
    scores = np.array([row.scores["MI"] for row in rows], np.float64).reshape(len(DAMAGES), len(sources), len(STEPS))

    report = Report(
        "Real recordings made worse", {"model": checkpoint.label, "recordings": f"{len(sources)} of {given.clips}"}
    )
    columns = ["kind", "amounts of steps 1 to 5", *(f"step {step}" for step in STEPS)]
    report.table("Mean MI", columns, [mean_row(damage, s) for damage, s in zip(DAMAGES, scores, strict=True)])
    columns = ["kind", "falls at every step: mean", "recordings, share", "mean Spearman of step and -MI"]
    report.table("Falls", columns, [falls_row(damage, s) for damage, s in zip(DAMAGES, scores, strict=True)])
    report.save(given.json)


def write_versions(sources: Sequence[Path], folder: Path) -> list[Path]:
    """Each recording in each kind and step, by kind, recording, step; float WAV, so that nothing else is lost."""
    paths = []
    for kind, damage in enumerate(DAMAGES):
        for index, source in enumerate(sources):
            samples, rate = soundfile.read(source, always_2d=True)
            for step, version in enumerate(versions(damage, samples.mean(axis=1), rate, seed=index)):
                paths.append(folder / f"{kind}-{index}-{step}.wav")
                soundfile.write(paths[-1], version, rate, subtype="FLOAT")
    return paths


def versions(damage: Damage, samples: Samples, rate: int, seed: int) -> list[Samples]:
    """The recording and its five worse versions."""
    return [samples, *(damage.apply(samples, rate, amount, seed) for amount in damage.amounts)]


def mean_row(damage: Damage, scores: np.ndarray) -> list[Cell]:
    """Mean over recordings at each step; scores are (recordings, steps)."""
    amounts = ", ".join(f"{amount:g}" for amount in damage.amounts)
    return [damage.kind, f"{amounts} {damage.unit}", *scores.mean(axis=0).tolist()]


def falls_row(damage: Damage, scores: np.ndarray) -> list[Cell]:
    """Whether scores, (recordings, steps), fall with the steps; a tie is no fall."""
    falling = (np.diff(scores) < 0).all(axis=1)
    spearman = [srcc(STEPS, -row) for row in scores]
    return [
        damage.kind,
        bool((np.diff(scores.mean(axis=0)) < 0).all()),
        float(falling.mean()),
        float(np.mean(spearman)),
    ]


if __name__ == "__main__":
    main()
