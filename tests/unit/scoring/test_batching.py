"""Which windows share a batch, on lengths to be checked by hand and on the mix that the look-ahead is for."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, WindowBatch
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.scoring import batching, score_clips
from drasp_cli.scoring.batching import LOOK_AHEAD, LookAhead, group_rows
from tests.tiny import tiny_audiobox_checkpoint

LENGTHS = [10, 3, 1, 7, 3, 9, 2, 8]


def dealt_out(lengths: list[int], batch_size: int, *, by_length: bool) -> list[list[int]]:
    waiting: LookAhead[int] = LookAhead(batch_size, by_length=by_length)
    for length in lengths:
        waiting.add(length, length)
    return list(waiting.batches())


def test_batches_of_the_drawing_in_the_docstring() -> None:
    assert dealt_out(LENGTHS, 2, by_length=False) == [[10, 3], [1, 7], [3, 9], [2, 8]]
    assert dealt_out(LENGTHS, 2, by_length=True) == [[10, 9], [8, 7], [3, 3], [2, 1]]
    costs = [sum(2 * max(batch) for batch in dealt_out(LENGTHS, 2, by_length=by_length)) for by_length in (False, True)]
    assert costs == [68, 46]
    assert sum(LENGTHS) == 43


def test_it_is_full_with_one_batch_or_with_the_whole_look_ahead() -> None:
    for by_length, capacity in ((False, 4), (True, 4 * LOOK_AHEAD)):
        waiting: LookAhead[str] = LookAhead(4, by_length=by_length)
        for _ in range(capacity - 1):
            waiting.add("x", 1)
        assert not waiting.is_full
        waiting.add("x", 1)
        assert waiting.is_full
        assert [len(batch) for batch in waiting.batches()] == [4] * (capacity // 4)
        assert not waiting.is_full
        assert list(waiting.batches()) == []


def test_a_group_of_one_window_clips_fills_the_look_ahead() -> None:
    assert group_rows(8) == LookAhead[int](8, by_length=True).capacity == 64


@given(st.lists(st.integers(1, 5), max_size=60), st.integers(1, 9), st.booleans())
def test_every_window_is_in_one_batch_and_equals_keep_their_order(
    lengths: list[int], batch_size: int, by_length: bool
) -> None:
    waiting: LookAhead[tuple[int, int]] = LookAhead(batch_size, by_length=by_length)
    for place, length in enumerate(lengths):
        waiting.add((length, place), length)
    batches = list(waiting.batches())
    assert all(len(batch) == batch_size for batch in batches[:-1])
    order = [item for batch in batches for item in batch]
    given_in = [(length, place) for place, length in enumerate(lengths)]
    assert order == (sorted(given_in, key=lambda pair: (-pair[0], pair[1])) if by_length else given_in)


# ------------------------------------------------------------------------------------- the share of padding


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """128 clips of 1 to 10 s in no order."""
    folder = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(0)
    for i, seconds in enumerate(rng.uniform(1.0, 10.0, 128)):
        soundfile.write(folder / f"{i}.wav", rng.uniform(-0.5, 0.5, round(1000 * seconds)), 1000)
    return [Clip(str(folder / f"{i}.wav")) for i in range(128)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """It takes windows of 10 s; at 1 kHz, to be quick."""
    audio = {"sample_rate": 1000, "frontend_sample_rate": 1000, "window_samples": 10_000, "fill": "zero"}
    return tiny_audiobox_checkpoint(tmp_path_factory.mktemp("model"), audio=audio)


def padding_share(checkpoint: Checkpoint, clips: list[Clip], batch_size: int) -> tuple[float, list[float]]:
    """The share of padding in all samples that a tower that skips it still computes, and the PQ of the clips."""
    real = computed = 0
    original = AudioboxPredictor.forward

    def counted(self: AudioboxPredictor, batch: WindowBatch, text: torch.Tensor | None = None) -> object:
        nonlocal real, computed
        real += int(batch.num_samples.sum())
        computed += int(batch.num_samples.max()) * len(batch.num_samples)
        return original(self, batch, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AudioboxPredictor, "forward", counted)
        rows = list(score_clips(checkpoint, clips, batch_size=batch_size))
    assert [row.clip for row in rows] == clips
    return 1 - real / computed, [row.scores["PQ"] or 0.0 for row in rows]


@pytest.mark.parametrize("batch_size", [8, 16])
def test_short_clips_do_not_pay_for_long_ones(
    checkpoint: Checkpoint, mixed: list[Clip], batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, scores = padding_share(checkpoint, mixed, batch_size)
    assert share < 0.10
    monkeypatch.setattr(batching, "LOOK_AHEAD", 1)  # batches as the clips come
    as_they_come, same = padding_share(checkpoint, mixed, batch_size)
    assert as_they_come > 0.35
    assert np.ptp(scores) > 0.01
    assert np.abs(np.subtract(scores, same)).max() <= 1e-5


def test_batch_size_and_order_change_no_score(checkpoint: Checkpoint, mixed: list[Clip]) -> None:
    """Promise 1, for windows that are dealt out by length."""
    _, alone = padding_share(checkpoint, mixed, 1)
    shuffled = np.random.default_rng(1).permutation(len(mixed))
    for batch_size in (8, 64):
        _, scores = padding_share(checkpoint, mixed, batch_size)
        assert np.abs(np.subtract(scores, alone)).max() <= 1e-5
        _, scores = padding_share(checkpoint, [mixed[place] for place in shuffled], batch_size)
        assert np.abs(np.subtract(scores, np.array(alone)[shuffled])).max() <= 1e-5
