"""The real Typer app, with the tiny checkpoint as its model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from drasp_cli.cli.app import app
from tests.tiny import tiny_folder

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_folder(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def drasp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str) -> Run:
    """Runs `drasp` in an empty folder. Commands that score get the tiny model unless they name one, or are `bare`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, input: bytes | None = None, bare: bool = False) -> Result:
        words = [str(argument) for argument in arguments]
        if (
            words[0] in ("score", "rank-systems", "explain")
            and not bare
            and "--model" not in words
            and "-m" not in words
        ):
            words += ["--model", model]
        return CliRunner().invoke(app, words, input=input)

    return run


def sound(seconds: float, rate: int = 8000, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Noise under a slow swell, (num_samples, channels) in [-0.5, 0.5]."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate)
    swell = 0.5 + 0.5 * np.sin(np.arange(count) / rate * 3)[:, None]
    return 0.25 * swell * rng.uniform(-1, 1, (count, channels))


def write(path: Path, seconds: float = 1.5, rate: int = 8000, channels: int = 1, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound(seconds, rate, channels, seed), rate)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """results/{alpha,beta,gamma}/{1,2}.wav."""
    for i, system in enumerate(("alpha", "beta", "gamma")):
        for clip in (1, 2):
            write(tmp_path / "results" / system / f"{clip}.wav", seed=10 * i + clip)
    return tmp_path / "results"
