"""The CLAP-shaped predictor: windows and prompts to scores.

    WindowBatch -log-mel, tower-> Features -pooling-> p -pooling_proj, audio_projection, L2-> a -head-> MI
                                                tokens -text tower, text_projection, L2-> t  [a; t] -head-> TA
                                                                      mean of a over the clip, t -cosine-> CLAP

Source: DRASP paper, section III-D and Fig. 2a; order and widths of the projections as in the research code. Parameter
names of both towers and their projections are LAION-CLAP's. Without a pooling there is no `pooling_proj` either, and a
is LAION-CLAP's own embedding: its tower's answer is the mean of its time steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.average import WindowValue
from drasp_cli.models.backbones.htsat import HTSAT
from drasp_cli.models.backbones.text import TextTower
from drasp_cli.models.config import ClapConfig
from drasp_cli.models.heads import Head, PairInput
from drasp_cli.models.interface import Heard, Predictor
from drasp_cli.models.logmel import LogMel
from drasp_cli.models.pooling import Pooled, TemporalAverage, build_pooling

CLAP = "CLAP"
"""The axis that is no head's: the cosine of the clip's and the prompt's embedding, the CLAP score."""

TEXT_AXES = frozenset({"TA", CLAP})
"""The axes that read the prompt beside the clip."""


def projection(width: int, embedding_dim: int) -> nn.Sequential:
    """CLAP's projection into the shared space: linear, ReLU, linear; layers named 0 and 2 as in LAION's state dict."""
    return nn.Sequential(nn.Linear(width, embedding_dim), nn.ReLU(), nn.Linear(embedding_dim, embedding_dim))


class ClapPredictor(Predictor):
    """A whole predictor with a CLAP audio tower, DRASP (or any other) pooling, and one head for each axis.

    Args:
        config: sizes of every part.
    """

    config: ClapConfig

    def __init__(self, config: ClapConfig) -> None:
        super().__init__(config)
        self.logmel = LogMel(config.logmel, config.audio.frontend_sample_rate)
        self.audio_branch = HTSAT(config.backbone, config.logmel.num_mels)
        dim, embedding_dim = self.audio_branch.dim, config.heads.embedding_dim
        self.pooling = build_pooling(config.pooling, dim) if config.pooling else TemporalAverage(dim)
        self.pooling_proj = nn.Linear(self.pooling.out_dim, dim) if config.pooling else nn.Identity()
        self.audio_projection = projection(dim, embedding_dim)
        self.text_branch = TextTower(config.text) if config.text else None
        self.text_projection = projection(config.text.hidden_size, embedding_dim) if config.text else None
        self.pair_input = PairInput(config.heads)
        self.heads = nn.ModuleDict(
            {
                axis: Head(config.heads, self.pair_input.width if axis in TEXT_AXES else embedding_dim)
                for axis in config.axes
                if axis != CLAP
            }
        )
        self.scale = embedding_dim**0.5 if config.heads.unit_variance else 1.0

    @property
    def text_axes(self) -> frozenset[str]:
        """The axes that read the prompt beside the clip."""
        return TEXT_AXES.intersection(self.config.axes)

    def frontend(self, batch: WindowBatch) -> Tensor:
        """Log-mels of the windows, (batch, frames, mels) in dB. Holds nothing learned, so training may cache it."""
        return self.logmel(batch.samples)

    def pool(self, logmel: Tensor) -> Pooled:
        """Pooled frames and the attention weights behind them; (batch, frames, mels) -> Pooled."""
        features = self.audio_branch(logmel)
        return self.pooling(features.frames, features.mask)

    def summarise(self, logmel: Tensor) -> Tensor:
        """Pooled and projected, before the shared space; (batch, frames, mels) -> (batch, dim)."""
        return self.pooling_proj(self.pool(logmel).embedding)

    def embed_summary(self, summary: Tensor) -> Tensor:
        """(batch, dim) from `summarise` -> (batch, embedding_dim), of length 1."""
        return F.normalize(self.audio_projection(summary), dim=-1)

    def embed_audio(self, logmel: Tensor) -> Tensor:
        """(batch, frames, mels) -> (batch, embedding_dim), of length 1."""
        return self.embed_summary(self.summarise(logmel))

    def embed_text(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) token ids -> (batch, embedding_dim), of length 1."""
        if self.text_branch is None or self.text_projection is None:
            raise ValueError(f"{self.config.name} has no text tower")
        return F.normalize(self.text_projection(self.text_branch(tokens)), dim=-1)

    def score(self, audio: Tensor, text: Tensor | None) -> Mapping[str, Tensor]:
        """Scores on the rating scale, never clamped to it.

        Args:
            audio: (batch, embedding_dim), of length 1.
            text: (batch, embedding_dim), of length 1; None leaves out the axes that read prompts.

        Returns:
            axis -> (batch,), in the order of `config.axes`; of CLAP the audio embeddings (batch, embedding_dim), which
            are compared with the prompt's once the clip's is known: see `clip_score`.
        """
        scores = {}
        for axis in self.config.axes:
            if axis in TEXT_AXES and text is None:
                continue
            if axis == CLAP:
                scores[axis] = audio
                continue
            if axis not in TEXT_AXES:
                inputs = self.scale * audio
            else:
                assert text is not None
                inputs = self.pair_input(self.scale * audio, self.scale * text)
            target = self.config.targets[axis]
            scores[axis] = self.heads[axis](inputs) * target.std + target.mean
        return scores

    @property
    def frame_hop(self) -> float:
        """The tower's time steps divide a window evenly, its fill included."""
        return self.config.audio.window_samples / self.audio_branch.num_frames

    def stream_of(self, axis: str) -> int:
        """The only one there is."""
        return 0

    def hear(self, batch: WindowBatch) -> Heard:
        """Windows (batch, window_samples) -> Heard with frames (1, batch, frames, dim), all of them real."""
        # Log-mels and heads stay fp32 under autocast: fp16 overflows in the power spectrum, and neither takes long.
        with torch.autocast(batch.samples.device.type, enabled=False):
            logmel = self.frontend(batch)
        features = self.audio_branch(logmel)
        return Heard(features.frames.unsqueeze(0), features.mask)

    def judge(self, heard: Heard, text: Tensor | None = None) -> Mapping[str, Tensor]:
        """Heard and text embeddings (batch, embedding_dim) -> axis -> what `score` gives."""
        audio = self.embed_summary(self.pooling_proj(self.attend(heard).embedding))
        with torch.autocast(audio.device.type, enabled=False):
            return self.score(audio.to(torch.promote_types(audio.dtype, torch.float32)), text)

    def clip_score(self, axis: str, mean: WindowValue, text: Tensor | None) -> float:
        """Of CLAP, the cosine of the mean of the windows' embeddings and the prompt's; else the mean."""
        if axis != CLAP:
            return super().clip_score(axis, mean, text)
        assert text is not None
        prompt = text.double().cpu().numpy()
        cosine = np.dot(mean, prompt) / (np.linalg.norm(mean) * np.linalg.norm(prompt))
        target = self.config.targets[axis]
        return float(cosine * target.std + target.mean)
