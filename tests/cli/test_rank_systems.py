"""`drasp rank-systems` through the real app."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.cli.conftest import Run


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_and_the_audio_behind_it_rank_alike(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "scores.csv")
    from_table, from_audio = drasp("rank-systems", "scores.csv"), drasp("rank-systems", "results")
    assert from_table.exit_code == from_audio.exit_code == 0, from_audio.stderr
    assert from_table.stdout == from_audio.stdout
    ranked = rows(from_table.stdout)
    assert [row["MI_rank"] for row in ranked] == ["1", "2", "3"]
    means = [float(row["MI"]) for row in ranked]
    assert means == sorted(means, reverse=True)
    assert {row["system"] for row in ranked} == {"alpha", "beta", "gamma"}
    assert all(row["clips"] == "2" for row in ranked)


def test_it_sorts_by_the_axis_asked_for(drasp: Run, results: Path) -> None:
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    run = drasp("rank-systems", "results", "--prompts", "prompts.txt", "--by", "TA")
    assert [row["TA_rank"] for row in rows(run.stdout)] == ["1", "2", "3"]
    run = drasp("rank-systems", "results", "--by", "PQ")
    assert run.exit_code == 1
    assert "MI, TA" in run.stderr


def test_tables_win_over_audio_and_it_says_so(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "results/scores.jsonl")
    run = drasp("rank-systems", "results")
    assert run.exit_code == 0
    assert "the tables are ranked" in run.stderr


def test_several_audio_folders_are_several_systems(drasp: Run, results: Path) -> None:
    run = drasp("rank-systems", "results/alpha", "results/beta")
    assert {row["system"] for row in rows(run.stdout)} == {"alpha", "beta"}


def test_a_clip_in_two_tables_is_refused(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "a.csv")
    drasp("score", "results", "-o", "b.csv")
    run = drasp("rank-systems", "a.csv", "b.csv")
    assert run.exit_code == 1
    assert "results/alpha/1.wav" in run.stderr
    assert run.stdout == ""


def test_tables_and_audio_are_not_mixed(drasp: Run, results: Path) -> None:
    drasp("score", "results/alpha", "-o", "a.csv")
    run = drasp("rank-systems", "a.csv", "results/beta")
    assert run.exit_code == 2


def test_failed_clips_are_counted(drasp: Run, results: Path) -> None:
    Path("results/beta/1.wav").write_bytes(b"")
    run = drasp("rank-systems", "results", "-o", "systems.csv")
    assert run.exit_code == 3
    beta = next(row for row in rows(Path("systems.csv").read_text()) if row["system"] == "beta")
    assert (beta["clips"], beta["failed"], beta["MI_clips"]) == ("2", "1", "1")


def test_a_drawn_table_shows_every_system(drasp: Run, results: Path) -> None:
    text = drasp("rank-systems", "results", "--format", "table").stdout
    assert all(name in text for name in ("alpha", "beta", "gamma", "rank"))
