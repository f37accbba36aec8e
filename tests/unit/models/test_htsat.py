from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.models.backbones import htsat
from drasp_cli.models.backbones.htsat import (
    HTSAT,
    partition,
    relative_position_index,
    shifted_window_mask,
    unpartition,
)
from drasp_cli.models.config import HTSATConfig

SMALL = HTSATConfig(image_size=32, patch_size=4, embed_dim=8, depths=(2, 2), num_heads=(2, 4), window_size=4)


def small(frame_repeat: int = 1) -> HTSAT:
    torch.manual_seed(0)
    config = HTSATConfig(**{**vars(SMALL), "frame_repeat": frame_repeat})
    return HTSAT(config, num_mels=16).eval()


def test_windows_come_back_together() -> None:
    grid = torch.arange(2 * 8 * 8 * 3).view(2, 8, 8, 3)
    assert torch.equal(unpartition(partition(grid, 4), 4, 8), grid)
    assert torch.equal(partition(grid, 4)[1].view(4, 4, 3), grid[0, :4, 4:])


def test_positions_of_equal_offset_share_a_row() -> None:
    index = relative_position_index(3)
    assert index.shape == (9, 9)
    assert index.diagonal().unique().tolist() == [12]  # offset (0, 0) is the middle of the 5 x 5 table
    assert index[0, 8] == 0  # offset (-2, -2)
    assert index[8, 0] == 24  # offset (+2, +2)
    assert len(index.unique()) == 25


def test_a_shifted_window_keeps_opposite_edges_apart() -> None:
    mask = shifted_window_mask(side=8, window_size=4, shift=2)
    assert mask.shape == (4, 16, 16)
    assert not mask[0].any()  # the first window lies inside the image
    last = mask[3]  # its four quarters come from the four corners of the image
    assert last[0, 1] == 0
    assert last[0, 2] == -100
    assert last[0, 8] == -100


def test_time_steps_follow_the_bands() -> None:
    """Frames are cut into bands and laid end to end again: the step order is the time order."""
    tower = small()
    base = torch.full((1, 64, 16), -60.0)
    quiet = tower(base).frames
    for step in range(8):
        loud = base.clone()
        loud[:, step * 8 : (step + 1) * 8] = 0.0
        changed = (tower(loud).frames - quiet).abs().sum(-1)[0]
        assert changed.argmax() == step


def test_fold_is_a_plain_rearrangement_when_the_frames_fit() -> None:
    logmel = torch.arange(64.0 * 16).view(1, 64, 16)
    image = small().fold(logmel)
    assert image.shape == (1, 1, 32, 32)
    assert image[0, 0, 3, 5] == logmel[0, 5, 3]  # first band: row is mel, column is frame
    assert image[0, 0, 16 + 3, 5] == logmel[0, 32 + 5, 3]  # second band


def test_clips_of_a_batch_do_not_hear_each_other() -> None:
    tower = small()
    logmel = torch.randn(3, 60, 16)
    together = tower(logmel).frames
    alone = torch.cat([tower(clip[None]).frames for clip in logmel])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_repeated_frames_are_neighbours() -> None:
    once, thrice = small()(torch.zeros(1, 64, 16)).frames, small(3)(torch.zeros(1, 64, 16)).frames
    assert thrice.shape[1] == 3 * once.shape[1]
    assert torch.equal(thrice[:, ::3], once)
    assert torch.equal(thrice[:, 2::3], once)


def test_no_tensor_is_too_large_and_windows_are_what_they_are_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of five windows two are computed at once; while training, all of them, as a batch is wanted then."""
    largest: list[int] = []

    def note(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            largest.append(output.nbytes)

    widest = 8 * 8 * 4 * SMALL.embed_dim * 4  # patches, four times the width, bytes
    monkeypatch.setattr(htsat, "LARGEST_ACTIVATION", 2 * widest + 1)
    tower = small()
    for module in tower.modules():
        module.register_forward_hook(note)
    logmel = -30.0 + 10.0 * torch.randn(5, 64, 16, generator=torch.Generator().manual_seed(1))
    together = tower(logmel).frames
    assert max(largest) == 5 * widest
    largest.clear()
    with torch.inference_mode():
        scored = tower(logmel).frames
        alone = torch.cat([tower(window[None]).frames for window in logmel])
    assert max(largest) == 2 * widest
    torch.testing.assert_close(scored, together, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(scored, alone, atol=1e-6, rtol=1e-6)


def test_of_the_full_size_two_windows_are_computed_at_once_and_more_where_they_have_become_smaller() -> None:
    with torch.device("meta"):
        tower = HTSAT(HTSATConfig(), num_mels=64)
    assert tower.windows_at_once == 11
    assert [stage.windows_at_once for stage in tower.layers] == [2, 5, 11, 23]


@pytest.mark.parametrize(
    ("context", "is_fused"),
    [
        (torch.inference_mode(), True),
        (torch.enable_grad(), False),
        (torch.autocast("cpu", torch.bfloat16), False),
    ],
)
def test_attention_is_torchs_own_where_that_is_faster_and_as_exact(
    monkeypatch: pytest.MonkeyPatch, context: AbstractContextManager[None], is_fused: bool
) -> None:
    """In half precision it would round the bias before it is added."""
    called: list[bool] = []
    fused = F.scaled_dot_product_attention

    def note(*args: Any, **more: Any) -> Tensor:
        called.append(True)
        return fused(*args, **more)

    monkeypatch.setattr(F, "scaled_dot_product_attention", note)
    tower = small()
    with torch.no_grad(), context:
        tower(torch.zeros(2, 64, 16))
    assert bool(called) == is_fused


@pytest.mark.parametrize("shift", [0, 2])
def test_both_ways_to_attend_are_the_same(shift: int) -> None:
    """With biases far from 0, and rows of several images."""
    generator = torch.Generator().manual_seed(0)
    attention = htsat.WindowAttention(16, 4, 2)
    with torch.no_grad():
        attention.relative_position_bias_table.normal_(std=3.0, generator=generator)
    mask = htsat.shifted_window_mask(8, 4, shift) if shift else None
    windows = torch.randn(3 * 4, 16, 16, generator=generator)
    written_out = attention(windows, mask)
    with torch.inference_mode():
        fused = attention(windows, mask)
    torch.testing.assert_close(fused, written_out, atol=1e-6, rtol=1e-6)
