from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, ClipScore, Window
from drasp_cli.errors import DeviceMemoryError
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.scoring import decoding, group_rows, score_clips
from drasp_cli.scoring.network import Hearing, Network
from tests.tiny import lively, tiny_audiobox_checkpoint, tiny_checkpoint


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


def test_claps_embeddings_are_averaged_before_they_are_compared(tmp_path: Path) -> None:
    """The mean of the pieces' embeddings by their length, then the cosine; not the mean of their cosines."""
    axes = {"axes": ["CLAP"], "targets": {"CLAP": {"mean": 0.0, "std": 1.0}}, "pooling": None}
    checkpoint = tiny_checkpoint(tmp_path / "model", **axes)
    predictor, tokenizer = checkpoint.predictor, checkpoint.tokenizer
    assert isinstance(predictor, ClapPredictor)
    assert tokenizer is not None
    lively(predictor)
    rng, t = np.random.default_rng(1), np.arange(18000) / 8000
    sound = np.where(t < 1, 0.3 * rng.standard_normal(18000), 0.5 * np.sin(2 * np.pi * (300 + 200 * t) * t))
    soundfile.write(tmp_path / "whole.wav", sound, 8000, subtype="FLOAT")
    pieces = [sound[:8000], sound[8000:16000], np.tile(sound[16000:], 4)]
    with torch.inference_mode():
        samples = torch.from_numpy(np.stack(pieces).astype(np.float32))
        embeddings = predictor.embed_audio(predictor.logmel(samples)).double()
        text = predictor.embed_text(tokenizer.batch(["slow piano"]))[0].double()
    weights = torch.tensor([4.0, 4.0, 1.0], dtype=torch.float64) / 9
    expected = float(torch.nn.functional.cosine_similarity(weights @ embeddings, text, dim=0))
    asked = [Clip(str(tmp_path / "whole.wav"), prompt="slow piano"), Clip(str(tmp_path / "whole.wav"))]
    row, silent = score_clips(checkpoint, asked)
    assert row.windows == 3
    assert row.scores["CLAP"] == pytest.approx(expected, abs=1e-6)
    assert abs(expected - float(weights @ embeddings @ text)) > 1e-4  # of the mean of their cosines
    assert (silent.scores["CLAP"], silent.flags) == (None, ("no-prompt",))


@pytest.mark.parametrize("blank", ["", " \n"])
def test_a_blank_prompt_is_none(checkpoint: Checkpoint, clips: list[Clip], blank: str) -> None:
    without, asked = score_clips(checkpoint, [Clip(clips[0].path, prompt=prompt) for prompt in (None, blank)])
    assert (asked.scores, asked.flags) == (without.scores, without.flags)
    assert asked.scores["TA"] is None


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
    assert all(set(b.flags) == {*a.flags, "half-precision"} for a, b in zip(exact, lower, strict=True))
    assert all(row.error == "" for row in lower)
    assert 0 < max(drifts) < tolerance


@pytest.mark.parametrize(
    "raised",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_batch_for_which_there_is_no_memory_is_told_as_such(
    checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def forward(*given: object) -> None:
        raise raised

    monkeypatch.setattr(checkpoint.predictor, "forward", forward)
    with pytest.raises(DeviceMemoryError, match="no memory is left on cpu for so large a batch"):
        list(score_clips(checkpoint, clips))


def test_other_errors_of_a_network_are_as_they_are(
    checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(*given: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(checkpoint.predictor, "forward", forward)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        list(score_clips(checkpoint, clips))


def test_automatic_precision_is_fp32(checkpoint: Checkpoint, clips: list[Clip]) -> None:
    assert list(score_clips(checkpoint, clips)) == list(score_clips(checkpoint, clips, precision="fp32"))


def test_no_batch_reaches_over_the_end_of_a_group(
    checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the windows that share a batch are the same after a resume."""
    sizes: list[int] = []
    original = Network.score

    def counted(self: Network, batch: list[object]) -> None:
        sizes.append(len(batch))
        original(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Network, "score", counted)
    (one_window,) = [clip for clip in clips if soundfile.info(clip.path).frames <= 8000][:1]
    (two_windows,) = [clip for clip in clips if 8000 < soundfile.info(clip.path).frames <= 16000][:1]
    assert group_rows(4) == 32
    list(score_clips(checkpoint, [two_windows, *[one_window] * 34], batch_size=4))
    assert sizes == [4] * 8 + [1, 3]  # 33 windows in the first 32 clips


def test_a_prompt_is_read_once(checkpoint: Checkpoint, clips: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = checkpoint.predictor.embed_text
    monkeypatch.setattr(checkpoint.predictor, "embed_text", lambda tokens: calls.append(1) or original(tokens))
    many = [clip for clip in clips for _ in range(20)]
    assert sum(clip.prompt is not None for clip in many) == 100
    assert not any(row.error for row in score_clips(checkpoint, many))
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

    monkeypatch.setattr(decoding, "open_shared", broken)
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


# ------------------------------------------------------------------------------------------------- several models


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return tiny_audiobox_checkpoint(tmp_path_factory.mktemp("other"))


def test_checkpoints_side_by_side_score_as_they_do_alone(
    checkpoint: Checkpoint, other: Checkpoint, clips: list[Clip]
) -> None:
    """Not to six decimals, as in a file, but to the last bit."""
    alone = [list(score_clips(one, clips, batch_size=3)) for one in (checkpoint, other)]
    both = score_clips([checkpoint, other], clips, batch_size=3)
    for row, first, second in zip(both, *alone, strict=True):
        assert row.clip == first.clip
        assert row.scores == {**first.scores, **second.scores}
        assert row.model == f"{first.model};{second.model}"


def test_memory_does_not_grow_with_the_length_of_a_clip_that_two_models_hear(
    checkpoint: Checkpoint, other: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted is what Python and numpy allocate; the networks, which could not keep a window, are left out."""

    def instant(self: Network, batch: list[tuple[Hearing, Window]]) -> None:
        for hearing, _ in batch:
            hearing.waiting -= 1

    monkeypatch.setattr(Network, "score", instant)
    for seconds in (60, 400):
        sound = np.random.default_rng(0).uniform(-0.5, 0.5, 8000 * seconds)
        soundfile.write(tmp_path / f"{seconds}.wav", sound, 8000)

    def peak(seconds: int) -> int:
        tracemalloc.start()
        (row,) = score_clips([checkpoint, other], [Clip(str(tmp_path / f"{seconds}.wav"))], batch_size=2)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert row.windows == seconds
        return highest

    peak(60)  # whatever is made once
    assert peak(400) - peak(60) < 1_000_000  # its samples take 12.8 MB
