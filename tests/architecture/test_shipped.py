"""The checkpoints that ship: all of them, complete, small enough, and where the installed package looks for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from drasp_cli import load_predictor
from drasp_cli.checkpoints import registry
from drasp_cli.checkpoints.registry import DEFAULT_MODEL, SHIPPED, shipped_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
MOST_BYTES = 12_000_000


def test_the_wheel_puts_checkpoints_where_the_registry_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    target = build["targets"]["wheel"]["force-include"]["checkpoints"]
    (tmp_path / target / DEFAULT_MODEL).mkdir(parents=True)
    monkeypatch.setattr(registry, "_PACKAGE", tmp_path / "drasp_cli")
    assert shipped_folder(DEFAULT_MODEL) == tmp_path / target / DEFAULT_MODEL


def test_the_wheel_leaves_no_file_of_the_package_out() -> None:
    """The page of drasp report is made of files that are no Python; hatchling takes all that git does not ignore."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    assert wheel["packages"] == ["drasp_cli"]
    assert not wheel.keys() & {"include", "exclude", "only-include", "artifacts"}
    for name in ("page.html", "page.css", "page.js"):
        part = ROOT / "drasp_cli/reporting" / name
        assert part.stat().st_size > 0
        assert subprocess.run(["git", "check-ignore", "-q", str(part)], cwd=ROOT).returncode != 0


def test_the_registry_lists_exactly_what_ships() -> None:
    assert set(SHIPPED) == {folder.name for folder in (ROOT / "checkpoints").iterdir() if folder.is_dir()}
    assert DEFAULT_MODEL in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_checkpoint_is_complete_and_loads(name: str) -> None:
    folder = shipped_folder(name)
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "README.md", "recipe.toml", "training-log.csv"} <= files.keys()
    assert sum(files.values()) <= MOST_BYTES
    checkpoint = load_predictor(name)
    assert checkpoint.config.name == name
    assert checkpoint.config.ratings == "simulated"
    reads_prompts = bool({"TA", "CLAP"} & set(checkpoint.config.axes))
    assert (checkpoint.tokenizer is not None) == ("tokenizer.json" in files) == reads_prompts
    head = "\n".join((folder / "README.md").read_text(encoding="utf-8").splitlines()[:12])
    assert "simulated" in head
