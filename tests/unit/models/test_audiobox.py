from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.aes_heads import AesHeadConfig, aes_head
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import TargetTransform, WavLMConfig
from drasp_cli.models.pooling import POOLINGS, PoolingConfig
from tests.tiny import lively, tiny_audiobox_config
from tests.unit.models.test_wavlm import SMALL, windows

AXES = ("PQ", "CE")


def predictor(pooling: str | None = None, mean: float = 0.0, std: float = 1.0) -> AudioboxPredictor:
    torch.manual_seed(0)
    config = dataclasses.replace(
        tiny_audiobox_config(),
        axes=AXES,
        backbone=SMALL,
        pooling=None if pooling is None else PoolingConfig(pooling, segment_size=4),
        targets=dict.fromkeys(AXES, TargetTransform(mean, std)),
    )
    model = AudioboxPredictor(config)
    lively(model)
    return model


def scores(model: AudioboxPredictor, batch: WindowBatch) -> torch.Tensor:
    """(axes, batch)."""
    with torch.no_grad():
        columns = model(batch)
    assert tuple(columns) == model.axes
    return torch.stack(list(columns.values()))


# ------------------------------------------------------------------------------------------------------------- heads


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        (AesHeadConfig(1), ["Linear"]),
        (AesHeadConfig(3, layer_norm=False), ["Linear", "GELU", "Linear", "GELU", "Linear"]),
        (AesHeadConfig(2, dropout=0.1), ["Linear", "LayerNorm", "GELU", "Dropout", "Linear"]),
    ],
    ids=str,
)
def test_parts_of_a_head_are_numbered_as_published(config: AesHeadConfig, parts: list[str]) -> None:
    head = aes_head(config, 8)
    assert [type(part).__name__ for part in head] == parts
    assert head(torch.zeros(3, 8)).shape == (3, 1)


def test_a_head_is_its_layers_one_after_another() -> None:
    head = lively(aes_head(AesHeadConfig(2), 8))
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    hidden = F.gelu(F.layer_norm(x @ head[0].weight.T + head[0].bias, (8,), head[1].weight, head[1].bias))
    torch.testing.assert_close(head(x), hidden @ head[3].weight.T + head[3].bias)


def test_dropout_is_for_training() -> None:
    head = aes_head(AesHeadConfig(2, dropout=0.5), 64)
    x = torch.ones(1, 64)
    assert not torch.equal(head(x), head(x))
    head.eval()
    assert torch.equal(head(x), head(x))


# --------------------------------------------------------------------------------------------------------- predictor


@pytest.mark.parametrize("rows_at_once", [1, 2, 3])
@pytest.mark.parametrize("pooling", [None, *POOLINGS])
def test_a_score_does_not_depend_on_batch_mates(pooling: str | None, rows_at_once: int) -> None:
    model, batch = predictor(pooling), windows(700, 16_000, 5_000)
    model.rows_at_once = rows_at_once
    together = scores(model, batch)
    assert together.shape == (2, 3)
    for row in range(3):
        alone = scores(model, WindowBatch(batch.samples[row : row + 1], batch.num_samples[row : row + 1]))
        torch.testing.assert_close(together[:, row], alone[:, 0], atol=1e-5, rtol=0)


def test_rows_are_computed_a_few_at_once_but_not_where_something_is_learned() -> None:
    model, seen = predictor(), []
    model.rows_at_once = 2
    model.wavlm_model.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0].samples)))
    batch = windows(9_000, 9_000, 9_000, 9_000, 9_000)
    mixes, mask = model.mix(batch)
    with torch.no_grad():
        same, no_mask = model.mix(batch)
    assert seen == [5, 2, 2, 1]
    assert mask is None
    assert no_mask is None
    torch.testing.assert_close(same, mixes, atol=1e-6, rtol=1e-6)


def test_of_the_full_size_two_windows_are_computed_at_once() -> None:
    config = dataclasses.replace(tiny_audiobox_config(), backbone=WavLMConfig())
    config = dataclasses.replace(config, audio=dataclasses.replace(config.audio, window_samples=160_000))
    with torch.device("meta"):
        model = AudioboxPredictor(config)
    assert model.rows_at_once == 2
    assert model.wavlm_model.feature_extractor.frames_at_once == 64


def test_each_axis_has_its_own_mix_and_its_own_head() -> None:
    model, batch = predictor("DualResolutionAttentiveStatistics"), windows(9_000)
    before = scores(model, batch)
    with torch.no_grad():
        model.layer_weights.get_parameter("PQ").copy_(torch.tensor([5.0, 0.0, 0.0]))
    mixed = scores(model, batch)
    assert (mixed[0] - before[0]).abs() > 1e-4
    assert torch.equal(mixed[1], before[1])
    with torch.no_grad():
        model.proj_layer["CE"][-1].bias.add_(1.0)
    torch.testing.assert_close(scores(model, batch) - mixed, torch.tensor([[0.0], [1.0]]))


def test_the_original_is_a_masked_mean_of_unit_length_and_a_head() -> None:
    model, batch = predictor(), windows(3_000, 8_000)
    with torch.no_grad():
        mixes, mask = model.mix(batch)
        means = (mixes * mask[None, :, :, None]).sum(dim=2) / mask.sum(dim=1)[None, :, None]
        embedding = means / means.norm(dim=-1, keepdim=True)
        expected = torch.stack([model.proj_layer[axis](embedding[i])[:, 0] for i, axis in enumerate(AXES)])
    torch.testing.assert_close(scores(model, batch), expected, atol=1e-5, rtol=1e-5)
    assert not [name for name in model.state_dict() if name.startswith("pool")]


def test_research_poolings_share_one_projection_before_the_unit_length() -> None:
    model, batch = predictor("TemporalStatistics"), windows(3_000, 8_000)
    assert model.pooling_proj.weight.shape == (24, 48)
    with torch.no_grad():
        mixes, mask = model.mix(batch)
        for i, axis in enumerate(AXES):
            projected = model.pooling_proj(model.pooling(mixes[i], mask).embedding)
            expected = model.proj_layer[axis](F.normalize(projected, dim=-1))[:, 0]
            torch.testing.assert_close(scores(model, batch)[i], expected, atol=1e-5, rtol=1e-5)


def test_a_research_mean_has_a_projection_too() -> None:
    assert predictor("TemporalAverage").pooling_proj.weight.shape == (24, 24)


def test_the_target_transform_puts_scores_on_the_rating_scale() -> None:
    batch = windows(6_000)
    plain, scaled = scores(predictor(), batch), scores(predictor(mean=5.0, std=2.0), batch)
    torch.testing.assert_close(scaled, 2.0 * plain + 5.0)


def test_half_precision_is_near() -> None:
    """Under autocast too, the first layer's moments are float64: a signal on an offset keeps its features."""
    model, batch = predictor("DualResolutionAttentiveStatistics"), windows(3_000, 8_000, offset=0.5)
    precise = scores(model, batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = scores(model, batch)
    assert (rough - precise).abs().max() < 0.05
    assert not torch.equal(rough, precise)


def test_heads_stay_in_full_precision_under_autocast() -> None:
    model, batch = predictor("DualResolutionAttentiveStatistics"), windows(3_000, 8_000)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        embeddings = model.embed(batch)
    with torch.no_grad():
        expected = torch.stack(list(model.score(embeddings.float()).values()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(scores(model, batch), expected)


def test_it_reads_no_prompts() -> None:
    model = predictor()
    assert not model.reads_prompts
    with pytest.raises(ValueError, match="tiny-audiobox has no text tower"):
        model.embed_text(torch.zeros(1, 3, dtype=torch.int64))


def test_gradients_reach_every_part() -> None:
    model = predictor("DualResolutionAttentiveStatistics")
    sum(column.sum() for column in model(windows(3_000, 7_000)).values()).backward()
    without = {name for name, parameter in model.named_parameters() if not parameter.grad.abs().max() > 0}
    assert not {name for name in without if not name.endswith("k_proj.bias")}
