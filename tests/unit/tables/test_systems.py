"""Means and ranks of systems, on numbers to be checked by hand."""

from __future__ import annotations

import io

import pytest

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import TableError
from drasp_cli.tables.formats import open_writer
from drasp_cli.tables.pairs import system_pairs
from drasp_cli.tables.ranking import competition_ranks, rank_systems
from drasp_cli.tables.systems import average_clips, system_columns, system_records


def row(system: str, mi: float | None, ta: float | None = None, error: str = "", model: str = "") -> ClipScore:
    return ClipScore(Clip("x", system=system), {"MI": mi, "TA": ta}, error=error, model=model)


ROWS = [
    row("b", 1.0, 2.0),
    row("a", 4.0),
    row("b", 2.0, 3.0),
    row("b", None, error="not audio"),
    row("c", None, error="not audio"),
    row("d", 1.5),
]


def test_means_and_counts_in_order_of_first_appearance():
    table = average_clips(ROWS)
    assert table.axes == ("MI", "TA")
    assert [(s.system, s.clips, s.failed) for s in table.systems] == [
        ("b", 3, 1),
        ("a", 1, 0),
        ("c", 1, 1),
        ("d", 1, 0),
    ]
    assert [s.means["MI"] for s in table.systems] == [1.5, 4.0, None, 1.5]
    assert [s.means["TA"] for s in table.systems] == [2.5, None, None, None]
    assert [s.scored["TA"] for s in table.systems] == [2, 0, 0, 0]


def test_axes_known_beforehand_have_columns_when_all_clips_failed():
    table = average_clips([ClipScore(Clip("x", system="a"), error="not audio")], axes=("MI",))
    assert (table.axes, table.systems[0].means) == (("MI",), {"MI": None})


def test_live_scores_average_to_what_their_table_says():
    live = average_clips([row("a", 1.0000004), row("a", 1.0000004)]).systems[0].means["MI"]
    read = average_clips([row("a", 1.0), row("a", 1.0)]).systems[0].means["MI"]
    assert live == read == 1.0


def test_what_is_no_number_is_no_score():
    system = average_clips([row("a", 1.0), row("a", float("nan")), row("a", float("inf"))]).systems[0]
    assert (system.clips, system.scored["MI"], system.means["MI"]) == (3, 1, 1.0)


def test_ranking_sorts_by_the_first_axis_and_shares_ranks():
    table = rank_systems(ROWS)
    assert [(s.system, s.ranks["MI"], s.ranks["TA"]) for s in table.systems] == [
        ("a", 1, None),
        ("b", 2, 1),
        ("d", 2, None),
        ("c", None, None),
    ]
    assert [s.system for s in rank_systems(ROWS, by="TA").systems] == ["b", "a", "c", "d"]


def test_competition_ranks():
    assert competition_ranks([3.0, 1.0, 3.0, None, 2.0, 5.0]) == [2, 5, 2, None, 4, 1]
    assert competition_ranks([1.0, 1.0000001, 0.999]) == [1, 1, 3]  # the same in the files
    assert competition_ranks([]) == []


def test_equal_means_of_unequal_counts_tie():
    table = rank_systems([row("a", 0.1), row("b", 0.1), row("b", 0.1), row("b", 0.1)])
    assert [s.ranks["MI"] for s in table.systems] == [1, 1]


def test_columns_and_records():
    plain, ranked = average_clips(ROWS), rank_systems(ROWS)
    names = ["system", "clips", "failed", "MI", "MI_clips", "TA", "TA_clips", "model"]
    assert [c.name for c in system_columns(plain)] == names
    of_axis = ["{}", "{}_low", "{}_high", "{}_rank", "{}_group", "{}_clips"]
    names = ["system", "clips", "failed", *(name.format(axis) for axis in ("MI", "TA") for name in of_axis), "model"]
    assert [c.name for c in system_columns(ranked)] == names
    stream = io.BytesIO()
    writer = open_writer("csv", system_columns(ranked), stream)
    writer.write(system_records(ranked))
    assert stream.getvalue().decode().split("\n")[1:3] == [
        "a,1,0,4.000000,,,1,a,1,,,,,,0,",
        "b,3,1,1.500000,{:.6f},{:.6f},2,a,2,2.500000,{:.6f},{:.6f},1,a,2,".format(
            *ranked.systems[1].intervals["MI"], *ranked.systems[1].intervals["TA"]
        ),
    ]


def test_intervals_and_groups_go_with_their_systems():
    """Names in an order that is neither that of the rows nor that of the means; two equal systems and one apart."""
    noise = [-0.2, -0.1, 0.0, 0.1, 0.25]
    rows = [
        row(system, mean + sign * part)
        for system, mean, sign in (("m", 3.0, 1), ("a", 1.0, 1), ("z", 3.0, -1))
        for part in noise
    ]
    table = rank_systems(rows)
    assert [(s.system, s.groups["MI"]) for s in table.systems] == [("m", "a"), ("z", "a"), ("a", "b")]
    for system in table.systems:
        low, high = system.intervals["MI"]
        assert low < system.means["MI"] < high
        assert 0.2 < high - low < 0.6
        assert system.intervals["TA"] is None
        assert system.groups["TA"] == ""
    assert rank_systems(rows, seed=1).systems[0].intervals != table.systems[0].intervals


def test_scores_beyond_all_scales_are_refused_and_large_ones_are_ranked():
    with pytest.raises(TableError, match=r"hold 1e\+80 on MI; beyond 1e\+75"):
        rank_systems([row("a", 1.0), row("b", -1e80)])
    table = rank_systems([row("a", 1e74), row("a", -1e74), row("b", 1.0), row("b", 2.0), row("c", 1e-6), row("c", 0.0)])
    assert all(system.intervals["MI"] is not None for system in table.systems)
    assert len(list(system_pairs(table, "MI"))) == 3


def test_scores_of_several_models_are_refused_unless_that_is_allowed():
    rows = [row("a", 1.0, model="m@1"), row("b", 2.0, model="m@2"), row("b", 2.0)]
    with pytest.raises(TableError, match="are of m@1 and m@2; their means cannot be compared"):
        rank_systems(rows)
    assert [s.system for s in rank_systems(rows, allow_mixed=True).systems] == ["b", "a"]
    assert rank_systems(rows[1:]).systems[0].models == ("m@2",)


def test_a_system_names_the_models_behind_it_in_order_of_first_sight():
    models = [("a", "z@2"), ("b", "m@1"), ("a", ""), ("a", "m@1"), ("a", "z@2"), ("c", "")]
    table = average_clips([row(system, 1.0, model=model) for system, model in models])
    assert [system.models for system in table.systems] == [("z@2", "m@1"), ("m@1",), ()]
    assert [record[-1] for record in system_records(table)] == ["z@2;m@1", "m@1", ""]


def test_clips_without_a_system_keep_their_row():
    assert [s.system for s in rank_systems([row("", 5.0), row("a", 1.0)]).systems] == ["", "a"]


@pytest.mark.parametrize(
    ("rows", "by", "message"),
    [
        ([], None, "hold no rows"),
        ([row("", 1.0), row("", 2.0)], None, r"'system' is empty in all rows \(2\)"),
        ([row("a", 1.0)], "PQ", "have no axis 'PQ'; they have MI, TA"),
        ([row("a", 1.0)], "ta", r"have no axis 'ta'; they have MI, TA; did you mean 'TA'\?"),
        ([ClipScore(Clip("x", system="a"))], None, "hold no axis"),
    ],
)
def test_what_cannot_be_ranked_is_refused(rows, by, message):
    with pytest.raises(TableError, match=message):
        rank_systems(rows, by)
