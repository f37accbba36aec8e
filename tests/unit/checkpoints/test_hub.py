"""Checkpoints from the Hub: the real client against a local Hub, its faults switched on one by one."""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import logging
import os
import random
import re
import shutil
import sys
import time
from collections.abc import Callable
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import pytest
import torch

from drasp_cli.checkpoints import hub as hub_room
from drasp_cli.checkpoints import integrity, registry
from drasp_cli.checkpoints.at_hand import find_at_hand
from drasp_cli.checkpoints.folder import CHECKPOINT_FILES
from drasp_cli.checkpoints.hub import cache_folder, fetch, fetch_file
from drasp_cli.checkpoints.registry import Entry, FileFacts, HubAddress, hub_file
from drasp_cli.checkpoints.resolve import resolve
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import CheckpointError, ConfigError, HubError, HubProblem, UnknownModelError
from tests.hub_client import environment
from tests.hub_server import STRANGER, TOKEN, LocalHub, Repo
from tests.tiny import tiny_audiobox_folder, tiny_folder

WEIGHTS = "model.safetensors"
BLOCK = 10 << 20  # bytes that the client takes from a connection at a time; a broken block is asked for again


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A checkpoint folder, and beside it what is no part of one."""
    folder = tiny_folder(tmp_path_factory.mktemp("models") / "tiny")
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    return content | {"training-log.csv": b"epoch\n", "pytorch_model.bin": b"a pickle"}


@pytest.fixture(scope="module")
def large() -> dict[str, bytes]:
    """Files of which the CDN has the weights alone, which are more than a block."""
    return {WEIGHTS: random.Random(0).randbytes(BLOCK + 5000), "tokenizer.json": b"{}"}


@pytest.fixture
def hub(server: LocalHub) -> LocalHub:
    server.requests.clear()
    server.statuses.clear()
    server.cut_after.clear()
    server.refuse_ranges = server.spoiled = server.shortened = False
    return server


@pytest.fixture
def publish(hub: LocalHub, files: dict[str, bytes], request: pytest.FixtureRequest) -> Callable[..., str]:
    """Makes a repository that no other test has, with the files of the checkpoint or some others; its name."""

    def publish(changes: dict[str, bytes] | None = None, **facts: Any) -> str:
        name = f"owner/{hashlib.md5(request.node.name.encode()).hexdigest()[:12]}"
        hub.repos[name] = Repo(**facts)
        hub.repos[name].commit(files | (changes or {}))
        return name

    return publish


def plant(monkeypatch: pytest.MonkeyPatch, repo: str, commit: str, content: dict[str, bytes]) -> None:
    facts = {
        name: FileFacts(len(content[name]), f"sha256:{hashlib.sha256(content[name]).hexdigest()}")
        for name in ("config.json", WEIGHTS, "tokenizer.json")
    }
    entry = Entry("planted", axes=("MI", "TA"), ratings="none", hub=HubAddress(repo, commit, facts))
    monkeypatch.setitem(registry.REGISTRY, "planted.hub", entry)


def problem_of(model: str) -> HubProblem:
    with pytest.raises(HubError) as caught:
        load_predictor(model)
    assert "\n" not in str(caught.value)
    return caught.value.problem


# ------------------------------------------------------------------------------------------------ what is fetched


def test_a_folder_on_the_hub_loads_like_one_on_disk(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], tmp_path: Path
) -> None:
    name = publish()
    loaded = load_predictor(f"hf-hub:{name}")
    ours = load_predictor(f"{tiny_folder(tmp_path / 'again')}")
    assert loaded.label == f"hf-hub:{name}@{hub.repos[name].refs['main'][:12]}"
    assert loaded.tokenizer is not None
    theirs = loaded.predictor.state_dict()
    assert all(torch.equal(tensor, theirs[key]) for key, tensor in ours.predictor.state_dict().items())


def test_only_the_files_of_a_checkpoint_are_downloaded(hub: LocalHub, publish: Callable[..., str]) -> None:
    found = resolve(f"hf-hub:{publish()}")
    assert {path.name for path in found.folder.iterdir()} == {"config.json", WEIGHTS, "tokenizer.json", "README.md"}
    assert not hub.asked(r"training-log|pytorch_model")


def test_what_the_cache_has_is_not_downloaded_again(hub: LocalHub, publish: Callable[..., str]) -> None:
    model = f"hf-hub:{publish()}"
    resolve(model)
    hub.requests.clear()
    resolve(model)
    assert len(hub.requests) <= 2
    assert not hub.asked("GET", "cdn")


def test_the_cache_is_the_one_that_other_tools_use(home: Path, publish: Callable[..., str]) -> None:
    from huggingface_hub import hf_hub_download

    name = publish()
    folder = resolve(f"hf-hub:{name}").folder
    assert home in folder.parents
    assert hf_hub_download(name, WEIGHTS) == str(folder / WEIGHTS)


def test_a_branch_moves_and_a_commit_does_not(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish()
    first = hub.repos[name].refs["main"]
    assert resolve(f"hf-hub:{name}@main").folder.name == first
    second = hub.repos[name].commit({"README.md": b"# newer\n"})
    assert resolve(f"hf-hub:{name}").folder.name == second
    assert resolve(f"hf-hub:{name}@{first}").folder.name == first


def test_the_label_of_a_result_names_the_same_checkpoint(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish()
    label = load_predictor(f"hf-hub:{name}").label
    hub.repos[name].commit({"README.md": b"# newer\n"})
    assert load_predictor(label).label == label
    fresh = resolve(f"hf-hub:{name}@{hub.repos[name].refs['main'][:12]}")  # not in the cache: the Hub resolves it
    assert fresh.folder.name == hub.repos[name].refs["main"]


def test_a_commit_in_the_cache_needs_no_network(
    hub: LocalHub, publish: Callable[..., str], home: Path, files: dict[str, bytes]
) -> None:
    name = publish()
    label = load_predictor(f"hf-hub:{name}").label
    with environment(home, "http://127.0.0.1:9", HF_HUB_OFFLINE="1"):
        assert load_predictor(label).label == label
        assert load_predictor(f"hf-hub:{name}").label == label


# ------------------------------------------------------------------------------------------------ tokens


def test_a_private_repository_opens_to_its_token(
    hub: LocalHub, publish: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = f"hf-hub:{publish(private=True)}"
    assert problem_of(model) is HubProblem.NOT_FOUND
    monkeypatch.setenv("HF_TOKEN", STRANGER)
    assert problem_of(model) is HubProblem.NOT_FOUND
    monkeypatch.setenv("HF_TOKEN", "hf_misspelt")
    assert problem_of(model) is HubProblem.BAD_TOKEN
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert load_predictor(model).name == model


def test_the_token_is_sent_to_the_hub_and_to_nobody_else(
    hub: LocalHub, publish: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    resolve(f"hf-hub:{publish(private=True)}")
    assert {request.token for request in hub.requests if request.server == "hub"} == {TOKEN}
    assert {request.token for request in hub.requests if request.server == "cdn"} == {None}


@pytest.mark.parametrize("token", [None, STRANGER])
def test_a_gated_repository_says_so(
    publish: Callable[..., str], monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    assert problem_of(f"hf-hub:{publish(gated=True)}") is HubProblem.GATED


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_no_such_repository(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem_of("hf-hub:owner/nothing-here") is HubProblem.NOT_FOUND
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert problem_of("hf-hub:owner/nothing-here") is HubProblem.NOT_FOUND


@pytest.mark.parametrize("revision", ["v7", "0" * 40, "0123456789ab"])
def test_no_such_revision(publish: Callable[..., str], revision: str) -> None:
    assert problem_of(f"hf-hub:{publish()}@{revision}") is HubProblem.NO_REVISION


@pytest.mark.parametrize(
    "model",
    ["hf-hub:", "hf-hub:owner", "hf-hub:a/b/c", "hf-hub:owner/repo@", "hf-hub:owner/a--b", "hf-hub:owner/../x"]
    + [f"hf-hub:owner/{word}" for word in ("-a", "a.", "a.git", "a b", "x" * 91)],
)
def test_what_is_no_name_on_the_hub_is_told_before_the_network(hub: LocalHub, model: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        load_predictor(model)
    assert "hf-hub:owner/repo" in str(caught.value.hint)
    assert not hub.requests


def test_the_longest_name_that_the_client_takes() -> None:
    from huggingface_hub.utils import validate_repo_id

    for name in (f"owner/{'x' * 90}", "0wner/a.b-c_d"):
        validate_repo_id(name)
        assert registry.is_repo(name)


def test_a_path_that_could_be_a_repository_is_told_both_spellings() -> None:
    with pytest.raises(CheckpointError, match="on the Hub, it would be hf-hub:owner/repo@main"):
        load_predictor("owner/repo@main")


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_the_hub(hub: LocalHub, publish: Callable[..., str], status: int) -> None:
    name = publish()
    hub.statuses.append((r"GET /api/models/", status))
    assert problem_of(f"hf-hub:{name}") is HubProblem.SERVER


def test_no_network(publish: Callable[..., str], tmp_path: Path) -> None:
    with environment(tmp_path, "http://127.0.0.1:9"):
        assert problem_of("hf-hub:owner/repo") is HubProblem.UNREACHABLE


@pytest.mark.parametrize(
    "act",
    [
        lambda: fetch_file(HubAddress("owner/repo"), WEIGHTS, progress=True),
        lambda: fetch(HubAddress("owner/repo", "0" * 40), progress=True),
        lambda: fetch(HubAddress("owner/repo"), progress=True),
    ],
)
def test_no_network_is_told_at_once_and_once(
    act: Callable[[], object], hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would try six times, in 23 s, and say so each time."""
    said = BufferingHandler(1000)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"{seconds} s are waited"))
    with environment(tmp_path, "http://127.0.0.1:9"):
        import huggingface_hub  # noqa: F401 - which gives its logger handlers

        monkeypatch.setattr(logging.getLogger("huggingface_hub"), "handlers", [said])
        with pytest.raises(HubError) as caught:
            act()
    assert caught.value.problem is HubProblem.UNREACHABLE
    assert not said.buffer


def test_offline_without_a_copy(publish: Callable[..., str], tmp_path: Path, hub: LocalHub) -> None:
    name = publish()
    with environment(tmp_path, hub.endpoint, HF_HUB_OFFLINE="1"):
        assert problem_of(f"hf-hub:{name}") is HubProblem.OFFLINE
    assert not hub.requests


def test_offline_with_half_a_copy(publish: Callable[..., str], home: Path, hub: LocalHub) -> None:
    model = f"hf-hub:{publish()}"
    resolve(model, only=("config.json", "README.md"))
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"):
        assert problem_of(model) is HubProblem.OFFLINE


def forget_listings(home: Path) -> None:
    """Leaves the cache as huggingface-hub 0.30 or 1.0 does, which keep no record of what a commit holds."""
    for folder in home.glob("hub/models--*/trees"):
        shutil.rmtree(folder)


@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "tokenizer.json"])
def test_half_a_copy_is_told_from_a_whole_one_whatever_the_client_remembers(
    publish: Callable[..., str], home: Path, hub: LocalHub, file: str
) -> None:
    """The Hub fails for one file; offline, what did come is not taken for the repository."""
    name = publish()
    resolve(f"hf-hub:{name}", only=[other for other in CHECKPOINT_FILES if other != file])
    hub.statuses.append((rf"(HEAD|GET) .*{re.escape(file)}", 501))  # after a 500 the client tries again, for long
    assert problem_of(f"hf-hub:{name}") is HubProblem.SERVER
    forget_listings(home)
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"), pytest.raises(HubError, match=f"lacks {file}") as caught:
        load_predictor(f"hf-hub:{name}")
    assert caught.value.problem is HubProblem.OFFLINE
    hub.statuses.clear()
    assert load_predictor(f"hf-hub:{name}").tokenizer is not None


def test_half_a_copy_is_completed_where_the_hub_lists_nothing_and_gives_files(
    publish: Callable[..., str], home: Path, hub: LocalHub, files: dict[str, bytes]
) -> None:
    name = publish()
    resolve(f"hf-hub:{name}", only=("config.json", WEIGHTS))
    forget_listings(home)
    hub.statuses.append((r"GET /api/models/", 500))
    with environment(home, hub.endpoint):  # a client that has not read the listing before
        assert (resolve(f"hf-hub:{name}").folder / "tokenizer.json").read_bytes() == files["tokenizer.json"]


def test_a_repository_without_a_tokenizer_is_whole_without_network(
    publish: Callable[..., str], home: Path, hub: LocalHub, files: dict[str, bytes]
) -> None:
    """That it has none was told when it was pulled, and a commit does not change."""
    name = publish()
    del hub.repos[name].commits[hub.repos[name].refs["main"]]["tokenizer.json"]
    assert load_predictor(f"hf-hub:{name}").tokenizer is None
    forget_listings(home)
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"):
        assert load_predictor(f"hf-hub:{name}").tokenizer is None


def test_a_predictor_that_reads_no_prompts_needs_no_tokenizer(hub: LocalHub, home: Path, tmp_path: Path) -> None:
    """Also where another tool filled the cache, offline."""
    from huggingface_hub import snapshot_download

    folder = tiny_audiobox_folder(tmp_path / "audiobox")
    hub.repos["owner/audiobox"] = Repo()
    hub.repos["owner/audiobox"].commit({path.name: path.read_bytes() for path in folder.iterdir()})
    snapshot_download("owner/audiobox")
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"):
        assert load_predictor("hf-hub:owner/audiobox").tokenizer is None


def test_a_download_that_breaks_off_goes_on_where_it_was(
    hub: LocalHub, publish: Callable[..., str], large: dict[str, bytes]
) -> None:
    name = publish(large)
    hub.cut_after = [BLOCK + 1000]
    found = resolve(f"hf-hub:{name}")
    assert (found.folder / WEIGHTS).read_bytes() == large[WEIGHTS]
    ranges = [request.headers.get("range") for request in hub.asked("GET", "cdn")]
    assert ranges == [None, f"bytes={BLOCK}-"]


def test_a_download_that_never_ends_leaves_nothing_behind(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], home: Path
) -> None:
    name = publish({"tokenizer.json": b""})
    hub.cut_after = [1000, *[0] * 6]
    assert problem_of(f"hf-hub:{name}") is HubProblem.UNREACHABLE
    assert not [path for path in home.rglob("*") if "incomplete" in path.name]
    assert (resolve(f"hf-hub:{name}").folder / WEIGHTS).read_bytes() == files[WEIGHTS]


def test_a_range_that_is_refused(hub: LocalHub, publish: Callable[..., str], large: dict[str, bytes]) -> None:
    name = publish(large)
    hub.cut_after = [BLOCK + 1000]
    hub.refuse_ranges = True
    assert problem_of(f"hf-hub:{name}") is HubProblem.SERVER


def test_half_a_file_is_not_kept(hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes]) -> None:
    name = publish()
    hub.shortened = True
    assert problem_of(f"hf-hub:{name}") is HubProblem.DAMAGED
    hub.shortened = False
    assert (resolve(f"hf-hub:{name}").folder / WEIGHTS).read_bytes() == files[WEIGHTS]


def test_a_full_disk(publish: Callable[..., str], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own error: whatever is written below HF_HOME, under whatever name, goes to /dev/full."""
    name = publish()
    true_open = io.open

    def open_full(file: Any, mode: str = "r", *words: Any, **more: Any) -> Any:
        if isinstance(file, str | os.PathLike) and home in Path(file).parents and set(mode) & set("wax+"):
            file, mode = "/dev/full", mode.replace("x", "w")
        return true_open(file, mode, *words, **more)

    for place in (builtins, io, Path):  # Python 3.10's Path does not look into io for it
        monkeypatch.setattr(place, "open", open_full)
    assert problem_of(f"hf-hub:{name}") is HubProblem.DISK_FULL


def test_a_repository_that_is_no_checkpoint(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish()
    del hub.repos[name].commits[hub.repos[name].refs["main"]][WEIGHTS]
    with pytest.raises(HubError, match=r"is no checkpoint folder \(it has no model\.safetensors\)"):
        load_predictor(f"hf-hub:{name}")


def test_weights_that_are_none(publish: Callable[..., str]) -> None:
    with pytest.raises(HubError, match=r"is damaged \(model\.safetensors is not a readable safetensors file"):
        load_predictor(f"hf-hub:{publish({WEIGHTS: bytes(9999)})}")


def test_a_format_of_the_future_is_refused_by_its_number(publish: Callable[..., str], files: dict[str, bytes]) -> None:
    config = json.loads(files["config.json"]) | {"format_version": 7, "brand_new": True}
    with pytest.raises(ConfigError, match="format_version: 7 is not one of the versions"):
        load_predictor(f"hf-hub:{publish({'config.json': json.dumps(config).encode()})}")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"HF_HOME": "~/models"},
        {"HF_HOME": "$PLACE/models"},
        {"XDG_CACHE_HOME": "/var/cache"},
        {"HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/home"},
        {"HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/home"},
    ],
    ids=lambda settings: " ".join(settings) or "none",
)
def test_the_cache_is_where_the_client_has_it(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    with environment(Path("/unused"), "http://127.0.0.1"):
        for name in ("HF_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"PLACE": "/somewhere"} | settings).items():
            monkeypatch.setenv(name, value)
        from huggingface_hub.constants import HF_HUB_CACHE

        assert cache_folder() == Path(HF_HUB_CACHE)
        monkeypatch.undo()


# ------------------------------------------------------------------------------------------------ digests


def test_a_planted_name_loads_its_pinned_commit(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish()
    commit = hub.repos[name].refs["main"]
    plant(monkeypatch, name, commit, files)
    hub.repos[name].commit({WEIGHTS: b"another"})
    assert load_predictor("planted.hub").label == f"planted.hub@{commit[:12]}"
    hub.requests.clear()
    assert load_predictor("planted.hub").label == f"planted.hub@{commit[:12]}"
    assert not hub.requests


@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "tokenizer.json"])
def test_another_content_than_the_registry_knows_is_refused_by_name(
    hub: LocalHub,
    publish: Callable[..., str],
    files: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    file: str,
) -> None:
    name = publish()
    known = files | {file: files[file][:-1] + b"~"}
    plant(monkeypatch, name, hub.repos[name].refs["main"], known)
    with pytest.raises(HubError, match=rf"is damaged \({file}: sha256:\w+, expected sha256:\w+\)"):
        load_predictor("planted.hub")


def test_a_file_that_the_registry_does_not_know_is_not_read(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish()
    plant(monkeypatch, name, hub.repos[name].refs["main"], files)
    entry = registry.REGISTRY["planted.hub"]
    assert entry.hub is not None
    few = {key: facts for key, facts in entry.hub.files.items() if key != "tokenizer.json"}
    monkeypatch.setitem(registry.REGISTRY, "planted.hub", Entry("", (), "", HubAddress(name, entry.hub.revision, few)))
    assert load_predictor("planted.hub").tokenizer is None


def test_files_are_hashed_once_and_again_when_they_change(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish()
    plant(monkeypatch, name, hub.repos[name].refs["main"], files)
    hashed: list[str] = []
    digest_of = integrity.digest_of

    def counted(path: Path, like: str) -> str:
        hashed.append(path.name)
        return digest_of(path, like)

    monkeypatch.setattr(integrity, "digest_of", counted)
    folder = resolve("planted.hub").folder
    assert sorted(hashed) == ["config.json", WEIGHTS, "tokenizer.json"]
    hashed.clear()
    resolve("planted.hub")
    assert hashed == []
    blob = (folder / WEIGHTS).resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"~")
    with pytest.raises(HubError, match=WEIGHTS):
        resolve("planted.hub")
    assert hashed == [WEIGHTS]


def test_what_the_network_spoils_is_refused_and_downloaded_again_on_demand(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish()
    plant(monkeypatch, name, hub.repos[name].refs["main"], files)
    hub.spoiled = True
    assert problem_of("planted.hub") is HubProblem.DAMAGED
    hub.spoiled = False
    assert problem_of("planted.hub") is HubProblem.DAMAGED  # the cache still has it
    assert (resolve("planted.hub", force=True).folder / WEIGHTS).read_bytes() == files[WEIGHTS]
    assert load_predictor("planted.hub").name == "planted.hub"


def test_verify_asks_no_receipt_and_holds_other_repositories_to_the_listing(
    hub: LocalHub, publish: Callable[..., str], files: dict[str, bytes]
) -> None:
    """So it needs the network, unless the registry vouches for the files."""
    found = resolve(f"hf-hub:{publish()}")
    assert found.address is not None
    assert found.snapshot is not None
    known = hub_room.verify(found.address, found.snapshot)
    assert known.keys() == {"config.json", WEIGHTS, "tokenizer.json", "README.md"}
    assert known[WEIGHTS].digest == f"sha256:{hashlib.sha256(files[WEIGHTS]).hexdigest()}"
    assert known["README.md"].digest.startswith("git:")
    for name in ("README.md", WEIGHTS):
        blob = (found.folder / name).resolve()
        blob.write_bytes(blob.read_bytes()[:-1] + b"~")
    with pytest.raises(
        HubError, match=r"model\.safetensors: sha256.*README\.md: git|README\.md: git.*safetensors: sha"
    ):
        hub_room.verify(found.address, found.snapshot)
    (found.folder / WEIGHTS).resolve().write_bytes(b"half")
    with pytest.raises(HubError, match=r"model\.safetensors: 4 bytes, expected \d+"):
        hub_room.verify(found.address, found.snapshot)


def test_what_is_pinned_is_looked_up_in_the_cache_without_the_hub(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish()
    address = HubAddress(name, hub.repos[name].refs["main"])
    assert hub_room.cached(address) is None
    folder = resolve(f"hf-hub:{name}").folder
    hub.requests.clear()
    snapshot = hub_room.cached(address)
    assert snapshot is not None
    assert snapshot.folder == folder
    more = HubAddress(address.repo, address.revision, {"vocabulary.txt": FileFacts(1, "sha256:0")})
    assert hub_room.cached(more) is None
    assert not hub.requests


def test_what_a_table_names_is_found_in_the_cache_without_the_hub(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish()
    label = f"hf-hub:{name}@{hub.repos[name].refs['main'][:12]}"
    with pytest.raises(CheckpointError, match="not in the cache; drasp models pull fetches it"):
        find_at_hand(label)
    assert not hub.requests
    loaded = load_predictor(f"hf-hub:{name}")
    hub.requests.clear()
    assert loaded.label == label
    assert find_at_hand(label).folder == resolve(label).folder
    assert not hub.requests


@pytest.mark.parametrize(("progress", "terminal"), [(True, True), (True, False), (False, True)])
def test_bars_are_drawn_on_a_terminal_unless_asked_not_to(
    hub: LocalHub, publish: Callable[..., str], monkeypatch: pytest.MonkeyPatch, progress: bool, terminal: bool
) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    name = publish()
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    resolve(f"hf-hub:{name}", progress=progress)
    assert ("%|" in screen.getvalue()) == (progress and terminal)
    assert progress or screen.getvalue() == ""
    from huggingface_hub.utils import are_progress_bars_disabled

    assert not are_progress_bars_disabled()


# ------------------------------------------------------------------------------------------------- one file of any kind


def test_a_file_of_a_commit_is_asked_for_once(hub: LocalHub, publish: Callable[..., str]) -> None:
    name = publish({"runs/best.pt": b"weights"})
    address, file = hub_file(f"hf-hub:{name}@{hub.repos[name].refs['main']}:runs/best.pt") or pytest.fail("no file")
    assert fetch_file(address, file).read_bytes() == b"weights"
    assert hub.asked(r"runs/best\.pt")
    hub.requests.clear()
    assert fetch_file(address, file).read_bytes() == b"weights"
    assert not hub.requests


def test_a_file_without_network_is_the_one_that_was_fetched(
    hub: LocalHub, publish: Callable[..., str], home: Path
) -> None:
    address = HubAddress(publish({"best.pt": b"weights"}))
    fetch_file(address, "best.pt")
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"):
        assert fetch_file(address, "best.pt").read_bytes() == b"weights"
        with pytest.raises(HubError) as caught:
            fetch_file(address, "other.pt")
        assert caught.value.problem is HubProblem.OFFLINE
    with pytest.raises(HubError) as caught:
        fetch_file(address, "other.pt")
    assert caught.value.problem is HubProblem.NO_FILE
    assert str(caught.value).startswith(f"{address.spelling}:other.pt: the repository has no such file")


@pytest.mark.parametrize("spelling", ["some.pt", "a:b", "audiobox.meta", "hf-hub:owner/repo", "hf-hub:owner/repo@v1"])
def test_spellings_of_no_file_on_the_hub(spelling: str) -> None:
    assert hub_file(spelling) is None


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a.pt", "a//b.pt", "a/./b.pt", "a\\b.pt", "a/"])
def test_a_file_on_the_hub_has_a_plain_name(name: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        hub_file(f"hf-hub:owner/repo:{name}")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("a file on the Hub is hf-hub:owner/repo:file")
