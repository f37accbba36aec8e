"""The full-size Audiobox-Aesthetics predictor against Meta's own tool, in one run, on seeded weights.

Both sides get the same weights (Meta's folder for the reference, `drasp convert audiobox` of it for drasp) and the same
clips, in processes of their own that take turns. `--reference` is the interpreter of an environment made by

    python3.11 -m venv ref && export PIP_CONSTRAINT=$PWD/tests/parity/reference-constraints.txt
    ref/bin/pip install torch torchaudio soundfile audiobox-aesthetics

Parts: `speed` (seconds a clip, ratio, difference of the scores), `memory` (peak of `drasp score` on one song and on
many; 100 songs of three minutes take most of an hour on two cores). Run it on an idle machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile

from tests.benchmarks.children import DRASP, run
from tests.benchmarks.report import Cell, Report, parser
from tests.benchmarks.speed import music

PARTS = ("speed", "memory")
RATE = 44100  # Hz, stereo; the tower hears 16 kHz
SECONDS = (10.0, 3.0)
AIMS = {10.0: 1.3, 3.0: 4.0}
REPEATS = 3
SONG = 180.0  # seconds
MOST_MIB = 4000


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--reference", required=True, help="the interpreter that has audiobox-aesthetics 0.0.4")
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--clips", type=int, default=16, help="clips of each length")
    options.add_argument("--songs", type=int, default=100, help="songs of three minutes, beside one")
    given = options.parse_args()

    with TemporaryDirectory() as folder:
        root = Path(folder)
        # In a child: torch in this process would count in the memory of every child.
        python = str(Path(DRASP).with_name("python"))
        run(python, "-m", "tests.benchmarks.audiobox_speed_weights", str(root / "meta"))
        run(DRASP, "convert", "audiobox", str(root / "meta"), str(root / "seeded"))
        facts: dict[str, Cell] = {"weights": "seeded, 94 M parameters", "reference": "audiobox-aesthetics 0.0.4"}
        report = Report("Audiobox-Aesthetics at full size", facts)
        if "speed" in given.parts:
            measure_speed(root, given.clips, python, given.reference, report)
        if "memory" in given.parts:
            measure_memory(root, given.songs, report)
    report.save(given.json)


def measure_speed(root: Path, clips: int, python: str, reference: str, report: Report) -> None:
    """Seconds a clip on both sides, which take turns; medians of three."""
    folders = [write_clips(root / f"{seconds:g}", clips, seconds) for seconds in SECONDS]
    sides = {  # name -> command; the reference pads all windows to 10 s, so that its batch size matters little
        "drasp, batch 8": (python, "drasp", str(root / "seeded"), 8),
        "reference, batch 8": (reference, "reference", str(root / "meta"), 8),
        "reference, batch 1": (reference, "reference", str(root / "meta"), 1),
    }
    told: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(REPEATS):
        for side, (interpreter, *arguments) in sides.items():
            child = run(interpreter, "-m", "tests.benchmarks.audiobox_child", *map(str, (*arguments, *folders)))
            told[side].append(json.loads(child.stdout.splitlines()[-1]))
    rows: list[list[Cell]] = []
    for place, seconds in enumerate(SECONDS):
        took = {side: median(one["seconds"][place] for one in ones) / clips for side, ones in told.items()}
        ours, *theirs = took.values()
        scores = {side: np.array(ones[0]["scores"][place]) for side, ones in told.items()}
        difference = max(float(np.abs(scores["drasp, batch 8"] - other).max()) for other in scores.values())
        ratio = min(theirs) / ours
        rows.append([f"{seconds:g} s", *took.values(), ratio, AIMS[seconds], ratio >= AIMS[seconds]])
        rows[-1].append(f"{difference:.1e}")
    columns = ["clips", *(f"{side}: s a clip" for side in sides), "best reference / drasp", "aim", "reached"]
    report.table("Seconds a clip, 44.1 kHz stereo", [*columns, "largest score difference"], rows)


def measure_memory(root: Path, songs: int, report: Report) -> None:
    """Peak resident memory of `drasp score` on one song and on many, batch size 8."""
    rows: list[list[Cell]] = []
    for count in (1, songs):
        folder = write_clips(root / f"songs-{count}", count, SONG)
        child = run(DRASP, "score", str(folder), "--model", str(root / "seeded"), "-o", str(root / "scores.csv"))
        rows.append([f"{count} of {SONG:g} s", child.peak_mib, child.peak_mib < MOST_MIB, child.wall])
    report.table("Peak memory", ["songs", "MiB", f"under {MOST_MIB} MiB", "wall s"], rows, decimals=0)


def write_clips(folder: Path, count: int, seconds: float) -> Path:
    """`count` FLAC files, each with a sound of its own."""
    folder.mkdir()
    for index in range(count):
        sound = music(min(seconds, 10.0), index)
        repeats = int(np.ceil(seconds * RATE / len(sound)))
        soundfile.write(folder / f"{index:03d}.flac", np.tile(sound, (repeats, 1))[: round(seconds * RATE)], RATE)
    return folder


if __name__ == "__main__":
    main()
