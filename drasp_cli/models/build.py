"""A predictor from its configuration: the one place that knows which class an architecture is."""

from __future__ import annotations

import torch

from drasp_cli.models.config import PredictorConfig
from drasp_cli.models.predictor import ClapPredictor

_ARCHITECTURES = {"clap": ClapPredictor}


def build_predictor(config: PredictorConfig) -> ClapPredictor:
    """The predictor that `config` describes, with fresh random weights, in eval mode."""
    return _ARCHITECTURES[config.architecture](config).eval()


def seeded_predictor(config: PredictorConfig, seed: int) -> ClapPredictor:
    """`build_predictor` with weights that depend on `seed` alone; the caller's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_predictor(config)
