"""From frames of a window to samples of the clip.

    a clip of 4.2 s     |---- clip ----|
    its window of 10 s  |---- clip ----|---- clip ----|00000|     fill "repeat": as often as it fits, then silence
    segments            |  0  |  1  |  2  |  3  |  4  |  5  |

Segment 2 is heard from 3.3 to 5 s of the window: the last 0.9 s of the clip and its first 0.8 s. Segment 5 is partly
silence. So a segment of the window is none, one or two stretches of the clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from drasp_cli.audio.windows import num_copies

SEGMENT_SECONDS = 0.5
"""About how long a segment is where the pooling has no segments of its own."""


def frames_per_segment(frames_per_weight: int, frame_seconds: float) -> int:
    """Frames that are explained together: the pooling's segment, or else about SEGMENT_SECONDS.

    Args:
        frames_per_weight: of the pooling.
        frame_seconds: from one frame to the next.

    >>> frames_per_segment(4, 0.02), frames_per_segment(1, 0.02), frames_per_segment(1, 0.625)
    (4, 25, 1)
    """
    return frames_per_weight if frames_per_weight > 1 else max(1, round(SEGMENT_SECONDS / frame_seconds))


class Stretch(NamedTuple):
    """Samples from `first` up to `last`, which is not one of them."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SegmentPlace:
    """Where a segment is.

    Attributes:
        heard: in its window.
        spans: in the clip, in order of time.
    """

    heard: Stretch
    spans: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window is in its clip.

    Attributes:
        first: sample of the clip, at the window's rate, that the window begins with.
        num_samples: how many of its samples are the clip's own.
        window_samples: its length.
        fill: what follows on them, "repeat" or "zero".
    """

    first: int
    num_samples: int
    window_samples: int
    fill: str

    @property
    def copies(self) -> int:
        """How often it holds its own samples."""
        return num_copies(self.window_samples, self.num_samples, self.fill)

    def segments(self, num_frames: int, run: int, hop: float) -> Iterator[SegmentPlace]:
        """Where each segment of the window is.

        Args:
            num_frames: frames of this window: all of them, or those of its sound alone.
            run: frames in a segment; the last one may have fewer, and lasts as long as the sound if that is longer.
            hop: samples from one frame to the next.
        """
        sound = self.copies * self.num_samples
        for begin in range(0, num_frames, run):
            end = min(begin + run, num_frames)
            first, last = round(begin * hop), round(end * hop)
            if end == num_frames:
                last = max(last, sound)
            spans = (Stretch(self.first + a, self.first + b) for a, b in self._unrolled(first, min(last, sound)))
            yield SegmentPlace(Stretch(first, min(last, self.window_samples)), tuple(spans))

    def _unrolled(self, start: int, end: int) -> list[tuple[int, int]]:
        """Samples `start` to `end` of the window, as stretches of what it is filled from."""
        length = self.num_samples
        if end <= start:
            return []
        if end - start >= length:
            return [(0, length)]
        first = start % length
        last = first + end - start
        return [(first, last)] if last <= length else [(0, last - length), (first, length)]
