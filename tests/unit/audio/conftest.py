"""Signals and files that the audio tests share."""

from __future__ import annotations

import errno
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 44100


@pytest.fixture
def stereo() -> np.ndarray:
    """(66150, 2) float32: 1.5 s of two different tones with a little noise."""
    time = np.arange(66150) / RATE
    noise = np.random.default_rng(7).standard_normal((len(time), 2))
    tones = np.stack([np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 660 * time)], axis=1)
    return (0.3 * tones + 0.02 * noise).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write samples to a file in the test's folder and return its path."""

    def write(name: str, samples: np.ndarray, rate: int = RATE, **options: str) -> str:
        path = tmp_path / name
        soundfile.write(path, samples, rate, **options)
        return str(path)

    return write


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From the call on, files can be opened, and read so many times in Python before the disk fails."""

    def fail(reads: int) -> None:
        class FailingFile(FileIO):
            def read(self, size: int | None = -1) -> bytes:
                nonlocal reads
                reads -= 1
                if reads < 0:
                    raise OSError(errno.EIO, "Input/output error")
                return super().read(size)

        monkeypatch.setattr(Path, "open", lambda path, *_, **__: FailingFile(path))

    return fail
