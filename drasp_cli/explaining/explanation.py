"""What an explanation holds: a score, its windows, and the segments of each, in seconds of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from drasp_cli.datatypes import Clip


class Span(NamedTuple):
    """A stretch of a file.

    Attributes:
        start: in seconds from the beginning of the file.
        end: likewise; behind `start`.
    """

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of frames that are weighed, or left out, together.

    Attributes:
        window: the number of its window, from 1.
        heard: where it is in what the network heard: the windows one behind the other, their fill included. Up to the
            last window this is where it is in the clip.
        spans: where its sound is in the file, in order of time. Two where it runs over the end of a clip that is heard
            in a loop; none where it is nothing but the silence behind the clip.
        weight: the pooling's attention to it; the weights of a window sum to 1. None where the pooling has none.
        influence: the clip's score minus what it would be with this segment left out of the pooling. None for the only
            segment of a window, without which there is nothing to score.
    """

    window: int
    heard: Span
    spans: tuple[Span, ...]
    weight: float | None
    influence: float | None


@dataclass(frozen=True, slots=True)
class ScoredWindow:
    """A piece of the clip that was heard alone: a window of it, or a stretch.

    Attributes:
        span: where it is.
        score: of it alone.
    """

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Branches:
    """The two summands of a dual-resolution embedding, alpha [mu; sigma] + beta [mu~; sigma~].

    Attributes:
        alpha: learned weight of the whole clip's statistics.
        beta: learned weight of the segments' statistics.
        whole: |alpha [mu; sigma]| / (|alpha [mu; sigma]| + |beta [mu~; sigma~]|), the mean over the windows by length.
        segments: the rest, 1 - whole.
    """

    alpha: float
    beta: float
    whole: float
    segments: float


@dataclass(frozen=True, slots=True)
class Stretches:
    """Which pieces of a clip are compared to find its best and its worst one.

    Attributes:
        seconds: length of each.
        hop: seconds from the start of one to that of the next; the last one ends with the clip, and may be nearer.
            Beyond `seconds` it leaves out what is between them. None where there are no two to compare.
        why_none: the reason for that; empty where there are some.
    """

    seconds: float
    hop: float | None
    why_none: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One axis of one clip.

    Attributes:
        axis: its name.
        score: the clip's, as `drasp score` gives it.
        windows: in order.
        segments: of all windows, in order; within a window in the order in which they are heard.
        branches: None where the pooling has but one.
        stretches: in order, each scored as a clip of its own; none where there are no two to compare.
    """

    axis: str
    score: float
    windows: tuple[ScoredWindow, ...]
    segments: tuple[Segment, ...]
    branches: Branches | None
    stretches: tuple[ScoredWindow, ...]

    @property
    def best(self) -> ScoredWindow | None:
        """The stretch with the highest score, the first of equal ones; None where there are none."""
        return max(self.stretches, key=lambda stretch: stretch.score, default=None)

    @property
    def worst(self) -> ScoredWindow | None:
        """The stretch with the lowest score, the first of equal ones; None where there are none."""
        return min(self.stretches, key=lambda stretch: stretch.score, default=None)


@dataclass(frozen=True, slots=True)
class ClipExplanation:
    """One clip, on every axis that could be scored.

    Attributes:
        clip: what was explained.
        axes: one explanation for each axis, in the model's order.
        seconds: length of what was decoded.
        sample_rate: of the file, in Hz.
        flags: as in a score table.
        model: name and revision of the checkpoint.
        pooling: its name, "TemporalAverage" also where the checkpoint has none of its own.
        segment_seconds: length of a segment.
        window_seconds: length of a full window.
        copies: how often the last window holds its piece of the clip, one after another.
        stretches: which pieces of it are compared.
    """

    clip: Clip
    axes: tuple[Explanation, ...]
    seconds: float
    sample_rate: int
    flags: tuple[str, ...]
    model: str
    pooling: str
    segment_seconds: float
    window_seconds: float
    copies: int
    stretches: Stretches

    @property
    def span(self) -> Span:
        """Where the clip is in its file."""
        start = self.clip.start or 0.0
        return Span(start, start + self.seconds)
