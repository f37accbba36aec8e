"""The losses, each a teacher with something of its own to say.

    ratings            |score - rating|, mean over clips and axes                      (what is wanted)
    causes             (c_hat - sqrt(c))^2 of each cause's severity, from the audio     (why MI is low)
    attributes         cross entropy of each attribute that is heard, from the audio    (what the music is)
    prompt_attributes  cross entropy of each attribute that is asked for, from the text (what it should be)
    matching           (g sqrt(d) cos(a_i, t_j) + h - agreement_ij)^2 over all pairs of a batch (whether they agree)
    order              max(0, m c - (score - score of the clip made worse))             (that more of it is worse)

`agreement_ij` is the share of the attributes mentioned by prompt j that clip i realises: a contrastive loss whose
targets are known instead of being "own pair 1, all other pairs 0", because two clips may well fit one prompt. A mean
rating says only that a clip is worth 2.6; the others say what to listen for. The root of a severity tells a trace of a
fault from none, as raters do; the c of `order` is how much worse, 0 to 1 (`worse.py`), and m its margin. Causes and
attributes are linear readouts, of the pooled frames and (prompt_attributes) of the text embedding, used in training and
thrown away.

A batch in which nothing is known that a loss reads (no rating, no attribute) has no say: its loss is zero, and so is
its gradient. It counts in the mean of an epoch, as a batch without an error.

How they start matters more than how they are weighted; see `start.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.models.config import ClapConfig, PredictorConfig
from drasp_cli.models.interface import Predictor
from drasp_cli.training.batch import Batch
from drasp_cli.training.examples import NOT_MENTIONED, Vocabulary
from drasp_cli.training.hearing import hear, score, summary_width

_OF_TEXT = ("prompt_attributes",)
"""The losses that hear no sound."""


def agreement(heard: Tensor, asked: Tensor) -> Tensor:
    """Share of what each prompt mentions that each clip realises.

    Args:
        heard: (clips, attributes) int64.
        asked: (prompts, attributes) int64, `NOT_MENTIONED` where the prompt is silent.

    Returns:
        (clips, prompts) in [0, 1]; 1 for a prompt that mentions nothing.

    >>> agreement(torch.tensor([[1, 2]]), torch.tensor([[1, 2], [1, 0], [NOT_MENTIONED, 0]])).tolist()
    [[1.0, 0.5, 0.0]]
    """
    mentioned = asked != NOT_MENTIONED
    same = (heard[:, None] == asked[None, :]) & mentioned[None, :]
    count = mentioned.sum(-1)
    return torch.where(count > 0, same.sum(-1) / count.clamp_min(1), 1.0)


def graded(severities: Tensor) -> Tensor:
    """What the readout of causes is to say of severities of 0 to 1: (..., causes)."""
    return severities.sqrt()


class Teachers(nn.Module):
    """The linear readouts behind the auxiliary losses.

    Args:
        config: of the predictor that is taught.
        vocabulary: names of attributes and causes; None leaves `ratings` and `order` as the only losses.
        order_axis: the axis of the loss `order`.
    """

    def __init__(self, config: PredictorConfig, vocabulary: Vocabulary | None, order_axis: str = "") -> None:
        super().__init__()
        dim = summary_width(config)
        self.axes: Sequence[str] = config.axes
        self.vocabulary = vocabulary
        self.order_axis = order_axis
        sizes = [] if vocabulary is None else [len(values) for values in vocabulary.attributes.values()]
        self.heard = nn.ModuleList(nn.Linear(dim, size) for size in sizes)
        embedding_dim = config.heads.embedding_dim if isinstance(config, ClapConfig) else 0  # of prompts; 0: reads none
        self.asked = nn.ModuleList(nn.Linear(embedding_dim, size) for size in (sizes if embedding_dim else ()))
        self.scale = embedding_dim**0.5  # unit variance, whatever the heads are given
        self.causes = nn.Linear(dim, len(vocabulary.causes)) if vocabulary else None
        self.match = nn.Parameter(torch.tensor([0.1, 0.0]))  # gain g and offset h

    def losses(
        self,
        predictor: Predictor,
        batch: Batch,
        wanted: Sequence[str],
        rating_loss: str,
        precision: str = "fp32",
        order_margin: float = 0.1,
    ) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
        """Each wanted loss of a batch, and the scores.

        Args:
            predictor: the pupil.
            batch: clips and what is known of them.
            wanted: names of losses.
            rating_loss: "l1" or "mse+l1".
            precision: of the towers, "fp32" or "bf16"; heads, readouts and losses are always fp32.
            order_margin: how much less a clip has to score where all that can be heard of it was made worse.

        Returns:
            losses by name (scalars), and scores by axis (batch,); no scores where nothing wanted listens to the clips:
            the audio tower, nearly all of the work, is then left alone.
        """
        listens = any(name not in _OF_TEXT for name in wanted)
        nothing = batch.sound.new_empty(0)
        clips = len(batch.sound)
        if "order" in wanted:
            batch = _with_worse(batch)
        with torch.autocast(batch.sound.device.type, torch.bfloat16, enabled=precision == "bf16"):
            summary, audio = hear(predictor, batch) if listens else (nothing, nothing)
            text = predictor.embed_text(batch.tokens) if batch.tokens is not None else None
        text = None if text is None else text.float()
        losses = {}
        if "order" in wanted:
            assert batch.worse_by is not None
            ordered = score(predictor, audio, None)[self.order_axis]
            losses["order"] = _order(ordered, clips, batch.worse_by, order_margin)
            summary, audio = summary[:clips], audio[..., :clips, :]
        scores = score(predictor, audio, text) if listens else {}
        for name in wanted:
            if name == "ratings":
                losses[name] = self._ratings(scores, batch.ratings, predictor.config, rating_loss)
            elif name == "causes":
                assert self.causes is not None
                assert batch.causes is not None
                losses[name] = F.mse_loss(self.causes(summary), graded(batch.causes))
            elif name == "attributes":
                assert batch.heard is not None
                losses[name] = _cross_entropies(self.heard, summary, batch.heard)
            elif name == "prompt_attributes":
                assert batch.asked is not None
                assert text is not None
                losses[name] = _cross_entropies(self.asked, self.scale * text, batch.asked)
            elif name == "matching":
                assert batch.heard is not None
                assert batch.asked is not None
                assert text is not None
                gain, offset = self.match
                predicted = gain * self.scale * (audio @ text.T) + offset
                losses[name] = F.mse_loss(predicted, agreement(batch.heard, batch.asked))
        return losses, scores

    def _ratings(
        self, scores: Mapping[str, Tensor], ratings: Tensor, config: PredictorConfig, rating_loss: str
    ) -> Tensor:
        """Mean error over the axes that at least one clip of the batch has a rating of; zero where none has."""
        per_axis = []
        for axis, rating in zip(self.axes, ratings.T, strict=True):
            known = ~rating.isnan()
            if axis not in scores or not known.any():
                continue
            error = scores[axis][known] - rating[known]
            if rating_loss == "l1":
                per_axis.append(error.abs().mean())
            else:
                error = error / config.targets[axis].std
                per_axis.append(error.square().mean() + error.abs().mean())
        if not per_axis:
            return _no_say(scores.values())
        return torch.stack(per_axis).mean()


def _with_worse(batch: Batch) -> Batch:
    """A batch with the versions made worse behind its clips, as clips of their own as far as sound goes."""
    assert batch.worse is not None
    ordered, steps = batch.worse.shape[:2]
    num_samples = batch.num_samples
    if num_samples is not None:
        num_samples = torch.cat([num_samples, num_samples[:ordered].repeat_interleave(steps)])
    return replace(batch, sound=torch.cat([batch.sound, batch.worse.flatten(0, 1)]), num_samples=num_samples)


def _order(scores: Tensor, clips: int, worse_by: Tensor, margin: float) -> Tensor:
    """Mean shortfall of what each version of a clip should score below the version before it.

    Args:
        scores: (clips + ordered clips * steps,): of the clips, and of the versions of the first of them.
        clips: how many.
        worse_by: (ordered clips, steps), 0 to 1.
        margin: on the rating scale, for a change of 1.
    """
    versions = torch.cat([scores[: len(worse_by), None], scores[clips:].view_as(worse_by)], 1)
    return (margin * worse_by + versions.diff(dim=1)).clamp_min(0.0).mean()


def _cross_entropies(readouts: nn.ModuleList, embedding: Tensor, values: Tensor) -> Tensor:
    """Mean cross entropy over the attributes that at least one row of the batch knows; zero where no row knows any."""
    known = [(readout, column) for readout, column in zip(readouts, values.T, strict=True) if (column >= 0).any()]
    if not known:
        return _no_say((embedding, *(readout(embedding) for readout in readouts)))
    return torch.stack([F.cross_entropy(readout(embedding), column) for readout, column in known]).mean()


def _no_say(predictions: Iterable[Tensor]) -> Tensor:
    """Zero, with a graph through `predictions`: backward() runs, and gives every parameter behind them a zero."""
    return 0.0 * torch.stack([predicted.sum() for predicted in predictions]).sum()
