"""The Python of README.md and docs/quickstart.md runs as it is shown, on the example clips."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drasp_cli.checkpoints import registry
from tests.docs.pages import ROOT, fenced, name
from tests.tiny import tiny_folder

BLOCKS = [
    pytest.param(block, id=f"{name(page)}-{i}")
    for page in (ROOT / "README.md", ROOT / "docs/quickstart.md")
    for i, block in enumerate(fenced(page, "python"))
]


def test_there_is_python_to_run() -> None:
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("block", BLOCKS)
def test_python_runs(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_folder(tmp_path / "model")
    monkeypatch.setattr(registry, "shipped_folder", lambda _: model)  # the default checkpoint, but small
    shutil.copytree(ROOT / "docs/examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path / "examples")
    exec(compile(block, "shown", "exec"), {})
    shown = capsys.readouterr().out
    assert any(system in shown for system in ("alpha", "beta", "gamma"))
