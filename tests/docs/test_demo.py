"""README.md and docs/explain.md show what the demo commands print and draw today."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.docs import take_report
from tests.docs.paste_demo import EXPLAIN, PAGE, PICTURE, demo_of, picture_command, printed, rerun, with_demo

# One step of the last digit shown, for machines whose rounding differs, and what binary fractions add to it.
CLOSE = 1.1

_SCORE = re.compile(r"-?\b\d+\.\d\d\d?\b")


def differences(shown: str, printed: str) -> list[tuple[str, str]]:
    """Pairs of lines, shown and printed, that differ in more than scores by CLOSE steps of their last digit."""
    lines, others = shown.splitlines(), printed.splitlines()
    lines += [""] * (len(others) - len(lines))
    others += [""] * (len(lines) - len(others))
    return [pair for pair in zip(lines, others, strict=True) if not _alike(*pair)]


def _alike(line: str, other: str) -> bool:
    if _SCORE.sub("#", line) != _SCORE.sub("#", other):
        return False
    scores = zip(_SCORE.findall(line), _SCORE.findall(other), strict=True)
    return all(
        _step(score) == _step(now) and abs(float(score) - float(now)) < CLOSE * _step(now) for score, now in scores
    )


def _step(score: str) -> float:
    """One of the last digit shown."""
    return float(10.0 ** -len(score.partition(".")[2]))


@pytest.mark.parametrize(
    ("line", "other", "alike"),
    [
        (" clips/1.ogg  3.72  10.00", " clips/1.ogg  3.71  10.00", True),
        (" clips/1.ogg  3.72  10.00", " clips/1.ogg  3.70  10.00", False),
        (" clips/1.ogg  3.72  10.00", " clips/2.ogg  3.72  10.00", False),
        (" MI  +0.103", " MI  +0.104", True),
        (" MI  +0.103", " MI  +0.105", False),
        (" MI  +0.103", " MI  -0.103", False),
        (" MI  0.103", " MI  0.10", False),
        (" clips/1.ogg  3.72  10.00", " clips/1.ogg   3.72  10.00", False),
        (" alpha  3.53     1", " alpha  3.53     2", False),
        ("clap-drasp.mini@e659b9c560b5", "clap-drasp.mini@e659b9c560b6", False),
        ("one", "one\ntwo", False),
    ],
)
def test_scores_may_differ_by_a_digit_and_nothing_else_may(line: str, other: str, alike: bool) -> None:
    assert (differences(line, other) == []) is alike


def test_pasting_changes_the_block_alone() -> None:
    page = "Before\n<!-- demo output -->\n```\n$ drasp old\n```\nbehind\n```\nother\n```\n"
    assert with_demo(page, "$ drasp new\n") == page.replace("old", "new")
    assert demo_of(page) == "$ drasp old\n"
    with pytest.raises(ValueError, match="no block"):
        demo_of("nothing")


def test_the_readme_shows_what_the_program_prints() -> None:
    """When this fails: python -m tests.docs.paste_demo."""
    shown = demo_of(PAGE.read_text(encoding="utf-8"))
    assert shown.count("$ drasp ") == 2
    assert differences(shown, rerun(shown)) == []


def test_the_page_on_explaining_shows_what_the_program_prints_and_draws(tmp_path: Path) -> None:
    """The picture but for a shade here and there. When this fails: python -m tests.docs.paste_demo."""
    from matplotlib.image import imread

    command, _, shown = demo_of(EXPLAIN.read_text(encoding="utf-8")).partition("\n")
    draw = picture_command(tmp_path / "drawn.png")
    assert command == f"$ {draw.partition(' --plot ')[0]} --format table"
    assert differences(shown, printed(f"{draw} --format table") + "\n") == []
    drawn, kept = imread(tmp_path / "drawn.png"), imread(PICTURE)
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 0.004
    assert PICTURE.stat().st_size < 100_000


def test_the_picture_of_the_report_is_of_todays_report(tmp_path: Path) -> None:
    score, _ = take_report.commands()
    place = score.index("-o") + 1
    printed(shlex.join([*score[:place], str(tmp_path / "scores.csv"), *score[place + 1 :]]))
    with Image.open(take_report.PICTURE) as picture:
        kept = picture.info[take_report.RANKING]
    assert differences(kept, take_report.ranking(tmp_path / "scores.csv")) == []
