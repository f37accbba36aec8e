"""The laws of the poolings (style.md, "Tests"), each for all ten, whatever the sizes, lengths, and padding."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drasp_cli.models.pooling import POOLINGS, PoolingConfig, build_pooling

DIM = 8
ALPHA, BETA = 0.7, -0.4
EXACT = {torch.float64: 1e-12, torch.float32: 1e-5}

WITHOUT_ATTENTION = {"TemporalAverage", "TemporalStatistics"}
DUAL = {"DualResolutionAttentive", "DualResolutionAttentiveStatistics"}
SEGMENTAL = {"SegmentalAttentive", "SegmentalAttentiveStatistics"} | DUAL
WITH_STD = {name for name in POOLINGS if name.endswith("Statistics")}
FRAME_LEVEL = {
    "SegmentalAttentive": "SelfAttentive",
    "SegmentalAttentiveStatistics": "AttentiveStatistics",
}
STATISTICS = {
    "DualResolutionAttentive": "TemporalAverage",
    "DualResolutionAttentiveStatistics": "TemporalStatistics",
}

every_pooling = pytest.mark.parametrize("name", POOLINGS)
law = settings(max_examples=12, derandomize=True, deadline=None)

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 13)
options = st.fixed_dictionaries(
    {
        "segment_size": st.integers(1, 5),
        "partial_segment": st.sampled_from(["masked", "zero"]),
        "num_heads": st.sampled_from([1, 2, 4, 8]),
    }
)
paddings = st.sampled_from([0.0, 1.0, -6e4, math.inf, -math.inf, math.nan])


def make_pooling(name, options, seed, dtype=torch.float64):
    """With random weights throughout; fusion weights away from their start, so that both branches count."""
    pooling = build_pooling(PoolingConfig(name, **options), DIM).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in sorted(pooling.named_parameters()):
            values = {"alpha": ALPHA, "beta": BETA}
            random = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(torch.full_like(random, values[key]) if key in values else random)
    return pooling


def make_frames(seed, *shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed + 1)
    return (0.3 + 1.5 * torch.randn(*shape, DIM, generator=generator, dtype=torch.float64)).to(dtype)


def padded(clips, num_frames, fill):
    """Clips (frames, dim) of any lengths as one batch (batch, num_frames, dim) with its mask."""
    frames = torch.full((len(clips), num_frames, DIM), fill, dtype=clips[0].dtype)
    mask = torch.zeros(len(clips), num_frames, dtype=torch.bool)
    for row, clip in enumerate(clips):
        frames[row, : len(clip)] = clip
        mask[row, : len(clip)] = True
    return frames, mask


def assert_same(actual, expected, tolerance=1e-12):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


@every_pooling
@law
@given(seed=seeds, options=options, length=lengths, data=st.data())
def test_order_of_frames_is_irrelevant(name, seed, options, length, data):
    if name in SEGMENTAL:
        options = options | {"segment_size": 1}
    pooling, frames = make_pooling(name, options, seed), make_frames(seed, 1, length)
    order = data.draw(st.permutations(range(length)))
    assert_same(pooling(frames[:, order]).embedding, pooling(frames).embedding)


@pytest.mark.parametrize("name", sorted(SEGMENTAL))
@law
@given(seed=seeds, options=options, num_segments=st.integers(1, 5), data=st.data())
def test_order_of_segments_and_of_frames_within_is_irrelevant(name, seed, options, num_segments, data):
    size = options["segment_size"]
    pooling, frames = make_pooling(name, options, seed), make_frames(seed, 1, num_segments * size)
    segments = data.draw(st.permutations(range(num_segments)))
    order = [s * size + t for s in segments for t in data.draw(st.permutations(range(size)))]
    plain, shuffled = pooling(frames), pooling(frames[:, order])
    assert_same(shuffled.embedding, plain.embedding)
    assert_same(shuffled.weights, plain.weights[:, segments])


@every_pooling
@law
@given(seed=seeds, options=options, length=lengths, extra=st.integers(1, 9), fill=paddings)
def test_padded_frames_of_any_content_change_nothing(name, seed, options, length, extra, fill):
    pooling, clip = make_pooling(name, options, seed), make_frames(seed, length)
    alone = pooling(clip.unsqueeze(0))
    frames, mask = padded([clip], length + extra, fill)
    frames.requires_grad_()
    pooled = pooling(frames, mask)
    assert_same(pooled.embedding, alone.embedding)
    if alone.weights is not None:
        units = alone.weights.shape[-1]
        assert_same(pooled.weights[..., :units], alone.weights)
        assert not pooled.weights[..., units:].any()

    pooled.embedding.sum().backward()
    assert not frames.grad[~mask].any()
    assert frames.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in pooling.parameters())


@every_pooling
@pytest.mark.parametrize("dtype", EXACT, ids=str)
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=2, max_size=5), fill=paddings)
def test_a_clip_alone_equals_the_clip_in_any_batch(name, dtype, seed, options, batch, fill):
    pooling = make_pooling(name, options, seed, dtype)
    clips = [make_frames(seed + row, length, dtype=dtype) for row, length in enumerate(batch)]
    together = pooling(*padded(clips, max(batch), fill)).embedding
    alone = torch.cat([pooling(clip.unsqueeze(0)).embedding for clip in clips])
    assert_same(together, alone, EXACT[dtype])


@pytest.mark.parametrize(("segmental", "frame_level"), FRAME_LEVEL.items())
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=1, max_size=4), fill=paddings)
def test_segment_size_one_equals_the_frame_level_pooling(segmental, frame_level, seed, options, batch, fill):
    ours, theirs = (make_pooling(name, options | {"segment_size": 1}, seed) for name in (segmental, frame_level))
    theirs.load_state_dict(ours.state_dict())
    frames, mask = padded([make_frames(seed + row, n) for row, n in enumerate(batch)], max(batch), fill)
    assert_same(ours(frames, mask).embedding, theirs(frames, mask).embedding)
    assert_same(ours(frames, mask).weights, theirs(frames, mask).weights)


@pytest.mark.parametrize(("dual", "statistics"), STATISTICS.items())
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=1, max_size=4), fill=paddings)
def test_alpha_one_and_beta_zero_equal_statistics_pooling(dual, statistics, seed, options, batch, fill):
    fresh, plain = (build_pooling(PoolingConfig(name, **options), DIM).double() for name in (dual, statistics))
    frames, mask = padded([make_frames(seed + row, n) for row, n in enumerate(batch)], max(batch), fill)
    assert torch.equal(fresh(frames, mask).embedding, plain(frames, mask).embedding)


@pytest.mark.parametrize("name", sorted(set(POOLINGS) - WITHOUT_ATTENTION - DUAL))
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=1, max_size=4), fill=paddings)
def test_a_zero_attention_vector_weighs_all_units_alike(name, seed, options, batch, fill):
    pooling = make_pooling(name, options, seed)
    torch.nn.init.zeros_(pooling.attention)
    weights = pooling(*padded([make_frames(seed, n) for n in batch], max(batch), fill)).weights
    size = options["segment_size"] if name in SEGMENTAL else 1
    for row, length in enumerate(batch):
        units = -(-length // size)
        assert_same(weights[row, ..., :units], torch.full_like(weights[row, ..., :units], 1 / units))


@every_pooling
@law
@given(seed=seeds, options=options, length=lengths, constant=st.floats(-30, 30))
def test_constant_input_gives_its_mean_and_the_smallest_std(name, seed, options, length, constant):
    # A zero-filled partial segment is not constant, by design: its mean is constant * real / size.
    pooling = make_pooling(name, options | {"partial_segment": "masked"}, seed)
    embedding = pooling(torch.full((1, length, DIM), constant, dtype=torch.float64)).embedding
    scale = ALPHA + BETA if name in DUAL else 1.0
    mean, std = embedding.split([DIM, DIM], dim=1) if name in WITH_STD else (embedding, None)
    assert_same(mean, torch.full_like(mean, scale * constant))
    if std is not None:
        assert_same(std, torch.full_like(std, scale * math.sqrt(1e-5)))


@pytest.mark.parametrize("name", sorted(set(POOLINGS) - WITHOUT_ATTENTION))
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=1, max_size=4), fill=paddings)
def test_weights_are_a_distribution_over_real_units(name, seed, options, batch, fill):
    pooling = make_pooling(name, options, seed)
    weights = pooling(*padded([make_frames(seed, n) for n in batch], max(batch), fill)).weights
    assert (weights >= 0).all()
    assert_same(weights.sum(dim=-1), torch.ones_like(weights.sum(dim=-1)))
    size = options["segment_size"] if name in SEGMENTAL else 1
    for row, length in enumerate(batch):
        assert not weights[row, ..., -(-length // size) :].any()


@every_pooling
@law
@given(seed=seeds, options=options, length=st.integers(0, 13), fill=paddings)
def test_a_row_with_no_real_frame_has_the_declared_result(name, seed, options, length, fill):
    pooling = make_pooling(name, options, seed)
    frames = torch.full((1, length, DIM), fill, dtype=torch.float64, requires_grad=True)
    pooled = pooling(frames, torch.zeros(1, length, dtype=torch.bool))
    expected = torch.zeros(1, pooling.out_dim, dtype=torch.float64)
    if name in WITH_STD:
        expected[:, DIM:] = math.sqrt(1e-5) * (ALPHA + BETA if name in DUAL else 1.0)
    assert_same(pooled.embedding, expected)
    assert pooled.weights is None or not pooled.weights.any()

    if pooled.embedding.requires_grad:
        pooled.embedding.sum().backward()
    gradients = [frames.grad, *(p.grad for p in pooling.parameters())]
    assert all(g.isfinite().all() for g in gradients if g is not None)


@every_pooling
@law
@given(seed=seeds, options=options, pattern=st.lists(st.booleans(), min_size=1, max_size=13), fill=paddings)
def test_holes_in_the_mask_hide_their_frames(name, seed, options, pattern, fill):
    mask = torch.tensor([pattern])
    pooling, frames = make_pooling(name, options, seed), make_frames(seed, 1, len(pattern))
    holed = frames.masked_fill(~mask.unsqueeze(-1), fill)
    assert torch.equal(pooling(holed, mask).embedding, pooling(frames, mask).embedding)
    if name not in SEGMENTAL and any(pattern):  # segments are by position, so there a hole is not the same as a cut
        assert_same(pooling(frames, mask).embedding, pooling(frames[:, mask[0]]).embedding)


@every_pooling
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@law
@given(seed=seeds, options=options, batch=st.lists(lengths, min_size=1, max_size=4), fill=paddings)
def test_half_precision_is_float32_inside(name, dtype, seed, options, batch, fill):
    half = make_pooling(name, options, seed, torch.float32).to(dtype)
    full = make_pooling(name, options, seed, torch.float32).to(dtype).float()
    frames, mask = padded([make_frames(seed + row, n, dtype=dtype) for row, n in enumerate(batch)], max(batch), fill)
    pooled, expected = half(frames, mask), full(frames.float(), mask)
    assert pooled.embedding.dtype == dtype
    assert pooled.embedding.isfinite().all()
    assert torch.equal(pooled.embedding, expected.embedding.to(dtype))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(full(frames.float(), mask).embedding, expected.embedding)
