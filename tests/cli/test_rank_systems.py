"""`drasp rank-systems` through the real app."""

from __future__ import annotations

import csv
import errno
import importlib.util
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write
from tests.tiny import tiny_folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_and_the_audio_behind_it_rank_alike(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "scores.csv")
    from_table, from_audio = drasp("rank-systems", "scores.csv", bare=True), drasp("rank-systems", "results")
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


def test_a_mistake_is_told_before_any_clip_is_scored(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drasp_cli.scoring.score_clips", lambda *_, **__: pytest.fail("scoring has begun"))
    Path("folder.csv").mkdir()
    for command, *arguments, words in (
        ("rank-systems", "--by", "PQ", "MI, TA"),
        ("rank-systems", "-o", "systems.xlsx", ".parquet"),
        ("rank-systems", "-o", "nowhere/systems.csv", "nowhere"),
        ("rank-systems", "-o", "folder.csv", "directory"),
        ("rank-systems", "--system-pattern", "(", "regular expression"),
        ("score", "--by-system", "-o", "systems.xlsx", ".parquet"),
        ("score", "--by-system", "-o", "nowhere/systems.csv", "nowhere"),
        ("score", "--by-system", "-o", "folder.csv", "directory"),
    ):
        run = drasp(command, "results", *arguments)
        assert run.exit_code in (1, 2), (command, arguments)
        assert words in run.stderr


@pytest.mark.parametrize(
    "ignored",
    [
        *(["--model", "./tiny"], ["--device", "cpu"], ["--precision", "auto"], ["--batch-size", "8"]),
        *(["--workers", "2"], ["--prompts", "p.txt"], ["--system-pattern", "(.)"]),
        ["--prompts", "p.txt", "--prompt-pattern", "(.)"],
        *(["--limit", "2"], ["--calibration", "map.json"], ["--strict"]),
    ],
)
def test_options_of_scoring_are_refused_on_tables(drasp: Run, ignored: list[str]) -> None:
    Path("scores.csv").write_text("path,system,MI\na.wav,S,3\n")
    assert drasp("rank-systems", "scores.csv", bare=True).exit_code == 0
    run = drasp("rank-systems", "scores.csv", *ignored, bare=True)
    assert run.exit_code == 2
    assert ignored[0] in run.stderr
    assert "is for audio" in run.stderr


def test_audio_is_scored_with_all_options_of_score(drasp: Run, results: Path) -> None:
    """Ranking a folder is ranking the table that `drasp score` writes with the same options."""
    (results / "gamma" / "broken.wav").write_bytes(b"nothing to hear")
    assert drasp("score", "results", "-o", "raw.csv").exit_code == 3
    model = Path("raw.csv").read_text().splitlines()[1].split(",")[-2]
    one = {"axis": "MI", "kind": "linear", "scores": [1.0, 2.0], "ratings": [10.0, 30.0], "low": 1.0, "high": 2.0}
    plain = {"format": "drasp-calibration", "version": 1, "model": model}
    known = {"items": 30, "error": 1.0, "constant_error": 2.0}
    Path("map.json").write_text(json.dumps(plain | {"maps": [one | known]}))
    given = ["--calibration", "map.json", "--limit", "6"]
    assert drasp("score", "results", *given, "-o", "table.csv").exit_code == 0
    from_audio = drasp("rank-systems", "results", *given)
    assert from_audio.exit_code == 0, from_audio.stderr
    assert "MI-calibrated-" in from_audio.stdout
    assert from_audio.stdout == drasp("rank-systems", "table.csv", bare=True).stdout
    run = drasp("rank-systems", "results", "--strict")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "broken.wav" in run.stderr
    Path("map.json").write_text(json.dumps(plain | {"model": "another@1", "maps": [one | known]}))
    run = drasp("rank-systems", "results", "--calibration", "map.json")
    assert "is for scores of another@1" in run.stderr
    assert "times real time" not in run.stderr


@pytest.mark.parametrize("results", ["scores.csv", ".", "*.csv"])
def test_a_table_is_never_overwritten_by_its_own_ranking(drasp: Run, results: str) -> None:
    table = b"path,system,model,error,MI\na.wav,S,m,,3\n"
    Path("scores.csv").write_bytes(table)
    Path("alias.csv").symlink_to("scores.csv")
    for output in ("scores.csv", "alias.csv", "./scores.csv"):
        run = drasp("rank-systems", results, "-o", output, bare=True)
        assert run.exit_code != 0
        assert Path("scores.csv").read_bytes() == table


def test_the_file_that_is_also_read_is_named(drasp: Run) -> None:
    Path("scores.csv").write_text("path,system,MI\na.wav,S,3\n")
    run = drasp("rank-systems", "scores.csv", "-o", "scores.csv", bare=True)
    assert run.exit_code == 2
    assert "is also read" in run.stderr


def test_tables_win_over_audio_and_it_says_so(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "results/scores.jsonl")
    run = drasp("rank-systems", "results", bare=True)
    assert run.exit_code == 0
    assert "the tables are ranked" in run.stderr


def test_a_folder_below_that_may_not_be_entered_is_no_matter_to_tables(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drasp("score", "results", "-o", "results/scores.csv")

    def denied(place: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", place)

    monkeypatch.setattr("drasp_cli.datasets.folders.os.scandir", denied)
    run = drasp("rank-systems", "results", bare=True)
    assert run.exit_code == 0, run.stderr
    assert len(rows(run.stdout)) == 3


@pytest.mark.parametrize("command", ["rank-systems", "evaluate", "calibrate", "report"])
def test_a_broken_table_beside_sound_ones_is_refused_by_name(drasp: Run, command: str) -> None:
    Path("t").mkdir()
    header = "path,system,MI,model,error\n"
    Path("t/a.csv").write_text(header + "a1.wav,a,3,m@1,\na2.wav,a,4,m@1,\n")
    Path("t/b.csv").write_text((header + "b1.wav,b,2,m@1,\n").replace(",", ";"))
    Path("ratings.csv").write_text("path,MI\na1.wav,3\na2.wav,4\n")
    needed = {
        "evaluate": ["--ratings", "ratings.csv"],
        "calibrate": ["--ratings", "ratings.csv", "-o", "map.json"],
        "report": ["-o", "page.html"],
    }
    run = drasp(command, "t", *needed.get(command, ()), bare=True)
    assert run.exit_code == 1
    assert "t/b.csv:1: looks separated by semicolons" in run.stderr
    assert run.stdout == ""


def test_the_ranking_may_go_into_the_folder_of_the_tables(drasp: Run, results: Path) -> None:
    Path("t").mkdir()
    drasp("score", "results", "-o", "t/a.csv")
    Path("t/ranking.csv").touch()  # as the shell does for > t/ranking.csv
    assert drasp("rank-systems", "t", bare=True).exit_code == 0


def test_several_audio_folders_are_several_systems(drasp: Run, results: Path) -> None:
    run = drasp("rank-systems", "results/alpha", "results/beta")
    assert {row["system"] for row in rows(run.stdout)} == {"alpha", "beta"}


def test_a_clip_in_two_tables_is_refused(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "a.csv")
    drasp("score", "results", "-o", "b.csv")
    run = drasp("rank-systems", "a.csv", "b.csv", bare=True)
    assert run.exit_code == 1
    assert "results/alpha/1.wav" in run.stderr
    assert run.stdout == ""


def test_tables_and_audio_are_not_mixed(drasp: Run, results: Path) -> None:
    drasp("score", "results/alpha", "-o", "a.csv")
    run = drasp("rank-systems", "a.csv", "results/beta")
    assert run.exit_code == 2


def test_rows_without_a_system_are_told_and_kept(drasp: Run) -> None:
    Path("scores.csv").write_text("path,system,MI\na.wav,S,3\nb.wav,,4\nc.wav,,2\n")
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert [(row["system"], row["clips"]) for row in rows(run.stdout)] == [("", "2"), ("S", "1")]
    assert run.stderr.count("2 of 3 clips have no system") == 1


def test_clips_without_a_system_are_told_before_they_are_scored(drasp: Run, results: Path) -> None:
    write(Path("results/stray.wav"))
    run = drasp("rank-systems", "results")
    assert run.exit_code == 0
    assert run.stderr.count("no system") == 1
    assert run.stderr.index("1 of 7 clips has no system") < run.stderr.index("times real time")


def test_silent_and_short_clips_are_told_and_still_count(drasp: Run) -> None:
    table = "path,system,flags,error,MI\na,S,silent;short,,1\nb,S,short,,2\nc,S,clipped,,3\nd,S,silent,broken,\n"
    Path("scores.csv").write_text(table)
    run = drasp("rank-systems", "scores.csv", bare=True)
    (row,) = rows(run.stdout)
    assert (row["MI"], row["MI_clips"]) == ("2.000000", "3")
    assert "the means include 1 clip flagged silent and 2 clips flagged short" in run.stderr
    assert drasp("rank-systems", "scores.csv", "--quiet", bare=True).stderr == ""
    Path("scores.csv").write_text("path,system,flags,MI\nc,S,clipped,3\n")
    assert "flagged" not in drasp("rank-systems", "scores.csv", bare=True).stderr


def test_a_slip_of_the_finger_is_answered_with_what_was_meant(drasp: Run, results: Path) -> None:
    Path("scores.csv").write_text("path,system,MI,TA\na.wav,S,3,4\n")
    for arguments, bare, code, words in (
        (["scores.csv", "--by", "ta"], True, 1, "did you mean 'TA'?"),
        (["score.csv"], True, 1, "did you mean scores.csv?"),
        (["results", "--by", "ta"], False, 2, "did you mean 'TA'?"),
        (["results", "--model", "clap-drasp.mini@e659b9c560b5"], True, 2, "is named without it: clap-drasp.mini"),
    ):
        run = drasp("rank-systems", *arguments, bare=bare)
        assert run.exit_code == code
        assert words in " ".join(run.stderr.replace("│", " ").split())


@pytest.mark.parametrize("to", [[], ["-o", "systems.csv"], ["--quiet"]])
def test_failed_rows_of_a_table_end_as_those_of_audio(drasp: Run, results: Path, to: list[str]) -> None:
    Path("results/beta/1.wav").write_bytes(b"")
    Path("results/gamma/1.wav").write_bytes(b"")
    drasp("score", "results", "-o", "scores.csv")
    run = drasp("rank-systems", "scores.csv", *to, bare=True)
    assert run.exit_code == drasp("rank-systems", "results", *to).exit_code == 3
    if to == ["--quiet"]:
        assert run.stderr == ""
    else:
        assert run.stderr.count("2 clips could not be scored") == 1


def test_a_ranked_table_says_what_scored_it(drasp: Run, results: Path) -> None:
    model = f"./{tiny_folder(Path('tiny'), ratings='simulated')}"
    drasp("score", "results", "-o", "scores.csv", "--model", model)
    (label,) = {row["model"] for row in rows(Path("scores.csv").read_text())}
    from_table, from_audio = (
        drasp("rank-systems", "scores.csv", bare=True),
        drasp("rank-systems", "results", "-m", model),
    )
    for run in (from_table, from_audio):
        assert run.stdout.splitlines()[0].endswith(",model")
        assert {row["model"] for row in rows(run.stdout)} == {label}
        assert run.stderr.count("was trained on simulated ratings") == 1
    assert drasp("rank-systems", "scores.csv", "--quiet", bare=True).stderr == ""
    drawn = drasp("rank-systems", "scores.csv", "-f", "table", bare=True).stdout
    assert drawn == drasp("rank-systems", "results", "-f", "table", "-m", model).stdout
    assert drawn.splitlines()[-2:] == [
        label,
        "simulated-ratings: the model was trained on simulated listening tests, not on human ratings",
    ]


def test_a_table_of_human_made_scores_claims_no_model(drasp: Run) -> None:
    Path("scores.csv").write_text("path,system,MI\na.wav,S,3\nb.wav,S,4\n")
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert (rows(run.stdout)[0]["model"], run.stderr) == ("", "")
    assert "simulated" not in drasp("rank-systems", "scores.csv", "-f", "table", bare=True).stdout


def test_rows_that_name_no_model_beside_rows_that_do_are_told(drasp: Run) -> None:
    Path("scores.csv").write_text("path,system,model,MI\na.wav,S,m@1,3\nb.wav,S,,4\n")
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert rows(run.stdout)[0]["model"] == "m@1"
    assert run.stderr.count("the means mix scores of m@1 and rows that name no model") == 1


def test_failed_clips_are_counted(drasp: Run, results: Path) -> None:
    Path("results/beta/1.wav").write_bytes(b"")
    run = drasp("rank-systems", "results", "-o", "systems.csv")
    assert run.exit_code == 3
    beta = next(row for row in rows(Path("systems.csv").read_text()) if row["system"] == "beta")
    assert (beta["clips"], beta["failed"], beta["MI_clips"]) == ("2", "1", "1")


def test_a_drawn_table_shows_every_system(drasp: Run, results: Path) -> None:
    text = drasp("rank-systems", "results", "--format", "table").stdout
    assert all(name in text for name in ("alpha", "beta", "gamma", "rank"))


def test_clips_without_systems_are_refused_before_they_are_scored(drasp: Run, results: Path) -> None:
    run = drasp("rank-systems", "results/alpha")
    assert run.exit_code == 1
    assert "--system-pattern" in run.stderr
    assert "times real time" not in run.stderr


def planted(path: str, *, prompts: bool = True, model: str = "m@1") -> None:
    """Eight prompts of different difficulty; near is 0.02 better than base on each, far 0.6."""
    lines = ["path,system,model,error,MI" + ",prompt" * prompts]
    for system, better in (("far", 0.6), ("base", 0.0), ("near", 0.02)):
        for i in range(8):
            wiggle = 0.05 * ((i * 7 + ord(system[0])) % 5 - 2)
            cells = [f"{system}_{i}.wav", system, model, "", f"{2 + i * 0.3 + better + wiggle:.3f}"]
            lines.append(",".join(cells + [f"prompt {i}"] * prompts))
    Path(path).write_text("\n".join(lines) + "\n")


def test_intervals_groups_and_pairing_are_told(drasp: Run) -> None:
    planted("scores.csv")
    run = drasp("rank-systems", "scores.csv", bare=True)
    ranked = rows(run.stdout)
    assert [(row["system"], row["MI_group"]) for row in ranked] == [("far", "a"), ("near", "b"), ("base", "b")]
    assert all(float(row["MI_low"]) < float(row["MI"]) < float(row["MI_high"]) for row in ranked)
    assert "clips are paired by prompt: 8 of 8 are shared by systems" in run.stderr
    planted("scores.csv", prompts=False)
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert {row["MI_group"] for row in rows(run.stdout)} == {"a"}  # unpaired, the prompts drown the difference
    assert "clips are not paired" in run.stderr
    assert rows(run.stdout)[0]["MI_low"] == ranked[0]["MI_low"]  # each prompt has one clip of each system


def test_pairwise_gives_every_pair(drasp: Run) -> None:
    planted("scores.csv")
    run = drasp("rank-systems", "scores.csv", "--pairwise", bare=True)
    pairs = rows(run.stdout)
    assert [(pair["system"], pair["other"], pair["separated"]) for pair in pairs] == [
        ("far", "near", "yes"),
        ("far", "base", "yes"),
        ("near", "base", "no"),
    ]
    assert all(pair["shared"] == "8" for pair in pairs)
    drasp("rank-systems", "scores.csv", "--pairwise", "-o", "pairs.csv", bare=True)
    assert Path("pairs.csv").read_text() == run.stdout
    drawn = drasp("rank-systems", "scores.csv", "--pairwise", "-f", "table", bare=True).stdout
    assert all(word in drawn for word in ("difference", "p (Holm)", "<0.001", "far", "near"))


def test_a_drawn_ranking_says_how_to_read_it_and_what_is_open(drasp: Run) -> None:
    planted("scores.csv")
    drawn = drasp("rank-systems", "scores.csv", "-f", "table", bare=True).stdout
    assert "95 % interval" in drawn
    assert "MI: near and base are not separated; " in drawn
    assert "far and near" not in drawn


def test_order_of_rows_changes_no_byte(drasp: Run) -> None:
    planted("scores.csv")
    header, *lines = Path("scores.csv").read_text().splitlines()
    Path("other.csv").write_text("\n".join([header, *sorted(lines, key=lambda line: line[::-1])]) + "\n")
    one, other = (drasp("rank-systems", name, bare=True).stdout for name in ("scores.csv", "other.csv"))
    assert one == other


def test_mixed_models_are_refused_unless_allowed(drasp: Run) -> None:
    planted("a.csv")
    planted("b.csv", model="m@2")
    Path("b.csv").write_text(Path("b.csv").read_text().replace("_", "-"))
    run = drasp("rank-systems", "a.csv", "b.csv", bare=True)
    assert run.exit_code == 1
    assert "b.csv:2" in run.stderr
    assert "advice: name the tables of one model; or pass --allow-mixed" in run.stderr
    assert "rank-systems" not in run.stderr
    run = drasp("rank-systems", "a.csv", "b.csv", "--allow-mixed", bare=True)
    assert run.exit_code == 0
    assert rows(run.stdout)[0]["clips"] == "16"
    assert "the means mix scores of m@1 and m@2" in run.stderr


def test_mixed_precisions_are_told(drasp: Run, results: Path) -> None:
    for words in ((), ("--precision", "bf16")):
        drasp("score", "results", "-o", f"{len(words)}.csv", *words)
    half = Path("2.csv").read_text().replace("alpha", "delta").replace("beta", "eps").replace("gamma", "zeta")
    Path("2.csv").write_text(half)
    told = "of 12 scored clips 6 were computed in half precision"
    assert told in drasp("rank-systems", "0.csv", "2.csv", bare=True).stderr
    for table in ("0.csv", "2.csv"):
        assert "half precision" not in drasp("rank-systems", table, bare=True).stderr


def test_allow_mixed_is_for_tables(drasp: Run, results: Path) -> None:
    run = drasp("rank-systems", "results", "--allow-mixed")
    assert run.exit_code == 2
    assert "score tables" in run.stderr


def test_what_has_no_interval_score_or_rank_is_named(drasp: Run) -> None:
    table = "path,system,error,MI,TA\na,S,,1,\nb,S,,2,\nc,one,,3,4\nd,none,broken,,\ne,S,broken,,\n"
    Path("scores.csv").write_text(table)
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert "MI of one rests on one clip: no interval" in run.stderr
    assert "2 clips of S that did not fail have no score on TA" in run.stderr
    assert "no clip of S, none has a score on TA: no rank" in run.stderr
    by_name = {row["system"]: row for row in rows(run.stdout)}
    assert (by_name["one"]["MI_low"], by_name["one"]["MI_rank"], by_name["one"]["MI_group"]) == ("", "1", "a")
    assert (by_name["S"]["TA_rank"], by_name["S"]["TA_group"]) == ("", "")


def test_hostile_names_of_systems_are_drawn_harmless(drasp: Run) -> None:
    name = "<b>\x1b[31m=1+1"
    lines = [f'{i}.wav,"{system}",{i}' for i, system in enumerate([name, "B"] * 3)]
    Path("scores.csv").write_text("path,system,MI\n" + "\n".join(lines) + "\n")
    run = drasp("rank-systems", "scores.csv", "-f", "table", bare=True)
    assert run.exit_code == 0
    assert "\x1b" not in run.stdout + run.stderr
    assert r"<b>\x1b[31m=1+1" in run.stdout


def test_ratings_stand_beside_the_scores_and_their_agreement_below(drasp: Run) -> None:
    planted("scores.csv")
    Path("ratings.csv").write_text("system,MI\nfar,90\nnear,50\nbase,40\nother,1\n")
    run = drasp("rank-systems", "scores.csv", "--ratings", "ratings.csv", bare=True)
    assert [(row["system"], row["MI_rating"]) for row in rows(run.stdout)] == [
        ("far", "90.000000"),
        ("near", "50.000000"),
        ("base", "40.000000"),
    ]
    assert "MI against 3 rated systems: SRCC 1.000" in run.stderr
    assert "1 rated and without a row of scores (such as other)" in run.stderr
    plain = drasp("rank-systems", "scores.csv", bare=True)
    assert "MI_rating" not in plain.stdout
    drawn = drasp("rank-systems", "scores.csv", "--ratings", "ratings.csv", "-f", "table", bare=True).stdout
    assert "rated" in drawn
    assert "SRCC" in drawn.split("95 %")[1]


def test_ratings_of_clips_are_averaged_over_the_clips_of_a_system(drasp: Run) -> None:
    planted("scores.csv")
    Path("ratings.csv").write_text("path,rating\n" + "".join(f"far_{i}.wav,{i}\nbase_{i}.wav,0\n" for i in range(8)))
    run = drasp("rank-systems", "scores.csv", "--ratings", "ratings.csv", bare=True)
    assert {row["system"]: row["MI_rating"] for row in rows(run.stdout)} == {
        "far": "3.500000",
        "base": "0.000000",
        "near": "",
    }
    assert "MI against 16 rated clips: LCC" in run.stderr


def test_an_axis_that_is_empty_without_prompts_is_told_with_its_cause(drasp: Run, results: Path) -> None:
    run = drasp("rank-systems", "results", "--by", "TA")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "results/alpha/1.wav: has no prompt, nor has any other clip, and TA needs them; add --prompts" in run.stderr
    run = drasp("rank-systems", "results")
    assert run.exit_code == 0
    assert "no clip has a prompt, so TA stays empty; --prompts FILE gives them prompts" in run.stderr
    run = drasp("score", "results", "-o", "scores.csv")
    assert "no clip has a prompt, so TA stays empty; --prompts FILE gives them prompts" in run.stderr
    cause = "; the clips were scored without prompts: drasp score --prompts FILE"
    run = drasp("rank-systems", "scores.csv", bare=True)
    assert run.exit_code == 0
    assert f"no clip has a score on TA: no rank{cause}" in run.stderr
    run = drasp("rank-systems", "scores.csv", "--by", "TA", bare=True)
    assert (run.exit_code, run.stdout) == (1, "")
    assert f"hold none on TA to rank by{cause}" in run.stderr


def test_audio_without_prompts_takes_ratings_that_do_not_say_their_axis(drasp: Run, results: Path) -> None:
    """Nothing but MI will have scores; with prompts the ratings might be of TA."""
    lines = [f"{system}/{clip}.wav,{clip}.5" for system in ("alpha", "beta", "gamma") for clip in (1, 2)]
    Path("ratings.csv").write_text("path,rating\n" + "\n".join(lines) + "\n")
    run = drasp("rank-systems", "results", "--ratings", "ratings.csv")
    assert run.exit_code == 0, run.stderr
    assert {row["MI_rating"] for row in csv.DictReader(io.StringIO(run.stdout))} == {"2.000000"}
    Path("prompts.csv").write_text("id,prompt\n1,slow piano\n")
    run = drasp("rank-systems", "results", "--ratings", "ratings.csv", "--prompts", "prompts.csv")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "does not say which axis it rates" in run.stderr


def test_mistakes_in_ratings_are_told_before_any_clip_is_scored(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drasp_cli.scoring.score_clips", lambda *_, **__: pytest.fail("scoring has begun"))
    Path("prompts.csv").write_text("id,prompt\n1,slow piano\n")  # so that a rating may be of MI or of TA
    for text, words in (("path,PQ\na,1\n", "no column holds ratings"), ("path,rating\na,1\n", "which axis it rates")):
        Path("ratings.csv").write_text(text)
        run = drasp("rank-systems", "results", "--ratings", "ratings.csv", "--prompts", "prompts.csv")
        assert run.exit_code == 1
        assert words in run.stderr


# --------------------------------------------------------------------------------------------------------- pictures


def test_a_picture_beside_the_table(drasp: Run, tmp_path: Path) -> None:
    """Names are spelled out on one line, and a picture says itself that its ratings are simulated."""
    lines = [
        f'{i}.wav,"a$b$\n<i>",{i % 5},simulated-ratings,m@1\n{i}.ogg,b,{i % 4},simulated-ratings,m@1' for i in range(9)
    ]
    Path("scores.csv").write_text("path,system,MI,flags,model\n" + "\n".join(lines) + "\n")
    alone = drasp("rank-systems", "scores.csv", "-q", bare=True)
    done = drasp("rank-systems", "scores.csv", "--plot", "a.svg", "-q", bare=True)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == alone.stdout
    picture = Path("a.svg").read_text()  # letters are outlines, and what they spell stands beside them as a comment
    for words in ("scores.csv", "simulated ratings: not for publishing; m@1", "a$b$\\n&lt;i&gt;   1", "b   2"):
        assert f"<!-- {words} -->" in picture
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "scores.csv"]


def test_audio_that_is_scored_first_has_a_picture_too(drasp: Run, results: Path) -> None:
    done = drasp("rank-systems", "results", "--plot", "a.png")
    assert done.exit_code == 0
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_is_told_before_the_work(
    drasp: Run, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drasp_cli.scoring.score_clips", lambda *_, **__: pytest.fail("scoring has begun"))
    Path("p.png").write_text("id,prompt\n")
    for plot, words in (
        ("a.gif", "one of .png, .svg, .pdf"),
        ("nowhere/a.png", "there is no folder nowhere"),
        ("p.png", "is also read"),
    ):
        done = drasp("rank-systems", "results", "--prompts", "p.png", "--plot", plot)
        assert done.exit_code in (1, 2)
        assert done.stdout == ""
        assert words in " ".join(done.stderr.replace("│", " ").split())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = drasp("rank-systems", "results", "--plot", "a.png")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "pip install 'drasp[plot]'" in done.stderr
