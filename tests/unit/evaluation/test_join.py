"""Which rating is of which clip."""

from __future__ import annotations

import pytest

from drasp_cli.datatypes import Clip
from drasp_cli.errors import RatingsError
from drasp_cli.evaluation.join import join


@pytest.mark.parametrize(
    ("clip", "name", "is_joined"),
    [
        (Clip("results/A/1.wav"), "results/A/1.wav", True),
        (Clip("./results//A/1.wav"), "results/A/1.wav", True),
        (Clip("results/A/1.wav"), "A/1.wav", True),
        (Clip("results/A/1.wav"), "1.wav", True),
        (Clip("results/A/1.wav"), "1", True),
        (Clip("results/A/1.wav", id="clip one"), "clip one", True),
        (Clip("1.wav"), "/data/A/1.wav", True),
        (Clip("corpora/EARS/p1/1.wav"), "/your_path/EARS/p1/1.wav", True),
        (Clip("results/A/1.wav"), "B/1.wav", False),  # another system's clip of the same name
        (Clip("results/A/1.wav"), "/other/A/1.wav", False),  # alike at the end, and different above
        (Clip("results/A/11.wav"), "1.wav", False),
        (Clip("results/A/1.wav"), "A", False),
    ],
)
def test_names(clip: Clip, name: str, is_joined: bool) -> None:
    assert join([clip], [(name,), ("other",)]) == [0 if is_joined else None]


def test_several_names_of_one_clip() -> None:
    assert join([Clip("x/b.wav"), Clip("x/c.wav")], [("a.wav", "c"), ("b.wav", "id 2")]) == [1, 0]


@pytest.mark.parametrize(
    ("clips", "items", "message"),
    [
        ([Clip("A/1.wav"), Clip("B/1.wav")], [("1.wav",)], "'1.wav' fits both 'A/1.wav' and 'B/1.wav'; name clips by"),
        ([Clip("A/1.wav")], [("1.wav",), ("A/1.wav",)], "'A/1.wav' is rated twice, as 'A/1.wav' and as '1.wav'"),
        ([Clip("1.wav")], [("A/1.wav",), ("B/1.wav",)], "'1.wav' fits several ratings; score clips by a longer path"),
        ([Clip("1.wav", id="2")], [("1.wav",), ("2",)], "rated twice"),
    ],
)
def test_what_fits_two_is_not_guessed(clips: list[Clip], items: list[tuple[str, ...]], message: str) -> None:
    with pytest.raises(RatingsError, match=message):
        join(clips, items)
