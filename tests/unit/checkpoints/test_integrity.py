"""Digests with known answers, and a receipt that saves work but is believed no further than it reaches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drasp_cli.checkpoints import integrity
from drasp_cli.checkpoints.integrity import digest_of, faults, faults_since
from drasp_cli.checkpoints.registry import FileFacts

# printf 'hello\\n' | sha256sum; printf 'hello\\n' | git hash-object --stdin
SHA256 = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
GIT = "git:ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_bytes(b"hello\n")
    return tmp_path / "files"


@pytest.mark.parametrize("digest", [SHA256, GIT])
def test_known_digests(folder: Path, digest: str) -> None:
    assert digest_of(folder / "a", like=digest) == digest
    assert faults(folder, {"a": FileFacts(6, digest)}) == {}
    (folder / "a").write_bytes(b"hallo\n")
    assert faults(folder, {"a": FileFacts(6, digest)}).keys() == {"a"}


def test_a_wrong_size_is_told_without_hashing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "digest_of", lambda path, like: pytest.fail("hashed"))
    assert faults(folder, {"a": FileFacts(7, SHA256)}) == {"a": "6 bytes, expected 7"}


def test_a_file_that_is_not_there_has_no_fault(folder: Path) -> None:
    assert faults(folder, {"b": FileFacts(6, SHA256)}) == {}


@pytest.mark.parametrize("change", ["content", "time", "digest", "receipt"])
def test_any_change_is_hashed_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    receipt = tmp_path / "deep/receipt.json"
    known = {"a": FileFacts(6, SHA256)}
    assert faults_since(folder, known, receipt) == {}
    hashed: list[str] = []
    monkeypatch.setattr(integrity, "digest_of", lambda path, like: hashed.append(like) or SHA256)  # type: ignore[func-returns-value]
    assert faults_since(folder, known, receipt) == {}
    assert hashed == []
    if change == "content":
        (folder / "a").write_bytes(b"hallo\n")
    elif change == "time":
        os.utime(folder / "a", ns=(1, 1))
    elif change == "digest":
        known = {"a": FileFacts(6, GIT)}
    else:
        receipt.write_text("[half")
    faults_since(folder, known, receipt)
    assert hashed == [known["a"].digest]


def test_what_was_found_wrong_is_not_remembered_as_right(folder: Path, tmp_path: Path) -> None:
    known = {"a": FileFacts(6, GIT[:-1] + "0")}
    for _ in range(2):
        assert faults_since(folder, known, tmp_path / "receipt.json").keys() == {"a"}


def test_without_a_place_for_the_receipt_every_call_hashes(folder: Path) -> None:
    nowhere = folder / "a" / "receipt.json"  # below a file
    assert faults_since(folder, {"a": FileFacts(6, SHA256)}, nowhere) == {}
    assert faults_since(folder, {"a": FileFacts(6, GIT[:-1] + "0")}, nowhere).keys() == {"a"}
