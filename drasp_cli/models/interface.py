"""What every predictor takes and gives, whatever its architecture: all that scoring and checkpoints know of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.average import WindowValue
from drasp_cli.models.config import PredictorConfig
from drasp_cli.models.pooling import Pooled, Pooling


@dataclass(frozen=True, slots=True)
class Heard:
    """What a tower has heard in a batch of windows, before anything is pooled.

    Attributes:
        frames: (streams, batch, frames, dim); one stream for all axes, or one for each.
        mask: (batch, frames) bool, True = real; None when every frame is real.
    """

    frames: Tensor
    mask: Tensor | None = None


class Predictor(nn.Module, ABC):
    """Windows, and prompts where an axis reads them, to one score for each axis.

        WindowBatch -hear: tower-> Heard -judge: pooling, projections, heads-> scores of the windows

    Held by every predictor, and tested for each:

    - A window's scores depend on its samples, its `num_samples` and its text alone; batch mates change them by rounding
      only, under 1e-5 in float32 on a CPU.
    - Under autocast only the towers are computed in the lower precision. What would lose more than it saves (spectra,
      moments, poolings, heads) stays float32.

    Args:
        config: sizes of every part; it is kept, and says how audio is prepared.
    """

    pooling: Pooling

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def text_axes(self) -> frozenset[str]:
        """The axes that read the prompt beside the clip."""
        return frozenset()

    @property
    def reads_prompts(self) -> bool:
        """Whether any axis needs the prompt."""
        return bool(self.text_axes)

    @property
    def skips_padding(self) -> bool:
        """Whether a batch costs what its longest window holds, so that windows of similar length belong together."""
        return False

    def embed_text(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) token ids -> (batch, embedding_dim), what `forward` takes as text.

        Raises:
            ValueError: there is no text tower.
        """
        raise ValueError(f"{self.config.name} has no text tower")

    @property
    @abstractmethod
    def frame_hop(self) -> float:
        """Samples of a window from the start of one frame to that of the next, at `config.audio.sample_rate`."""

    @abstractmethod
    def stream_of(self, axis: str) -> int:
        """Which of the streams of `Heard` an axis is scored from."""

    @abstractmethod
    def hear(self, batch: WindowBatch) -> Heard:
        """Windows (batch, window_samples), prepared as `config.audio` says, to frames."""

    def attend(self, heard: Heard) -> Pooled:
        """The frames pooled; embedding (streams * batch, out_dim), all windows of a stream together."""
        mask = None if heard.mask is None else heard.mask.repeat(len(heard.frames), 1)
        return self.pooling(heard.frames.flatten(0, 1), mask)

    @abstractmethod
    def judge(self, heard: Heard, text: Tensor | None = None) -> Mapping[str, Tensor]:
        """What `forward` returns, of windows that were heard already; the frames may be masked further since."""

    def forward(self, batch: WindowBatch, text: Tensor | None = None) -> Mapping[str, Tensor]:
        """Scores on the rating scale, never clamped to it.

        Args:
            batch: windows (batch, window_samples), prepared as `config.audio` says.
            text: (batch, embedding_dim) from `embed_text`; None leaves out the axes that read prompts.

        Returns:
            axis -> (batch,), in the order of `config.axes`; or (batch, width) for an axis on which a clip's score is no
            mean of its windows', and `clip_score` makes it of the mean of these.
        """
        return self.judge(self.hear(batch), text)

    def clip_score(self, axis: str, mean: WindowValue, text: Tensor | None) -> float:
        """A clip's score on one axis, never clamped.

        Args:
            axis: one that `forward` gave.
            mean: of what it gave for the clip's windows, each weighted by its real length.
            text: (embedding_dim,) of the clip's prompt; None where it has none.
        """
        return float(mean)
