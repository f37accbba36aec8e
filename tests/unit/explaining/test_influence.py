from __future__ import annotations

import doctest

import numpy as np
import pytest
import torch

from drasp_cli.explaining import attention, influence
from drasp_cli.explaining.attention import attention_of, fusion_weights
from drasp_cli.explaining.influence import judge_masked, keep_all_but_one
from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.pooling import POOLINGS
from tests.unit.models.test_hearing_and_judging import predictor, windows


def heard_by(model: Predictor) -> Heard:
    with torch.inference_mode():
        return model.hear(windows(8000))


def test_doctests() -> None:
    assert doctest.testmod(influence).failed == 0
    assert doctest.testmod(attention).failed == 0


def test_the_only_segment_is_never_left_out() -> None:
    assert keep_all_but_one(3, 5).tolist() == [[True, True, True]]


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("architecture", ["clap", "audiobox"])
def test_to_leave_a_segment_out_is_to_delete_its_frames(architecture: str, pooling: str) -> None:
    model = predictor(architecture, pooling)
    frames = heard_by(model).frames[:, :, :7].double()  # 3 segments of 2, and half a one
    text = torch.nn.functional.normalize(torch.ones(16).double(), dim=0)
    model.double()  # so that a standard deviation, a difference of squares, has digits to spare
    with torch.inference_mode():
        found = judge_masked(model, Heard(frames), text, keep_all_but_one(7, 2))
        for segment in range(-1, 4):
            kept = [frame for frame in range(7) if frame // 2 != segment]
            expected = model.judge(Heard(frames[:, :, kept]), text[None])
            for axis, column in expected.items():
                np.testing.assert_allclose(found[axis][segment + 1], column[0].item(), atol=1e-10, rtol=0)


def test_parts_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = predictor("audiobox")
    heard = Heard(heard_by(model).frames[:, :, :40])
    with torch.inference_mode():
        whole = judge_masked(model, heard, None, keep_all_but_one(40, 4))
        monkeypatch.setattr(influence, "_ELEMENTS", 1)
        one_by_one = judge_masked(model, heard, None, keep_all_but_one(40, 4))
    for axis, column in whole.items():
        np.testing.assert_allclose(one_by_one[axis], column, atol=1e-5, rtol=0)


def test_a_segment_that_the_pooling_ignores_has_no_influence() -> None:
    """Attention alone, with a score of 50 where the first feature is 1 and -50 where it is -1."""
    model = predictor("audiobox", "SegmentalAttentive")
    pooling, dim = model.pooling, model.pooling.dim
    frames = torch.randn(4, 1, 8, dim, generator=torch.Generator().manual_seed(0))
    frames[..., 0] = torch.tensor([1.0, 1, -1, -1, 1, 1, 1, 1])  # of four segments the second is ignored
    with torch.no_grad():
        pooling.get_parameter("sap_linear.weight").zero_()[0, 0] = 10.0
        pooling.get_parameter("sap_linear.bias").zero_()
        pooling.get_parameter("attention").zero_()[0, 0] = 50.0
        found = judge_masked(model, Heard(frames), None, keep_all_but_one(8, 2))
        weights = attention_of(model, Heard(frames), 2)[0].weights
    assert weights == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=1e-6)
    for column in found.values():
        changes = abs(column[1:] - column[0])
        assert changes[1] < 1e-6
        assert min(changes[[0, 2, 3]]) > 1e-3


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("architecture", ["clap", "audiobox"])
def test_weights_of_segments_sum_to_one_where_there_are_any(architecture: str, pooling: str) -> None:
    model = predictor(architecture, pooling)
    heard = heard_by(model)
    run = 6 if model.pooling.frames_per_weight == 1 else model.pooling.frames_per_weight
    with torch.inference_mode():
        found = attention_of(model, heard, run)
    assert len(found) == len(heard.frames)
    for stream in found:
        if pooling.startswith("Temporal"):
            assert stream.weights is None
        else:
            assert stream.weights is not None
            assert len(stream.weights) == -(-heard.frames.shape[2] // run)
            assert stream.weights.min() >= 0
            assert stream.weights.sum() == pytest.approx(1.0, abs=1e-5)
        assert (stream.norms is not None) is pooling.startswith("Dual")


def test_the_branches_are_as_long_as_their_factors() -> None:
    """Of frames that are all alike, both branches are [c; sqrt(eps)]; alpha 3 and beta -1 make one thrice the other."""
    model = predictor("clap")
    with torch.no_grad():
        model.pooling.get_parameter("alpha").fill_(3.0)
        model.pooling.get_parameter("beta").fill_(-1.0)
        (found,) = attention_of(model, Heard(torch.ones(1, 1, 8, model.pooling.dim)), 2)
    assert found.norms is not None
    assert found.norms[0] == pytest.approx(3 * found.norms[1], rel=1e-5)
    assert fusion_weights(model) == (3.0, -1.0)
    assert fusion_weights(predictor("clap", "SelfAttentive")) is None
