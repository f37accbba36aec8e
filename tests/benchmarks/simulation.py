"""How long `drasp simulate` takes on this machine, and so how long 3,000 clips would take."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.children import drasp
from tests.benchmarks.report import Report, parser

ASKED = 3000
AIM_MINUTES = 20.0


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--clips", type=int, default=600, help="clips to make; the figures are for 3,000")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="worker processes, one run each")
    given = options.parse_args()

    report = Report("Simulation", {"clips made": given.clips})
    rows = []
    for workers in given.workers:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "test"
            child = drasp("simulate", out, "--clips", given.clips, "--seed", 1, "--workers", workers)
            size = sum(path.stat().st_size for path in (out / "wav").iterdir()) / len(os.listdir(out / "wav"))
        minutes = child.wall / given.clips * ASKED / 60
        rows.append([workers, child.wall, child.cpu, given.clips / child.wall, size / 1e6, minutes, AIM_MINUTES])
    report.table(
        "Simulated clips of at most ten seconds, 32 kHz",
        ["workers", "wall s", "processor s", "clips a second", "MB a clip", "minutes for 3,000", "aim: below"],
        rows,
        decimals=2,
    )
    report.save(given.json)


if __name__ == "__main__":
    main()
