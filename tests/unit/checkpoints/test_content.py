from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from drasp_cli.checkpoints import content
from drasp_cli.checkpoints.content import read_ahead, read_content, revision_of
from drasp_cli.checkpoints.folder import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from drasp_cli.checkpoints.hub import Snapshot
from drasp_cli.checkpoints.registry import HubAddress
from drasp_cli.checkpoints.resolve import Found
from drasp_cli.checkpoints.store import load_found
from drasp_cli.errors import CheckpointError, ConfigError
from tests.tiny import tiny_folder


def found(folder: Path) -> Found:
    return Found("tiny", folder)


@pytest.mark.parametrize("tokenizer", [True, False])
def test_the_revision_is_that_of_the_three_files(tmp_path: Path, tokenizer: bool) -> None:
    folder = tiny_folder(tmp_path)
    if not tokenizer:
        (folder / TOKENIZER_FILE).unlink()
    whole = b"".join(
        (folder / name).read_bytes() for name in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE) if (folder / name).exists()
    )
    expected = hashlib.sha256(whole).hexdigest()[:12]
    assert read_content(found(folder)).revision == revision_of(folder) == expected


def test_the_revision_is_of_the_weights_that_were_read(tmp_path: Path) -> None:
    """Whoever puts others in their place meanwhile gets no scores of one checkpoint under the name of another."""
    folder = tiny_folder(tmp_path / "a", seed=0)
    other = tiny_folder(tmp_path / "b", seed=1)
    revision = revision_of(folder)
    read = read_ahead(found(folder))
    read.result()
    (other / WEIGHTS_FILE).replace(folder / WEIGHTS_FILE)
    checkpoint = load_found(found(folder), read)
    assert checkpoint.revision == revision != revision_of(folder)
    expected = load_found(found(tiny_folder(tmp_path / "c", seed=0))).predictor.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in checkpoint.predictor.state_dict().items())


def test_what_has_a_commit_is_not_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_folder(tmp_path)
    address, commit = HubAddress("owner/repo"), "0123456789abcdef" * 2 + "01234567"
    monkeypatch.setattr(content.hashlib, "sha256", None)
    on_hub = Found("hf-hub:owner/repo", folder, address, Snapshot(folder, commit))
    assert read_content(on_hub).revision == commit[:12]


def test_what_goes_wrong_ahead_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path)
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: is not there"):
        read_ahead(found(folder)).result(timeout=30)


def test_a_config_that_is_refused_is_told_first(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path)
    (folder / WEIGHTS_FILE).unlink()
    (folder / CONFIG_FILE).write_text("{}")
    with pytest.raises(ConfigError):
        load_found(found(folder), read_ahead(found(folder)))


def test_reading_needs_no_torch(tmp_path: Path) -> None:
    """Or it could not go on while torch is imported."""
    probe = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path;"
        "from drasp_cli.checkpoints.content import read_ahead; from drasp_cli.checkpoints.resolve import resolve;"
        "print(read_ahead(resolve(sys.argv[1])).result().revision)"
    )
    folder = tiny_folder(tmp_path)
    run = subprocess.run([sys.executable, "-c", probe, f"{folder}/"], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == revision_of(folder)


ENDLESS = """
import sys, threading
from pathlib import Path
from drasp_cli.checkpoints import content
from drasp_cli.checkpoints.resolve import Found
content.read_content = lambda found: threading.Event().wait()
content.read_ahead(Found("slow", Path()))
"""


def test_nobody_waits_at_the_end_for_a_disk_that_does_not_answer() -> None:
    assert subprocess.run([sys.executable, "-c", ENDLESS], timeout=60).returncode == 0
