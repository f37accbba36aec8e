"""Promises 3 and 5 of design.md: memory that does not grow with the clips, and nothing written beside them."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from drasp_cli.cli.app import app
from drasp_cli.datatypes import Clip
from drasp_cli.scoring import score_clips
from drasp_cli.tables.ranking import rank_systems
from tests.tiny import tiny_checkpoint, tiny_folder


def write_noise(path: Path, seconds: float = 0.2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, round(8000 * seconds)), 8000)


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path: Path) -> None:
    """Clips are drawn from a generator and rows are ranked as they come, so neither list is ever in memory.

    What Python and numpy allocate is counted, and all that could pile up (rows, windows, prompts) is theirs.
    """
    checkpoint = tiny_checkpoint(tmp_path / "model")
    write_noise(tmp_path / "a.wav")

    def clips(count: int) -> Iterator[Clip]:
        for i in range(count):
            yield Clip(str(tmp_path / "a.wav"), id=str(i), system=f"S{i % 3}", prompt="slow piano")

    def peak(count: int) -> int:
        tracemalloc.start()
        table = rank_systems(score_clips(checkpoint, clips(count), workers=1))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(row.clips for row in table.systems) == count
        return highest

    peak(64)  # whatever is made once
    few, many = peak(128), peak(2048)
    assert many - few <= 200 * (2048 - 128)  # a row that is kept takes over 800 bytes; what is in flight varies


def test_nothing_is_written_beside_the_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_folder(tmp_path / "model")
    for name in ("a/1.wav", "a/2.wav", "b/1.wav"):
        write_noise(tmp_path / "clips" / name)
    (tmp_path / "clips/b/broken.wav").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def listing() -> dict[str, tuple[int, int]]:
        paths = [Path(folder) / name for folder, _, names in os.walk(tmp_path / "clips") for name in names]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}

    before = listing()
    for arguments in (["score"], ["rank-systems"], ["score", "-o", "scores.parquet"]):
        result = CliRunner().invoke(app, [*arguments, "../clips", "--model", f"{model}"])
        assert result.exit_code == 3
    assert listing() == before
    assert [path.name for path in Path().iterdir()] == ["scores.parquet"]
