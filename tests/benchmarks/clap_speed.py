"""The full-size CLAP towers against laion-clap 1.1.7, in one run, on seeded weights.

Both sides get the same weights (LAION's file for the reference, `drasp convert laion-clap` of it for drasp), the same
clips and the same prompt, in processes of their own that take turns. `--reference` is the interpreter of an environment
made by

    python3.11 -m venv ref && export PIP_CONSTRAINT=$PWD/tests/parity/reference-constraints.txt
    ref/bin/pip install torch torchaudio torchvision transformers librosa soundfile
    ref/bin/pip install torchlibrosa scikit-learn pandas h5py webdataset wget braceexpand ftfy progressbar wandb
    ref/bin/pip install --no-deps laion-clap

Parts: `tower` (samples of ten-second windows to embeddings, beside the floor: the tower's operations at the rate of
this machine's matrix product), `job` (files to numbers: `get_audio_embedding_from_filelist`, the prompt's embedding,
cosines), `start` (start of the process to the first number). Run it on an idle machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.benchmarks.audiobox_speed import write_clips
from tests.benchmarks.children import DRASP, run
from tests.benchmarks.clap_child import PROMPT
from tests.benchmarks.report import Cell, Report, parser

PARTS = ("tower", "job", "start")
SECONDS = 10.0
BATCH_SIZES = {"drasp": (8,), "reference": (8, 1)}  # drasp's default; the reference's best counts
AIMS = {"tower": 1.4, "job": 2.0, "start": 4.0}
SHOWN = {
    "tower": "The audio tower: samples to embedding, seconds a window",
    "job": "The whole job: files to numbers, seconds a clip",
    "start": "Start of the process to the first number, seconds",
}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--reference", required=True, help="the interpreter that has laion-clap 1.1.7")
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--clips", type=int, default=32, help="ten-second clips, 44.1 kHz stereo")
    options.add_argument("--repeats", type=int, default=3, help="turns of each side; the median counts")
    given = options.parse_args()

    with TemporaryDirectory() as folder:
        root = Path(folder)
        python = str(Path(DRASP).with_name("python"))  # children: torch in this process would count in their memory
        run(python, "-m", "tests.benchmarks.clap_speed_weights", str(root))
        converted = [str(root / "music.pt"), str(root / "seeded"), "--tokenizer", str(root)]
        run(DRASP, "convert", "laion-clap", *converted)
        clips = write_clips(root / "clips", given.clips, SECONDS)
        (root / "prompts.txt").write_text("".join(f"{clip.name}\t{PROMPT}\n" for clip in clips.iterdir()))
        report = Report(
            "LAION-CLAP at full size",
            {"weights": "seeded, 197 M parameters", "reference": "laion-clap 1.1.7", "clips": given.clips},
        )
        for part in given.parts:
            took, difference = measure(part, root, given.clips, given.repeats, python, given.reference)
            columns = [*took, "best reference / drasp", "aim", "reached", "largest score difference"]
            report.table(SHOWN[part], columns, [row(part, took, difference)])
            if part == "tower":
                measure_floor(python, root / "seeded", took["drasp, batch 8"], report)
    report.save(given.json)


def sides() -> list[str]:
    """What is timed: a side and its batch size."""
    return [f"{side}, batch {size}" for side, sizes in BATCH_SIZES.items() for size in sizes]


def measure(
    part: str, root: Path, clips: int, repeats: int, python: str, reference: str
) -> tuple[dict[str, float], float | None]:
    """Seconds of each side, which take turns; and how far their numbers differ, where they give some."""
    told: dict[str, list[dict[str, Any]]] = {side: [] for side in sides()}
    for _ in range(repeats):
        for name in told:
            side, _, size = name.partition(", batch ")
            told[name].append(turn(part, side, size, root, {"drasp": python, "reference": reference}[side]))
    share = 1 if part == "start" else clips
    took = {name: median(one["seconds"] for one in ones) / share for name, ones in told.items()}
    if part == "tower":
        return took, None
    ours, *theirs = (np.array(ones[0]["scores"]) for ones in told.values())
    return took, max(float(np.abs(ours - other).max()) for other in theirs)


def turn(part: str, side: str, batch_size: str, root: Path, interpreter: str) -> dict[str, Any]:
    """One process of one side. A start is timed from outside, and drasp's is its own program."""
    if part == "start" and side == "drasp":
        one = sorted((root / "clips").iterdir())[0]
        told = ["--prompts", str(root / "prompts.txt"), "--model", str(root / "seeded"), "--format", "json", "--quiet"]
        child = run(DRASP, "score", str(one), *told)
        return {"seconds": child.wall, "scores": [row["CLAP"] for row in json.loads(child.stdout)]}
    model = root / ("seeded" if side == "drasp" else "music.pt")
    what = "first" if part == "start" else part
    arguments = [side, what, str(model), str(root / "tokenizer.json"), batch_size, str(root / "clips")]
    child = run(interpreter, "-m", "tests.benchmarks.clap_child", *arguments)
    return {"seconds": child.wall, **json.loads(child.stdout.splitlines()[-1])}


def row(part: str, took: dict[str, float], difference: float | None) -> list[Cell]:
    """One line of the table: the reference counts with the batch size that suits it best."""
    ours, *theirs = took.values()
    ratio = min(theirs) / ours
    apart = None if difference is None else f"{difference:.1e}"
    return [*took.values(), ratio, AIMS[part], ratio >= AIMS[part], apart]


def measure_floor(python: str, model: Path, seconds: float, report: Report) -> None:
    """What the tower must compute, how long this machine needs for so much at best, and how far drasp is from that."""
    told = json.loads(run(python, "-m", "tests.benchmarks.clap_floor", str(model)).stdout)
    floor = told["operations"] / told["rate"]
    report.table(
        "The floor below the tower",
        ["figure", "value"],
        [
            ["GFLOP a window, matrix products and convolutions", told["operations"] / 1e9],
            ["measured rate, 2048 x 2048 fp32 product, GFLOP/s", told["rate"] / 1e9],
            ["floor, ms a window", floor * 1e3],
            ["drasp, ms a window", seconds * 1e3],
            ["drasp / floor", seconds / floor],
        ],
    )


if __name__ == "__main__":
    main()
