"""`clap.laion` through the real app: LAION's file, small, on a local Hub with the real client."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from drasp_cli.checkpoints.registry import Conversion
from tests.clap_file import publish_laion, shrink
from tests.cli.conftest import Run, write
from tests.hub_client import environment
from tests.hub_server import LocalHub
from tests.tiny import PROMPTS

NAME = "clap.laion"


@pytest.fixture
def published(hub: LocalHub, drasp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conversion:
    """`clap.laion`, pinned to small towers on that Hub; in the current folder two clips, one of them with a prompt."""
    shrink(monkeypatch)
    (tmp_path / "tokens").mkdir()
    write(tmp_path / "clips/a.wav", seconds=10.5, seed=1)
    write(tmp_path / "clips/b.wav", seconds=0.4, rate=44_100, channels=2, seed=2)
    (tmp_path / "prompts.txt").write_text(f"a\t{PROMPTS[0]}\n")
    return publish_laion(hub, monkeypatch, tmp_path / "tokens")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_clip_with_a_prompt_has_a_clap_score_and_one_without_a_flag(drasp: Run, published: Conversion) -> None:
    run = drasp("score", "clips", "--prompts", "prompts.txt", "--model", NAME)
    assert run.exit_code == 0, run.stderr
    a, b = rows(run.stdout)
    assert [key for key in a if key in ("MI", "TA", "CLAP")] == ["CLAP"]
    assert -1 <= float(a["CLAP"]) <= 1
    assert (a["windows"], a["model"]) == ("2", f"clap.laion@{str(published.source.revision)[:12]}")
    assert (b["CLAP"], "no-prompt" in b["flags"].split(";")) == ("", True)


def test_the_name_scores_as_the_file_converted_by_hand(drasp: Run, published: Conversion) -> None:
    told = ("score", "clips", "--prompts", "prompts.txt", "--model")
    by_name = rows(drasp(*told, NAME).stdout)
    for number, source in enumerate((NAME, published.spelling)):
        run = drasp("convert", "laion-clap", source, f"ours{number}", "--tokenizer", "tokens")
        assert run.exit_code == 0, run.stderr
        by_hand = rows(drasp(*told, f"./ours{number}").stdout)
        assert [row["CLAP"] for row in by_hand] == [row["CLAP"] for row in by_name]


def test_side_by_side_with_the_checkpoint_that_ships(drasp: Run, published: Conversion) -> None:
    told = ("score", "clips", "--prompts", "prompts.txt")
    together = drasp(*told, "--model", "clap-drasp.mini", "--model", NAME)
    assert together.exit_code == 0, together.stderr
    table = rows(together.stdout)
    assert [key for key in table[0] if key in ("MI", "TA", "CLAP")] == ["MI", "TA", "CLAP"]
    for axes, model in ((("MI", "TA"), "clap-drasp.mini"), (("CLAP",), NAME)):
        alone = rows(drasp(*told, "--model", model).stdout)
        assert [[row[axis] for axis in axes] for row in table] == [[row[axis] for axis in axes] for row in alone]


# ------------------------------------------------------------------------------------------------ drasp models


def test_it_is_listed_shown_pulled_and_verified(drasp: Run, published: Conversion, hub: LocalHub) -> None:
    def listed() -> dict[str, object]:
        return next(entry for entry in json.loads(drasp("models", "list").stdout) if entry["name"] == NAME)

    assert (listed()["where"], listed()["axes"], listed()["bytes"]) == ("on the Hub", ["CLAP"], published.facts.size)
    before = json.loads(drasp("models", "show", NAME).stdout)
    assert before["folder"] is None
    assert not hub.requests  # neither downloads 2.35 GB to say what it is
    pulled = drasp("models", "pull", NAME)
    assert pulled.exit_code == 0, pulled.stderr
    folder = pulled.stdout.strip()
    assert (listed()["where"], listed()["folder"]) == ("in the cache", folder)
    assert (listed()["repo"], listed()["revision"]) == (published.source.repo, published.source.revision)
    assert json.loads(drasp("models", "show", NAME).stdout) == before | {"folder": folder}
    verified = json.loads(drasp("models", "verify", NAME).stdout)
    assert {file["file"]: file["held_to"] for file in verified["files"]} == dict.fromkeys(
        ("config.json", "model.safetensors", "tokenizer.json", "README.md"), "conversion"
    )
    assert verified["revision"] == str(published.source.revision)[:12]


def test_damage_that_keeps_its_size_is_found_by_verify_and_mended_by_pull(drasp: Run, published: Conversion) -> None:
    weights = Path(drasp("models", "pull", NAME).stdout.strip()) / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    run = drasp("models", "verify", NAME)
    assert run.exit_code == 1
    assert "clap.laion: is damaged (model.safetensors: sha256:" in run.stderr
    assert "advice: download it again: drasp models pull --force clap.laion" in run.stderr
    assert drasp("models", "pull", "--force", NAME).exit_code == 0
    assert weights.read_bytes() == content


def test_what_is_not_what_laion_published_is_told_with_advice(drasp: Run, published: Conversion, hub: LocalHub) -> None:
    hub.spoiled = True
    run = drasp("score", "clips", "--prompts", "prompts.txt", "--model", NAME)
    assert (run.exit_code, run.stdout) == (1, "")
    assert f"drasp: error: clap.laion: is damaged ({published.spelling}: " in run.stderr
    assert "advice: download it again: drasp models pull --force clap.laion" in run.stderr


def test_offline_without_a_copy_is_told_with_advice(drasp: Run, published: Conversion, tmp_path: Path) -> None:
    with environment(tmp_path / "empty", "http://127.0.0.1:9", HF_HUB_OFFLINE="1"):
        run = drasp("score", "clips", "--prompts", "prompts.txt", "--model", NAME)
    assert (run.exit_code, run.stdout) == (1, "")
    assert "drasp: error: clap.laion: the Hub would have to be asked, and HF_HUB_OFFLINE forbids it" in run.stderr
    assert "drasp: advice: set HF_HUB_OFFLINE=0 for this once" in run.stderr


def test_the_download_may_be_removed_once_it_is_converted(
    drasp: Run, published: Conversion, hub: LocalHub, home: Path
) -> None:
    told = ("score", "clips", "--prompts", "prompts.txt", "--model", NAME)
    first = drasp(*told)
    shutil.rmtree(home / "hub")
    hub.requests.clear()
    assert drasp(*told).stdout == first.stdout
    assert not hub.requests
    assert np.isfinite(float(rows(first.stdout)[0]["CLAP"]))
