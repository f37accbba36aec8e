"""`hear` and `judge`, the two halves of every predictor, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.pooling import POOLINGS
from tests.tiny import lively, tiny_audiobox_config, tiny_config

MAKERS = {"clap": tiny_config, "audiobox": tiny_audiobox_config}


def predictor(architecture: str, pooling: str = "DualResolutionAttentiveStatistics") -> Predictor:
    config: Callable = MAKERS[architecture]
    plain = {"name": pooling, "segment_size": 2, "partial_segment": "masked", "num_heads": 4, "eps": 1e-5}
    made = lively(seeded_predictor(config(pooling=plain), 0))
    assert isinstance(made, Predictor)
    return made


def windows(*num_samples: int) -> WindowBatch:
    samples = 0.1 * torch.randn(len(num_samples), 8000, generator=torch.Generator().manual_seed(1))
    return WindowBatch(samples, torch.tensor(num_samples))


@pytest.mark.parametrize("architecture", MAKERS)
def test_frames_are_a_hop_apart(architecture: str) -> None:
    """The last frame begins before the window's end, and another one would not."""
    model = predictor(architecture)
    with torch.inference_mode():
        frames = model.hear(windows(8000)).frames
    assert 8000 - 2 * model.frame_hop <= (frames.shape[2] - 1) * model.frame_hop < 8000


def test_one_stream_for_all_axes_of_clap_and_one_for_each_of_audiobox() -> None:
    clap, audiobox = predictor("clap"), predictor("audiobox")
    with torch.inference_mode():
        assert len(clap.hear(windows(8000)).frames) == 1
        assert len(audiobox.hear(windows(8000)).frames) == 4
    assert [clap.stream_of(axis) for axis in ("MI", "TA")] == [0, 0]
    assert [audiobox.stream_of(axis) for axis in ("PQ", "PC", "CE", "CU")] == [0, 1, 2, 3]


def test_an_axis_is_judged_by_its_own_stream() -> None:
    model = predictor("audiobox")
    with torch.inference_mode():
        heard = model.hear(windows(8000))
        before = model.judge(heard)
        frames = heard.frames.clone()
        frames[model.stream_of("CE")] += torch.linspace(-1, 1, frames.shape[-1])
        after = model.judge(Heard(frames, heard.mask))
    assert {axis for axis in before if not torch.equal(before[axis], after[axis])} == {"CE"}


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("architecture", MAKERS)
def test_a_masked_frame_is_as_good_as_none(architecture: str, pooling: str) -> None:
    """Masking the last two segments, and cutting them off, give the same scores."""
    model = predictor(architecture, pooling)
    with torch.inference_mode():
        heard = model.hear(windows(8000, 8000))
        kept = heard.frames.shape[2] // 2 * 2 - 4
        mask = (torch.arange(heard.frames.shape[2]) < kept).expand(2, -1)
        masked, cut = model.judge(Heard(heard.frames, mask)), model.judge(Heard(heard.frames[:, :, :kept]))
        whole = model.judge(heard)
    for axis, column in masked.items():
        torch.testing.assert_close(column, cut[axis], atol=1e-5, rtol=0)
        assert not torch.allclose(column, whole[axis], atol=1e-5)
