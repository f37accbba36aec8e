"""One clip to its explanation, window by window.

Memory: one window's frames, one part of the variants that are pooled, and of every window the few numbers that are
reported; behind them, what stretches.py says. A window is heard alone, so nothing here depends on a batch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from drasp_cli.audio.flags import in_order
from drasp_cli.audio.stream import AudioFacts, open_clip
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, Window, WindowBatch
from drasp_cli.errors import AudioError
from drasp_cli.explaining.attention import Attention, attention_of, fusion_weights
from drasp_cli.explaining.explanation import (
    Branches,
    ClipExplanation,
    Explanation,
    ScoredWindow,
    Segment,
    Span,
    Stretches,
)
from drasp_cli.explaining.influence import judge_masked, keep_all_but_one
from drasp_cli.explaining.places import Place, SegmentPlace, frames_per_segment
from drasp_cli.explaining.stretches import plan_stretches, score_stretches, spans_of, stretch_seconds
from drasp_cli.models.average import WindowAverage
from drasp_cli.models.device import choose_device, within_memory
from drasp_cli.scoring.network import Hearing, Network, autocast_type


def explain_clip(
    checkpoint: Checkpoint,
    clip: Clip,
    *,
    device: str = "auto",
    precision: str = "auto",
    stretches: bool = True,
    on_window: Callable[[Window], None] = lambda window: None,
    on_stretch: Callable[[], None] = lambda: None,
) -> ClipExplanation:
    """Which seconds of a clip its scores lean on.

    Args:
        checkpoint: from `load_predictor`.
        clip: what to explain. Axes that read prompts are left out where it has none, or the checkpoint no tokenizer.
        device: as for `score_clips`.
        precision: as for `score_clips`.
        stretches: whether to look for the best and the worst ten seconds, which costs a few times as much again.
        on_window: called with each window, once it is explained.
        on_stretch: called for each stretch, once it is scored.

    Returns:
        For each axis the score that `score_clips` gives, with the windows and segments behind it. Times count from the
        beginning of the file, also where the clip is a range of it.

    Raises:
        AudioError: the clip cannot be decoded, or a score is not a finite number.
        DeviceError: the device or precision is not available here.
    """
    columns = {axis: axis for axis in checkpoint.config.axes}
    network = Network(checkpoint, columns, choose_device(device), autocast_type(precision))
    hearing = network.hearing(clip)
    explainer = _Explainer(network, hearing)
    audio = checkpoint.config.audio
    with open_clip(
        clip, sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
    ) as windows:
        for window in windows:
            explainer.add(window)
            on_window(window)
    found = explainer.finish(clip, windows.facts)
    return _with_stretches(found, network, on_stretch) if stretches else found


def _with_stretches(found: ClipExplanation, network: Network, on_stretch: Callable[[], None]) -> ClipExplanation:
    """The explanation with the scores of the clip's stretches."""
    plan = plan_stretches(found.seconds, found.window_seconds)
    scored: dict[str, list[ScoredWindow]] = {axis.axis: [] for axis in found.axes}
    spans = spans_of(plan, found.span)
    for span, scores in zip(spans, score_stretches(network, found.clip, spans), strict=True):
        for axis, stretches in scored.items():
            score = scores[axis]
            assert score is not None  # the clip has one on this axis
            stretches.append(ScoredWindow(span, score))
        on_stretch()
    axes = tuple(dataclasses.replace(axis, stretches=tuple(scored[axis.axis])) for axis in found.axes)
    return dataclasses.replace(found, axes=axes, stretches=plan)


@dataclass(frozen=True, slots=True)
class _Window:
    """What was found in a window.

    Attributes:
        place: where it is in the clip.
        segments: where they are.
        scores: axis -> its score.
        changes: axis -> (segments,), its score minus that without each segment; empty where there is one segment.
        attention: for each stream, what the pooling says.
    """

    place: Place
    segments: Sequence[SegmentPlace]
    scores: dict[str, float]
    changes: dict[str, np.ndarray]
    attention: Sequence[Attention]


class _Explainer:
    """Windows in, in order, and at the end the explanation.

    Args:
        network: of the checkpoint, on its device.
        hearing: of the clip.
    """

    def __init__(self, network: Network, hearing: Hearing) -> None:
        self._network = network
        self._hearing = hearing
        predictor, self._audio = network.predictor, network.checkpoint.config.audio
        self._hop = predictor.frame_hop
        self._run = frames_per_segment(predictor.pooling.frames_per_weight, self._hop / self._audio.sample_rate)
        self._windows: list[_Window] = []
        self._averages: dict[str, WindowAverage] = {}

    def add(self, window: Window) -> None:
        """Hears a window, once, and judges it with and without each of its segments."""
        predictor, text = self._network.predictor, self._hearing.text
        batch = WindowBatch(
            torch.from_numpy(window.samples)[None].to(self._network.device),
            torch.tensor([window.num_samples]).to(self._network.device),
        )
        with within_memory(self._network.device), torch.inference_mode(), self._network.precision():
            heard = predictor.hear(batch)
            num_frames = heard.frames.shape[2]
            values = judge_masked(predictor, heard, text, keep_all_but_one(num_frames, self._run))
            attention = attention_of(predictor, heard, self._run)
        scores, changes = {}, {}
        for axis, given in values.items():
            whole, *without = (predictor.clip_score(axis, value, text) for value in given)
            scores[axis], changes[axis] = whole, whole - np.array(without)
            self._averages.setdefault(axis, WindowAverage()).add(given[0], window.num_samples)
        first = self._windows[-1].place if self._windows else None
        begin = first.first + first.num_samples if first else 0
        place = Place(begin, window.num_samples, len(window.samples), self._audio.fill)
        segments = list(place.segments(num_frames, self._run, self._hop))
        self._windows.append(_Window(place, segments, scores, changes, attention))

    def finish(self, clip: Clip, facts: AudioFacts) -> ClipExplanation:
        """The explanation of all windows that were added, without stretches.

        Raises:
            AudioError: a score is not a finite number.
        """
        network = self._network
        scores, error = network.scores(Hearing(self._hearing.text, (), self._averages))
        if error:
            raise AudioError(clip.path, error)
        rate = self._audio.sample_rate
        return ClipExplanation(
            clip,
            tuple(self._explanation(axis, score, clip, facts) for axis, score in scores.items() if score is not None),
            seconds=facts.seconds,
            sample_rate=facts.sample_rate,
            flags=in_order([*facts.flags, *self._hearing.flags]),
            model=network.checkpoint.label,
            pooling=type(network.predictor.pooling).__name__,
            segment_seconds=self._run * self._hop / rate,
            window_seconds=self._audio.window_seconds,
            copies=self._windows[-1].place.copies,
            stretches=Stretches(stretch_seconds(self._audio.window_seconds), None, "they were not looked for"),
        )

    def _explanation(self, axis: str, score: float, clip: Clip, facts: AudioFacts) -> Explanation:
        stream = self._network.predictor.stream_of(axis)
        total = sum(window.place.num_samples for window in self._windows)

        def span(first: int, last: int) -> Span:
            # Resampling rounds the number of samples up, so the last one may be behind the end of the file.
            start, rate = clip.start or 0.0, self._audio.sample_rate
            return Span(start + first / rate, start + min(last / rate, facts.seconds))

        windows, segments = [], []
        for number, window in enumerate(self._windows, start=1):
            place, weights = window.place, window.attention[stream].weights
            windows.append(ScoredWindow(span(place.first, place.first + place.num_samples), window.scores[axis]))
            changes = window.changes[axis] * (place.num_samples / total)
            for i, segment in enumerate(window.segments):
                before = (number - 1) * place.window_samples
                segments.append(
                    Segment(
                        number,
                        Span(*((before + sample) / self._audio.sample_rate for sample in segment.heard)),
                        tuple(span(*stretch) for stretch in segment.spans),
                        None if weights is None else float(weights[i]),
                        float(changes[i]) if len(changes) else None,
                    )
                )
        return Explanation(axis, score, tuple(windows), tuple(segments), self._branches(stream), ())

    def _branches(self, stream: int) -> Branches | None:
        fusion = fusion_weights(self._network.predictor)
        if fusion is None:
            return None
        share = WindowAverage()
        for window in self._windows:
            norms = window.attention[stream].norms
            assert norms is not None
            share.add(norms[0] / sum(norms) if any(norms) else math.nan, window.place.num_samples)
        whole = float(share.mean)
        return Branches(*fusion, whole, 1.0 - whole)
