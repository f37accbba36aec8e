"""The pair table: the better system first, and a word where there is no number."""

from __future__ import annotations

import io

import numpy as np
from scipy import stats

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.tables.formats import open_writer
from drasp_cli.tables.pairs import (
    NO_DIFFERENCE,
    PAIR_COLUMNS,
    TOO_FEW_CLIPS,
    SystemPair,
    pair_records,
    system_pairs,
)
from drasp_cli.tables.ranking import rank_systems
from drasp_cli.tables.systems import SystemTable

A, B, C = (3.0, 3.4, 2.9, 3.1, 3.5), (3.1, 3.3, 3.3, 3.4, 3.5), (1.0, 1.4, 1.3, 1.1, 1.9)


def table(**systems: tuple[float, ...]) -> SystemTable:
    return rank_systems(
        ClipScore(Clip(f"{name}/{place}.wav", system=name), {"MI": score})
        for name, scores in systems.items()
        for place, score in enumerate(scores)
    )


def test_pairs_are_what_scipy_says_from_the_best_down() -> None:
    pairs = list(system_pairs(table(z=C, a=A, m=B), "MI"))
    assert [(pair.system, pair.other) for pair in pairs] == [("m", "a"), ("m", "z"), ("a", "z")]
    for pair, (x, y) in zip(pairs, ((B, A), (B, C), (A, C)), strict=True):
        assert abs(pair.p - stats.ttest_rel(x, y).pvalue) < 1e-12
        assert pair.low < pair.difference < pair.high
        assert pair.shared == 5
    assert [pair.separated for pair in pairs] == [False, True, True]
    assert pairs[0].more_clips == pairs[0].more_prompts > 1  # one clip on a prompt
    assert pairs[1].more_clips is None
    assert [(pair.system, pair.other) for pair in system_pairs(table(z=C, a=A, m=B), "MI", neighbours_only=True)] == [
        ("m", "a"),
        ("a", "z"),
    ]


def on_prompts(**clips: int) -> SystemPair:
    """Systems a and b on eight prompts, so many clips of each on every prompt; its mean there is the same for any."""
    one, other = (3.1, 3.5, 2.9, 3.8, 3.3, 3.0, 3.6, 3.2), (3.3, 3.4, 3.2, 3.9, 3.1, 3.3, 3.7, 3.3)
    rows = [
        ClipScore(Clip(f"{name}/{prompt}-{take}.wav", system=name, prompt=f"prompt {prompt}"), {"MI": score + offset})
        for name, scores in (("a", one), ("b", other))
        for prompt, score in enumerate(scores)
        for take, offset in enumerate(np.linspace(-0.3, 0.3, clips[name]) if clips[name] > 1 else [0.0])
    ]
    (pair,) = system_pairs(rank_systems(rows), "MI")
    return pair


def test_several_clips_on_a_prompt_are_asked_for_as_such() -> None:
    """Prompts are what is counted by the test, and the clips are those on as many prompts."""
    once, often, uneven = on_prompts(a=1, b=1), on_prompts(a=4, b=4), on_prompts(a=2, b=3)
    assert once.more_clips == once.more_prompts
    assert (often.more_prompts, often.more_clips) == (once.more_prompts, 4 * once.more_prompts)
    assert (uneven.more_prompts, uneven.more_clips) == (once.more_prompts, 3 * once.more_prompts)


def test_a_word_stands_where_there_is_no_number() -> None:
    one, other = A, (3.5, 3.0, 3.4, 2.9, 3.1)
    pairs = {(pair.system, pair.other): pair for pair in system_pairs(table(a=one, b=other, lone=(9.0,)), "MI")}
    equal, lone = pairs["a", "b"], pairs["lone", "a"]
    assert (equal.separated, equal.more_clips, equal.note) == (False, None, NO_DIFFERENCE)
    assert (lone.separated, lone.p, lone.p_holm, lone.low, lone.more_clips) == (None,) * 5
    assert lone.note == TOO_FEW_CLIPS
    assert lone.difference > 5


def test_records() -> None:
    stream = io.BytesIO()
    open_writer("csv", PAIR_COLUMNS, stream).write(pair_records(table(a=A, lone=(9.0,))))
    header, line = stream.getvalue().decode().splitlines()
    columns = "axis,system,other,difference,low,high,p,p_holm,separated,more_clips,more_prompts,shared,note,model"
    assert header == columns
    assert line == "MI,lone,a,5.820000,,,,,,,,1,too few clips,"
    (record,) = pair_records(table(a=A, c=C))
    assert record[6] == record[7] == float(f"{stats.ttest_rel(A, C).pvalue:.4g}")
    assert record[8:] == ("yes", None, None, 5, "", "")


def test_each_pair_names_the_models_behind_its_two_systems() -> None:
    scored_by = {"a": "m@1", "b": "m@1;n@2", "c": "", "d": "k@3"}
    rows = [
        ClipScore(Clip(f"{system}/{place}.wav", system=system), {"MI": score}, model=model)
        for system, model in scored_by.items()
        for place, score in enumerate(A)
    ]
    models = {record[1:3]: record[-1] for record in pair_records(rank_systems(rows, allow_mixed=True))}
    assert models == {
        ("a", "b"): "m@1;n@2",
        ("a", "c"): "m@1",
        ("a", "d"): "m@1;k@3",
        ("b", "c"): "m@1;n@2",
        ("b", "d"): "m@1;n@2;k@3",
        ("c", "d"): "k@3",
    }


def test_a_system_without_a_mean_is_in_no_pair() -> None:
    rows = [ClipScore(Clip(f"{n}", system=n), {"MI": score}) for n, score in (("a", 1.0), ("b", None))]
    assert list(system_pairs(rank_systems(rows), "MI")) == []
