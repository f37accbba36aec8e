"""The template and its policy."""

from __future__ import annotations

import base64
import hashlib
import re

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.reporting.choosing import choose
from drasp_cli.reporting.content import Provenance, Report, Source
from drasp_cli.reporting.page import report_page
from drasp_cli.tables.ranking import rank_systems


def report(rows: list[ClipScore], title: str = "T") -> Report:
    table = rank_systems(rows)
    choices = tuple(choose(rows, axis, 2) for axis in table.axes)
    made = Provenance("0", "drasp report", "", (Source("scores.csv", "0" * 12),))
    return Report(title, rows, table, choices, {}, (), [False] * len(rows), {}, made)


def rows() -> list[ClipScore]:
    return [ClipScore(Clip(f"{i}.wav", system=f"s{i % 2}"), {"MI": i / 3}, model="m@1") for i in range(6)]


def test_the_policy_names_the_very_script_and_style_of_the_page() -> None:
    page = report_page(report(rows()), "report.html")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    policy = policy.replace("&#x27;", "'")
    assert policy.startswith("default-src 'none'; ")
    for name, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page.split("<script>")[0])


def test_a_name_that_looks_like_a_place_of_the_template_stays_a_name() -> None:
    page = report_page(report(rows(), title="{{script}} \\1 {{none}}"), "report.html")
    assert "<title>{{script}} \\1 {{none}}</title>" in page


def test_what_would_separate_two_systems_is_said_in_prompts_where_they_have_several_clips() -> None:
    scores = {"a": (3.1, 3.5, 2.9, 3.8, 3.3, 3.0, 3.6, 3.2), "b": (3.3, 3.4, 3.2, 3.9, 3.1, 3.3, 3.7, 3.3)}
    some = [
        ClipScore(Clip(f"{name}/{place}-{take}", system=name, prompt=f"p{place}"), {"MI": score})
        for name, parts in scores.items()
        for place, score in enumerate(parts)
        for take in range(4)
    ]
    words = "are not separated; about 19 more prompts (76 clips of each) would separate them"
    assert words in report_page(report(some), "report.html")


def test_calibrated_axes_and_mixed_models_are_said() -> None:
    some = [
        ClipScore(Clip(f"{i}.wav", system=f"s{i % 2}"), {"MI-calibrated-3f2a91": 50.0 + i}, model=f"m@{i % 2}")
        for i in range(6)
    ]
    table = rank_systems(some, allow_mixed=True)
    made = Provenance("0", "drasp report", "", ())
    page = report_page(Report("T", some, table, (choose(some, table.axes[0], 0),), {}, (), None, {}, made), "a.html")
    assert "musical impression, on a lab" in page
    assert "<dd>MI-calibrated-3f2a91</dd>" in page
    assert "Several models scored these clips" in page
    assert "m@0 and m@1" in page
