"""Masks: what is refused, what padding becomes, and a softmax that is never NaN."""

import doctest

import pytest
import torch

from drasp_cli.models import masks
from drasp_cli.models.masks import checked_mask, masked_softmax, zero_padding


def test_no_mask_means_all_real():
    mask = checked_mask(torch.zeros(2, 3, 5), None)
    assert mask.dtype == torch.bool
    assert mask.shape == (2, 3)
    assert mask.all()


def test_a_good_mask_comes_back_as_it_is():
    mask = torch.tensor([[True, False]])
    assert checked_mask(torch.zeros(1, 2, 5), mask) is mask


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(2, 3),  # float: ~ would raise
        torch.ones(2, 3, dtype=torch.int64),  # int: ~ would give -2, which is True
        torch.ones(2, 1, dtype=torch.bool),  # would broadcast
        torch.ones(2, 3, 1, dtype=torch.bool),
        torch.ones(3, 2, dtype=torch.bool),
    ],
    ids=["float", "int", "broadcast", "trailing axis", "transposed"],
)
def test_a_mask_of_another_kind_or_shape_is_refused(mask):
    with pytest.raises(ValueError, match=r"mask must be bool of shape \(2, 3\), not "):
        checked_mask(torch.zeros(2, 3, 5), mask)


def test_padding_of_any_content_becomes_zero_and_real_frames_stay():
    frames = torch.tensor([[[1.0], [float("nan")], [float("inf")], [2.0]]])
    mask = torch.tensor([[True, False, False, True]])
    assert zero_padding(frames, mask).flatten().tolist() == [1.0, 0.0, 0.0, 2.0]


def test_nan_in_a_real_frame_is_not_hidden():
    frames = torch.tensor([[[float("nan")], [1.0]]])
    assert zero_padding(frames, torch.tensor([[True, False]]))[0, 0].isnan()


def test_softmax_of_real_entries_equals_softmax_of_them_alone():
    scores = torch.tensor([[0.3, -50.0, 2.0, 70.0]], dtype=torch.float64)
    weights = masked_softmax(scores, torch.tensor([[True, False, True, False]]))
    alone = torch.softmax(torch.tensor([0.3, 2.0], dtype=torch.float64), dim=0)
    torch.testing.assert_close(weights[0, [0, 2]], alone, rtol=1e-15, atol=0)
    assert weights[0, [1, 3]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_softmax_masks_the_lowest_finite_score_too(dtype):
    lowest = torch.finfo(dtype).min
    scores = torch.tensor([[lowest, 5.0, lowest]], dtype=dtype)
    weights = masked_softmax(scores, torch.tensor([[True, False, True]]))
    assert weights.tolist() == [[0.5, 0.0, 0.5]]


def test_softmax_of_nothing_real_is_zero_with_zero_gradient():
    scores = torch.randn(2, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    weights = masked_softmax(scores, torch.tensor([[False] * 4, [True] * 4]))
    assert weights[0].tolist() == [0.0] * 4
    with torch.autograd.set_detect_anomaly(True):  # no NaN on the way either
        masked_softmax(scores, torch.tensor([[False] * 4, [True] * 4])).square().sum().backward()
    assert scores.grad[0].tolist() == [0.0] * 4
    assert scores.grad[1].abs().min() > 0


def test_softmax_masks_each_head_alike():
    scores = torch.zeros(1, 3, 2)
    weights = masked_softmax(scores, torch.tensor([[True, False]]).unsqueeze(1))
    assert weights.tolist() == [[[1.0, 0.0]] * 3]


def test_examples_in_the_docstrings():
    result = doctest.testmod(masks)
    assert result.attempted > 0
    assert result.failed == 0
