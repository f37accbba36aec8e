"""The pipeline: clips in, `ClipScore`s out, in the same order.

    clips -threads: decode, resample, cut-> windows -batches-> predictor -average windows-> ClipScore

Each clip is decoded once, however many models hear it; behind the decoder every model has windows and batches of its
own, the same as if it were alone, so that its scores are the same to the last bit. Batches are filled with windows, not
files: a two-hour file is many batches, and ten short files are one.

Memory: the windows that wait for a batch of each model, as many again that are decoded ahead, and the rows of one group
of clips. All of it follows from the batch size, none from the number of clips or their length. The prompts that were
read have a fixed room beside (prompt_cache.py).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from drasp_cli.audio.flags import in_order
from drasp_cli.audio.stream import AudioFacts
from drasp_cli.audio.windows import WindowSpec
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE, Clip, ClipScore, Window
from drasp_cli.errors import AudioError
from drasp_cli.models.device import choose_device
from drasp_cli.scoring.batching import LookAhead, group_rows
from drasp_cli.scoring.columns import SideBySide, side_by_side
from drasp_cli.scoring.decoding import OpenClip, decode_ahead
from drasp_cli.scoring.network import Hearing, Network, autocast_type

_AHEAD = 4  # windows for each thread, at least, that may be decoded ahead of the networks


def score_clips(
    checkpoint: Checkpoint | Sequence[Checkpoint],
    clips: Iterable[Clip],
    *,
    batch_size: int = DEFAULT_BATCH_SIZE,
    workers: int | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> Iterator[ClipScore]:
    """One `ClipScore` for each clip, in order, as they are done.

    A clip that cannot be decoded keeps its place, with `error` set and no scores. A clip's scores depend on the clip,
    its prompt and the checkpoint alone; batch size, batch mates, order and workers change them by rounding only (under
    1e-5 in fp32 on a CPU), and other checkpoints beside it not at all.

    Args:
        checkpoint: from `load_predictor`; or several, whose scores then stand side by side. An axis that two of them
            score is called `AXIS@model` for each.
        clips: what to score.
        batch_size: windows in a batch.
        workers: threads that decode; None takes one for each core, at most 8.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        precision: "auto" and "fp32" compute in fp32, "bf16" and "fp16" under autocast. torch's process-wide settings
            that would lower fp32 (TF32, `torch.set_float32_matmul_precision`) are switched off, and stay off.

    Raises:
        DeviceError: the device or precision is not available here.
        ValueError: `batch_size` or `workers` is not positive; there is no checkpoint, or one is given twice.
    """
    if batch_size < 1 or (workers is not None and workers < 1):
        raise ValueError("batch_size and workers must be positive")
    checkpoints = [checkpoint] if isinstance(checkpoint, Checkpoint) else checkpoint
    named = side_by_side(checkpoints)
    where, autocast = choose_device(device), autocast_type(precision)
    networks = [Network(*pair, where, autocast) for pair in zip(checkpoints, named.columns, strict=True)]
    return _run(networks, named, clips, batch_size, workers or min(8, os.cpu_count() or 1))


def _run(
    networks: Sequence[Network], named: SideBySide, clips: Iterable[Clip], batch_size: int, workers: int
) -> Iterator[ClipScore]:
    specs = [_spec(network) for network in networks]
    distinct = list(dict.fromkeys(specs))
    models = [_Model(network, distinct.index(spec), batch_size) for network, spec in zip(networks, specs, strict=True)]
    ahead = max(_AHEAD * workers, *(model.waiting.capacity for model in models))
    with closing(decode_ahead(clips, distinct, workers=workers, ahead=ahead)) as opened:
        yield from _score(models, named, opened, group_rows(batch_size))


def _spec(network: Network) -> WindowSpec:
    audio = network.checkpoint.config.audio
    return WindowSpec(audio.sample_rate, audio.window_samples, audio.fill)


class _Model:
    """A network and the windows that wait for it.

    Args:
        network: what scores them.
        place: of its windows among those of all models; models that take the same windows share one.
        batch_size: windows in a batch.
    """

    def __init__(self, network: Network, place: int, batch_size: int) -> None:
        self.network = network
        self.place = place
        self.waiting: LookAhead[tuple[Hearing, Window]] = LookAhead(
            batch_size, by_length=network.predictor.skips_padding
        )

    def add(self, hearing: Hearing, window: Window) -> None:
        """One more window to wait for a batch."""
        hearing.waiting += 1
        self.waiting.add((hearing, window), window.num_samples)

    def run(self) -> Iterator[None]:
        """Scores all that waits; yields behind each batch."""
        for batch in self.waiting.batches():
            self.network.score(batch)
            yield


@dataclass
class _Row:
    """A clip whose windows are on their way.

    Attributes:
        clip: as it was named.
        hearings: what each model makes of it.
        facts: for each place of windows, once it is decoded.
        error: why it cannot be decoded.
    """

    clip: Clip
    hearings: Sequence[Hearing]
    facts: tuple[AudioFacts, ...] | None = None
    error: AudioError | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        is_decoded = self.facts is not None or self.error is not None
        return is_decoded and not any(hearing.waiting for hearing in self.hearings)


def _score(models: Sequence[_Model], named: SideBySide, opened: Iterator[OpenClip], group: int) -> Iterator[ClipScore]:
    """Windows into batches, scores back to their clips, clips out in order."""
    rows: deque[_Row] = deque()  # of this group, not yet given out

    def run(model: _Model) -> Iterator[ClipScore]:
        for _ in model.run():
            yield from finished()

    def finished() -> Iterator[ClipScore]:
        while rows and rows[0].is_done:
            yield _clip_score(rows.popleft(), models, named)

    for count, source in enumerate(opened, start=1):
        row = _Row(source.clip, [model.network.hearing(source.clip) for model in models])
        rows.append(row)
        for place, window in source:
            for model, hearing in zip(models, row.hearings, strict=True):
                if model.place == place:
                    model.add(hearing, window)
                    if model.waiting.is_full:
                        # A row that is still open is the last one; its earlier neighbours may be complete by now.
                        yield from run(model)
        row.facts, row.error = source.facts, source.error
        if count % group == 0:
            for model in models:
                yield from run(model)
        yield from finished()
    for model in models:
        yield from run(model)
    yield from finished()


def _clip_score(row: _Row, models: Sequence[_Model], named: SideBySide) -> ClipScore:
    """The row that the user sees."""
    flags = [flag for hearing in row.hearings for flag in hearing.flags]
    if row.facts is None:
        assert row.error is not None
        empty = dict.fromkeys(named.axes)
        return ClipScore(row.clip, empty, flags=in_order(flags), model=named.label, error=row.error.reason)
    scores: dict[str, float | None] = {}
    errors = []
    for model, hearing in zip(models, row.hearings, strict=True):
        of_model, error = model.network.scores(hearing)
        scores |= of_model
        errors.append(error)
    return ClipScore(
        row.clip,
        scores,
        seconds=row.facts[0].seconds,
        windows=max(facts.windows for facts in row.facts),
        sample_rate=row.facts[0].sample_rate,
        flags=in_order([*(flag for facts in row.facts for flag in facts.flags), *flags]),
        model=named.label,
        error="; ".join(filter(None, errors)),
    )
