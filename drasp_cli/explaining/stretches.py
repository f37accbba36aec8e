"""The ten seconds of a clip that score lowest and highest: stretches of it, each scored as a clip of its own.

    a clip of 18 s       |-----------------------------------|
    stretches of 10 s    |-------------------|
                              |-------------------|                  one every 2.5 s
                                   |-------------------|
                                        |-------------------|
                                         |-------------------|       and one that ends with the clip

The windows that make the clip's score would not do: they are cut where the clip happens to begin, the last one is
whatever is left, and a model may hear 30 s at once. A stretch is what `drasp score` makes of that range of the file:
the same samples, resampled, filled and cut by the same code.

The file is decoded once for all of them. Memory: the stretches that hold one and the same moment, at most five.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping

import numpy as np

from drasp_cli.audio.decode import Decoder
from drasp_cli.audio.stream import Hearer
from drasp_cli.audio.windows import WindowSpec
from drasp_cli.datatypes import Clip, Window
from drasp_cli.errors import AudioError
from drasp_cli.explaining.explanation import Span, Stretches
from drasp_cli.explaining.places import Stretch
from drasp_cli.scoring.network import Network

STRETCH_SECONDS = 10.0
"""Length of a stretch, where the model's window is not shorter."""

MOST_STRETCHES = 720
"""Of a longer clip the hop is doubled until there are no more: 10 s for two hours, which leaves nothing out."""

_HOPS = 4  # in a stretch, as long as there are not too many


def stretch_seconds(window_seconds: float) -> float:
    """Length of a stretch, of a model that hears so many seconds at once."""
    return min(STRETCH_SECONDS, window_seconds)


def plan_stretches(seconds: float, window_seconds: float) -> Stretches:
    """Which stretches of a clip are compared.

    Args:
        seconds: length of the clip.
        window_seconds: what the model hears at once.

    >>> plan_stretches(14.9, 30.0)
    Stretches(seconds=10.0, hop=2.5, why_none='')
    >>> plan_stretches(7200.0, 10.0).hop, plan_stretches(7201.0, 10.0).hop
    (10.0, 20.0)
    >>> plan_stretches(10.0, 10.0).why_none
    'the clip is no longer than 10 s'
    """
    length = stretch_seconds(window_seconds)
    if seconds <= length:
        return Stretches(length, None, f"the clip is no longer than {length:g} s")
    hop = length / _HOPS
    while math.ceil((seconds - length) / hop) >= MOST_STRETCHES:
        hop *= 2
    return Stretches(length, hop, "")


def spans_of(plan: Stretches, clip: Span) -> list[Span]:
    """Where the stretches are, in order; none where the plan has none.

    Args:
        plan: of the clip.
        clip: where it is in its file.

    >>> spans_of(plan_stretches(14.0, 10.0), Span(60.0, 74.0))
    [Span(start=60.0, end=70.0), Span(start=62.5, end=72.5), Span(start=64.0, end=74.0)]
    """
    if plan.hop is None:
        return []
    room = clip.seconds - plan.seconds
    starts = [clip.start + i * plan.hop for i in range(math.ceil(room / plan.hop))]
    return [*(Span(start, start + plan.seconds) for start in starts), Span(clip.end - plan.seconds, clip.end)]


def score_stretches(network: Network, clip: Clip, spans: list[Span]) -> Iterator[Mapping[str, float | None]]:
    """For each stretch, column -> score, as `score_clips` gives it for that range of the file with the clip's prompt.

    Args:
        network: what scores them.
        clip: what they are stretches of.
        spans: where they are in its file, in order; as long as each other.

    Raises:
        AudioError: the clip cannot be decoded, or a score is not a finite number.
    """
    if not spans:
        return
    with Decoder(clip.path, clip.start, clip.end) as decoder:
        begin = round((clip.start or 0.0) * decoder.sample_rate)
        waiting = deque(
            Stretch(*(round(time * decoder.sample_rate) - begin for time in span)) for span in spans
        )  # in samples of the clip, rounded as a decoder rounds those of a range
        heard: deque[_HeardStretch] = deque()
        done = 0
        for block in decoder:
            for stretch in heard:
                stretch.push(block, done)
            while waiting and waiting[0].first < done + len(block):
                heard.append(_HeardStretch(network, clip, waiting.popleft(), decoder.sample_rate))
                heard[-1].push(block, done)
                while heard and heard[0].stretch.last <= done + len(block):
                    yield heard.popleft().finish()
            done += len(block)
            while heard and heard[0].stretch.last <= done:
                yield heard.popleft().finish()
        for stretch in heard:  # by rounding, the last one may end a sample behind the clip
            yield stretch.finish()


class _HeardStretch:
    """A stretch on its way from the decoder to its scores.

    Args:
        network: what scores it.
        clip: what it is part of.
        stretch: which samples of the clip.
        sample_rate: of these.
    """

    def __init__(self, network: Network, clip: Clip, stretch: Stretch, sample_rate: int) -> None:
        self.stretch = stretch
        self._network = network
        self._clip = clip
        self._hearing = network.hearing(clip)
        audio = network.checkpoint.config.audio
        self._hearer = Hearer(sample_rate, WindowSpec(audio.sample_rate, audio.window_samples, audio.fill))

    def push(self, block: np.ndarray, begin: int) -> None:
        """Hears what a block has of it; `begin` is the sample of the clip that the block begins with."""
        first, last = (max(sample - begin, 0) for sample in self.stretch)
        self._score(self._hearer.push(block[first:last]))

    def finish(self) -> Mapping[str, float | None]:
        """Column -> its score.

        Raises:
            AudioError: one is not a finite number.
        """
        self._score(self._hearer.flush())
        scores, error = self._network.scores(self._hearing)
        if error:
            raise AudioError(self._clip.path, error)
        return scores

    def _score(self, windows: Iterator[Window]) -> None:
        for window in windows:
            self._hearing.waiting += 1
            self._network.score([(self._hearing, window)])
