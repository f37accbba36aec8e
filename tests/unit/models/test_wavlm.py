from __future__ import annotations

import dataclasses
import doctest
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.backbones import wavlm, wavlm_extractor
from drasp_cli.models.backbones.wavlm import SelfAttention, WavLM, relative_buckets
from drasp_cli.models.backbones.wavlm_extractor import MOMENTS_UP_TO, ConvExtractor, LogMels, patch_moments
from drasp_cli.models.config import WavLMConfig
from drasp_cli.models.logmel import band_edges, mel_filters
from tests.tiny import lively

SMALL = WavLMConfig(
    conv_dim=12,
    embed_dim=24,
    ffn_dim=32,
    num_layers=2,
    num_heads=3,
    pos_conv_kernel=8,
    pos_conv_groups=2,
    num_buckets=16,
    max_distance=20,
)
WIDE = replace(SMALL, conv_kernels=(200, 4), conv_strides=(80, 4))
"""Its first kernel is too large for moments of patches."""
assert SMALL.conv_kernels[0] <= MOMENTS_UP_TO < WIDE.conv_kernels[0]
MELS = replace(SMALL, num_mels=10, conv_kernels=(256, 4, 3), conv_strides=(80, 2, 2))
"""Log-mels take the first convolution's place."""
WINDOW = 16_000


def tower(config: WavLMConfig = SMALL) -> WavLM:
    return lively(WavLM(config))


def windows(*lengths: int, window: int = WINDOW, offset: float = 0.0, seed: int = 1) -> WindowBatch:
    """Noise of those lengths, zero-padded; the n-th row's sound depends on n alone."""
    samples = torch.zeros(len(lengths), window)
    for row, length in enumerate(lengths):
        generator = torch.Generator().manual_seed(seed + row)
        samples[row, :length] = offset + 0.2 * torch.randn(window, generator=generator)[:length]
    return WindowBatch(samples, torch.tensor(lengths))


def padded_frames(extractor: ConvExtractor, samples: torch.Tensor) -> torch.Tensor:
    """All frames of zero-padded windows, by torch's own convolution and group norm, or STFT, over the whole length."""
    first, *others = extractor.conv_layers
    if isinstance(first, LogMels):
        x = padded_mels(first, samples)
    else:
        x = F.conv1d(samples[:, None], first["0"].weight, stride=first["0"].stride)
        x = F.gelu(F.group_norm(x, x.shape[1], first["2"].weight, first["2"].bias, first["2"].eps))
    for layer in others:
        x = F.gelu(F.conv1d(x, layer[0].weight, stride=layer[0].stride))
    return x.transpose(1, 2)


def padded_mels(mels: LogMels, samples: torch.Tensor) -> torch.Tensor:
    """(batch, bands, patches)."""
    window = torch.hann_window(mels.kernel).to(samples)
    spectrum = torch.stft(samples, mels.kernel, mels.stride, window=window, center=False, return_complex=True)
    filters = torch.from_numpy(mel_filters(16_000, mels.kernel, len(mels.weight), 0.0, 8_000.0)).to(samples)
    decibels = 10.0 * torch.log10((filters @ spectrum.abs().square()).clamp_min(1e-8))
    return mels.weight[:, None] * decibels + mels.bias[:, None]


def padded_mask(batch: WindowBatch, num_frames: int) -> torch.Tensor:
    """The reference's words: a frame is padding when all samples of its group are."""
    is_real = torch.arange(batch.samples.shape[1]) < batch.num_samples[:, None]
    group = batch.samples.shape[1] // num_frames
    return is_real[:, : group * num_frames].view(len(is_real), num_frames, group).any(dim=-1)


def exactly(model: WavLM, batch: WindowBatch) -> tuple[WavLM, WindowBatch]:
    """Both in float64, where only a mistake can tell two ways to compute the same from one another."""
    return model.double(), WindowBatch(batch.samples.double(), batch.num_samples)


def padded_outputs(model: WavLM, batch: WindowBatch) -> tuple[list[torch.Tensor], torch.Tensor]:
    """What `model` would answer if it computed all of the padding."""
    frames = padded_frames(model.feature_extractor, batch.samples)
    mask = padded_mask(batch, frames.shape[1])
    return list(model.encoder(model.post_extract_proj(model.layer_norm(frames)), mask)), mask


def outputs(model: WavLM, batch: WindowBatch) -> tuple[torch.Tensor, torch.Tensor | None]:
    """(outputs, batch, frames, dim) and the mask."""
    with torch.no_grad():
        layers, mask = model(batch)
        return torch.stack(list(layers)), mask


def test_doctests() -> None:
    for module in (wavlm, wavlm_extractor):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0


# ------------------------------------------------------------------------------------------- padding, not computed


@settings(max_examples=20)
@given(
    lengths=st.lists(st.integers(1, WINDOW), min_size=1, max_size=4),
    window=st.sampled_from([WINDOW, 8_000, 15_999, 5_123]),
    offset=st.sampled_from([0.0, 0.5]),
    config=st.sampled_from([SMALL, WIDE, MELS]),
    frames_at_once=st.sampled_from([1, 7, 1000]),
)
def test_real_frames_equal_those_of_the_padded_window(
    lengths: list[int], window: int, offset: float, config: WavLMConfig, frames_at_once: int
) -> None:
    batch = windows(*(min(length, window) for length in lengths), window=window, offset=offset)
    model = tower(config)
    model.feature_extractor.frames_at_once = frames_at_once
    model, batch = exactly(model, batch)
    with torch.no_grad():
        expected, expected_mask = padded_outputs(model, batch)
    ours, mask = outputs(model, batch)
    num_frames = ours.shape[2]
    assert num_frames == int(expected_mask.sum(dim=1).max())  # not one frame more than needed
    expected_mask = expected_mask[:, :num_frames]
    if mask is None:
        assert expected_mask.all()
    else:
        assert torch.equal(mask, expected_mask)
    for layer, padded in zip(ours, expected, strict=True):
        torch.testing.assert_close(layer[expected_mask], padded[:, :num_frames][expected_mask], atol=1e-9, rtol=1e-9)


def test_the_padding_is_part_of_the_features() -> None:
    """Else nothing of this would be needed: the same sound in a shorter window has other features."""
    model = tower()
    long, short = (outputs(model, windows(4_000, window=window))[0] for window in (16_000, 8_000))
    shared = min(long.shape[2], short.shape[2])
    assert (long[0, :, :shared] - short[0, :, :shared]).abs().max() > 0.1


@pytest.mark.parametrize("config", [SMALL, WIDE, MELS], ids=["narrow", "wide", "mels"])
def test_what_the_padding_holds_does_not_matter(config: WavLMConfig) -> None:
    model, batch = tower(config), windows(5_000, 12_345)
    dirty = batch.samples.clone()
    dirty[0, 5_000:] = float("nan")
    dirty[1, 12_345:] = 1e6
    clean, mask = outputs(model, batch)
    same, _ = outputs(model, WindowBatch(dirty, batch.num_samples))
    assert torch.equal(clean[:, mask], same[:, mask])


def test_only_the_samples_that_real_frames_hear_are_convolved() -> None:
    extractor = ConvExtractor(WavLMConfig())
    num_samples = torch.tensor([1, 320, 321, 48_000, 159_680, 160_000])
    assert extractor.num_real_frames(num_samples, 160_000).tolist() == [1, 1, 2, 150, 499, 499]
    assert extractor.config.hop * 149 + extractor.config.receptive_field == 48_080
    seen = []
    small = ConvExtractor(SMALL)
    small.conv_layers[1].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    small(windows(3_000, 1_000, window=160_000))
    assert seen == [((320 * 9 + 400) - 10) // 5 + 1]  # ten frames


def test_a_window_without_a_single_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 400 samples"):
        tower()(windows(100, window=399))


def test_moments_are_the_first_layers_mean_and_variance() -> None:
    """On a steep low-pass signal with an offset, where float32 sums of squares would have no digit left."""
    time = torch.arange(WINDOW, dtype=torch.float64)
    samples = torch.where(time < 6_000, 0.9 + 0.1 * torch.sin(time / 300.0), 0.0)[None].float()
    kernels = torch.randn(6, 10, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    kernels[0] = torch.tensor([1.0, -1.0] + 8 * [0.0])  # hears next to nothing of this signal
    y = F.conv1d(samples.double()[:, None], kernels[:, None], stride=5)[0]
    mean, covariance = patch_moments(samples, 10, 5, num_real=6_000)
    torch.testing.assert_close(kernels @ mean[0], y.mean(dim=1), rtol=1e-9, atol=1e-12)
    variance = torch.einsum("ck,kl,cl->c", kernels, covariance[0], kernels)
    torch.testing.assert_close(variance, y.var(dim=1, correction=0), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("config", [SMALL, WIDE, MELS], ids=["narrow", "wide", "mels"])
def test_digital_silence_has_features(config: WavLMConfig) -> None:
    batch = windows(5_000, 9_000)
    silent = WindowBatch(torch.zeros_like(batch.samples), batch.num_samples)
    features, mask = outputs(tower(config), silent)
    assert features[:, mask].isfinite().all()


# ------------------------------------------------------------------------------------------------------------ log-mels


def test_a_tone_is_in_the_band_around_it_at_its_level() -> None:
    mels = LogMels(64, 1024, 160, sample_rate=16_000)
    tone = torch.sin(2 * torch.pi * 1000.0 * torch.arange(WINDOW) / 16_000)[None]
    decibels = mels.decibels(tone, 10)[0]
    edges = band_edges(64, 0.0, 8_000.0)
    loudest = int(decibels[0].argmax())
    assert edges[loudest] < 1000.0 < edges[loudest + 2]
    heard = decibels[0] > -40.0  # in the other bands is what float32 rounds
    torch.testing.assert_close(decibels[:, heard], decibels[:1, heard].expand(10, -1), atol=0.01, rtol=0)
    quieter = mels.decibels(0.01 * tone, 10)[0]
    torch.testing.assert_close(quieter[:, loudest], decibels[:, loudest] - 40.0, atol=0.01, rtol=0)


def test_what_sixteen_bits_round_away_is_silence() -> None:
    mels = LogMels(64, 1024, 160, sample_rate=16_000)
    generator = torch.Generator().manual_seed(1)
    rounding = (torch.rand(1, WINDOW, generator=generator) - 0.5) / 2**16  # of a quarter of a step
    assert mels.decibels(rounding, 90).max() == mels.decibels(torch.zeros(1, WINDOW), 90).max() == -80.0


def test_in_half_precision_the_mels_are_as_before() -> None:
    mels = LogMels(10, 256, 80, sample_rate=16_000)
    batch = windows(9_000)
    with torch.autocast("cpu", torch.bfloat16):
        half = mels(batch.samples, 50)
    assert half.dtype == torch.float32
    assert torch.equal(half, mels(batch.samples, 50))


# ---------------------------------------------------------------------------------------------------------- batches


@settings(max_examples=8)
@given(lengths=st.lists(st.integers(1, WINDOW), min_size=2, max_size=5), config=st.sampled_from([SMALL, WIDE, MELS]))
def test_batch_mates_change_nothing(lengths: list[int], config: WavLMConfig) -> None:
    model, batch = tower(config), windows(*lengths)
    together, mask = outputs(model, batch)
    for row in range(len(lengths)):
        alone, alone_mask = outputs(model, WindowBatch(batch.samples[row : row + 1], batch.num_samples[row : row + 1]))
        assert alone_mask is None
        num_frames = alone.shape[2]
        torch.testing.assert_close(together[:, row, :num_frames], alone[:, 0], atol=1e-5, rtol=1e-5)
        if mask is not None:
            assert mask[row].tolist() == [frame < num_frames for frame in range(mask.shape[1])]


def test_a_loud_batch_mate_does_not_reach_a_faint_clip() -> None:
    model, batch = tower(), windows(4_000, 15_000)
    loud = batch.samples.clone()
    loud[1] *= 1e3
    faint, mask = outputs(model, batch)
    same, _ = outputs(model, WindowBatch(loud, batch.num_samples))
    torch.testing.assert_close(same[:, 0, mask[0]], faint[:, 0, mask[0]], atol=1e-6, rtol=1e-6)


# ------------------------------------------------------------------------------------------------- the transformer


def test_buckets_by_hand() -> None:
    """Eight rows a direction: distances 0 to 3 have their own, then 4-6, 7-11 and 12-19 share one, then all others."""
    by_offset = dict(zip(range(-30, 31), relative_buckets(31, num_buckets=16, max_distance=32).tolist(), strict=True))
    assert [by_offset[-d] for d in range(4)] == [0, 1, 2, 3]
    assert [by_offset[d] for d in range(1, 4)] == [9, 10, 11]
    assert [by_offset[-d] for d in (4, 6, 7, 11, 12, 19, 20, 30)] == [4, 4, 5, 5, 6, 6, 7, 7]
    assert all(by_offset[d] == by_offset[-d] + 8 for d in range(1, 31))


def test_beyond_the_largest_distance_there_is_one_bucket() -> None:
    buckets = relative_buckets(100, num_buckets=16, max_distance=20)
    assert buckets.min() == 0
    assert buckets.max() == 15
    assert buckets[:80].unique().tolist() == [7]  # offsets -99 to -20


def test_position_bias_depends_on_the_offset_alone() -> None:
    attention = lively(SelfAttention(SMALL, has_table=True))
    bias = attention.position_bias(7)
    assert bias.shape == (3, 7, 7)
    table = attention.relative_attention_bias.weight
    assert torch.equal(bias[:, 4, 5], table[9])  # one frame behind: the second half's second row
    assert torch.equal(bias[:, 5, 4], table[1])
    for offset in range(-6, 7):
        diagonal = bias.diagonal(offset, dim1=1, dim2=2)
        assert torch.equal(diagonal, diagonal[:, :1].expand_as(diagonal))


def test_attention_equals_its_equation() -> None:
    attention = lively(SelfAttention(SMALL, has_table=True))
    x = torch.randn(1, 5, 24, generator=torch.Generator().manual_seed(2))
    mask = torch.tensor([[True, True, True, True, False]])
    bias = attention.position_bias(5)
    q, k, v = (linear(x)[0] for linear in (attention.q_proj, attention.k_proj, attention.v_proj))
    mixed = torch.zeros(5, 24)
    for head in range(3):
        part = slice(8 * head, 8 * head + 8)
        gates = attention.grep_linear(x[0, :, part])
        a, b = gates[:, :4].sum(dim=1).sigmoid(), gates[:, 4:].sum(dim=1).sigmoid()
        gate = a * (b * attention.grep_a[0, head, 0, 0] - 1.0) + 2.0
        logits = q[:, part] @ k[:, part].T / 8**0.5 + gate[:, None] * bias[head]
        mixed[:, part] = logits[:, :4].softmax(dim=1) @ v[:4, part]
    torch.testing.assert_close(attention(x, bias, mask)[0], attention.out_proj(mixed), atol=1e-5, rtol=1e-5)


def test_position_convolution_starts_as_its_direction() -> None:
    """g starts at |v|: the first kernel is v itself."""
    conv = WavLM(SMALL).encoder.pos_conv[0]
    torch.testing.assert_close(conv.weight_v * (conv.weight_g / conv.norm()), conv.weight_v)


# ------------------------------------------------------------------------------------------------- sizes and training


@pytest.mark.parametrize(
    "change",
    [
        {"num_layers": 1},
        {"num_layers": 5},
        {"conv_dim": 24},  # as wide as the transformer: no linear map between them
        {"num_heads": 4, "pos_conv_kernel": 5, "pos_conv_groups": 3},
        {"conv_kernels": (8, 4), "conv_strides": (4, 4)},
        {"num_buckets": 4, "max_distance": 3},
        {"num_mels": 6, "conv_kernels": (80, 4), "conv_strides": (40, 4)},
    ],
    ids=str,
)
def test_any_size(change: dict[str, object]) -> None:
    config = dataclasses.replace(SMALL, **change)
    model, batch = exactly(tower(config), windows(1_500, 3_000, window=4_000))
    layers, mask = outputs(model, batch)
    expected, expected_mask = padded_outputs(model, batch)
    assert layers.shape == (config.num_layers + 1, 2, expected_mask.sum(dim=1).max(), 24)
    assert model.num_outputs == len(layers)
    torch.testing.assert_close(layers[-1][mask], expected[-1][:, : mask.shape[1]][mask], atol=1e-9, rtol=1e-9)


def test_hop_and_receptive_field_of_the_published_size() -> None:
    assert WavLMConfig().hop == 320
    assert WavLMConfig().receptive_field == 400
    assert dataclasses.replace(SMALL, conv_kernels=(8, 4), conv_strides=(4, 3)).receptive_field == 8 + 3 * 4


@pytest.mark.parametrize("config", [SMALL, MELS], ids=["convolution", "mels"])
def test_gradients_reach_every_parameter_and_equal_those_of_the_padded_window(config: WavLMConfig) -> None:
    model, batch = exactly(tower(config), windows(3_000, 7_000))
    gradients = []
    for compute in (lambda: model(batch), lambda: padded_outputs(model, batch)):
        model.zero_grad()
        layers, mask = compute()
        sum(layer[mask].square().mul(i + 1).sin().sum() for i, layer in enumerate(layers)).backward()
        gradients.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})
    ours, expected = gradients
    for name, gradient in ours.items():
        scale = expected[name].abs().max()
        if not name.endswith("k_proj.bias"):  # the softmax cancels it
            assert scale > 0, name
        torch.testing.assert_close(gradient, expected[name], atol=1e-9 * max(float(scale), 1.0), rtol=0, msg=name)
