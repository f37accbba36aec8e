"""`drasp convert` through the real app; the Hub is a local one with the real client."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from drasp_cli.checkpoints import meta, registry
from drasp_cli.checkpoints.convert import tokenizer
from drasp_cli.checkpoints.registry import ROBERTA, FileFacts, HubAddress
from tests.clap_file import PREFIX, laion_tensors, shrink, tokenizer_folder, track1_tensors
from tests.cli.conftest import Run, write
from tests.hub_client import environment
from tests.hub_server import TOKEN, LocalHub, Repo
from tests.meta_folder import SMALL, meta_files, meta_plain, meta_tensors
from tests.research_folder import pickled, research_files, research_tensors

TARGETS = meta_plain()["target_transform"]
AXES = ("PQ", "PC", "CE", "CU")


@pytest.fixture
def folder(drasp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`theirs`, a folder of Meta's with a small tower, in the current one."""
    monkeypatch.setattr(meta, "TOWER", SMALL)
    (tmp_path / "theirs").mkdir()
    for name, content in meta_files(meta_tensors()).items():
        (tmp_path / "theirs" / name).write_bytes(content)
    return tmp_path / "theirs"


@pytest.fixture
def research(folder: Path, tmp_path: Path) -> Path:
    """`best.pt` of the research code, beside its folder `research` and its `targets.json`."""
    tensors = research_tensors(meta_tensors(), "drsp")
    (tmp_path / "best.pt").write_bytes(pickled({"state_dict": {f"module.{k}": v for k, v in tensors.items()}}))
    (tmp_path / "targets.json").write_text(json.dumps(TARGETS))
    (tmp_path / "research").mkdir()
    for name, content in research_files(tensors, "drsp").items():
        (tmp_path / "research" / name).write_bytes(content)
    return tmp_path / "best.pt"


def scores(drasp: Run, model: str) -> np.ndarray:
    """(clips, axes)."""
    write(Path("clips/a.wav"), seed=1)
    write(Path("clips/b.wav"), seconds=0.4, rate=44_100, channels=2, seed=2)
    run = drasp("score", "clips", "--model", model)
    assert run.exit_code == 0, run.stderr
    return np.array([[float(row[axis]) for axis in AXES] for row in csv.DictReader(io.StringIO(run.stdout))])


def test_metas_folder_becomes_a_checkpoint_that_scores_alike(drasp: Run, folder: Path) -> None:
    run = drasp("convert", "audiobox", "theirs", "ours")
    assert (run.exit_code, run.stdout) == (0, "ours\n")
    assert run.stderr == "drasp: next: drasp score FOLDER --model ./ours\n"
    assert np.array_equal(scores(drasp, "./ours"), scores(drasp, "./theirs"))
    assert json.loads(drasp("models", "show", "./ours").stdout)["config"]["licence"] == "CC-BY-4.0"


def test_quiet_says_where_it_is_and_nothing_else(drasp: Run, folder: Path) -> None:
    run = drasp("convert", "audiobox", "theirs", "new/ours", "--quiet")
    assert (run.exit_code, run.stdout, run.stderr) == (0, f"new{os.sep}ours\n", "")


def test_a_research_file_and_its_folder_score_alike(drasp: Run, research: Path) -> None:
    told = ("--pooling", "drsp", "--segment-size", "4", "--target-transform", "targets.json")
    assert drasp("convert", "drasp-track2", "best.pt", "a", *told).exit_code == 0
    assert drasp("convert", "drasp-track2", "research", "b").exit_code == 0
    assert np.array_equal(scores(drasp, "./a"), scores(drasp, "./b"))
    assert drasp("convert", "drasp-track2", "best.pt", "c", *told[:3], "1", *told[4:]).exit_code == 0
    assert (scores(drasp, "./a") != scores(drasp, "./c")).all()


@pytest.mark.parametrize(("true", "told"), [("sap", "gsap"), ("gsap", "sap"), ("asp", "gasp"), ("gasp", "asp")])
def test_of_two_poolings_with_the_same_tensors_the_wrong_one_converts(
    drasp: Run, research: Path, true: str, told: str
) -> None:
    """As docs/converting.md warns: nothing in the file tells, and the scores are others."""
    research.write_bytes(pickled({"state_dict": research_tensors(meta_tensors(), true)}))
    for pooling in (true, told):
        options = ("--pooling", pooling, "--segment-size", "4", "--target-transform", "targets.json")
        assert drasp("convert", "drasp-track2", "best.pt", pooling, *options).exit_code == 0
    assert (scores(drasp, f"./{true}") != scores(drasp, f"./{told}")).any()


@pytest.mark.parametrize("command", [("score", "a.wav", "--model"), ("models", "show"), ("models", "verify")])
def test_a_research_folder_that_is_not_converted_is_told_how(
    drasp: Run, research: Path, command: tuple[str, ...]
) -> None:
    write(Path("a.wav"))
    run = drasp(*command, "./research")
    assert (run.exit_code, run.stdout) == (1, "")
    assert "is of the DRASP research code; drasp convert drasp-track2 makes a checkpoint folder" in run.stderr


@pytest.mark.parametrize("told", [("--pooling", "drasp"), ("--pooling", "drsp", "--segment-size", "0")])
def test_options_that_mean_nothing_are_wrong_use(drasp: Run, research: Path, told: tuple[str, ...]) -> None:
    run = drasp("convert", "drasp-track2", "best.pt", "out", *told)
    assert run.exit_code == 2
    assert told[-2] in run.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("audiobox nowhere out", "nowhere: there is no such file or folder"),
        ("audiobox theirs research", "research is not empty; expected an empty or a new folder"),
        ("audiobox best.pt out", "best.pt: is no checkpoint.pt of Meta's: expected model_cfg, "),
        ("audiobox clap-drasp.mini out", "is not of Meta's audiobox-aesthetics"),
        ("drasp-track2 theirs out", "config.json: does not say its pooling; name it with --pooling: tap, "),
        ("drasp-track2 best.pt out --pooling drsp --segment-size 4", "name one with --target-transform"),
        (
            "drasp-track2 best.pt out --pooling gasp --segment-size 4 --target-transform targets.json",
            "best.pt: 3 tensors are missing: pooling.attention, ",
        ),
        (
            "drasp-track2 best.pt out --pooling gasp --segment-size 4 --target-transform targets.json",
            "; its pooling is not gasp: its tensors are those of drsp\n",
        ),
        (
            "drasp-track2 best.pt out --pooling drsp --segment-size 4 --target-transform target.json",
            "target.json: there is no such file; did you mean targets.json?",
        ),
        ("audiobox research out2", "config.json: pooling_type: is of the DRASP research code; drasp convert drasp-t"),
    ],
)
def test_what_is_wrong_is_told_and_leaves_nothing(drasp: Run, research: Path, words: str, error: str) -> None:
    before = sorted(path for path in Path().rglob("*"))
    run = drasp("convert", *words.split())
    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr.startswith("drasp: error: ")
    assert error in run.stderr
    assert sorted(path for path in Path().rglob("*")) == before


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("mark",)


@pytest.mark.parametrize("command", ["audiobox", "laion-clap", "drasp-track1", "drasp-track2"])
def test_a_pickle_that_would_run_something_is_refused_by_name(drasp: Run, folder: Path, command: str) -> None:
    content = {"model_cfg": {}, "target_transform": TARGETS, "state_dict": {"a": torch.ones(1)}, "hook": Payload()}
    Path("some.pt").write_bytes(pickled(content))
    Path("targets.json").write_text(json.dumps(TARGETS))
    told = ["--pooling", "tap"] if command.startswith("drasp") else []
    told += ["--target-transform", "targets.json"] if command == "drasp-track2" else []
    run = drasp("convert", command, "some.pt", "out", *told)
    assert run.exit_code == 1
    assert (
        f"some.pt: holds objects that are no tensors, numbers or texts, and may run code; refused: {os.name}.mkdir"
        in (run.stderr)
    )
    assert not Path("mark").exists()
    assert not Path("out").exists()


# ------------------------------------------------------------------------------------------------- CLAP's towers


@pytest.fixture
def track1(drasp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`best_ckpt_7` of the research code's Track 1, and `tokens` with a tokenizer.json."""
    shrink(monkeypatch)
    (tmp_path / "best_ckpt_7").write_bytes(pickled(track1_tensors("drsp")))
    tokenizer_folder(tmp_path / "tokens")
    return tmp_path / "best_ckpt_7"


def rows(drasp: Run, model: str) -> list[dict[str, str]]:
    """Of two clips, of which one has a prompt."""
    write(Path("clips/a.wav"), seed=1)
    write(Path("clips/b.wav"), seconds=0.4, rate=44_100, channels=2, seed=2)
    Path("prompts.csv").write_text("id,prompt\na.wav,a slow piano\n")
    run = drasp("score", "clips", "--model", model, "--prompts", "prompts.csv")
    assert run.exit_code == 0, run.stderr
    return list(csv.DictReader(io.StringIO(run.stdout)))


def test_a_track_1_file_becomes_a_checkpoint_of_both_axes(drasp: Run, track1: Path) -> None:
    told = ("--pooling", "drsp", "--segment-size", "4", "--frame-repeat", "32", "--tokenizer", "tokens")
    run = drasp("convert", "drasp-track1", "best_ckpt_7", "ours", *told)
    assert (run.exit_code, run.stdout) == (0, "ours\n"), run.stderr
    assert run.stderr == "drasp: next: drasp score FOLDER --model ./ours\n"
    a, b = rows(drasp, "./ours")
    assert a["MI"]
    assert a["TA"]
    assert b["MI"]
    assert b["TA"] == ""
    assert "no-prompt" in b["flags"].split(";")
    config = json.loads(drasp("models", "show", "./ours").stdout)["config"]
    assert (config["pooling"]["segment_size"], config["backbone"]["frame_repeat"]) == (4, 32)


def test_without_a_tokenizer_it_says_so_and_ta_stays_empty(drasp: Run, track1: Path) -> None:
    run = drasp("convert", "drasp-track1", "best_ckpt_7", "ours", "--pooling", "drsp", "--segment-size", "4")
    assert run.exit_code == 0, run.stderr
    assert run.stderr.startswith(
        "drasp: ours has no tokenizer.json, so TA stays empty; with --tokenizer hf-hub:Facebook"
    )
    for row in rows(drasp, "./ours"):
        assert row["MI"]
        assert row["TA"] == ""
        assert "no-tokenizer" in row["flags"].split(";")


def test_laions_towers_score_clips_that_have_a_prompt(drasp: Run, track1: Path) -> None:
    Path("music.pt").write_bytes(pickled({"epoch": 15, "state_dict": laion_tensors(), "optimizer": {}}))
    run = drasp("convert", "laion-clap", "music.pt", "ours", "--tokenizer", "tokens")
    assert (run.exit_code, run.stdout) == (0, "ours\n"), run.stderr
    a, b = rows(drasp, "./ours")
    assert -1 <= float(a["CLAP"]) <= 1
    assert b["CLAP"] == ""
    assert "no-prompt" in b["flags"].split(";")
    run = drasp("convert", "laion-clap", "music.pt", "mute")
    assert run.stderr.startswith("drasp: mute has no tokenizer.json, so CLAP stays empty; with --tokenizer hf-hub:")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ("", 2, "--pooling"),
        ("--pooling drasp", 2, "'drasp' is not one of tap, tsp, "),
        ("--pooling tap --frame-repeat 2", 2, "2 is not one of 1, 32"),
        ("--pooling drsp", 1, "give it as --segment-size"),
        ("--pooling tap --tokenizer nowhere", 1, "nowhere: there is no such folder"),
        ("--pooling gasp --segment-size 4", 1, "best_ckpt_7: 3 tensors are missing: pooling.attention, "),
        ("--pooling gasp --segment-size 4", 1, "its pooling is not gasp: its tensors are those of drsp"),
        ("--pooling none", 1, "its pooling is not none: its tensors are those of drsp"),
    ],
)
def test_what_is_wrong_with_a_track_1_file_is_told(drasp: Run, track1: Path, words: str, code: int, error: str) -> None:
    run = drasp("convert", "drasp-track1", "best_ckpt_7", "out", *words.split())
    assert run.exit_code == code
    assert error in run.stderr
    assert not Path("out").exists()


HARMS = {
    "missing": (
        {"text_branch.pooler.dense.bias": None},
        "1 tensor is missing: {prefix}text_branch.pooler.dense.bias",
    ),
    "extra": (
        {"audio_branch.fusion_model.bias": torch.ones(1)},
        "1 tensor is not part of this predictor: {prefix}audio_branch.fusion_model.bias",
    ),
    "renamed": (
        {"audio_branch.norm.bias": None, "audio_branch.norm.beta": torch.ones(64)},
        "1 tensor is missing: {prefix}audio_branch.norm.bias; "
        "1 tensor is not part of this predictor: {prefix}audio_branch.norm.beta",
    ),
    "shape": (
        {"audio_projection.0.bias": torch.ones(256)},
        "tensors of the wrong shape: {prefix}audio_projection.0.bias is (256,), expected (512,)",
    ),
    "constant": (
        {"audio_branch.logmel_extractor.melW": torch.ones(513, 64)},
        "a constant differs from the one the config implies: {prefix}audio_branch.logmel_extractor.melW",
    ),
}
"""Kind of harm -> tensors by LAION-CLAP's names, of which None is taken out; and what is said, in the file's names."""


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("command", ["laion-clap", "drasp-track1"])
def test_a_file_with_other_tensors_is_refused_by_their_names(drasp: Run, track1: Path, command: str, harm: str) -> None:
    changes, said = HARMS[harm]
    prefix = PREFIX if command == "drasp-track1" else ""
    tensors = track1_tensors("tap") if prefix else laion_tensors()
    changed = {**tensors, **{prefix + name: tensor for name, tensor in changes.items()}}
    kept = {f"module.{name}": tensor for name, tensor in changed.items() if tensor is not None}
    Path("some.pt").write_bytes(pickled({"state_dict": kept}))
    run = drasp("convert", command, "some.pt", "out", *(["--pooling", "tap"] if prefix else []))
    assert (run.exit_code, run.stdout) == (1, "")
    assert f"drasp: error: some.pt: {said.format(prefix=prefix)}\n" in run.stderr
    assert not Path("out").exists()


# ------------------------------------------------------------------------------------------------------- the Hub


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    with LocalHub() as hub, environment(tmp_path_factory.mktemp("hf-home"), hub.endpoint, HF_TOKEN=TOKEN):
        yield hub


@pytest.fixture
def hub(server: LocalHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """Meta's repository with the small tower, and `audiobox.meta` pinned to it."""
    entry = registry.REGISTRY["audiobox.meta"]
    assert entry.hub is not None
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    server.requests.clear()
    server.repos[entry.hub.repo] = Repo()
    commit = server.repos[entry.hub.repo].commit(files)
    facts = {n: FileFacts(len(files[n]), f"sha256:{hashlib.sha256(files[n]).hexdigest()}") for n in entry.hub.files}
    planted = HubAddress(entry.hub.repo, commit, facts)
    monkeypatch.setitem(registry.REGISTRY, "audiobox.meta", dataclasses.replace(entry, hub=planted))
    return server


def test_targets_of_a_name_need_its_config_alone(drasp: Run, research: Path, hub: LocalHub) -> None:
    told = ("--pooling", "drsp", "--segment-size", "4", "--target-transform", "audiobox.meta")
    run = drasp("convert", "drasp-track2", "best.pt", "ours", *told)
    assert run.exit_code == 0, run.stderr
    assert json.loads(Path("ours/config.json").read_text())["targets"] == {axis: TARGETS[axis] for axis in AXES}
    assert hub.asked(r"config\.json")
    assert not hub.asked(r"model\.safetensors")


def test_a_name_is_downloaded_and_its_card_passes_the_hub(drasp: Run, hub: LocalHub) -> None:
    run = drasp("convert", "audiobox", "audiobox.meta", "ours")
    assert run.exit_code == 0, run.stderr
    assert np.array_equal(scores(drasp, "./ours"), scores(drasp, "./theirs"))
    card = Path("ours/README.md").read_text()
    assert "They are the weights that Meta published" in card
    assert "`model.safetensors` of `hf-hub:facebook/audiobox-aesthetics@" in card
    assert drasp("push", "ours", "owner/ours", "--dry-run").exit_code == 0
    assert hub.asked("validate-yaml")


@pytest.fixture
def published(server: LocalHub, track1: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """`owner/research` with the Track 1 file in a folder of it, and RoBERTa's repository at its pinned commit."""
    server.requests.clear()
    server.repos["owner/research"] = Repo()
    server.repos["owner/research"].commit({"runs/best_ckpt_7": track1.read_bytes(), "README.md": b"# research\n"})
    server.repos[ROBERTA.repo] = Repo()
    commit = server.repos[ROBERTA.repo].commit({"tokenizer.json": Path("tokens/tokenizer.json").read_bytes()})
    monkeypatch.setattr(tokenizer, "ROBERTA", dataclasses.replace(ROBERTA, revision=commit))
    return server


def test_a_file_on_the_hub_is_downloaded_alone_and_brings_robertas_tokenizer(drasp: Run, published: LocalHub) -> None:
    told = ("--pooling", "drsp", "--segment-size", "4")
    run = drasp("convert", "drasp-track1", "hf-hub:owner/research:runs/best_ckpt_7", "ours", *told)
    assert run.exit_code == 0, run.stderr
    assert "no tokenizer.json" not in run.stderr
    assert not published.asked(r"README\.md")
    assert rows(drasp, "./ours")[0]["TA"]
    assert "`best_ckpt_7` of `hf-hub:owner/research`" in Path("ours/README.md").read_text()


def test_a_tokenizer_may_be_on_the_hub_too(drasp: Run, published: LocalHub) -> None:
    told = ("--pooling", "drsp", "--segment-size", "4", "--tokenizer", f"hf-hub:{ROBERTA.repo}")
    run = drasp("convert", "drasp-track1", "best_ckpt_7", "ours", *told)
    assert run.exit_code == 0, run.stderr
    assert Path("ours/tokenizer.json").read_bytes() == Path("tokens/tokenizer.json").read_bytes()


def test_a_file_on_this_disk_asks_nobody_for_a_tokenizer(drasp: Run, published: LocalHub) -> None:
    assert (
        drasp("convert", "drasp-track1", "best_ckpt_7", "ours", "--pooling", "drsp", "--segment-size", "4").exit_code
        == 0
    )
    assert not published.requests


@pytest.mark.parametrize(
    ("source", "code", "error"),
    [
        ("hf-hub:owner/research:best_ckpt_7", 1, "hf-hub:owner/research:best_ckpt_7: the repository has no such file"),
        ("hf-hub:owner/research@v9:runs/best_ckpt_7", 1, "the repository has no such revision"),
        ("hf-hub:owner/nothing:best_ckpt_7", 1, "the Hub has no such repository"),
        ("hf-hub:owner/research:../best_ckpt_7", 2, "a file on the Hub is hf-hub:owner/repo:file"),
        ("hf-hub:research:best_ckpt_7", 2, "on the Hub, a model is hf-hub:owner/repo"),
    ],
)
def test_a_file_that_the_hub_does_not_give_is_told(
    drasp: Run, published: LocalHub, source: str, code: int, error: str
) -> None:
    run = drasp("convert", "drasp-track1", source, "out", "--pooling", "drsp", "--segment-size", "4")
    assert run.exit_code == code
    assert error in run.stderr
    assert not Path("out").exists()


def test_a_research_card_passes_the_hub(drasp: Run, research: Path, hub: LocalHub) -> None:
    assert drasp("convert", "drasp-track2", "research", "ours").exit_code == 0
    assert drasp("push", "ours", "owner/ours", "--dry-run").exit_code == 0
    assert hub.asked("validate-yaml")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_half_a_file_of_a_folder_in_the_cache_is_told_with_what_mends_it(drasp: Run, hub: LocalHub, file: str) -> None:
    blob = (Path(drasp("models", "pull", "audiobox.meta").stdout.strip()) / file).resolve()
    blob.write_bytes(b"{")
    model = "hf-hub:facebook/audiobox-aesthetics"
    run = drasp("convert", "audiobox", model, "ours")
    assert run.exit_code == 1
    assert f"{model}: is damaged ({file} is not " in run.stderr
    assert f"advice: download it again: drasp models pull --force {model};" in run.stderr
    assert drasp("models", "pull", "--force", model).exit_code == 0
    assert drasp("convert", "audiobox", model, "ours").exit_code == 0


def test_half_a_download_of_one_file_is_told_with_advice_that_fits(drasp: Run, hub: LocalHub) -> None:
    """`drasp models pull` takes no name of a file, and nothing is left to be replaced."""
    hub.repos["owner/one"] = Repo()
    hub.repos["owner/one"].commit({"checkpoint.pt": bytes(9999)})
    hub.shortened = True
    run = drasp("convert", "audiobox", "hf-hub:owner/one:checkpoint.pt", "ours")
    hub.shortened = False
    assert run.exit_code == 1
    assert "hf-hub:owner/one:checkpoint.pt: is damaged" in run.stderr
    assert "advice: repeat the command" in run.stderr
    assert "pull" not in run.stderr
    again = drasp("convert", "audiobox", "hf-hub:owner/one:checkpoint.pt", "ours")
    assert "is no whole file of torch.save" in again.stderr
