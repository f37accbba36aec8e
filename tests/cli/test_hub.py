"""Commands that reach the Hub, with the real client on a local one: score by name, models, push."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from drasp_cli.checkpoints import meta, registry
from drasp_cli.checkpoints.registry import Entry, FileFacts, HubAddress
from tests.architecture.test_start import run as run_program
from tests.cli.conftest import Run, write
from tests.hub_client import environment
from tests.hub_server import TOKEN, LocalHub, Repo
from tests.meta_folder import SMALL, meta_files, meta_tensors
from tests.tiny import tiny_folder

# The client uploads to the CDN in a way that its own HTTP library would like to be done otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

WEIGHTS = "model.safetensors"
REPO = "owner/tiny"


@pytest.fixture
def hub(server: LocalHub, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """An empty Hub and its owner's token."""
    server.repos.clear()
    server.uploads.clear()
    server.requests.clear()
    server.statuses.clear()
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return server


@pytest.fixture
def tiny(hub: LocalHub, model: str) -> str:
    """`owner/tiny` on the Hub; its commit."""
    hub.repos[REPO] = Repo()
    return hub.repos[REPO].commit({path.name: path.read_bytes() for path in Path(model).iterdir()})


@pytest.fixture
def meta_model(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> HubAddress:
    """Meta's repository with a small tower, and `audiobox.meta` pinned to it."""
    monkeypatch.setattr(meta, "TOWER", SMALL)
    entry = registry.REGISTRY["audiobox.meta"]
    assert entry.hub is not None
    files = meta_files(meta_tensors())
    hub.repos[entry.hub.repo] = Repo()
    commit = hub.repos[entry.hub.repo].commit(files)
    facts = {n: FileFacts(len(files[n]), f"sha256:{hashlib.sha256(files[n]).hexdigest()}") for n in entry.hub.files}
    planted = HubAddress(entry.hub.repo, commit, facts)
    monkeypatch.setitem(registry.REGISTRY, "audiobox.meta", dataclasses.replace(entry, hub=planted))
    return planted


def plant(monkeypatch: pytest.MonkeyPatch, hub: LocalHub, commit: str) -> None:
    files = hub.repos[REPO].commits[commit]
    names = ("config.json", WEIGHTS, "tokenizer.json")
    facts = {n: FileFacts(len(files[n]), f"sha256:{hashlib.sha256(files[n]).hexdigest()}") for n in names}
    entry = Entry("planted", axes=("MI", "TA"), ratings="none", hub=HubAddress(REPO, commit, facts))
    monkeypatch.setitem(registry.REGISTRY, "planted.hub", entry)


# ------------------------------------------------------------------------------------------------ score


def test_clips_are_scored_by_a_model_on_the_hub(drasp: Run, tiny: str, model: str, tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    ours = drasp("score", "a.wav", "--format", "json")
    theirs = drasp("score", "a.wav", "--format", "json", "--model", f"hf-hub:{REPO}")
    assert theirs.exit_code == 0
    (row,), (mine,) = json.loads(theirs.stdout), json.loads(ours.stdout)
    assert row["model"] == f"hf-hub:{REPO}@{tiny[:12]}"
    assert row | {"model": mine["model"]} == mine


def test_metas_own_folder_is_scored_by_its_name(
    drasp: Run, meta_model: HubAddress, hub: LocalHub, results: Path
) -> None:
    """As it is: only the two files that are read are fetched, and scores are those of the same folder on disk."""
    run = drasp("score", "results", "--format", "json", "--model", "audiobox.meta")
    assert run.exit_code == 0, run.stderr
    rows = json.loads(run.stdout)
    assert meta_model.revision is not None
    assert {row["model"] for row in rows} == {f"audiobox.meta@{meta_model.revision[:12]}"}
    assert [key for key in rows[0] if key in ("MI", "TA", "PQ", "PC", "CE", "CU")] == ["PQ", "PC", "CE", "CU"]
    assert all(isinstance(row[axis], float) for row in rows for axis in ("PQ", "PC", "CE", "CU"))
    assert all(row["flags"] == "upsampled" for row in rows)
    assert not hub.asked(r"checkpoint\.pt")
    folder = drasp("models", "pull", "audiobox.meta").stdout.strip()
    again = json.loads(drasp("score", "results", "--format", "json", "--model", folder).stdout)
    assert [row | {"model": ""} for row in again] == [row | {"model": ""} for row in rows]


def test_metas_own_folder_is_verified_down_to_its_tensors(drasp: Run, meta_model: HubAddress) -> None:
    told = json.loads(drasp("models", "verify", "audiobox.meta").stdout)
    assert {file["file"]: file["held_to"] for file in told["files"]} == dict.fromkeys(meta_model.files, "registry")
    assert told["tensors"] == len(meta_tensors()) - 1


@pytest.mark.parametrize(
    ("spelling", "error", "advice"),
    [
        ("hf-hub:owner/none", "the Hub has no such repository, or it is private", "hf auth login"),
        (f"hf-hub:{REPO}@v7", "the repository has no such revision", "a branch, a tag or a commit"),
    ],
)
def test_what_is_not_there_is_told_with_advice(drasp: Run, tiny: str, spelling: str, error: str, advice: str) -> None:
    write(Path("a.wav"))
    run = drasp("score", "a.wav", "--model", spelling)
    assert (run.exit_code, run.stdout) == (1, "")
    assert f"drasp: error: {spelling}: {error}" in run.stderr
    assert re.search(f"^drasp: advice: .*{advice}", run.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("spelling", "meant"),
    [
        ("https://huggingface.co/owner/aes", "hf-hub:owner/aes"),
        ("https://huggingface.co/owner/aes/", "hf-hub:owner/aes"),
        ("huggingface.co/owner/aes/tree/v1.0", "hf-hub:owner/aes@v1.0"),
        ("http://www.hf.co/owner/aes@main", "hf-hub:owner/aes@main"),
        ("HF-HUB:owner/aes", "hf-hub:owner/aes"),
        ("Hf-Hub:owner/aes@v1", "hf-hub:owner/aes@v1"),
        ("hf://owner/aes", "hf-hub:owner/aes"),
        ("owner/aes", "hf-hub:owner/aes"),
    ],
)
def test_another_spelling_of_a_repository_is_told_ours(drasp: Run, hub: LocalHub, spelling: str, meant: str) -> None:
    write(Path("a.wav"))
    run = drasp("score", "a.wav", "--model", spelling)
    assert run.exit_code == 1
    assert f"drasp: error: {spelling}: is not a folder; on the Hub, it would be {meant}\n" in run.stderr
    assert not hub.requests


@pytest.mark.parametrize("spelling", ["https://example.org/owner/aes", "https://huggingface.co/datasets/owner/aes"])
def test_what_is_no_repository_of_a_model_is_not_taken_for_one(drasp: Run, hub: LocalHub, spelling: str) -> None:
    write(Path("a.wav"))
    run = drasp("score", "a.wav", "--model", spelling)
    assert run.exit_code == 1
    assert f"drasp: error: {spelling}: is not a folder\n" in run.stderr


def test_a_home_that_is_a_file_is_told_by_its_variable(drasp: Run, tiny: str, hub: LocalHub, tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("")
    with environment(tmp_path / "afile", hub.endpoint):
        run = drasp("models", "pull", f"hf-hub:{REPO}")
    assert (run.exit_code, run.stdout) == (1, "")
    assert f"drasp: error: {tmp_path / 'afile'}" in run.stderr
    assert "Not a directory; " in run.stderr
    assert "HF_HOME names another place" in run.stderr


def test_a_spelling_that_is_none_is_wrong_use(drasp: Run, hub: LocalHub) -> None:
    write(Path("a.wav"))
    run = drasp("score", "a.wav", "--model", "hf-hub:tiny")
    assert run.exit_code == 2
    assert "hf-hub:owner/repo" in run.stderr
    assert not hub.requests


def test_the_installed_program_reads_its_environment(tiny: str, hub: LocalHub, tmp_path: Path) -> None:
    """HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE as a shell sets them; --quiet leaves nothing on standard error."""
    program = Path(sys.executable).with_name("drasp")
    settings = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.endpoint}

    def pull(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [program, "models", "pull", f"hf-hub:{REPO}", *words]
        return subprocess.run(command, cwd=tmp_path, env=settings | more, capture_output=True, text=True, timeout=120)

    absent = pull(HF_HUB_OFFLINE="1")
    assert absent.returncode == 1
    assert "drasp: advice: set HF_HUB_OFFLINE=0 for this once" in absent.stderr
    pulled = pull("--quiet")
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert (tmp_path / "home") in Path(pulled.stdout.strip()).parents
    hub.requests.clear()
    again = pull("--quiet", HF_HUB_OFFLINE="1")
    assert (again.returncode, again.stderr, again.stdout) == (0, "", pulled.stdout)
    assert Path(again.stdout.strip()).name == tiny
    assert not hub.requests


# ------------------------------------------------------------------------------------------------ models


def test_list_tells_where_each_name_is(
    drasp: Run, tiny: str, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, hub, tiny)

    def listed() -> dict[str, dict[str, object]]:
        return {entry["name"]: entry for entry in json.loads(drasp("models", "list").stdout)}

    shipped = listed()["clap-drasp.mini"]
    assert (shipped["axes"], shipped["ratings"], shipped["where"]) == (["MI", "TA"], "simulated", "in the package")
    with environment(tmp_path / "another-home", hub.endpoint):
        assert listed()["planted.hub"]["where"] == "on the Hub"
        assert not hub.requests
        folder = drasp("models", "pull", "planted.hub").stdout.strip()
        planted = listed()["planted.hub"]
        assert (planted["where"], planted["folder"]) == ("in the cache", folder)
        assert (planted["repo"], planted["revision"]) == (REPO, tiny)
        table = drasp("models", "list", "--format", "table").stdout
    assert re.search(r"planted\.hub +MI TA +none +\d\.\d MB +in the cache", table)


def test_listing_names_waits_for_no_large_import(tmp_path: Path) -> None:
    code, modules, out = run_program("models", "list", cwd=tmp_path)
    assert code == 0
    assert "clap-drasp.mini" in out
    assert not modules & {"torch", "numpy", "huggingface_hub"}


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_the_registry_says_what_the_configs_say(drasp: Run, meta_model: HubAddress, name: str) -> None:
    shown = json.loads(drasp("models", "show", name).stdout)
    entry = registry.REGISTRY[name]
    assert shown["config"]["axes"] == list(entry.axes)
    assert shown["config"]["ratings"] == entry.ratings
    assert shown["config"]["name"] == name


def test_show_downloads_no_weights(drasp: Run, tiny: str, hub: LocalHub) -> None:
    commit = hub.repos[REPO].commit({"README.md": b"---\nlicense: mit\n---\n\n# Tiny\n\nIt knows nothing.\n"})
    shown = json.loads(drasp("models", "show", f"hf-hub:{REPO}").stdout)
    assert (shown["name"], shown["revision"]) == (f"hf-hub:{REPO}", commit[:12])
    assert shown["card"] == ["# Tiny", "It knows nothing."]
    assert shown["config"]["pooling"]["segment_size"] == 2
    assert not hub.asked(WEIGHTS)
    table = drasp("models", "show", f"hf-hub:{REPO}", "--format", "table").stdout
    assert re.search(r"config\.audio\.sample_rate +8000\b", table)
    assert "It knows nothing." in table


def test_pull_prints_a_folder_that_holds_the_checkpoint(drasp: Run, tiny: str, model: str) -> None:
    run = drasp("models", "pull", f"hf-hub:{REPO}")
    assert run.exit_code == 0
    assert (Path(run.stdout.strip()) / WEIGHTS).read_bytes() == (Path(model) / WEIGHTS).read_bytes()
    here = drasp("models", "pull", "clap-drasp.mini")
    assert Path(here.stdout.strip()) == registry.shipped_folder("clap-drasp.mini")
    assert "on this disk already" in here.stderr


def test_pull_refuses_what_the_registry_does_not_vouch_for(
    drasp: Run, tiny: str, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, hub, tiny)
    folder = Path(drasp("models", "pull", "planted.hub").stdout.strip())
    blob = (folder / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"~")
    run = drasp("models", "pull", "planted.hub")
    assert (run.exit_code, run.stdout) == (1, "")
    assert re.search(rf"is damaged \({re.escape(WEIGHTS)}: sha256:\w+, expected sha256:\w+\)", run.stderr)
    assert "advice: download it again: drasp models pull --force" in run.stderr
    assert drasp("models", "pull", "--force", "planted.hub").exit_code == 0


@pytest.mark.parametrize("left", [0.0, 0.5], ids=["empty", "half"])
@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "tokenizer.json"])
def test_half_a_file_in_the_cache_is_told_with_what_mends_it(drasp: Run, tiny: str, file: str, left: float) -> None:
    """The copy is damaged, and with the advice that is given it is whole again."""
    write(Path("a.wav"))
    Path("p.txt").write_text("slow piano\n")
    score = ("score", "a.wav", "--prompts", "p.txt", "--model", f"hf-hub:{REPO}")
    whole = drasp(*score)
    assert whole.exit_code == 0, whole.stderr
    blob = (Path(drasp("models", "pull", f"hf-hub:{REPO}").stdout.strip()) / file).resolve()
    blob.write_bytes(blob.read_bytes()[: int(left * blob.stat().st_size)])
    commands = [score, ("models", "verify", f"hf-hub:{REPO}")]
    if file == "config.json":
        commands.append(("models", "show", f"hf-hub:{REPO}"))
    for command in commands:
        run = drasp(*command)
        assert (run.exit_code, run.stdout) == (1, "")
        assert f"drasp: error: hf-hub:{REPO}: is damaged ({file}" in run.stderr
        assert f"advice: download it again: drasp models pull --force hf-hub:{REPO}; if that changes" in run.stderr
    assert drasp("models", "pull", "--force", f"hf-hub:{REPO}").exit_code == 0
    assert drasp(*score).stdout == whole.stdout


def test_verify_tells_digests_and_tensors(
    drasp: Run, tiny: str, hub: LocalHub, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, hub, tiny)
    digest = f"sha256:{hashlib.sha256((Path(model) / WEIGHTS).read_bytes()).hexdigest()}"
    for name, judge in ((f"hf-hub:{REPO}", "Hub"), ("planted.hub", "registry"), (model, None)):
        told = json.loads(drasp("models", "verify", name).stdout)
        weights = next(file for file in told["files"] if file["file"] == WEIGHTS)
        assert (weights["digest"], weights["held_to"]) == (digest, judge)
        assert told["tensors"] > 10
    table = drasp("models", "verify", "planted.hub", "--format", "table").stdout
    assert f"planted.hub@{tiny[:12]}" in table
    assert "exactly those that config.json asks for" in table


def test_verify_finds_damage_that_no_receipt_can_show(
    drasp: Run, tiny: str, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit, with size and modification time as they were."""
    plant(monkeypatch, hub, tiny)
    blob = (Path(drasp("models", "pull", "--force", "planted.hub").stdout.strip()) / WEIGHTS).resolve()
    before = blob.stat()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert drasp("models", "pull", "planted.hub").exit_code == 0
    run = drasp("models", "verify", "planted.hub")
    assert run.exit_code == 1
    assert f"{WEIGHTS}: sha256:" in run.stderr
    drasp("models", "pull", "--force", "planted.hub")


def test_a_missing_tensor_is_named_by_verify(drasp: Run, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = tiny_folder(tmp_path / "broken") / WEIGHTS
    tensors = load_file(weights)
    del tensors["pooling.alpha"]
    save_file(tensors, weights)
    run = drasp("models", "verify", "./broken")
    assert run.exit_code == 1
    assert "1 tensor is missing: pooling.alpha" in run.stderr


@pytest.mark.parametrize("command", [("list",), ("show", "clap-drasp.mini"), ("verify", "clap-drasp.mini")])
def test_a_format_that_is_none_is_wrong_use(drasp: Run, command: tuple[str, ...]) -> None:
    run = drasp("models", *command, "--format", "csv")
    assert run.exit_code == 2
    assert "table, json" in run.stderr


def test_a_format_version_of_the_future_is_told_with_advice(drasp: Run, tiny: str, hub: LocalHub) -> None:
    config = json.loads(hub.repos[REPO].commits[tiny]["config.json"]) | {"format_version": 9}
    hub.repos[REPO].commit({"config.json": json.dumps(config).encode()})
    run = drasp("models", "show", f"hf-hub:{REPO}")
    assert run.exit_code == 1
    assert "format_version: 9 is not one of the versions read here" in run.stderr
    assert "advice: a newer drasp may read it" in run.stderr


# ------------------------------------------------------------------------------------------------ push


def test_what_is_pushed_scores_the_same(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine")
    write(tmp_path / "a.wav")
    run = drasp("push", "mine", "owner/mine")
    assert run.exit_code == 0, run.stderr
    assert "%|" not in run.stderr  # no bar where there is no terminal
    repo = hub.repos["owner/mine"]
    assert run.stdout.strip() == f"hf-hub:owner/mine@{repo.refs['main']}"
    assert len(repo.commits) == 2  # the empty repository, and one commit with all files
    assert len(hub.asked("PUT", "cdn")) >= 1
    ours = drasp("score", "a.wav", "--model", "./mine", "--format", "json")
    theirs = drasp("score", "a.wav", "--model", run.stdout.strip(), "--format", "json")
    (row,), (mine,) = json.loads(theirs.stdout), json.loads(ours.stdout)
    assert row | {"model": mine["model"]} == mine


def metadata(card: bytes) -> dict[str, object]:
    return dict(yaml.safe_load(card.decode().split("---\n")[1]))


@pytest.mark.parametrize("card", ["# no header\n", None])
def test_a_card_is_completed_and_the_folder_left_alone(
    drasp: Run, hub: LocalHub, tmp_path: Path, card: str | None
) -> None:
    folder = tiny_folder(tmp_path / "mine", licence="My Own Licence v2", ratings="simulated")
    if card is None:
        (folder / "README.md").unlink()
    else:
        (folder / "README.md").write_text(card)
    assert drasp("push", "mine", "owner/mine").exit_code == 0
    repo = hub.repos["owner/mine"]
    sent = repo.commits[repo.refs["main"]]["README.md"]
    facts = metadata(sent)
    assert (facts["license"], facts["license_name"], facts["library_name"]) == ("other", "my-own-licence-v2", "drasp")
    assert facts["tags"] == ["audio", "mean-opinion-score", "MI", "TA"]
    if card is None:
        assert b"ratings behind this checkpoint are simulated" in sent
        assert not (folder / "README.md").exists()
    else:
        assert sent.endswith(b"# no header\n")
        assert (folder / "README.md").read_text() == card


def test_what_a_card_says_is_kept(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "mine")
    (folder / "README.md").write_text("---\nlicense: mit\ntags: [music]\nlanguage: fr\n---\n# mine\n")
    assert drasp("push", "mine", "owner/mine").exit_code == 0
    repo = hub.repos["owner/mine"]
    facts = metadata(repo.commits[repo.refs["main"]]["README.md"])
    assert facts == {"license": "mit", "tags": ["music"], "language": "fr", "library_name": "drasp"}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("license: none of the above", '"license" must be one of'),
        ("license: [mit", "refused by the Hub: while parsing"),
    ],
)
def test_a_card_that_does_not_pass_is_refused_before_anything_is_sent(
    drasp: Run, hub: LocalHub, tmp_path: Path, header: str, reason: str
) -> None:
    folder = tiny_folder(tmp_path / "mine")
    (folder / "README.md").write_text(f"---\n{header}\n---\n# mine\n")
    run = drasp("push", "mine", "owner/mine")
    assert run.exit_code == 1
    assert reason in run.stderr
    assert not hub.repos


def test_the_card_of_every_shipped_checkpoint_passes(drasp: Run, hub: LocalHub) -> None:
    for name in registry.SHIPPED:
        run = drasp("push", str(registry.shipped_folder(name)), "owner/shipped", "--dry-run")
        assert run.exit_code == 0, run.stderr


def test_a_dry_run_uploads_nothing(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine")
    run = drasp("push", "mine", "owner/mine", "--dry-run")
    assert (run.exit_code, run.stdout) == (0, "")
    assert re.search(rf"{re.escape(WEIGHTS)}: [\d,]+ bytes", run.stderr)
    assert "nothing was uploaded" in run.stderr
    assert [request.path for request in hub.requests] == ["/api/validate-yaml"]


def test_a_folder_that_does_not_load_is_not_sent(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    (tiny_folder(tmp_path / "mine") / WEIGHTS).write_bytes(b"half")
    assert drasp("push", "mine", "owner/mine").exit_code == 1
    assert not hub.requests


def test_a_private_repository_is_made_so(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine")
    assert drasp("push", "mine", "owner/mine", "--private").exit_code == 0
    assert hub.repos["owner/mine"].private


def test_nothing_private_is_sent_to_a_public_repository(drasp: Run, hub: LocalHub, tiny: str, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine", seed=1)
    run = drasp("push", "mine", REPO, "--private")
    assert run.exit_code == 1
    assert "it is public" in run.stderr
    assert hub.repos[REPO].refs == {"main": tiny}
    assert not hub.asked("PUT", "cdn")


def test_a_branch_is_made_and_the_default_one_left_alone(drasp: Run, hub: LocalHub, tiny: str, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine", seed=1)
    for _ in range(2):  # the second time it is there, and nothing has changed
        run = drasp("push", "mine", REPO, "--revision", "better")
        assert run.exit_code == 0, run.stderr
    repo = hub.repos[REPO]
    assert repo.refs["main"] == tiny
    assert run.stdout.strip() == f"hf-hub:{REPO}@{repo.refs['better']}"
    assert drasp("models", "verify", f"hf-hub:{REPO}@better").exit_code == 0


@pytest.mark.parametrize(
    ("token", "repo", "error"),
    [
        ("", "owner/mine", "the Hub has no such repository, or it is private"),
        ("hf_misspelt", "owner/mine", "the Hub does not take the token"),
        (TOKEN, "somebody/else", "the token does not allow it"),
    ],
)
def test_who_may_not_push_is_told(
    drasp: Run, hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, repo: str, error: str
) -> None:
    tiny_folder(tmp_path / "mine")
    monkeypatch.setenv("HF_TOKEN", token)
    run = drasp("push", "mine", repo)
    assert run.exit_code == 1
    assert error in run.stderr
    assert "advice: " in run.stderr


def test_an_upload_that_the_storage_refuses_is_told(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine")
    hub.statuses.append((r"POST .*/info/lfs/verify", 403))
    run = drasp("push", "mine", "owner/mine")
    assert run.exit_code == 1
    assert "the token does not allow it" in run.stderr
    assert len(hub.repos["owner/mine"].commits) == 1


@pytest.mark.parametrize("word", ["mine", "owner/my model", "hf-hub:mine", "owner/mine@v1", "owner/mine/aes"])
def test_a_word_that_is_no_repository_is_refused(drasp: Run, hub: LocalHub, tmp_path: Path, word: str) -> None:
    tiny_folder(tmp_path / "mine")
    run = drasp("push", "mine", word)
    assert run.exit_code == 1
    assert f"drasp: error: {word}: is no name of a repository on the Hub: that is owner/name, the owner, " in run.stderr
    assert ("--revision" in run.stderr) == ("@" in word)
    assert "config.json" not in run.stderr
    assert not hub.requests


def test_the_spelling_of_a_model_names_its_repository(drasp: Run, hub: LocalHub, tmp_path: Path) -> None:
    tiny_folder(tmp_path / "mine")
    run = drasp("push", "mine", "hf-hub:owner/mine")
    assert run.exit_code == 0, run.stderr
    assert run.stdout.strip() == f"hf-hub:owner/mine@{hub.repos['owner/mine'].refs['main']}"


@pytest.mark.parametrize(
    ("endpoint", "offline", "problem", "advice"),
    [
        ("http://127.0.0.1:9", "0", "the Hub cannot be reached", "look at the connection, the proxy and HF_ENDPOINT"),
        ("", "1", "the Hub would have to be asked", "set HF_HUB_OFFLINE=0 for this once"),
    ],
)
def test_a_hub_that_cannot_be_asked_takes_nothing(
    drasp: Run, hub: LocalHub, tmp_path: Path, endpoint: str, offline: str, problem: str, advice: str
) -> None:
    """The repository is named, and not the card that was to be checked first; the advice is about pushing."""
    tiny_folder(tmp_path / "mine")
    with environment(tmp_path / "home", endpoint or hub.endpoint, HF_HUB_OFFLINE=offline):
        run = drasp("push", "mine", "owner/mine")
    assert run.exit_code == 1
    assert f"drasp: error: hf-hub:owner/mine: {problem}" in run.stderr
    assert f"drasp: advice: {advice}" in run.stderr
    assert "pull" not in run.stderr
    assert "README.md" not in run.stderr
    assert not hub.repos
