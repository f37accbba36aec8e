"""The frozen dataclasses that flow through the pipeline.

    Clip -decode-> Waveform -resample-> Waveform -cut-> Window* -collate-> WindowBatch
      -backbone-> Features -pooling-> embedding -heads-> window scores -average windows-> ClipScore

Beside them, the one number that the pipeline and its commands share. This module imports neither torch nor numpy when
it runs, so that tables and manifests can be read, and command lines parsed, without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

DEFAULT_BATCH_SIZE: Final = 8
"""Windows that the network is given at once, unless asked otherwise."""

NO_PROMPT = "no-prompt"
"""The flag of a clip that was scored without a prompt by a model that reads them.

Of the closed list in `drasp_cli.audio.flags` this is the one that a resumed score table is checked by, and neither of
the two imports the other.
"""


@dataclass(frozen=True, slots=True)
class Clip:
    """One audio file, or one time range of it, and what the user said about it.

    Attributes:
        path: where the file is, as the user would type it.
        id: the user's own name for it; empty where none was given.
        system: the generator that made it; empty when unknown.
        prompt: the text it was made from; none where it is None, or blank.
        start: seconds into the file, or None for its beginning.
        end: seconds into the file, or None for its end.
    """

    path: str
    id: str = ""
    system: str = ""
    prompt: str | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Waveform:
    """Mono samples.

    Attributes:
        samples: (num_samples,) float32, full scale is [-1, 1].
        sample_rate: in Hz.
    """

    samples: np.ndarray
    sample_rate: int

    @property
    def num_samples(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of one clip, filled to the length the backbone takes.

    Attributes:
        samples: (window_samples,) float32, in [-1, 1].
        num_samples: how many of them are the clip's own; the rest is fill.
    """

    samples: np.ndarray
    num_samples: int


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Windows of any clips, side by side.

    Attributes:
        samples: (batch, window_samples) float32.
        num_samples: (batch,) int64, real samples of each window.
    """

    samples: Tensor
    num_samples: Tensor


@dataclass(frozen=True, slots=True)
class Features:
    """What a backbone says about a batch of windows.

    Attributes:
        frames: (batch, frames, dim).
        mask: (batch, frames) bool, True = real; None when every frame is real.
    """

    frames: Tensor
    mask: Tensor | None = None


@dataclass(frozen=True, slots=True)
class ClipScore:
    """One row of a score table.

    Attributes:
        clip: what was scored.
        scores: axis -> score; None where there is none (no prompt, or the clip failed). An axis that two models score
            is `AXIS@model` for each.
        seconds: length of what was decoded; None when nothing was.
        windows: number of windows sent to the backbone; of several models, the largest of their numbers.
        sample_rate: of the file, in Hz.
        flags: from the closed list in `drasp_cli.audio.flags` and `docs/file-formats.md`.
        model: name and revision of the checkpoint; of several, joined by `;`.
        error: why the clip could not be scored; empty when it was.
    """

    clip: Clip
    scores: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float | None = None
    windows: int = 0
    sample_rate: int | None = None
    flags: tuple[str, ...] = ()
    model: str = ""
    error: str = ""
