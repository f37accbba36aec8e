from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drasp_cli import scoring
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.scoring import GROUP_ROWS, score_clips
from tests.tiny import tiny_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return tiny_checkpoint(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(0)
    made = []
    for i in range(10):
        path = folder / f"{i}.wav"
        soundfile.write(path, 0.2 * rng.standard_normal(int(8000 * rng.uniform(0.1, 3.5))), 8000)
        made.append(Clip(str(path), prompt="slow piano" if i % 2 else None))
    return made


def test_a_clip_is_the_length_weighted_mean_of_its_windows(checkpoint: Checkpoint, tmp_path: Path) -> None:
    sound = 0.2 * np.random.default_rng(1).standard_normal(2 * 8000 + 2000)
    soundfile.write(tmp_path / "whole.wav", sound, 8000, subtype="FLOAT")
    pieces = [sound[:8000], sound[8000:16000], sound[16000:]]
    for i, piece in enumerate(pieces):
        soundfile.write(tmp_path / f"{i}.wav", piece, 8000, subtype="FLOAT")
    whole, *parts = score_clips(
        checkpoint, [Clip(str(tmp_path / name)) for name in ("whole.wav", "0.wav", "1.wav", "2.wav")]
    )
    weights = [len(piece) / len(sound) for piece in pieces]
    expected = sum(w * (row.scores["MI"] or 0.0) for w, row in zip(weights, parts, strict=True))
    assert whole.windows == 3
    assert whole.scores["MI"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.02), ("fp16", 0.002)])
def test_lower_precision_drifts_a_little_and_fails_nothing(
    checkpoint: Checkpoint, clips: list[Clip], precision: str, tolerance: float
) -> None:
    exact = list(score_clips(checkpoint, clips))
    lower = list(score_clips(checkpoint, clips, precision=precision))
    drifts = [
        abs((a.scores[axis] or 0.0) - (b.scores[axis] or 0.0))
        for a, b in zip(exact, lower, strict=True)
        for axis in a.scores
        if a.scores[axis] is not None
    ]
    assert len(drifts) == 15
    assert all(row.error == "" for row in lower)
    assert 0 < max(drifts) < tolerance


def test_automatic_precision_is_fp32(checkpoint: Checkpoint, clips: list[Clip]) -> None:
    assert list(score_clips(checkpoint, clips)) == list(score_clips(checkpoint, clips, precision="fp32"))


def test_no_batch_reaches_over_the_end_of_a_group(
    checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the windows that share a batch are the same after a resume."""
    sizes: list[int] = []
    original = scoring._Network.score

    def counted(self: scoring._Network, batch: list[object]) -> object:
        sizes.append(len(batch))
        return original(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring._Network, "score", counted)
    one_window = [clip for clip in clips if soundfile.info(clip.path).frames <= 8000][:1] * (GROUP_ROWS + 10)
    list(score_clips(checkpoint, one_window, batch_size=48))
    assert [size for size in sizes if size] == [48, GROUP_ROWS - 48, 10]


def test_a_prompt_is_read_once(checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = checkpoint.predictor.embed_text
    monkeypatch.setattr(checkpoint.predictor, "embed_text", lambda tokens: calls.append(1) or original(tokens))
    list(score_clips(checkpoint, clips))
    assert len(calls) == 1


def test_scores_that_are_not_finite_are_an_error_in_their_row(tmp_path: Path, clips: list[Clip]) -> None:
    broken = tiny_checkpoint(tmp_path)
    with torch.no_grad():
        broken.predictor.pooling_proj.bias.fill_(float("nan"))
    rows = list(score_clips(broken, clips[:2]))
    assert [row.scores["MI"] for row in rows] == [None, None]
    assert all("not a finite number" in row.error and "precision" not in row.error for row in rows)


def test_an_unexpected_error_in_a_worker_reaches_the_caller(
    checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(scoring, "open_clip", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        list(score_clips(checkpoint, clips))


def test_a_caller_that_stops_leaves_no_thread_behind(checkpoint: Checkpoint, clips: list[Clip]) -> None:
    before = threading.active_count()
    rows: Iterator[ClipScore] = score_clips(checkpoint, clips, workers=3)
    next(rows)
    assert threading.active_count() == before + 3
    rows.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_impossible_numbers_are_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="positive"):
        score_clips(checkpoint, [], batch_size=0)
    with pytest.raises(ValueError, match="positive"):
        score_clips(checkpoint, [], workers=0)
