"""The Audiobox-shaped predictor: windows to one score for each axis.

    WindowBatch -WavLM-> layer outputs -layer mix-> one sequence of frames for each axis
      -pooling [, pooling_proj]-> -L2-> embedding of the axis -its head-> -inverse target transform-> score

The layer mixes and the heads are each axis' own; the tower, the pooling and its projection are shared. Two of a kind:

    original    masked mean and no projection (audiobox-aesthetics 0.0.4, Meta's weights)
    research    any pooling, and `pooling_proj` back to the width of a frame, also behind a mean (DRASP paper, section
                III-D and Fig. 2b; DRASP research code, Track 2)

Parameter names of both are the published ones, so their state dicts load by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.aes_heads import aes_head
from drasp_cli.models.backbones.wavlm import WavLM
from drasp_cli.models.config import AudioboxConfig
from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.layer_mix import LayerMix
from drasp_cli.models.masks import checked_mask
from drasp_cli.models.pieces import LARGEST_ACTIVATION, at_once, in_pieces
from drasp_cli.models.pooling import Pooled, TemporalAverage, build_pooling


class AudioboxPredictor(Predictor):
    """A whole predictor with a WavLM tower. It reads no prompts.

    Args:
        config: sizes of every part; its `pooling` is that of the research kind, or None for the original one.
    """

    config: AudioboxConfig

    def __init__(self, config: AudioboxConfig) -> None:
        super().__init__(config)
        self.wavlm_model = WavLM(config.backbone, config.audio.sample_rate)
        dim, pooling = config.backbone.dim, config.pooling
        self.layer_weights = LayerMix(self.axes, self.wavlm_model.num_outputs)
        self.pooling = build_pooling(pooling, dim) if pooling else TemporalAverage(dim)
        self.pooling_proj = nn.Linear(self.pooling.out_dim, dim) if pooling else nn.Identity()
        self.proj_layer = nn.ModuleDict({axis: aes_head(config.heads, dim) for axis in self.axes})
        backbone, num_frames = config.backbone, config.audio.window_samples // config.backbone.hop
        widest = max(num_frames * backbone.num_heads, backbone.ffn_dim)  # of attention's logits, and of the MLP
        self.rows_at_once = at_once(num_frames * widest * 4, LARGEST_ACTIVATION)

    @property
    def axes(self) -> tuple[str, ...]:
        """What it scores, in the order of every dimension and mapping of axes."""
        return self.config.axes

    @property
    def skips_padding(self) -> bool:
        """Yes: the tower computes the real part of its windows only."""
        return True

    def mix(self, batch: WindowBatch) -> tuple[Tensor, Tensor | None]:
        """Windows (batch, window_samples) -> (axes, batch, frames, dim), and (batch, frames) bool or None."""
        if not in_pieces(batch.samples):
            return self._mix(batch)
        rows = zip(
            *(torch.split(tensor, self.rows_at_once) for tensor in (batch.samples, batch.num_samples)), strict=True
        )
        return _joined([self._mix(WindowBatch(*some)) for some in rows])

    def _mix(self, batch: WindowBatch) -> tuple[Tensor, Tensor | None]:
        outputs, mask = self.wavlm_model(batch)
        return self.layer_weights(outputs), mask

    def pool(self, mixes: Tensor, mask: Tensor | None) -> Pooled:
        """What `mix` returns -> Pooled with embedding (axes * batch, out_dim), all windows of an axis together."""
        return self.attend(Heard(mixes, mask))

    def summarise(self, batch: WindowBatch) -> Tensor:
        """Pooled and projected; windows (batch, window_samples) -> (axes, batch, dim)."""
        return self._summary(self.hear(batch))

    def _summary(self, heard: Heard) -> Tensor:
        summary: Tensor = self.pooling_proj(self.attend(heard).embedding)
        return summary.view(len(self.axes), -1, summary.shape[-1])

    def embed_summary(self, summary: Tensor) -> Tensor:
        """(axes, batch, dim) from `summarise` -> the same shape, each of length 1."""
        return F.normalize(summary, dim=-1)

    def embed(self, batch: WindowBatch) -> Tensor:
        """Windows (batch, window_samples) -> (axes, batch, dim), each of length 1."""
        return self.embed_summary(self.summarise(batch))

    def score(self, embeddings: Tensor) -> Mapping[str, Tensor]:
        """(axes, batch, dim) from `embed` -> axis -> (batch,), on the rating scale and never clamped to it."""
        scores = {}
        for axis, embedding in zip(self.axes, embeddings, strict=True):
            target = self.config.targets[axis]
            scores[axis] = self.proj_layer[axis](embedding).squeeze(-1) * target.std + target.mean
        return scores

    @property
    def frame_hop(self) -> float:
        """That of the tower's convolutions."""
        return float(self.config.backbone.hop)

    def stream_of(self, axis: str) -> int:
        """Each axis has a layer mix, and so a stream, of its own."""
        return self.axes.index(axis)

    def hear(self, batch: WindowBatch) -> Heard:
        """Windows (batch, window_samples), whatever their padding holds -> Heard, a stream for each axis."""
        return Heard(*self.mix(batch))

    def judge(self, heard: Heard, text: Tensor | None = None) -> Mapping[str, Tensor]:
        """Heard -> axis -> (batch,); `text` is not read."""
        embeddings = self.embed_summary(self._summary(heard))
        with torch.autocast(embeddings.device.type, enabled=False):
            return self.score(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)))


def _joined(parts: Sequence[tuple[Tensor, Tensor | None]]) -> tuple[Tensor, Tensor | None]:
    """Mixes of some rows each, and their masks, as those of one batch: shorter ones are filled up with zeros."""
    if len(parts) == 1:
        return parts[0]
    longest = max(mixes.shape[2] for mixes, _ in parts)
    mixes = torch.cat([F.pad(some, (0, 0, 0, longest - some.shape[2])) for some, _ in parts], dim=1)
    masks = [checked_mask(some[0], mask) for some, mask in parts]
    if all(mask.shape[1] == longest and bool(mask.all()) for mask in masks):
        return mixes, None
    return mixes, torch.cat([F.pad(mask, (0, longest - mask.shape[1])) for mask in masks])
