"""Laws of metrics and tables that hold for any numbers and any text."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.metrics import average_ranks, ktau, lcc, mse, srcc, why_undefined
from drasp_cli.tables.formats import open_writer
from drasp_cli.tables.journal import ResultWriter
from drasp_cli.tables.ranking import competition_ranks, rank_systems
from drasp_cli.tables.reading import read_score_tables
from drasp_cli.tables.run_file import run_facts
from drasp_cli.tables.score_table import score_columns, score_record
from drasp_cli.tables.systems import average_clips

# Few distinct values make ties; wide ones make none.
tied = st.integers(1, 5).map(float)
wide = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
pairs = st.one_of(
    st.lists(st.tuples(tied, tied), min_size=2, max_size=40),
    st.lists(st.tuples(tied, wide), min_size=2, max_size=40),
    st.lists(st.tuples(wide, wide), min_size=2, max_size=40),
)
# A path is any bytes but NUL, of which Python makes text with lone surrogates; NUL is refused at the door.
paths = (
    st.binary(min_size=1, max_size=12)
    .filter(lambda raw: 0 not in raw)
    .map(lambda raw: raw.decode(errors="surrogateescape"))
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
scores = st.one_of(st.none(), st.floats(-10, 10))


@st.composite
def tables(draw: st.DrawFn) -> list[ClipScore]:
    names = draw(st.lists(paths, min_size=1, max_size=8))
    return [
        ClipScore(
            Clip(path, str(place), draw(texts), None, draw(st.none() | st.floats(0, 1e4))),
            {"MI": draw(scores), "TA": draw(scores)},
            seconds=draw(st.none() | st.floats(0, 1e4)),
            windows=draw(st.integers(0, 9)),
            model="m",
            error=draw(texts),
        )
        for place, path in enumerate(names)
    ]


@given(pairs)
def test_metrics_equal_scipy(pairs):
    x, y = (np.array(column) for column in zip(*pairs, strict=True))
    assert mse(x, y) == np.mean((x - y) ** 2)
    assert average_ranks(x).tolist() == scipy.stats.rankdata(x).tolist()
    assume(why_undefined(x, y) is None)
    assert abs(srcc(x, y) - scipy.stats.spearmanr(x, y).statistic) < 1e-12
    assert abs(ktau(x, y) - scipy.stats.kendalltau(x, y).statistic) < 1e-12
    assume(np.ptp(x) > 1e-6 * abs(x).max() and np.ptp(y) > 1e-6 * abs(y).max())  # scipy warns beyond, and is less exact
    assert abs(lcc(x, y) - scipy.stats.pearsonr(x, y).statistic) < 1e-9


@given(pairs)
def test_correlations_are_symmetric_odd_and_bounded(pairs):
    x, y = (np.array(column) for column in zip(*pairs, strict=True))
    assume(why_undefined(x, y) is None)
    for metric in (lcc, srcc, ktau):
        assert -1 <= metric(x, y) <= 1
        assert math.isclose(metric(x, y), metric(y, x), abs_tol=1e-12)
        assert math.isclose(metric(x, -y), -metric(x, y), abs_tol=1e-12)


@given(st.lists(tied, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_rank_metrics_see_order_only(x, random):
    y = [value + random.choice([0.0, 1.0, 2.0]) for value in x]
    assume(why_undefined(x, y) is None)
    for metric in (srcc, ktau):
        assert math.isclose(metric(x, np.exp(y)), metric(x, y), abs_tol=1e-12)


@given(st.lists(st.tuples(st.sampled_from("ab"), scores), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_means_are_exact_and_order_free(cells, random):
    rows = [ClipScore(Clip("x", system=system), {"MI": score}) for system, score in cells]
    means = {row.system: row.means["MI"] for row in average_clips(rows).systems}
    for system, mean in means.items():
        there = [Fraction(f"{score:.6f}") for name, score in cells if name == system and score is not None]
        assert mean == (float(sum(there) / len(there)) if there else None)
    random.shuffle(rows)
    assert {row.system: row.means["MI"] for row in average_clips(rows).systems} == means
    assert rank_systems(rows).systems == rank_systems(sorted(rows, key=lambda row: row.clip.system)).systems


@given(st.lists(st.none() | st.sampled_from([1.0, 1.5, 2.0, 3.0])))
def test_a_rank_is_one_more_than_how_many_are_better(means):
    for mean, rank in zip(means, competition_ranks(means), strict=True):
        better = sum(other is not None and mean is not None and other > mean for other in means)
        assert rank == (None if mean is None else better + 1)


@given(tables())
def test_csv_is_what_the_standard_library_reads(rows):
    stream = io.BytesIO()
    open_writer("csv", score_columns(("MI", "TA")), stream).write(score_record(row, ("MI", "TA")) for row in rows)
    text = stream.getvalue().decode(errors="surrogateescape")
    read = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [(row["path"], row["system"], row["error"]) for row in read] == [
        (row.clip.path, row.clip.system, row.error) for row in rows
    ]


@settings(max_examples=40, deadline=None)
@given(tables(), st.sampled_from(["csv", "jsonl", "json"]), st.integers(1, 4), st.floats(0, 1))
def test_a_run_killed_anywhere_is_resumed_to_the_same_bytes(rows, ending, group, fraction):
    clips = [row.clip for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out.{ending}"
        facts = run_facts(clips, "fp32", reads_prompts=False)
        with ResultWriter(str(path), ("MI", "TA"), facts) as writer:
            writer.write(rows)
            writer.finish()
        whole = path.read_bytes()
        read = list(read_score_tables([str(path)]))
        assert [row.clip for row in read] == clips
        log = path.with_name(path.name + ".journal") if ending == "json" else path
        with ResultWriter(str(path), ("MI", "TA"), facts) as writer:
            writer.write(rows)
        written = log.read_bytes()
        log.write_bytes(written[: int(len(written) * fraction)])
        with ResultWriter(str(path), ("MI", "TA"), facts) as writer:
            done = writer.resume(clips, "m", group).rows
            assert done % group == 0 or done == len(rows)
            writer.write(rows[done:])
            writer.finish()
        assert path.read_bytes() == whole
        assert [entry.name for entry in Path(folder).iterdir()] == [path.name]
