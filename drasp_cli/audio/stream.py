"""From a clip to its windows, as they are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from drasp_cli.audio.decode import Decoder
from drasp_cli.audio.flags import audio_flags
from drasp_cli.audio.resample import Resampler
from drasp_cli.audio.windows import cut_windows
from drasp_cli.datatypes import Clip, Window


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What is known about a clip once all its windows have been taken.

    Attributes:
        sample_rate: of the file, in Hz.
        seconds: duration of what was decoded.
        windows: how many there were.
        flags: from `drasp_cli.audio.flags.FLAGS`, in its order.
    """

    sample_rate: int
    seconds: float
    windows: int
    flags: tuple[str, ...]


class ClipAudio:
    """The windows of one clip, in order, decoded as they are taken: an iterator, once; then read `facts`.

    Memory does not grow with the length of the clip. Made by `open_clip`; close it, or use it in a `with`.
    """

    def __init__(self, decoder: Decoder, sample_rate: int, window_samples: int, fill: str) -> None:
        self._decoder = decoder
        self._sample_rate = sample_rate
        self._taken = 0
        self._windows = cut_windows(_resampled(decoder, sample_rate), window_samples, fill)

    def __enter__(self) -> ClipAudio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Window]:
        return self

    def __next__(self) -> Window:
        """The next window.

        Raises:
            AudioError: the file turns out to hold samples that are not finite, or none at all.
        """
        try:
            window = next(self._windows)
        except BaseException:  # the end included
            self.close()
            raise
        self._taken += 1
        return window

    @property
    def facts(self) -> AudioFacts:
        """What was found, once every window has been taken."""
        found = self._decoder.facts
        return AudioFacts(
            sample_rate=found.sample_rate,
            seconds=found.seconds,
            windows=self._taken,
            flags=audio_flags(found, self._sample_rate),
        )

    def close(self) -> None:
        """Close the file. Can be called more than once."""
        self._decoder.close()


def open_clip(clip: Clip, *, sample_rate: int, window_samples: int, fill: str) -> ClipAudio:
    """Open a clip and hand out its windows one by one.

    Args:
        clip: names the file and, where it has one, the time range.
        sample_rate: of the windows, in Hz.
        window_samples: length of a window at that rate.
        fill: how the last window is filled, `repeat` or `zero` (see `cut_windows`).

    Raises:
        AudioError: the file cannot be opened as audio, or has no such time range.
        ValueError: an unknown fill, or a window without samples.

    Example:
        with open_clip(clip, sample_rate=32000, window_samples=320000, fill="repeat") as audio:
            for window in audio:
                ...
        audio.facts.flags
    """
    decoder = Decoder(clip.path, clip.start, clip.end)
    try:
        return ClipAudio(decoder, sample_rate, window_samples, fill)
    except BaseException:
        decoder.close()
        raise


def _resampled(decoder: Decoder, sample_rate: int) -> Iterator[np.ndarray]:
    resampler = Resampler(decoder.sample_rate, sample_rate)
    for block in decoder:
        yield resampler.push(block)
    yield resampler.flush()
