"""Where training starts: a state in which no two clips look alike and no loss pulls all of them the same way.

A fresh tower gives similar frames for all clips, and readouts that start anywhere but at the average answer pull every
embedding in one direction. Left alone, the embedding collapses to a point before it can tell clips apart: after 50
steps the mean cosine between clips was 0.996, and after 150 nothing had been learned about any attribute. Three
settings, made once from the training clips before the first step, prevent it:

- bn0's mean and variance of each mel band are the training set's, and stay so (no clip hears its batch mates);
- `pooling_proj` standardises the pooled vectors that the fresh tower gives (layer-sequential unit-variance
  initialisation, Mishkin and Matas, 2016, for the one layer where clips meet);
- every readout, and the last layer of every head, starts with zero weights and the training clips' average as its bias.

A tower of samples has no bn0; `start_wavlm.py` says how it starts instead. What a checkpoint has given already
(`going_on.py`) stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import torch
from torch import Tensor, nn

from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.heads import Head
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.examples import Examples
from drasp_cli.training.features import FeatureStore
from drasp_cli.training.start_wavlm import CLIPS_FOR_SPREAD, prepare_tower, sample_blocks, window_batch
from drasp_cli.training.teachers import Teachers, agreement, graded

_SMALLEST_SPREAD = 0.05


@torch.no_grad()
def prepare(
    predictor: Predictor,
    teachers: Teachers,
    examples: Examples,
    features: FeatureStore,
    given: Collection[str] = frozenset(),
) -> None:
    """Sets norms, projection, heads and readouts from the training clips, in place; not the parameters in `given`."""
    if isinstance(predictor, AudioboxPredictor):
        heads = "proj_layer"
        if "wavlm_model.encoder.layer_norm.weight" not in given:
            prepare_tower(predictor.wavlm_model, predictor.config.audio.sample_rate, features)
        if "pooling_proj.weight" not in given:
            spread_samples(predictor, features)
    else:
        assert isinstance(predictor, ClapPredictor)
        heads = "heads"
        if "audio_branch.bn0.weight" not in given:
            fix_batch_norm(predictor, features)
        if "pooling_proj.weight" not in given:
            spread_clips(predictor, features, given)
    for axis, head in predictor.get_submodule(heads).named_children():
        layers = head.layers if isinstance(head, Head) else head
        assert isinstance(layers, nn.Sequential | nn.ModuleList)
        inside = "layers." if isinstance(head, Head) else ""
        for name, parameter in layers[-1].named_parameters():
            if f"{heads}.{axis}.{inside}{len(layers) - 1}.{name}" not in given:
                nn.init.zeros_(parameter)
    expect_average(teachers, examples)


@torch.no_grad()
def fix_batch_norm(predictor: ClapPredictor, features: FeatureStore) -> None:
    """Sets bn0's mean and variance of each mel band from the training set, once and for all."""
    count, total, squares = 0, 0.0, 0.0
    for block in np.array_split(np.arange(len(features.windows)), math.ceil(len(features.windows) / 64)):
        frames = features.windows[block].astype(np.float64)
        count += frames.shape[0] * frames.shape[1]
        total = total + frames.sum(axis=(0, 1))
        squares = squares + np.square(frames).sum(axis=(0, 1))
    mean = total / count
    norm = predictor.audio_branch.bn0
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.copy_(torch.as_tensor(mean))
    norm.running_var.copy_(torch.as_tensor(squares / count - mean**2))


@torch.no_grad()
def spread_clips(predictor: ClapPredictor, features: FeatureStore, given: Collection[str] = frozenset()) -> None:
    """Makes `pooling_proj` give zero mean and unit variance over training clips, and the projection keep them.

    A pooled dimension that hardly differs between clips is not blown up: its spread counts as at least 0.05.
    """
    assert isinstance(predictor.pooling_proj, nn.Linear)  # every recipe for such a predictor names a pooling
    pooled = torch.cat([predictor.pool(features.batch(block)).embedding for block in sample_blocks(features)])
    _standardise(predictor.pooling_proj, pooled)
    for name, layer in predictor.audio_projection.named_children():
        if isinstance(layer, nn.Linear) and f"audio_projection.{name}.weight" not in given:
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)


@torch.no_grad()
def spread_samples(predictor: AudioboxPredictor, features: FeatureStore) -> None:
    """The same for a tower of samples: the mixes of all axes are still equal, so one axis' vectors stand for all."""
    if not isinstance(predictor.pooling_proj, nn.Linear):
        return
    pooled = []
    for block in sample_blocks(features):
        mixes, mask = predictor.mix(window_batch(features, block))
        pooled.append(predictor.pool(mixes[:1], mask).embedding)
    _standardise(predictor.pooling_proj, torch.cat(pooled))


def _standardise(projection: nn.Linear, pooled: Tensor) -> None:
    """Fresh weights with which `projection` gives zero mean and unit variance over the rows of `pooled`."""
    width = projection.in_features
    # Fresh weights are uniform with variance 1 / (3 width); of unit-variance inputs they make a third of the variance.
    nn.init.normal_(projection.weight, std=width**-0.5)
    projection.weight.div_(pooled.std(dim=0).clamp_min(_SMALLEST_SPREAD))
    projection.bias.copy_(-(projection.weight @ pooled.mean(dim=0)))


@torch.no_grad()
def expect_average(teachers: Teachers, examples: Examples) -> None:
    """Starts every readout at the average of the training clips, whatever it hears."""
    if examples.causes is None or examples.heard is None or teachers.causes is None:
        return
    nn.init.zeros_(teachers.causes.weight)
    teachers.causes.bias.copy_(graded(examples.causes).mean(dim=0))
    _expect_frequencies(teachers.heard, examples.heard)
    if examples.asked is not None:
        _expect_frequencies(teachers.asked, examples.asked)
        sample = slice(0, CLIPS_FOR_SPREAD)
        teachers.match[1] = agreement(examples.heard[sample], examples.asked[sample]).mean()


def _expect_frequencies(readouts: nn.ModuleList, values: Tensor) -> None:
    for readout, column in zip(readouts, values.T, strict=True):
        assert isinstance(readout, nn.Linear)
        counts = column[column >= 0].bincount(minlength=readout.out_features)
        nn.init.zeros_(readout.weight)
        readout.bias.copy_(counts.clamp_min(1).log())
