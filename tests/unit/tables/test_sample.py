"""Which clips are taken to be made from one prompt."""

from __future__ import annotations

import pytest

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.tables.sample import ClipSample, Pairing


def sample(*clips: Clip) -> ClipSample:
    kept = ClipSample()
    assert [row.clip for row in kept.watch(ClipScore(clip, {"MI": 1.0}) for clip in clips)] == list(clips)
    return kept


# (system, path, id, prompt), and what pairs them
CASES = {
    "prompts, one clip without": (
        [("A", "1.wav", "i", "p"), ("A", "2.wav", "j", "q"), ("B", "1.wav", "k", "q"), ("B", "3.wav", "", None)],
        Pairing("prompt", 1, 2),
        [0, 1, 1, 2],
    ),
    "prompts within one system: drawn together, though nothing is shared": (
        [("A", "1", "", "p"), ("A", "2", "", "p"), ("B", "3", "", "q")],
        Pairing("prompt", 0, 2),
        [0, 0, 1],
    ),
    "every prompt once, so ids are what systems share": (
        [("A", "1", "i", "p"), ("A", "2", "j", "q"), ("B", "3", "i", "r")],
        Pairing("id", 1, 2),
        [0, 1, 0],
    ),
    "file names, whatever the ending": (
        [("A", "A/1.wav", "", None), ("A", "A/2.wav", "", None), ("B", "B/1.flac", "", None)],
        Pairing("file name", 1, 2),
        [0, 1, 0],
    ),
    "a file name that a system has twice": (
        [("A", "x/1.wav", "", None), ("A", "y/1.wav", "", None), ("B", "1.wav", "", None), ("B", "2.wav", "", None)],
        Pairing("", 0, 4),
        [0, 1, 2, 3],
    ),
    "one prompt for all": (
        [("A", "1", "", "p"), ("A", "2", "", "p"), ("B", "3", "", "p")],
        Pairing("", 0, 3),
        [0, 1, 2],
    ),
    "nothing": ([("A", "1.wav", "", None), ("B", "2.wav", "", None)], Pairing("", 0, 2), [0, 1]),
}


@pytest.mark.parametrize("case", list(CASES))
def test_what_pairs_clips(case: str) -> None:
    rows, pairing, clusters = CASES[case]
    check([Clip(path, id, system, prompt) for system, path, id, prompt in rows], pairing, clusters)


def test_a_time_range_is_part_of_a_file_name() -> None:
    ranges = [("A", 0.0), ("A", 5.0), ("B", 5.0)]
    clips = [Clip(f"{system}/1.wav", "", system, start=start) for system, start in ranges]
    check(clips, Pairing("file name", 1, 2), [0, 1, 1])


def check(clips: list[Clip], pairing: Pairing, clusters: list[int]) -> None:
    found, numbers = sample(*clips).pair()
    assert found == pairing
    first: dict[int, int] = {}
    assert [first.setdefault(int(number), len(first)) for number in numbers] == clusters


def test_axes_may_come_late_and_go_early() -> None:
    rows = [
        ClipScore(Clip("1", system="B"), {"MI": 1.0}),
        ClipScore(Clip("2", system="A"), {"TA": 2.0, "MI": float("nan")}),
        ClipScore(Clip("3", system="A"), {"MI": None, "TA": 4.0}),
    ]
    kept = ClipSample()
    list(kept.watch(rows))
    _, cluster = kept.pair()
    assert kept.systems == ("A", "B")
    mi, ta, none = (kept.cells(axis, cluster) for axis in ("MI", "TA", "PQ"))
    assert (mi.system.tolist(), mi.total.tolist()) == ([1], [1.0])
    assert sorted(ta.total) == [2.0, 4.0]
    assert ta.clips.tolist() == [2, 0]
    assert none.clips.tolist() == [0, 0]


def test_scores_of_systems_are_kept_as_they_came() -> None:
    sample = ClipSample()
    rows = [("b", 3.0, None), ("a", None, 1.0), ("b", 2.0, 5.0), ("", 4.0, None)]
    for system, mi, ta in rows:
        list(sample.watch([ClipScore(Clip("x", system=system), {"MI": mi, "TA": ta})]))
    assert {name: list(some) for name, some in sample.scores("MI").items()} == {"": [4.0], "a": [], "b": [3.0, 2.0]}
    assert {name: list(some) for name, some in sample.scores("TA").items()} == {"": [], "a": [1.0], "b": [5.0]}
    assert {name: list(some) for name, some in sample.scores("PQ").items()} == {"": [], "a": [], "b": []}
    assert ClipSample().scores("MI") == {}
