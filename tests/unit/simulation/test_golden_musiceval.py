"""The MusicEval listening test of one seed stays what it was: what trained on it can be trained on it again.

`golden_musiceval.json` is made by this file (`python -m tests.unit.simulation.test_golden_musiceval`), last when
smear became wider. Make it again only when the simulated sound is meant to change.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile

from drasp_cli.simulation import simulate

STORED = Path(__file__).with_name("golden_musiceval.json")
TEXTS = (
    "prompt_info.txt",
    "ratings.csv",
    "causes.csv",
    "README.md",
    "sets/train_mos_list.txt",
    "sets/test_mos_list.txt",
)
FRAME = 800  # 50 ms


def fingerprint(folder: Path) -> dict[str, dict[str, object]]:
    """Hashes of the texts, and of each clip its length and the level of every 50 ms in steps of int16."""
    simulate(
        folder, clips=12, systems=6, prompts=9, seed=3, sample_rate=16000, seconds=2.0, workers=1, on_clip=lambda: None
    )
    levels = {}
    for path in sorted((folder / "wav").iterdir()):
        samples = soundfile.read(path, dtype="int16")[0].astype(np.float64)
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        rms = np.sqrt(np.mean(frames**2, axis=1))
        levels[path.name] = [len(samples), *(float(f"{level:.4g}") for level in rms)]
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in TEXTS}
    return {"texts": hashes, "levels": levels}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return fingerprint(tmp_path_factory.mktemp("golden") / "set")


@pytest.fixture(scope="module")
def stored():
    return json.loads(STORED.read_text())


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_the_same_bytes(found, stored, name):
    assert found["texts"][name] == stored["texts"][name]


def test_clips_sound_the_same(found, stored):
    assert list(found["levels"]) == list(stored["levels"])
    for name, levels in found["levels"].items():
        np.testing.assert_allclose(levels, stored["levels"][name], rtol=2e-3, atol=1.0, err_msg=name)


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        STORED.write_text(json.dumps(fingerprint(Path(scratch) / "set"), indent=1) + "\n")
