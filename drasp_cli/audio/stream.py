"""From a clip to its windows, as they are decoded: once for everybody who hears it.

clip -decode-> blocks -resample, cut-> windows of one predictor
                      -resample, cut-> windows of another one
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from drasp_cli.audio.decode import Decoder
from drasp_cli.audio.flags import audio_flags
from drasp_cli.audio.resample import Resampler
from drasp_cli.audio.windows import WindowCutter, WindowSpec
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


class Hearer:
    """Blocks of one signal to the windows of one predictor. Take all that a call gives before the next one.

    Args:
        sample_rate: of the blocks, in Hz.
        spec: the windows wanted.

    Raises:
        ValueError: an unknown fill, or a window without samples.
    """

    def __init__(self, sample_rate: int, spec: WindowSpec) -> None:
        self._resampler = Resampler(sample_rate, spec.sample_rate)
        self._cutter = WindowCutter(spec.window_samples, spec.fill)

    def push(self, block: np.ndarray) -> Iterator[Window]:
        """The windows that the next samples, (any,) float32, complete."""
        return self._cutter.push(self._resampler.push(block))

    def flush(self) -> Iterator[Window]:
        """What is left of the signal, in windows of which the last one is filled."""
        yield from self._cutter.push(self._resampler.flush())
        yield from self._cutter.flush()


class SharedAudio:
    """The windows of one clip for several predictors, decoded once as they are taken: an iterator, once.

    It hands out (place, window) pairs, where `place` says for which of the specs the window is. Those of one spec come
    in order, and are the windows that it would get alone; those of different specs are interleaved, block by block.
    Afterwards read `facts`. Memory does not grow with the length of the clip. Made by `open_shared`; close it, or use
    it in a `with`.
    """

    def __init__(self, decoder: Decoder, specs: Sequence[WindowSpec]) -> None:
        self._decoder = decoder
        self._specs = tuple(specs)
        self._taken = [0] * len(self._specs)
        self._hearers = [Hearer(decoder.sample_rate, spec) for spec in self._specs]
        self._windows = self._cut()

    def __enter__(self) -> SharedAudio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[tuple[int, Window]]:
        return self

    def __next__(self) -> tuple[int, Window]:
        """The next window, and the place of the spec that it is for.

        Raises:
            AudioError: the file turns out to hold samples that are not finite, or none at all.
        """
        try:
            place, window = next(self._windows)
        except BaseException:  # the end included
            self.close()
            raise
        self._taken[place] += 1
        return place, window

    @property
    def facts(self) -> tuple[AudioFacts, ...]:
        """What was found, for each spec, once every window has been taken."""
        found = self._decoder.facts
        return tuple(
            AudioFacts(found.sample_rate, found.seconds, taken, audio_flags(found, spec.sample_rate))
            for spec, taken in zip(self._specs, self._taken, strict=True)
        )

    def close(self) -> None:
        """Close the file. Can be called more than once."""
        self._decoder.close()

    def _cut(self) -> Iterator[tuple[int, Window]]:
        for block in self._decoder:
            for place, hearer in enumerate(self._hearers):
                for window in hearer.push(block):
                    yield place, window
        for place, hearer in enumerate(self._hearers):
            for window in hearer.flush():
                yield place, window


class ClipAudio:
    """The windows of one clip for one predictor: `SharedAudio` of a single spec, without the places."""

    def __init__(self, shared: SharedAudio) -> None:
        self._shared = shared

    def __enter__(self) -> ClipAudio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Window]:
        return self

    def __next__(self) -> Window:
        """The next window; raises as that of `SharedAudio`."""
        return next(self._shared)[1]

    @property
    def facts(self) -> AudioFacts:
        """What was found, once every window has been taken."""
        return self._shared.facts[0]

    def close(self) -> None:
        """Close the file. Can be called more than once."""
        self._shared.close()


def open_shared(clip: Clip, specs: Sequence[WindowSpec]) -> SharedAudio:
    """Open a clip and hand out its windows, one by one, for several predictors at once.

    Args:
        clip: names the file and, where it has one, the time range.
        specs: the windows wanted; at least one.

    Raises:
        AudioError: the file cannot be opened as audio, or has no such time range.
        ValueError: an unknown fill, or a window without samples.
    """
    decoder = Decoder(clip.path, clip.start, clip.end)
    try:
        return SharedAudio(decoder, specs)
    except BaseException:
        decoder.close()
        raise


def open_clip(clip: Clip, *, sample_rate: int, window_samples: int, fill: str) -> ClipAudio:
    """Open a clip and hand out its windows one by one.

    Args:
        clip: names the file and, where it has one, the time range.
        sample_rate: of the windows, in Hz.
        window_samples: length of a window at that rate.
        fill: how the last window is filled, `repeat` or `zero` (see `WindowCutter`).

    Raises:
        AudioError: the file cannot be opened as audio, or has no such time range.
        ValueError: an unknown fill, or a window without samples.

    Example:
        with open_clip(clip, sample_rate=32000, window_samples=320000, fill="repeat") as audio:
            for window in audio:
                ...
        audio.facts.flags
    """
    return ClipAudio(open_shared(clip, [WindowSpec(sample_rate, window_samples, fill)]))
