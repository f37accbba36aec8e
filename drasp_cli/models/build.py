"""A predictor from its configuration: the one place that knows which class an architecture is."""

from __future__ import annotations

from typing import overload

import torch

from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import AudioboxConfig, ClapConfig, PredictorConfig
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor


@overload
def build_predictor(config: ClapConfig) -> ClapPredictor: ...
@overload
def build_predictor(config: AudioboxConfig) -> AudioboxPredictor: ...
@overload
def build_predictor(config: PredictorConfig) -> Predictor: ...
def build_predictor(config: PredictorConfig) -> Predictor:
    """The predictor that `config` describes, with fresh random weights, in eval mode."""
    if isinstance(config, AudioboxConfig):
        return AudioboxPredictor(config).eval()
    assert isinstance(config, ClapConfig)
    return ClapPredictor(config).eval()


@overload
def seeded_predictor(config: ClapConfig, seed: int) -> ClapPredictor: ...
@overload
def seeded_predictor(config: AudioboxConfig, seed: int) -> AudioboxPredictor: ...
@overload
def seeded_predictor(config: PredictorConfig, seed: int) -> Predictor: ...
def seeded_predictor(config: PredictorConfig, seed: int) -> Predictor:
    """`build_predictor` with weights that depend on `seed` alone; the caller's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_predictor(config)
