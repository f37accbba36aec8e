"""`drasp report`, through the real app; what a browser makes of its page is in tests/browser."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, write


@pytest.fixture
def scored(drasp: Run, results: Path) -> Path:
    """scores.csv of results/, with prompts."""
    Path("prompts.csv").write_text("id,prompt\n1,slow piano\n2,fast band\n")
    done = drasp("score", "results", "--prompts", "prompts.csv", "--with-prompts", "-o", "scores.csv")
    assert done.exit_code == 0, done.stderr
    os.utime("scores.csv", (1_700_000_000, 1_700_000_000))
    return Path("scores.csv")


def page(path: str = "report.html") -> str:
    return Path(path).read_text(encoding="utf-8")


def data(path: str = "report.html") -> Any:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page(path), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_one_file_with_everything_in_it(drasp: Run, scored: Path, model: str) -> None:
    before = sorted(path for path in Path().rglob("*"))
    done = drasp("report", "scores.csv", "-o", "report.html")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "drasp: report.html: 6 clips, 0." in done.stderr
    assert sorted(Path().rglob("*")) == sorted([*before, Path("report.html")])
    text = page()
    for shown in ("alpha", "beta", "gamma", "MI", "TA", "slow piano", "scores.csv", Path(model).name):
        assert shown in text
    assert "drasp report scores.csv -o report.html" in text
    assert "scores written 2023-11-14 22:13 UTC" in text
    assert "no: scores are as the model gave them" in text
    # On each of two axes three best and three worst clips, explained: a picture, weights, influence.
    assert text.count("<article") == text.count('class="spectrogram"') == text.count('class="weight"') == 12
    assert text.count("influence on MI:") == text.count("influence on TA:") == 6
    assert text.count("<audio controls") == 12
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", text)


def test_the_table_says_what_the_scores_say(drasp: Run, scored: Path) -> None:
    drasp("report", "scores.csv", "-o", "report.html", "--no-explain")
    with scored.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = data()
    assert found["axes"] == ["MI", "TA"]
    assert found["scores"] == [[float(row[axis]) for row in rows] for axis in ("MI", "TA")]
    folder, name = found["folder"], found["name"]
    paths = [folder["values"][i] + name["values"][j] for i, j in zip(folder["codes"], name["codes"], strict=True)]
    assert paths == [row["path"] for row in rows]
    assert found["missing"] == []


def test_means_and_groups_are_those_of_rank_systems(drasp: Run, scored: Path) -> None:
    drasp("report", "scores.csv", "-o", "report.html", "--no-audio")
    ranked = csv.DictReader(drasp("rank-systems", "scores.csv", bare=True).stdout.splitlines())
    section = page().split('id="axis-0"')[1].split("</table>")[0]
    lines = [re.sub("<[^>]+>", " ", line).split() for line in section.split("<tbody")[1].split("</tr>")[:3]]
    for line, row in zip(lines, ranked, strict=True):
        mean, low, high = (f"{float(row[name]):.2f}" for name in ("MI", "MI_low", "MI_high"))
        assert [row["system"], mean, low, "to", high] == line[line.index(row["system"]) :][:5]
        assert row["MI_group"] in line


def test_ratings_by_people_are_on_the_page(drasp: Run, scored: Path) -> None:
    lines = [f"{row['path']},{i % 3 + 1}" for i, row in enumerate(csv.DictReader(scored.read_text().splitlines()))]
    Path("ratings.csv").write_text("path,rating\n" + "\n".join(lines[1:]) + "\n")
    done = drasp("report", "scores.csv", "-o", "report.html", "--no-audio", "--ratings", "ratings.csv")
    assert (done.exit_code, done.stderr.count("--axis says it")) == (1, 1)  # of MI or of TA?
    words = ("--no-audio", "--ratings", "ratings.csv", "--axis", "TA")
    done = drasp("report", "scores.csv", "-o", "report.html", *words)
    assert done.exit_code == 0, done.stderr
    text = page()
    held = drasp("evaluate", "scores.csv", "--ratings", "ratings.csv", "--axis", "TA").stdout
    for row in csv.DictReader(held.splitlines()):
        assert f"{float(row['value']):.3f}<span" in text
        assert f"{float(row['low']):.3f} to {float(row['high']):.3f}" in text
    assert text.count("Against ratings by people") == 1
    assert "5 clips with a score and a rating, 1 without a rating (such as results/alpha/1.wav)" in text
    assert "5 clips with a score and a rating" in done.stderr
    assert "--ratings ratings.csv --axis TA" in text
    assert re.search("<dt>ratings</dt><dd><div[^>]*>ratings.csv, sha256 [0-9a-f]{12}", text)
    Path("named.csv").write_text("path,MI,TA\n" + "\n".join(f"{line},{i}" for i, line in enumerate(lines)) + "\n")
    for wanted, shown in (([], 2), (["--axis", "MI"], 1)):
        drasp("report", "scores.csv", "-o", "named.html", "--no-audio", "--ratings", "named.csv", *wanted)
        assert page("named.html").count("Against ratings by people") == shown
    assert drasp("report", "scores.csv", "-o", "report.html", "--axis", "TA").exit_code == 2
    before = Path("ratings.csv").rename("ratings.html").read_bytes()
    assert drasp("report", "scores.csv", "-o", "ratings.html", "--ratings", "ratings.html").exit_code == 2
    assert Path("ratings.html").read_bytes() == before


def test_the_same_command_writes_the_same_bytes(drasp: Run, scored: Path) -> None:
    drasp("report", "scores.csv", "-o", "report.html")
    first = Path("report.html").read_bytes()
    drasp("report", "scores.csv", "-o", "report.html")
    assert Path("report.html").read_bytes() == first


def test_the_date_may_be_given(drasp: Run, scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    drasp("report", "scores.csv", "-o", "report.html", "--no-audio")
    assert "made 1970-01-02 00:00 UTC" in page()


def test_a_date_that_is_none_is_refused(drasp: Run, scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "9" * 15)
    run = drasp("report", "scores.csv", "-o", "report.html", "--no-audio")
    assert run.exit_code == 1
    assert "error: $SOURCE_DATE_EPOCH: 999999999999999 seconds since 1970 is no date" in run.stderr
    assert not Path("report.html").exists()


def test_links_are_relative_to_the_page(drasp: Run, scored: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    drasp("report", "scores.csv", "-o", "pages/report.html", "--no-explain")
    assert 'src="../results/alpha/1.wav"' in page("pages/report.html")
    assert data("pages/report.html")["folder"]["links"] == [f"../results/{s}/" for s in ("alpha", "beta", "gamma")]
    drasp("report", "scores.csv", "-o", "results/alpha/report.html", "--no-explain")
    assert data("results/alpha/report.html")["folder"]["links"] == ["", "../beta/", "../gamma/"]


def test_embedded_audio_is_in_the_page_once(drasp: Run, scored: Path) -> None:
    drasp("report", "scores.csv", "-o", "report.html", "--embed-audio", "--no-explain")
    text = page()
    assert text.count("data:audio/wav;base64,") == 6
    assert text.count("data-same=") == 6
    assert data()["embedded"] == [0, 1, 2, 3, 4, 5]


def test_a_file_that_is_no_audio_is_never_embedded(drasp: Run, scored: Path) -> None:
    """A stranger's table may name any file; its bytes must not leave in a page that is sent."""
    Path("secret.txt").write_text("the key to everything")
    scored.write_text(scored.read_text().replace("results/alpha/1.wav", "secret.txt"))
    done = drasp("report", "scores.csv", "-o", "report.html", "--embed-audio")
    assert "secret.txt: not audio" in done.stderr
    assert data()["embedded"] == [1, 2, 3, 4, 5]
    assert base64.b64encode(b"the key to everything").decode()[:-4] not in page()


def test_missing_audio_is_told_and_no_obstacle(drasp: Run, scored: Path) -> None:
    Path("results/alpha/1.wav").unlink()
    done = drasp("report", "scores.csv", "-o", "report.html")
    assert done.exit_code == 0
    assert "the audio of 1 of 6 clips is not where the table says" in done.stderr
    assert data()["missing"] == [0]
    assert page().count("The audio file is not where the table says.") == 2  # once on each axis


def test_without_audio_there_are_no_players_and_no_pictures(drasp: Run, scored: Path) -> None:
    shutil.rmtree("results")
    done = drasp("report", "scores.csv", "-o", "report.html", "--no-audio", "-q")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "<audio controls preload" not in page().split("<main>")[1].split("<aside")[0]
    assert 'class="spectrogram"' not in page()


def test_a_model_that_is_not_here_is_told(drasp: Run, scored: Path) -> None:
    scored.write_text(re.sub(r"[^,]*@[0-9a-f]{12}", "./elsewhere@0123456789ab", scored.read_text()))
    done = drasp("report", "scores.csv", "-o", "report.html")
    assert done.exit_code == 0
    assert "What scores lean on is not shown: ./elsewhere: is not a folder" in done.stderr
    assert page().count('class="spectrogram"') == 12
    assert "attention weight" not in page()


def test_another_revision_of_the_model_explains_nothing(drasp: Run, scored: Path) -> None:
    scored.write_text(re.sub(r"@[0-9a-f]{12}", "@0123456789ab", scored.read_text()))
    done = drasp("report", "scores.csv", "-o", "report.html")
    assert "@0123456789ab: is another one by now" in done.stderr
    assert "attention weight" not in page()


def test_without_prompts_in_the_table_the_axis_that_reads_them_is_not_explained(drasp: Run, scored: Path) -> None:
    drasp("score", "results", "--prompts", "prompts.csv", "-o", "bare.csv")
    done = drasp("report", "bare.csv", "-o", "report.html")
    assert "drasp score --with-prompts" in done.stderr
    assert (page().count("influence on MI:"), page().count("influence on TA:")) == (6, 0)
    assert page().count('class="spectrogram"') == 12
    drasp("score", "results", "-o", "bare.csv")  # without TA there is nothing to miss
    assert "--with-prompts" not in drasp("report", "bare.csv", "-o", "report.html").stderr


def test_a_clip_that_has_changed_since_is_not_explained(drasp: Run, scored: Path) -> None:
    text = scored.read_text()
    score = re.search(r"alpha/1.wav,,alpha,,,([0-9.]+)", text)
    assert score is not None
    scored.write_text(text.replace(score[1], "1.500000"))
    done = drasp("report", "scores.csv", "-o", "report.html")
    assert re.search(r"alpha/1.wav: scores \d.\d\d on MI now, and 1.50 in the table", done.stderr)


def test_failed_clips_have_their_reasons_and_the_exit_code(drasp: Run, results: Path) -> None:
    (results / "alpha" / "3.wav").write_text("nothing to hear")
    drasp("score", "results", "-o", "scores.csv")
    done = drasp("report", "scores.csv", "-o", "report.html", "--no-explain")
    assert done.exit_code == 3
    assert "1 clip could not be scored; the page says why" in done.stderr
    assert "1 clip could not be scored and count" in page()
    assert data()["error"]["values"][1] in page().split('id="failures"')[1]


def test_simulated_ratings_are_said_above_everything(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "scores.csv", "--model", "clap-drasp.mini")
    drasp("report", "scores.csv", "-o", "report.html", "--clips", "0")
    text = page()
    assert text.index("no listener was asked") < text.index("<main>")
    assert "<article" not in text
    drasp("score", "results", "-o", "other.csv")
    drasp("report", "other.csv", "-o", "other.html", "--clips", "0")
    assert "no listener was asked" not in page("other.html")


def test_clips_without_systems_are_reported_without_a_ranking(drasp: Run, results: Path) -> None:
    drasp("score", *sorted(str(path) for path in results.rglob("*.wav")), "-o", "scores.csv")
    done = drasp("report", "scores.csv", "-o", "report.html", "--no-explain")
    assert done.exit_code == 0
    assert "6 clips, scored by" in page()
    assert page().count('class="strokes"') == 1  # one line on the one axis that has scores
    assert 'class="interval"' not in page()
    assert "all clips</th>" in page()
    assert "(none)</" not in page()
    assert "system" not in data()


def test_an_axis_without_any_score_has_no_section(drasp: Run, results: Path) -> None:
    drasp("score", "results", "-o", "scores.csv")
    assert drasp("report", "scores.csv", "-o", "report.html", "--no-audio").exit_code == 0
    assert 'id="axis-0"' in page()
    assert "axis-1" not in page()
    assert "No clip has a score on TA; the clips were scored without prompts." in page()
    assert data()["axes"] == ["MI"]


def test_tables_of_a_folder(drasp: Run, scored: Path) -> None:
    Path("tables").mkdir()
    scored.rename("tables/a.csv")
    assert drasp("report", "tables", "-o", "report.html", "--no-audio").exit_code == 0
    assert "tables/a.csv, sha256 " in page()
    done = drasp("report", "results", "-o", "other.html")
    assert (done.exit_code, Path("other.html").exists()) == (1, False)
    assert "no score table is in this folder" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "report.csv"), "a page ends in .html"),
        (("-o", "report.html", "--embed-audio", "--no-audio"), "goes not with --no-audio"),
        (("-o", "report.html", "--clips", "-1"), "--clips"),
        ((), "--output"),
        (("-o", "linked.html"), "is also read"),
    ],
)
def test_wrong_use_is_told_before_the_work(drasp: Run, scored: Path, options: tuple[str, ...], said: str) -> None:
    Path("linked.html").symlink_to("scores.csv")
    before = scored.read_bytes()
    done = drasp("report", "scores.csv", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert scored.read_bytes() == before


def test_a_clip_is_never_overwritten(drasp: Run, tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.wav")
    (tmp_path / "a" / "1.wav").rename(tmp_path / "a" / "1.html")
    write(tmp_path / "a" / "2.wav", seed=1)
    (tmp_path / "scores.csv").write_text("path,system,MI\na/1.html,a,3\na/2.wav,a,4\n")
    before = Path("a/1.html").read_bytes()
    done = drasp("report", "scores.csv", "-o", "a/1.html")
    assert done.exit_code == 2
    assert Path("a/1.html").read_bytes() == before


def test_a_place_that_is_none(drasp: Run, scored: Path) -> None:
    done = drasp("report", "scores.csv", "-o", "nowhere/report.html")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "there is no folder nowhere" in done.stderr
