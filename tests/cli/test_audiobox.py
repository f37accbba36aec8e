"""A checkpoint of architecture audiobox through the real app: its columns, its systems, promise 1 of design.md."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drasp_cli.audio.stream import open_clip
from drasp_cli.datatypes import Clip, WindowBatch
from drasp_cli.scoring import score_clips
from tests.cli.conftest import Run, write
from tests.tiny import tiny_audiobox_checkpoint, tiny_audiobox_folder, tiny_audiobox_plain

AXES = ["PQ", "PC", "CE", "CU"]
POOLINGS = {"drasp": tiny_audiobox_plain()["pooling"], "mean": None}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def scores(text: str) -> dict[str, list[float]]:
    return {row["path"]: [float(row[axis]) for axis in AXES] for row in rows(text)}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {name: str(tiny_audiobox_folder(folder / name, pooling=pooling)) for name, pooling in POOLINGS.items()}


@pytest.mark.parametrize("axes", [AXES, ["CU", "PQ"]], ids=" ".join)
def test_the_columns_are_the_axes_of_the_config_in_their_order(
    drasp: Run, results: Path, tmp_path: Path, axes: list[str]
) -> None:
    targets: dict[str, Any] = {axis: {"mean": 5.0, "std": 1.0} for axis in sorted(axes)}
    model = tiny_audiobox_folder(tmp_path / "model", axes=axes, targets=targets)
    run = drasp("score", "results", "--model", str(model))
    assert run.exit_code == 0, run.stderr
    header = run.stdout.splitlines()[0].split(",")
    assert header[header.index("end") + 1 : header.index("seconds")] == axes
    assert len({row[axis] for row in rows(run.stdout) for axis in axes}) == 6 * len(axes)


def test_nothing_is_said_about_prompts(drasp: Run, results: Path, models: dict[str, str]) -> None:
    """Neither to somebody who gives none, nor in the flags of somebody who does; and they change no score."""
    Path("prompts.txt").write_text("slow piano\na fast band\n")
    run = drasp("score", "results", "--model", models["drasp"])
    assert "prompt" not in run.stdout
    assert "prompt" not in run.stderr
    assert "tokenizer" not in run.stderr
    assert drasp("score", "results", "--model", models["drasp"], "--prompts", "prompts.txt").stdout == run.stdout


def test_a_table_and_the_audio_behind_it_rank_alike(drasp: Run, results: Path, models: dict[str, str]) -> None:
    drasp("score", "results", "--model", models["drasp"], "-o", "scores.csv")
    from_table = drasp("rank-systems", "scores.csv", "--by", "CE", bare=True)
    from_audio = drasp("rank-systems", "results", "--model", models["drasp"], "--by", "CE")
    assert from_table.exit_code == from_audio.exit_code == 0, from_audio.stderr
    assert from_table.stdout == from_audio.stdout
    assert [row["CE_rank"] for row in rows(from_audio.stdout)] == ["1", "2", "3"]
    assert {row["system"] for row in rows(from_audio.stdout)} == {"alpha", "beta", "gamma"}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_clips_score_depends_on_nothing_but_the_clip(drasp: Run, models: dict[str, str], pooling: str) -> None:
    """Promise 1: batch size, batch mates, order and workers; lengths from 0.05 s to 3.3 s share batches."""
    names = []
    for i in range(23):
        names.append(f"in/{i:02d}.wav")
        write(Path(names[-1]), seconds=0.05 + 0.37 * i % 3.3, seed=i)

    def score(*arguments: str) -> dict[str, list[float]]:
        return scores(drasp("score", *arguments, "--model", models[pooling]).stdout)

    expected = score("in", "--batch-size", "1", "--workers", "1")
    assert len(expected) == 23
    spread = np.ptp(np.array(list(expected.values())), axis=0)
    assert (spread > 0.01).all()  # else rounding is all there is to see
    shuffled = names.copy()
    random.Random(0).shuffle(shuffled)
    for inputs, batch_size, workers in ((["in"], 8, 1), (["in"], 64, 4), (shuffled, 8, 4), (names[3:5], 64, 1)):
        found = score(*inputs, "--batch-size", str(batch_size), "--workers", str(workers))
        assert list(found) == (sorted(names) if inputs == ["in"] else inputs)
        for path, values in found.items():
            assert np.abs(np.subtract(values, expected[path])).max() <= 1e-5


def test_two_runs_give_the_same_bytes(drasp: Run, results: Path, models: dict[str, str]) -> None:
    first = drasp("score", "results", "--model", models["drasp"]).stdout
    assert drasp("score", "results", "--model", models["drasp"], "--workers", "3").stdout == first


def test_the_predictor_is_told_the_real_length_of_a_window(tmp_path: Path) -> None:
    """Zeros in the file are sound, zeros behind its end are not."""
    checkpoint = tiny_audiobox_checkpoint(tmp_path / "model")
    write(tmp_path / "short.wav", seconds=0.3)
    (row,) = score_clips(checkpoint, [Clip(str(tmp_path / "short.wav"))])
    with open_clip(Clip(str(tmp_path / "short.wav")), sample_rate=8000, window_samples=8000, fill="zero") as windows:
        (window,) = windows
    samples = torch.from_numpy(window.samples)[None]
    with torch.inference_mode():
        real = checkpoint.predictor(WindowBatch(samples, torch.tensor([2400])))
        whole = checkpoint.predictor(WindowBatch(samples, torch.tensor([8000])))
    for axis in AXES:
        assert row.scores[axis] == pytest.approx(real[axis].item(), abs=1e-5)
        assert abs(real[axis].item() - whole[axis].item()) > 1e-3
