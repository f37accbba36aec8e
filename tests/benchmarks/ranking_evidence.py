"""How often intervals cover what they should, equal systems are separated, and "more clips" is enough; and how fast.

Everything is simulated with answers that are known, so no checkpoint is needed. `--tests` simulated tests make each
figure; its own standard error is about sqrt(0.05 * 0.95 / tests).
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
from scipy import stats

from drasp_cli.statistics.cells import Cells, gather_cells
from drasp_cli.statistics.evidence import weigh
from drasp_cli.statistics.pairwise import compare
from drasp_cli.statistics.planning import more_clusters
from drasp_cli.statistics.resampling import draw_deviations, percentile_interval, student_scale
from tests.benchmarks.report import Cell, Report
from tests.unit.statistics.samples import COUNTS, LAWS, paired, uneven, unpaired

SIZES = (3, 5, 7, 10, 20, 30, 100)
FEW = (3, 5, 10)
_AT_ONCE = 500  # tests that are systems of one table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path, help="write the same figures to this file")
    options.add_argument("--tests", type=int, default=5000)
    given = options.parse_args()
    report = Report("Evidence of rankings", {"simulated tests for each figure": given.tests})
    columns = ["scores", *(f"{size} clips" for size in SIZES)]
    report.table("95 % intervals that cover the mean, %", columns, coverage_rows(given.tests), decimals=1)
    designs = ("same prompts", "other clips")
    columns = ["scores", *(f"{design}, {size} of each" for design in designs for size in FEW)]
    title = "Tests of six equal systems in which any pair is separated, %"
    report.table(title, columns, false_rows(given.tests), decimals=1)
    columns = [
        "clips on each prompt",
        "clips of a prompt vary by",
        "separated, same prompts",
        "separated, other prompts",
        "intervals that cover the mean",
        "intervals that cover the difference",
    ]
    report.table("Six equal systems, several clips on a prompt, %", columns, uneven_rows(given.tests), decimals=1)
    columns = ["design", "clips", "difference, standard deviations", "more clips", "separated then, %"]
    report.table("Power with the clips that are asked for (aim: 80 %)", columns, power_rows(given.tests), decimals=2)
    columns = ["design", "clips", "systems", "sums", "tests", "2,000 draws and intervals"]
    report.table("Processor seconds", columns, time_rows(), decimals=2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report.table("Memory", ["largest resident size, MiB"], [[peak]], decimals=0)
    report.save(given.json)


def coverage_rows(tests: int) -> list[list[Cell]]:
    """One row for each law of scores."""
    return [[law, *(100 * coverage(law, size, tests) for size in SIZES)] for law in LAWS]


def coverage(law: str, clips: int, tests: int) -> float:
    """Share of intervals that cover the mean of the law."""
    draw, mean = LAWS[law]
    random = np.random.default_rng(clips)
    covered = 0
    for start in range(0, tests, _AT_ONCE):
        cells = unpaired(draw(random, (min(_AT_ONCE, tests - start), clips)))
        deviations = draw_deviations(cells, np.arange(cells.systems), seed=start)
        low, high = (cells.means + end for end in percentile_interval(deviations, student_scale(cells)))
        covered += int(((low <= mean) & (mean <= high)).sum())
    return covered / tests


def false_rows(tests: int) -> list[list[Cell]]:
    """One row for each law: with shared prompts, which make half of the variance, and without."""

    def separated(law: str, clips: int, is_shared: bool) -> float:
        draw, _ = LAWS[law]
        random = np.random.default_rng(clips)
        false = 0
        for _ in range(tests):
            scores = draw(random, (6, clips))
            cells = paired(scores + draw(random, (1, clips))) if is_shared else unpaired(scores)
            false += bool(compare(cells).separated.any())
        return 100 * false / tests

    return [[law, *(separated(law, clips, shared) for shared in (True, False) for clips in FEW)] for law in LAWS]


def uneven_rows(tests: int) -> list[list[Cell]]:
    """One row for each way to deal clips to prompts, and how far clips of one prompt lie apart.

    Means of prompts vary by 1, beside what all systems share. Intervals are those of six means, and of the five
    differences from the first system, in a sixth as many tests.
    """
    rows: list[list[Cell]] = []
    for design, counts in COUNTS.items():
        for within in (0.3, 1.0, 5.0):
            random = np.random.default_rng(0)
            separated = [
                sum(
                    bool(compare(uneven(random, counts, within=within, is_shared=is_shared)).separated.any())
                    for _ in range(tests)
                )
                for is_shared in (True, False)
            ]
            means, differences = [], []
            for seed in range(max(1, tests // 6)):
                evidence = weigh(uneven(random, counts, within=within), seed=seed)
                means.append((evidence.low <= 0) & (evidence.high >= 0))
                low, high = evidence.difference_intervals(0, range(1, 6))
                differences.append((low <= 0) & (high >= 0))
            covered = [100 * float(np.mean(part)) for part in (means, differences)]
            rows.append([design, within, *(100 * number / tests for number in separated), *covered])
    return rows


def power_rows(tests: int) -> list[list[Cell]]:
    """Two systems whose pilot shows exactly the difference and spread that they have."""
    random = np.random.default_rng(0)
    rows: list[list[Cell]] = []
    for clips, gap in ((8, 0.6), (8, 0.9), (30, 0.25), (100, 0.2)):
        one, other = (stats.zscore(random.normal(size=clips), ddof=1) for _ in range(2))
        for design, cells, spread in (
            ("same prompts", paired(np.array([3 * one, 3 * one + other + gap])), 1.0),
            ("other clips", unpaired(np.array([one, other + gap])), np.sqrt(2)),
        ):
            needed = more_clusters(compare(cells))[0, 1]
            if np.isnan(needed):
                continue
            total = clips + int(needed)
            if spread == 1.0:
                p = stats.ttest_1samp(random.normal(gap, 1, (tests, total)), 0, axis=1).pvalue
            else:
                values = random.normal(0, 1, (2, tests, total))
                p = stats.ttest_ind(values[0], values[1] + gap, axis=1, equal_var=False).pvalue
            rows.append([design, clips, gap, int(needed), 100 * float(np.mean(p <= 0.05))])
    return rows


def time_rows() -> list[list[Cell]]:
    """A million clips of 50 systems, with the same 20,000 prompts and with none; and ten million."""
    rows: list[list[Cell]] = []
    random = np.random.default_rng(0)
    for design, clips in (("same prompts", 10**6), ("other clips", 10**6), ("other clips", 10**7)):
        systems = 50
        if design == "same prompts":
            cluster, system = (
                np.tile(np.arange(clips // systems), systems),
                np.repeat(np.arange(systems), clips // systems),
            )
        else:
            cluster, system = np.arange(clips), random.integers(0, systems, clips)
        score = random.normal(3, 1, clips).round(6)
        begun = time.process_time()
        cells: Cells = gather_cells(cluster, system, score, systems)
        summed = time.process_time()
        compare(cells)
        compared = time.process_time()
        weigh(cells)
        done = time.process_time()
        rows.append([design, clips, systems, summed - begun, compared - summed, done - compared - (compared - summed)])
    return rows


if __name__ == "__main__":
    main()
