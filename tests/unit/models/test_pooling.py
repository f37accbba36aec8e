"""The ten poolings by numbers that can be checked by hand; their laws are in tests/property/test_pooling_laws.py."""

import doctest
import importlib
import math

import pytest
import torch

from drasp_cli.models.pooling import (
    POOLINGS,
    AttentiveStatistics,
    DualResolutionAttentive,
    DualResolutionAttentiveStatistics,
    MultiHeadAttentive,
    MultiResolutionMultiHeadAttentive,
    PoolingConfig,
    SegmentalAttentive,
    SegmentalAttentiveStatistics,
    SelfAttentive,
    TemporalAverage,
    TemporalStatistics,
    build_pooling,
)
from drasp_cli.models.pooling.segments import segment_means

every_pooling = pytest.mark.parametrize("name", POOLINGS)

# Feature 0 sets the score: tanh is 0, then 1/2, and with v = 2 ln 3 the scores are 0, then ln 3.
QUARTERS = torch.tensor([[[0.0, 10.0], [math.atanh(0.5), 20.0]]], dtype=torch.float64)
STD_OF_10_AND_20 = math.sqrt(0.25 * 10**2 + 0.75 * 20**2 - 17.5**2)


def weigh_one_to_three(pooling):
    """Sets the attention so that the two frames of QUARTERS, or segments like them, weigh 1/4 and 3/4."""
    with torch.no_grad():
        pooling.sap_linear.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
        pooling.sap_linear.bias.zero_()
        pooling.attention.copy_(torch.tensor([[2 * math.log(3)], [0.0]]).expand_as(pooling.attention))
    return pooling.double()


def close(actual, expected, tolerance=1e-7):
    """The tolerance is that of the parameters, which were rounded to float32."""
    expected = torch.as_tensor(expected, dtype=actual.dtype)
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------------------------------------------- by hand


def test_temporal_average():
    frames = torch.tensor([[[1.0, 4.0], [3.0, 8.0], [100.0, 100.0]]])
    pooled = TemporalAverage(2)(frames, torch.tensor([[True, True, False]]))
    assert pooled.embedding.tolist() == [[2.0, 6.0]]
    assert pooled.weights is None


def test_temporal_statistics():
    frames = torch.tensor([[[1.0, 4.0], [3.0, 8.0], [100.0, 100.0]]])
    pooled = TemporalStatistics(2)(frames, torch.tensor([[True, True, False]]))
    assert pooled.embedding.tolist() == [[2.0, 6.0, 1.0, 2.0]]


def test_the_smallest_std_is_the_root_of_eps():
    embedding = TemporalStatistics(1, eps=0.25)(torch.tensor([[[2.0], [2.0]]])).embedding
    assert embedding.tolist() == [[2.0, 0.5]]


def test_self_attentive():
    pooled = weigh_one_to_three(SelfAttentive(2))(QUARTERS)
    close(pooled.weights, [[0.25, 0.75]])
    close(pooled.embedding, [[0.75 * math.atanh(0.5), 17.5]])


def test_attentive_statistics():
    embedding = weigh_one_to_three(AttentiveStatistics(2))(QUARTERS).embedding
    spread = math.sqrt(0.25 * 0.75) * math.atanh(0.5)
    close(embedding, [[0.75 * math.atanh(0.5), 17.5, spread, STD_OF_10_AND_20]])


@pytest.mark.parametrize(("partial", "last"), [("masked", 5.0), ("zero", 2.5)])
def test_segment_means_with_a_partial_last_segment(partial, last):
    frames = torch.tensor([[[1.0], [2.0], [3.0], [4.0], [5.0]]])
    means, real = segment_means(frames, torch.ones(1, 5, dtype=torch.bool), size=2, partial=partial)
    assert means.flatten().tolist() == [1.5, 3.5, last]
    assert real.tolist() == [[True, True, True]]


@pytest.mark.parametrize(("partial", "first"), [("masked", 6.0), ("zero", 3.0)])
def test_segments_are_by_position_also_around_holes(partial, first):
    frames = torch.tensor([[[6.0], [0.0], [0.0], [0.0], [7.0], [9.0]]])
    mask = torch.tensor([[True, False, False, False, True, True]])
    means, real = segment_means(frames, mask, size=2, partial=partial)
    assert means.flatten().tolist() == [first, 0.0, 8.0]
    assert real.tolist() == [[True, False, True]]


def test_segmental_attentive():
    around = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(1, 1, 2, 1)
    frames = (QUARTERS.unsqueeze(2) + around).reshape(1, 4, 2)  # segments of two, with QUARTERS as their means
    pooled = weigh_one_to_three(SegmentalAttentive(2, segment_size=2))(frames)
    close(pooled.weights, [[0.25, 0.75]])
    close(pooled.embedding, [[0.75 * math.atanh(0.5), 17.5]])


def test_segmental_attentive_statistics_spread_over_segments_not_frames():
    around = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(1, 1, 2, 1)
    frames = (QUARTERS.unsqueeze(2) + around).reshape(1, 4, 2)
    embedding = weigh_one_to_three(SegmentalAttentiveStatistics(2, segment_size=2))(frames).embedding
    close(embedding[0, 1::2], [17.5, STD_OF_10_AND_20])


def set_fusion(pooling, alpha, beta):
    torch.nn.init.constant_(pooling.alpha, alpha)
    torch.nn.init.constant_(pooling.beta, beta)
    return pooling


def test_dual_resolution_attentive():
    pooling = set_fusion(DualResolutionAttentive(2, segment_size=1).double(), 2.0, -1.0)
    weigh_one_to_three(pooling.gsap)
    pooled = pooling(QUARTERS)
    close(pooled.embedding[0, 1], 2 * 15.0 - 17.5)
    close(pooled.weights, [[0.25, 0.75]])


def test_dual_resolution_attentive_statistics():
    pooling = set_fusion(DualResolutionAttentiveStatistics(2, segment_size=1).double(), 2.0, -1.0)
    weigh_one_to_three(pooling.gasp)
    pooled = pooling(QUARTERS)
    close(pooled.embedding[0, 1::2], [2 * 15.0 - 17.5, 2 * 5.0 - STD_OF_10_AND_20])
    close(pooled.weights, [[0.25, 0.75]])


def test_multi_head_attentive_weighs_each_slice_by_itself():
    pooling = MultiHeadAttentive(4, num_heads=2).double()
    with torch.no_grad():  # each slice is 2 wide: the score is u . x / sqrt(2)
        pooling.attention.copy_(torch.tensor([[math.sqrt(2) * math.log(3), 0.0], [0.0, 0.0]]))
    pooled = pooling(torch.tensor([[[0.0, 10.0, 7.0, 10.0], [1.0, 20.0, 9.0, 20.0]]], dtype=torch.float64))
    close(pooled.weights, [[[0.25, 0.75], [0.5, 0.5]]])
    close(pooled.embedding, [[0.75, 17.5, 8.0, 15.0]])


def test_multi_resolution_multi_head_attentive_flattens_with_temperature():
    pooling = weigh_one_to_three(MultiResolutionMultiHeadAttentive(2, num_heads=4))
    torch.nn.init.constant_(pooling.attention[0, 2:], 5 * 2 * math.log(3))  # five times the score at temperature 5
    pooled = pooling(QUARTERS)
    close(pooled.weights, [[[0.25, 0.75]] * 4])
    close(pooled.embedding.view(4, 2)[:, 1], [17.5] * 4)


def test_higher_temperatures_look_wider():
    pooling = weigh_one_to_three(MultiResolutionMultiHeadAttentive(2, num_heads=6))
    largest = pooling(QUARTERS).weights[0].amax(dim=-1)
    close(largest, [3 ** (1 / t) / (1 + 3 ** (1 / t)) for t in (1, 1, 5, 5, 10, 10)])


# ------------------------------------------------------------------------------------- parameters and learning

ATTENTION = {"sap_linear.weight": (8, 8), "sap_linear.bias": (8,), "attention": (8, 1)}
PARAMETERS = {
    "TemporalAverage": {},
    "TemporalStatistics": {},
    "SelfAttentive": ATTENTION,
    "AttentiveStatistics": ATTENTION,
    "SegmentalAttentive": ATTENTION,
    "SegmentalAttentiveStatistics": ATTENTION,
    "DualResolutionAttentive": {f"gsap.{k}": v for k, v in ATTENTION.items()} | {"alpha": (), "beta": ()},
    "DualResolutionAttentiveStatistics": {f"gasp.{k}": v for k, v in ATTENTION.items()} | {"alpha": (), "beta": ()},
    "MultiHeadAttentive": {"attention": (4, 2)},
    "MultiResolutionMultiHeadAttentive": ATTENTION | {"attention": (8, 4)},
}


@every_pooling
def test_state_dict_has_the_research_codes_names(name):
    state = build_pooling(PoolingConfig(name), 8).state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == PARAMETERS[name]


def test_fusion_weights_saved_with_one_dimension_load_too():
    pooling = DualResolutionAttentiveStatistics(8)
    pooling.load_state_dict(pooling.state_dict() | {"alpha": torch.tensor([0.9]), "beta": torch.tensor([0.2])})
    assert (pooling.alpha.item(), pooling.beta.item()) == pytest.approx((0.9, 0.2))


@pytest.mark.parametrize("name", ["SelfAttentive", "MultiHeadAttentive", "MultiResolutionMultiHeadAttentive"])
def test_attention_starts_xavier_uniform(name):
    torch.manual_seed(0)
    attention = build_pooling(PoolingConfig(name), 512).attention
    bound = math.sqrt(6 / sum(attention.shape))
    assert attention.abs().max() <= bound
    assert attention.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)


@pytest.mark.parametrize("name", ["DualResolutionAttentive", "DualResolutionAttentiveStatistics"])
def test_at_step_one_the_attention_branch_learns_nothing_and_at_step_two_it_does(name):
    torch.manual_seed(0)
    pooling = build_pooling(PoolingConfig(name), 8)
    frames, target = torch.randn(3, 10, 8), torch.randn(3, pooling.out_dim)
    optimizer = torch.optim.SGD(pooling.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        (pooling(frames).embedding - target).square().sum().backward()
        gradients = {key: p.grad.abs().max().item() for key, p in pooling.named_parameters()}
        optimizer.step()
        return gradients

    first, second = step(), step()
    learning = {key for key, size in first.items() if size > 0}
    assert learning == {"alpha", "beta"}
    assert all(size > 0 for size in second.values())


@every_pooling
@pytest.mark.parametrize("partial", ["masked", "zero"])
def test_gradients_equal_finite_differences(name, partial):
    torch.manual_seed(0)
    pooling = build_pooling(PoolingConfig(name, segment_size=2, num_heads=2, partial_segment=partial), 4).double()
    if hasattr(pooling, "beta"):
        set_fusion(pooling, 0.7, -0.4)
    names, parameters = zip(*pooling.named_parameters(), strict=True) if PARAMETERS[name] else ((), ())
    mask = torch.tensor([[True] * 5, [True, True, True, False, False], [False] * 5])
    frames = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)

    def embed(frames, *values):
        return torch.func.functional_call(pooling, dict(zip(names, values, strict=True)), (frames, mask)).embedding

    assert torch.autograd.gradcheck(embed, (frames, *parameters))


# ------------------------------------------------------------------------------------------------ the interface


@every_pooling
def test_shapes(name):
    pooling = build_pooling(PoolingConfig(name, segment_size=4, num_heads=2), 6)
    embedding, weights, branches = pooling(torch.randn(3, 9, 6, generator=torch.Generator().manual_seed(0)))
    assert embedding.shape == (3, pooling.out_dim)
    units = 3 if "Segmental" in name or "Dual" in name else 9
    shape = None if name.startswith("Temporal") else (3, 2, 9) if "Head" in name else (3, units)
    assert (None if weights is None else tuple(weights.shape)) == shape
    assert pooling.frames_per_weight == (4 if units == 3 else 1)
    assert (branches is not None) is ("Dual" in name)


@pytest.mark.parametrize("name", ["DualResolutionAttentive", "DualResolutionAttentiveStatistics"])
def test_the_branches_are_the_summands_of_the_embedding(name):
    """With alpha 1 and beta 2 on frames that are all alike, the second branch is twice the first."""
    pooling = build_pooling(PoolingConfig(name, segment_size=2), 6)
    with torch.no_grad():
        pooling.beta.fill_(2.0)
        embedding, _, branches = pooling(torch.full((3, 8, 6), 0.5))
    whole, segments = branches
    torch.testing.assert_close(segments, 2 * whole)
    assert torch.equal(whole + segments, embedding)


@every_pooling
@pytest.mark.parametrize("shape", [(5, 8), (2, 5, 7), (2, 3, 5, 8)])
def test_frames_of_another_shape_are_refused(name, shape):
    with pytest.raises(ValueError, match=r"frames must have shape \(batch, frames, 8\), not "):
        build_pooling(PoolingConfig(name), 8)(torch.zeros(shape))


@every_pooling
def test_a_mask_of_another_shape_is_refused(name):
    with pytest.raises(ValueError, match="mask must be bool"):
        build_pooling(PoolingConfig(name), 8)(torch.zeros(2, 5, 8), torch.ones(2, 1, dtype=torch.bool))


@every_pooling
def test_the_frames_are_left_as_they_were(name):
    frames = torch.full((1, 5, 8), 2.0)
    build_pooling(PoolingConfig(name), 8)(frames, torch.tensor([[True, True, False, False, False]]))
    assert frames.eq(2.0).all()


@pytest.mark.parametrize("module", ["statistics", "segments", "multihead"])
def test_examples_in_the_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"drasp_cli.models.pooling.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_many_frames_that_are_alike_have_no_spread_of_rounding() -> None:
    """A research checkpoint may repeat each step 32 times; sums of 1,024 terms, one by one, would make it up."""
    frame = torch.randn(1, 1, 256, generator=torch.Generator().manual_seed(0))
    deviation = TemporalStatistics(256)(frame.expand(4, 1024, 256)).embedding[:, 256:]
    torch.testing.assert_close(deviation, torch.full((4, 256), 1e-5**0.5), atol=2e-4, rtol=0)
