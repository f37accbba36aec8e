"""`clap.laion`: LAION's file on a local Hub, converted once into the cache, whatever happens on the way."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from drasp_cli.checkpoints import converted, store
from drasp_cli.checkpoints.convert import laion
from drasp_cli.checkpoints.convert.laion import convert_laion, laion_config
from drasp_cli.checkpoints.hub import assets_folder
from drasp_cli.checkpoints.registry import CLAP_LAION, REGISTRY, Conversion
from drasp_cli.checkpoints.resolve import resolve
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import HubError, HubProblem, OutputError
from drasp_cli.models.build import build_predictor
from drasp_cli.models.config import ClapConfig, to_plain
from tests.clap_file import laion_tensors, publish_laion, shrink
from tests.hub_client import environment
from tests.hub_server import LocalHub

WEIGHTS = "model.safetensors"


@pytest.fixture
def published(hub: LocalHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Conversion:
    """`clap.laion`, pinned to small towers on that Hub."""
    shrink(monkeypatch)
    (tmp_path / "tokens").mkdir()
    return publish_laion(hub, monkeypatch, tmp_path / "tokens")


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where each conversion that the test makes happen writes to, in order."""
    made: list[Path] = []

    def counted(source: str, out: Path, **more: Any) -> None:
        made.append(out)
        convert_laion(source, out, **more)

    monkeypatch.setattr(laion, "convert_laion", counted)
    return made


def failure(act: Callable[[], object]) -> HubError:
    with pytest.raises(HubError) as caught:
        act()
    assert "\n" not in str(caught.value)
    return caught.value


def leftovers(home: Path) -> list[Path]:
    """What a conversion that failed has left, but for its lock."""
    return [path for path in (home / "assets/drasp/converted").rglob("*") if path.is_file() and path.name != ".lock"]


# ------------------------------------------------------------------------------------------------ what is pinned


def test_the_pinned_facts() -> None:
    """Of the facts page; the file's size and digest decide what is read, so they are spelled out twice."""
    conversion = REGISTRY[CLAP_LAION].conversion
    assert conversion is not None
    assert conversion.spelling == (
        "hf-hub:lukewys/laion_clap@b3708341862f581175dba5c356a4ebf74a9b6651:music_audioset_epoch_15_esc_90.14.pt"
    )
    assert conversion.facts.size == 2_352_471_003
    assert conversion.facts.digest == "sha256:fae3e9c087f2909c28a09dc31c8dfcdacbc42ba44c70e972b58c1bd1caf6dedd"
    assert conversion.tokenizer.spelling == "hf-hub:FacebookAI/roberta-base@e2da8e2f811d1448a5b465c236feacd80ffbac7b"


def test_what_an_edition_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, raise the edition in the registry beside the digest here.

    A cache may hold what an older drasp made of the same file, which this one would read as its own.
    """
    conversion = REGISTRY[CLAP_LAION].conversion
    assert conversion is not None
    written: list[Any] = [to_plain(laion_config(is_published=True, source=""))]
    shrink(monkeypatch)
    written += sorted(build_predictor(laion_config(is_published=True, source="")).state_dict())
    digest = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:12]
    assert (conversion.edition, digest) == (1, "29a6402e3673")


# ------------------------------------------------------------------------------------------------ once


def test_it_is_laions_towers_with_a_tokenizer(published: Conversion) -> None:
    loaded = load_predictor(CLAP_LAION)
    assert loaded.label == f"clap.laion@{str(published.source.revision)[:12]}"
    assert isinstance(loaded.config, ClapConfig)
    assert (loaded.config.name, loaded.config.licence, loaded.config.ratings) == ("clap.laion", "CC0-1.0", "none")
    assert loaded.tokenizer is not None
    theirs = laion_tensors()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in loaded.predictor.state_dict().items())


def test_it_is_converted_once_and_then_needs_neither_the_hub_nor_the_file(
    hub: LocalHub, published: Conversion, conversions: list[Path], home: Path
) -> None:
    first = load_predictor(CLAP_LAION)
    assert len(conversions) == 1
    shutil.rmtree(home / "hub")
    hub.requests.clear()
    with environment(home, "http://127.0.0.1:9", HF_HUB_OFFLINE="1"):
        again = load_predictor(CLAP_LAION)
    assert again.label == first.label
    assert not hub.requests
    assert len(conversions) == 1


def test_a_cache_that_may_only_be_read_is_read(published: Conversion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading what is there takes no lock and writes nothing."""
    load_predictor(CLAP_LAION)
    monkeypatch.setattr(converted, "_locked", lambda room: pytest.fail("a lock is a file that is written"))
    load_predictor(CLAP_LAION)


@pytest.mark.parametrize("change", ["edition", "tokenizer", "source"])
def test_another_edition_tokenizer_or_file_is_another_folder(published: Conversion, change: str) -> None:
    other: dict[str, Any] = {
        "edition": 2,
        "tokenizer": dataclasses.replace(published.tokenizer, revision="f" * 40),
        "source": dataclasses.replace(
            published.source, files={published.file: dataclasses.replace(published.facts, digest=f"sha256:{'f' * 64}")}
        ),
    }
    resolve(CLAP_LAION)
    assert converted.kept(CLAP_LAION, published) is not None
    assert converted.kept(CLAP_LAION, dataclasses.replace(published, **{change: other[change]})) is None


def test_two_at_once_make_it_once(published: Conversion, conversions: list[Path]) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(resolve(CLAP_LAION).folder)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(conversions) == 1


def test_where_it_is(published: Conversion, home: Path) -> None:
    """Where the client's users look for what other libraries keep, and not among its own files."""
    folder = resolve(CLAP_LAION).folder
    assert home / "assets/drasp/converted" in folder.parents
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README.md", "config.json", "converted.json", WEIGHTS, "tokenizer.json")
    ]
    from huggingface_hub.constants import HF_ASSETS_CACHE

    assert assets_folder() == Path(HF_ASSETS_CACHE) / "drasp"


# ------------------------------------------------------------------------------------------------ never half


@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "tokenizer.json", "converted.json"])
@pytest.mark.parametrize("harm", ["lost", "cut"])
def test_what_is_not_whole_is_made_again(published: Conversion, conversions: list[Path], file: str, harm: str) -> None:
    path = resolve(CLAP_LAION).folder / file
    content = path.read_bytes()
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2])
    assert load_predictor(CLAP_LAION).tokenizer is not None
    assert len(conversions) == 2
    assert path.read_bytes() == content


def test_what_a_killed_run_left_is_neither_read_nor_kept(published: Conversion, conversions: list[Path]) -> None:
    """All but the last step was done, which is the one that counts."""
    folder = resolve(CLAP_LAION).folder
    (folder.parent / ".partial").mkdir()
    folder.rename(folder.parent / ".partial" / CLAP_LAION)
    (folder.parent / ".partial" / CLAP_LAION / WEIGHTS).write_bytes(b"half")
    assert converted.kept(CLAP_LAION, published) is None
    load_predictor(CLAP_LAION)
    assert len(conversions) == 2
    assert sorted(path.name for path in folder.parent.iterdir()) == [".lock", CLAP_LAION]


def test_a_conversion_that_is_interrupted_leaves_nothing(
    published: Conversion, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def interrupt(*words: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(converted, "_write_record", interrupt)
    with pytest.raises(KeyboardInterrupt):
        resolve(CLAP_LAION)
    assert not leftovers(home)


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_without_network(published: Conversion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told at once: nobody waits for the client to try again."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"{seconds} s are waited"))
    with environment(tmp_path / "empty", "http://127.0.0.1:9"):
        error = failure(lambda: resolve(CLAP_LAION))
    assert (error.source, error.problem) == (CLAP_LAION, HubProblem.UNREACHABLE)
    assert published.tokenizer.spelling in error.detail


def test_offline_with_the_file_but_without_its_tokenizer(
    published: Conversion, home: Path, hub: LocalHub, conversions: list[Path]
) -> None:
    """Without one no prompt could be read and nothing be scored, so it is refused, and the message says for what."""
    converted.fetch_original(CLAP_LAION, published)
    with environment(home, hub.endpoint, HF_HUB_OFFLINE="1"):
        error = failure(lambda: resolve(CLAP_LAION))
    assert error.problem is HubProblem.OFFLINE
    assert error.detail == f"{published.tokenizer.spelling}:tokenizer.json"
    assert not conversions


def test_the_tokenizer_is_asked_for_before_the_large_file(published: Conversion, hub: LocalHub) -> None:
    del hub.repos[published.tokenizer.repo]
    error = failure(lambda: resolve(CLAP_LAION))
    assert error.problem is HubProblem.NOT_FOUND
    assert not hub.asked(published.source.repo)


def test_another_content_is_refused_before_it_is_read_and_downloaded_again_on_demand(
    published: Conversion, hub: LocalHub, conversions: list[Path], home: Path
) -> None:
    hub.spoiled = True
    error = failure(lambda: resolve(CLAP_LAION))
    assert (error.source, error.problem) == (CLAP_LAION, HubProblem.DAMAGED)
    assert f"{published.spelling}: {published.file}: sha256:" in error.detail
    assert f"expected {published.facts.digest}" in error.detail
    assert not conversions
    assert not leftovers(home)
    hub.spoiled = False
    assert failure(lambda: resolve(CLAP_LAION)).problem is HubProblem.DAMAGED  # the cache still has it
    resolve(CLAP_LAION, force=True)
    assert load_predictor(CLAP_LAION).name == CLAP_LAION


def test_a_forced_pull_that_fails_leaves_what_was_there(published: Conversion, hub: LocalHub) -> None:
    folder = resolve(CLAP_LAION).folder
    hub.spoiled = True
    assert failure(lambda: resolve(CLAP_LAION, force=True)).problem is HubProblem.DAMAGED
    assert converted.kept(CLAP_LAION, published) == folder


@pytest.mark.parametrize(
    "error",
    [
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk(published: Conversion, monkeypatch: pytest.MonkeyPatch, home: Path, error: Exception) -> None:
    def full(tensors: Any, path: Path, **more: Any) -> None:
        Path(path).write_bytes(b"half")
        raise error

    monkeypatch.setattr(store, "save_file", full)
    told = failure(lambda: resolve(CLAP_LAION))
    assert (told.source, told.problem) == (CLAP_LAION, HubProblem.DISK_FULL)
    assert not leftovers(home)


def test_a_cache_that_cannot_be_written(published: Conversion, home: Path) -> None:
    home.mkdir()
    (home / "assets").write_text("in the way")
    with pytest.raises(OutputError, match="HF_HOME names another place"):
        resolve(CLAP_LAION)


def test_weights_that_cannot_be_read_are_told_how_to_get_again(published: Conversion) -> None:
    weights = resolve(CLAP_LAION).folder / WEIGHTS
    weights.write_bytes(bytes(weights.stat().st_size))
    error = failure(lambda: load_predictor(CLAP_LAION))
    assert (error.source, error.problem) == (CLAP_LAION, HubProblem.DAMAGED)
    assert failure(lambda: converted.verify(CLAP_LAION, weights.parent)).detail.startswith(f"{WEIGHTS}: sha256:")
