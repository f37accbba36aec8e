"""Start-up, throughput and memory of the installed program on this machine, and where its time goes.

Parts: `start` (--help, one cold clip), `throughput` (ten-second clips as WAV and FLAC), `memory` (many clips, one long
file), `split` (decoding, front end, network, floor). Sounds are made in a temporary folder: half a gigabyte for the
default 300 clips. Run it on an idle machine; the load average in the report says whether it was.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from tests.benchmarks.children import Child, drasp, python
from tests.benchmarks.report import Cell, Report, parser

PARTS = ("start", "throughput", "memory", "split")
RATE = 44100  # Hz, stereo
FORMATS = {"wav": "PCM_16", "flac": "PCM_16"}
SETTINGS = ((16, 2), (8, 2), (32, 2), (16, 1), (16, 4))  # batch size, workers
HELP_PROBE = """
import sys
sys.argv = ["drasp", "--help"]
from drasp_cli.cli.app import main
try:
    main()
finally:
    print("torch" in sys.modules, file=sys.stderr)
"""


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--clips", type=int, default=300, help="ten-second clips to measure throughput on")
    options.add_argument("--many", type=int, default=5000, help="clips of the memory test, beside 100")
    options.add_argument("--hours", type=float, default=2.0, help="length of the long file")
    given = options.parse_args()

    with TemporaryDirectory() as folder:
        root = Path(folder)
        one = root / "one.wav"
        soundfile.write(one, music(10.0, 0), RATE)
        row = next(csv.DictReader(io.StringIO(drasp("score", one, "--model", given.model).stdout)))  # warms up, too
        report = Report("Speed and memory", {"model": row["model"]})
        if "start" in given.parts:
            measure_start(one, given.model, report)
        if {"throughput", "split"} & set(given.parts):
            for ending, subtype in FORMATS.items():
                write_clips(root / ending, given.clips, ending, subtype)
        if "throughput" in given.parts:
            measure_throughput(root, given.clips, given.model, report)
        if "memory" in given.parts:
            measure_memory(root, given.many, given.hours, given.model, report)
        if "split" in given.parts:
            # Not before memory has been measured: torch in this process would count in every child.
            from tests.benchmarks.split import measure_split

            measure_split(given.model, [root / ending for ending in FORMATS], report)
    report.save(given.json)


# ------------------------------------------------------------------------------------------------------ parts


def measure_start(one: Path, model: str, report: Report) -> None:
    """`drasp --help`, and one clip in a fresh process."""
    imported = python(HELP_PROBE).stderr.strip().endswith("True")
    help_wall, help_cpu = middle(lambda: drasp("--help"), 7)
    torch_wall, torch_cpu = middle(lambda: python("import torch"), 5)
    clip_wall, clip_cpu = middle(lambda: drasp("score", one, "--model", model), 5)
    report.table(
        "Start",
        ["what", "wall s", "processor s", "aim: wall below"],
        [
            [
                "drasp --help, median of 7" + (" (imports torch!)" if imported else " (no torch)"),
                help_wall,
                help_cpu,
                0.3,
            ],
            ["python -c 'import torch', median of 5", torch_wall, torch_cpu, None],
            ["drasp score one.wav, median of 5", clip_wall, clip_cpu, None],
            ["one cold clip beyond import torch", clip_wall - torch_wall, clip_cpu - torch_cpu, 2.0],
        ],
    )


def measure_throughput(root: Path, clips: int, model: str, report: Report) -> None:
    """Ten-second clips through the program, by format, batch size and workers."""
    audio = 10.0 * clips
    rows: list[list[Cell]] = []
    for ending in FORMATS:
        for batch, workers in SETTINGS:
            options = ("--batch-size", batch, "--workers", workers, "--model", model)
            child = drasp("score", root / ending, "-o", root / "scores.csv", *options)
            scoring = scoring_seconds(child)
            times = [child.wall, scoring, child.cpu, audio / child.wall, audio / scoring]
            rows.append([f"{clips} {ending}", batch, workers, *times])
    took = ["wall s", "scoring s", "processor s", "times real time, whole process", "scoring part"]
    report.table(
        "Throughput of ten-second clips, 44.1 kHz stereo", ["clips", "batch", "workers", *took], rows, decimals=1
    )


def measure_memory(root: Path, many: int, hours: float, model: str, report: Report) -> None:
    """Peak resident memory for few clips, many clips, and one long file; few clips thrice, to see how it scatters."""
    few, repeats = 100, 3
    for count in (few, many):
        link_clips(root / f"short-{count}", count)
    write_long(root / "long.flac", hours)

    def score(source: Path) -> Child:
        return drasp("score", source, "-o", root / "scores.csv", "--model", model)

    first = [score(root / f"short-{few}") for _ in range(repeats)]
    usual = median(child.peak_mib for child in first)
    runs = [(f"{few} clips of 2 s, run {index}", child) for index, child in enumerate(first, start=1)]
    runs.append((f"{many} clips of 2 s", score(root / f"short-{many}")))
    runs.append((f"one file of {hours:g} h", score(root / "long.flac")))
    rows: list[list[Cell]] = [[name, child.peak_mib, child.peak_mib / usual, child.wall] for name, child in runs]
    report.table("Peak memory", ["input", "MiB", f"relative to the median for {few}", "wall s"], rows, decimals=2)


def middle(measure: Callable[[], Child], repeats: int) -> tuple[float, float]:
    """Median wall and median processor seconds of several runs."""
    children = [measure() for _ in range(repeats)]
    return median(child.wall for child in children), median(child.cpu for child in children)


def scoring_seconds(child: Child) -> float:
    """What `drasp score` says it took from the first clip to the last, without start-up."""
    found = re.search(r"clips? in ([\d.]+) s", child.stderr)
    if found is None:
        raise RuntimeError(f"drasp score did not say how long it took: {child.stderr}")
    return float(found[1])


# ----------------------------------------------------------------------------------------------------- sounds


def music(seconds: float, seed: int) -> np.ndarray:
    """Plucked notes over a little noise, (num_samples, 2): something that FLAC packs about as it packs music."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    sound = 0.003 * rng.standard_normal((len(time), 2))
    for begin in np.arange(0.0, seconds, 0.25):
        behind = time[time >= begin] - begin
        pitch = 55.0 * 2 ** (rng.integers(0, 48) / 12)
        note = sum(np.sin(2 * np.pi * k * pitch * behind) / k for k in range(1, 8)) * np.exp(-4 * behind)
        sound[-len(behind) :] += 0.1 * note[:, None] * rng.uniform(0.3, 1.0, 2)
    return np.clip(sound, -0.99, 0.99)


def write_clips(folder: Path, count: int, ending: str, subtype: str) -> None:
    """`count` files of ten seconds; ten different sounds, each in a file of its own."""
    folder.mkdir()
    sounds = [music(10.0, seed) for seed in range(10)]
    for index in range(count):
        soundfile.write(folder / f"{index:05d}.{ending}", sounds[index % len(sounds)], RATE, subtype=subtype)


def link_clips(folder: Path, count: int) -> None:
    """`count` names, hard links to ten files of two seconds."""
    folder.mkdir()
    for index in range(count):
        path = folder / f"{index:05d}.wav"
        if index < 10:
            soundfile.write(path, music(2.0, index), RATE)
        else:
            os.link(folder / f"{index % 10:05d}.wav", path)


def write_long(path: Path, hours: float) -> None:
    """One FLAC file, ten seconds at a time."""
    block = music(10.0, 0)
    with soundfile.SoundFile(path, "w", RATE, 2, subtype="PCM_16") as file:
        for index in range(round(hours * 360)):
            file.write(block * (0.5 + 0.5 * np.cos(index)))


if __name__ == "__main__":
    main()
