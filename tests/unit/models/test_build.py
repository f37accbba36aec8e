"""Predictors whose weights are to come from elsewhere take neither the time nor the memory of drawing them."""

from __future__ import annotations

import pytest
import torch

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.convert.laion import laion_config
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.build import build_predictor, unfilled_predictor
from drasp_cli.models.config import AudioboxConfig, PredictorConfig, TargetTransform
from tests.tiny import tiny_config


def audiobox() -> PredictorConfig:
    return AudioboxConfig(
        name="full",
        architecture="audiobox",
        axes=("PQ",),
        audio=meta.AUDIO,
        targets={"PQ": TargetTransform(0.0, 1.0)},
        ratings="none",
        licence="none",
        training_data="none",
        backbone=meta.TOWER,
        pooling=None,
        heads=AesHeadConfig(),
    )


@pytest.mark.parametrize(
    "config", [laion_config(is_published=True, source="full"), audiobox()], ids=["clap", "audiobox"]
)
def test_an_unfilled_predictor_of_full_size_has_few_weights(config: PredictorConfig) -> None:
    parameters = list(unfilled_predictor(config).parameters())
    total = sum(parameter.numel() for parameter in parameters)
    assert total > 90_000_000
    assert sum(parameter.numel() for parameter in parameters if not parameter.is_meta) < total / 10


def test_only_the_block_is_without_storage() -> None:
    config = tiny_config()
    unfilled = unfilled_predictor(config).state_dict()
    assert not torch.empty(1).is_meta
    fresh = build_predictor(config).state_dict()
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in unfilled.items()} == {
        name: (tensor.shape, tensor.dtype) for name, tensor in fresh.items()
    }
    assert not any(tensor.is_meta for tensor in fresh.values())
