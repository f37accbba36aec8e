"""Whether MI, or another axis, falls step by step as real recordings are made worse.

Takes every audio file of a folder, or some pieces of each, makes it worse in five steps of each kind of `damage.py`,
and scores all of it. The worse versions lie in a temporary folder; nothing is written beside the recordings. Recordings
of more than 24 kHz are taken there first: low-rate MP3 has no higher rates.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import gcd
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from scipy.signal import resample_poly

from drasp_cli import load_predictor, score_clips
from drasp_cli.datasets.folders import find_audio
from drasp_cli.datatypes import Clip
from drasp_cli.metrics import srcc
from tests.benchmarks.damage import DAMAGES, FIRST, Damage, Samples
from tests.benchmarks.report import Cell, Report, parser

HIGHEST_RATE = 24000
STEPS = range(6)  # 0 is the recording itself


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--clips", type=Path, default=Path("../shared/data/codec-mushra/clips/ref"), help="recordings")
    options.add_argument("--seconds", type=float, help="only so much of each recording, from its middle")
    options.add_argument("--pieces", type=int, default=1, help="so many pieces of that length, spread over each")
    options.add_argument("--limit", type=int, help="only the first N recordings")
    options.add_argument("--axis", default="MI")
    kinds = [damage.kind for damage in DAMAGES]
    options.add_argument("--kinds", nargs="+", choices=[*kinds, "all"], default=FIRST, help="ways to make them worse")
    given = options.parse_args()

    damages = [damage for damage in DAMAGES if damage.kind in given.kinds or "all" in given.kinds]
    sources = [given.clips / name for name in find_audio(str(given.clips))[: given.limit]]
    checkpoint = load_predictor(given.model)
    with TemporaryDirectory() as folder:
        pieces = [(source, piece, given.pieces) for source in sources for piece in range(given.pieces)]
        paths = write_versions(damages, pieces, given.seconds, Path(folder))
        rows = list(score_clips(checkpoint, [Clip(str(path)) for path in paths]))
    if failed := [row for row in rows if row.error]:
        sys.exit(f"{len(failed)} clips failed, the first: {failed[0].clip.path}: {failed[0].error}")
    # (damages, recordings, steps)
    scores = np.array([row.scores[given.axis] for row in rows], np.float64)
    scores = scores.reshape(len(damages), len(pieces), len(STEPS))

    excerpts = {} if given.seconds is None else {"pieces": f"{given.pieces} of {given.seconds:g} s of each"}
    report = Report(
        "Real recordings made worse",
        {"model": checkpoint.label, "recordings": f"{len(sources)} of {given.clips}", **excerpts},
    )
    columns = ["kind", "amounts of steps 1 to 5", *(f"step {step}" for step in STEPS)]
    table = [mean_row(damage, s) for damage, s in zip(damages, scores, strict=True)]
    report.table(f"Mean {given.axis}", columns, table)
    columns = ["kind", "falls at every step: mean", "recordings, share", f"mean Spearman of step and -{given.axis}"]
    table = [falls_row(damage.kind, s) for damage, s in zip(damages, scores, strict=True)]
    table.append(["mean of the kinds", "", *(float(np.mean([row[i] for row in table])) for i in (2, 3))])
    report.table("Falls", columns, table)
    report.save(given.json)


def write_versions(
    damages: Sequence[Damage], pieces: Sequence[tuple[Path, int, int]], seconds: float | None, folder: Path
) -> list[Path]:
    """Each piece (recording, which, of how many) in each kind and step, by kind, piece, step; float WAV, so that
    nothing else is lost.
    """
    paths = []
    for kind, damage in enumerate(damages):
        for index, piece in enumerate(pieces):
            samples, rate = recording(*piece, seconds)
            for step, version in enumerate(versions(damage, samples, rate, seed=index)):
                paths.append(folder / f"{kind}-{index}-{step}.wav")
                soundfile.write(paths[-1], version, rate, subtype="FLOAT")
    return paths


def recording(path: Path, piece: int, pieces: int, seconds: float | None) -> tuple[Samples, int]:
    """The middle of one of `pieces` equal parts of a recording, mono, and its rate in Hz: at most `HIGHEST_RATE`."""
    with soundfile.SoundFile(path) as file:
        wanted = file.frames if seconds is None else min(file.frames, round(seconds * file.samplerate))
        middle = (2 * piece + 1) * file.frames // (2 * pieces)
        file.seek(min(max(0, middle - wanted // 2), file.frames - wanted))
        samples, rate = file.read(wanted, always_2d=True).mean(axis=1), file.samplerate
    if rate <= HIGHEST_RATE:
        return samples, rate
    common = gcd(rate, HIGHEST_RATE)
    return resample_poly(samples, HIGHEST_RATE // common, rate // common), HIGHEST_RATE


def versions(damage: Damage, samples: Samples, rate: int, seed: int) -> list[Samples]:
    """The recording and its five worse versions."""
    return [samples, *(damage.apply(samples, rate, amount, seed) for amount in damage.amounts)]


def mean_row(damage: Damage, scores: np.ndarray) -> list[Cell]:
    """Mean over recordings at each step; scores are (recordings, steps)."""
    amounts = ", ".join(f"{amount:g}" for amount in damage.amounts)
    return [damage.kind, f"{amounts} {damage.unit}", *scores.mean(axis=0).tolist()]


def falls_row(kind: str, scores: np.ndarray) -> list[Cell]:
    """Whether scores, (recordings, steps), fall with the steps; a tie is no fall."""
    falling = (np.diff(scores) < 0).all(axis=1)
    spearman = [srcc(STEPS, -row) for row in scores]
    return [
        kind,
        bool((np.diff(scores.mean(axis=0)) < 0).all()),
        float(falling.mean()),
        float(np.mean(spearman)),
    ]


if __name__ == "__main__":
    main()
