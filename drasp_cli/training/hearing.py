"""How a predictor of each architecture hears a batch: the steps between its sound and its scores, one by one.

batch.sound -summarise-> summary -embed-> embedding -score-> scores        readouts read the summary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import AudioboxConfig, ClapConfig, PredictorConfig
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.batch import Batch


class Heard(NamedTuple):
    """What a predictor makes of the sound of a batch.

    Attributes:
        summary: (batch, `summary_width`), pooled and projected; where each axis has its own, all side by side.
        embedding: what the heads read: (batch, embedding_dim), or (axes, batch, dim) where each axis has its own.
    """

    summary: Tensor
    embedding: Tensor


def summary_width(config: PredictorConfig) -> int:
    """Width of `Heard.summary`."""
    if isinstance(config, AudioboxConfig):
        return len(config.axes) * config.backbone.dim
    assert isinstance(config, ClapConfig)
    return config.backbone.dim


def hear(predictor: Predictor, batch: Batch) -> Heard:
    """What the towers say about the sound of a batch. May run under autocast; float32 comes back all the same."""
    if isinstance(predictor, AudioboxPredictor):
        assert batch.num_samples is not None
        summaries = predictor.summarise(WindowBatch(batch.sound, batch.num_samples)).float()
        return Heard(summaries.transpose(0, 1).flatten(1), predictor.embed_summary(summaries))
    assert isinstance(predictor, ClapPredictor)
    summary = predictor.summarise(batch.sound)
    return Heard(summary.float(), predictor.embed_summary(summary).float())


def score(predictor: Predictor, embedding: Tensor, text: Tensor | None) -> Mapping[str, Tensor]:
    """Scores by axis, (batch,) each, from `Heard.embedding`; without `text`, of the axes that read no prompt."""
    if isinstance(predictor, AudioboxPredictor):
        return predictor.score(embedding)
    assert isinstance(predictor, ClapPredictor)
    return predictor.score(embedding, text)


def set_training(predictor: Predictor) -> None:
    """Training mode, in which no clip hears its batch mates: a batch norm keeps what `start.py` gave it."""
    predictor.train()
    if isinstance(predictor, ClapPredictor):
        predictor.audio_branch.bn0.eval()
