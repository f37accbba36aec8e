"""docs/examples holds what its script makes and its README says."""

from __future__ import annotations

import importlib.util
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import soundfile

from drasp_cli.datasets.causes import read_causes
from drasp_cli.simulation.musiceval import render_clip
from tests.docs.pages import ROOT, table

FOLDER = ROOT / "docs/examples"
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_examples", FOLDER / "make_examples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_planned_clip_is_there_and_no_other(script: Any) -> None:
    files = sorted((FOLDER / "clips").rglob("*.*"))
    assert [file.relative_to(FOLDER / "clips").as_posix() for file in files] == [p.name for p in script.plan_examples()]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    infos = [soundfile.info(file) for file in files]
    assert {(info.samplerate, info.channels) for info in infos} == {(script.SAMPLE_RATE, 1)}
    assert max(info.duration for info in infos) == script.SECONDS


def test_prompts_are_in_the_order_of_the_clips(script: Any) -> None:
    lines = (FOLDER / "prompts.txt").read_text(encoding="utf-8").splitlines()
    assert lines * len(script.PLACES) == [plan.prompt.text for plan in script.plan_examples()]


@pytest.mark.parametrize("index", [2, 8, 10])
def test_the_script_makes_these_clips(script: Any, index: int) -> None:
    """Up to what Vorbis changes, which docs/examples/README.md puts at 23 dB below the clip or less."""
    plan = script.plan_examples()[index]
    made = render_clip(plan, script.WISH)
    stored, _ = soundfile.read(FOLDER / "clips" / plan.name)
    error = np.sum((made.samples - stored) ** 2) / np.sum(made.samples**2)
    assert 10 * np.log10(error) < -22.5
    assert read_causes(FOLDER / "causes.csv")[plan.name].latent == pytest.approx(made.causes.latent, abs=1e-6)


def test_the_readme_says_how_good_the_systems_are(script: Any) -> None:
    rows = read_causes(FOLDER / "causes.csv").values()
    shown = table(FOLDER / "README.md", "# Example clips", "system")
    assert list(shown) == list(script.PLACES)
    for system, (description, *latent) in shown.items():
        own = [row for row in rows if row.system == system]
        assert [f"{fmean(row.latent[axis] for row in own):.2f}" for axis in ("MI", "TA")] == latent
        assert description.startswith(f"{script.PLACES[system] + 1}")
