"""The pipeline: clips in, `ClipScore`s out, in the same order.

    clips -threads: decode, resample, cut-> windows -batches-> predictor -average windows-> ClipScore

Batches are filled with windows, not files: a two-hour file is many batches, and ten short files are one. Clips are
taken in fixed groups of `GROUP_ROWS` and no batch reaches over the end of a group, so which windows share a batch
depends on the list and the batch size alone, never on timing, and a run that resumes at a group's start repeats the
very same batches.

Memory: at most `workers` clips are open, each with `_AHEAD` windows waiting; one batch is being filled.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import torch
from torch import Tensor

from drasp_cli.audio.flags import NO_PROMPT, NO_TOKENIZER, PROMPT_CUT, SIMULATED_RATINGS, in_order
from drasp_cli.audio.stream import AudioFacts, open_clip
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE, Clip, ClipScore, Window, WindowBatch
from drasp_cli.errors import AudioError, DeviceError
from drasp_cli.models.average import WindowAverage
from drasp_cli.models.config import AudioConfig
from drasp_cli.models.device import choose_device
from drasp_cli.models.interface import Predictor

GROUP_ROWS = 64

_AHEAD = 4  # windows that a clip's thread may be ahead of the network
_PROMPTS_KEPT = 4096  # text embeddings in memory; more distinct prompts than that are embedded again
_PRECISIONS = {"auto": None, "fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def score_clips(
    checkpoint: Checkpoint,
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
    1e-5 in fp32 on a CPU).

    Args:
        checkpoint: from `load_predictor`.
        clips: what to score.
        batch_size: windows in a batch.
        workers: threads that decode; None takes one for each core, at most 8.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        precision: "auto" and "fp32" compute in fp32, "bf16" and "fp16" under autocast. torch's process-wide settings
            that would lower fp32 (TF32, `torch.set_float32_matmul_precision`) are switched off, and stay off.

    Raises:
        DeviceError: the device or precision is not available here.
        ValueError: `batch_size` or `workers` is not positive.
    """
    if batch_size < 1 or (workers is not None and workers < 1):
        raise ValueError("batch_size and workers must be positive")
    where = choose_device(device)
    network = _Network(checkpoint, where, _autocast_type(precision))
    return _run(network, clips, batch_size, workers or min(8, os.cpu_count() or 1))


def _run(network: _Network, clips: Iterable[Clip], batch_size: int, workers: int) -> Iterator[ClipScore]:
    with closing(_decode(clips, network.config.audio, workers)) as opened:
        yield from _score(network, opened, batch_size)


@dataclass
class _Row:
    """A clip whose windows are on their way."""

    clip: Clip
    text: Tensor | None
    flags: tuple[str, ...]
    averages: dict[str, WindowAverage] = field(default_factory=dict)
    waiting: int = 0
    facts: AudioFacts | None = None
    error: AudioError | None = None

    @property
    def done(self) -> bool:
        return self.waiting == 0 and (self.facts is not None or self.error is not None)


def _score(network: _Network, opened: Iterator[_OpenClip], batch_size: int) -> Iterator[ClipScore]:
    """Windows into batches, scores back to their clips, clips out in order."""
    rows: list[_Row] = []  # of this group, not yet given out
    pending: list[tuple[_Row, Window]] = []

    def run() -> None:
        for (row, window), scores in zip(pending, network.score(pending), strict=True):
            for axis, score in scores.items():
                row.averages.setdefault(axis, WindowAverage()).add(score, window.num_samples)
            row.waiting -= 1
        pending.clear()

    def finished() -> Iterator[ClipScore]:
        while rows and rows[0].done:
            yield network.clip_score(rows.pop(0))

    for count, source in enumerate(opened, start=1):
        row = network.row(source.clip)
        rows.append(row)
        for window in source:
            row.waiting += 1
            pending.append((row, window))
            if len(pending) == batch_size:
                run()
                # A row that is still open is the last one; its earlier neighbours may be complete by now.
                yield from finished()
        row.facts, row.error = source.facts, source.error
        if count % GROUP_ROWS == 0:
            run()
        yield from finished()
    run()
    yield from finished()


class _Network:
    """The predictor on its device, with the prompts it has already read."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, autocast: torch.dtype | None) -> None:
        self.checkpoint = checkpoint
        self.config = checkpoint.config
        self.device = device
        self.autocast = autocast
        self.predictor: Predictor = checkpoint.predictor.to(device).eval()
        self.prompts: OrderedDict[str, tuple[Tensor, bool]] = OrderedDict()

    def row(self, clip: Clip) -> _Row:
        """A fresh row, with what is known of the clip before it is decoded."""
        flags, text = [], None
        if self.predictor.reads_prompts:
            if self.checkpoint.tokenizer is None:
                flags.append(NO_TOKENIZER)
            elif clip.prompt is None:
                flags.append(NO_PROMPT)
            else:
                text, cut = self._read(clip.prompt)
                if cut:
                    flags.append(PROMPT_CUT)
        if self.config.ratings == "simulated":
            flags.append(SIMULATED_RATINGS)
        return _Row(clip, text, tuple(flags))

    def score(self, batch: Sequence[tuple[_Row, Window]]) -> list[dict[str, float]]:
        """Axis -> score for each window; axes that read prompts are left out where there was none."""
        if not batch:
            return []
        windows = WindowBatch(
            torch.stack([torch.from_numpy(window.samples) for _, window in batch]).to(self.device),
            torch.tensor([window.num_samples for _, window in batch]).to(self.device),
        )
        texts = [row.text for row, _ in batch]
        known = next((text for text in texts if text is not None), None)
        text = None
        if known is not None:  # a window without a prompt is computed with zeros, and its score is not given out
            text = torch.stack([torch.zeros_like(known) if t is None else t for t in texts])
        with torch.inference_mode(), self._precision():
            scores = self.predictor(windows, text)
        columns = {axis: column.double().tolist() for axis, column in scores.items()}
        text_axes = self.predictor.text_axes
        return [
            {axis: column[i] for axis, column in columns.items() if axis not in text_axes or texts[i] is not None}
            for i in range(len(batch))
        ]

    def clip_score(self, row: _Row) -> ClipScore:
        """The row that the user sees."""
        label, axes = self.checkpoint.label, self.config.axes
        if row.facts is None:
            assert row.error is not None
            return ClipScore(
                row.clip, dict.fromkeys(axes), flags=in_order(row.flags), model=label, error=row.error.reason
            )
        scores: dict[str, float | None] = dict.fromkeys(axes)
        error = ""
        for axis, average in row.averages.items():
            if math.isfinite(average.mean):
                scores[axis] = average.mean
            else:
                remedy = "; try --precision fp32" if self.autocast else ""
                error = f"the {axis} score is not a finite number{remedy}"
        return ClipScore(
            row.clip,
            scores,
            seconds=row.facts.seconds,
            windows=row.facts.windows,
            sample_rate=row.facts.sample_rate,
            flags=in_order((*row.facts.flags, *row.flags)),
            model=label,
            error=error,
        )

    def _read(self, prompt: str) -> tuple[Tensor, bool]:
        """Embedding (embedding_dim,) of a prompt, and whether it was cut; each prompt is read alone, and once."""
        if prompt in self.prompts:
            self.prompts.move_to_end(prompt)
            return self.prompts[prompt]
        tokenizer = self.checkpoint.tokenizer
        assert tokenizer is not None
        ids, cut = tokenizer.encode(prompt)
        with torch.inference_mode(), self._precision():
            text = self.predictor.embed_text(torch.tensor([ids], device=self.device))[0].float()
        self.prompts[prompt] = (text, cut)
        if len(self.prompts) > _PROMPTS_KEPT:
            self.prompts.popitem(last=False)
        return text, cut

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None)


def _autocast_type(precision: str) -> torch.dtype | None:
    if precision not in _PRECISIONS:
        raise DeviceError(f"'{precision}' is not a precision; use {', '.join(_PRECISIONS)}")
    return _PRECISIONS[precision]


# ----------------------------------------------------------------------------------------- decoding runs ahead


class _OpenClip:
    """One clip's windows, decoded by a thread and handed over through a short queue."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.facts: AudioFacts | None = None
        self.error: AudioError | None = None
        self.windows: queue.Queue[Window | BaseException | None] = queue.Queue(maxsize=_AHEAD)

    def __iter__(self) -> Iterator[Window]:
        """The windows; afterwards `facts` or `error` is set."""
        while (item := self.windows.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def fill(self, audio: AudioConfig, stop: threading.Event) -> None:
        """Decodes the clip; runs in a worker thread."""

        def put(item: Window | BaseException | None) -> bool:
            while not stop.is_set():
                try:
                    self.windows.put(item, timeout=0.1)
                except queue.Full:
                    continue
                return True
            return False

        try:
            with open_clip(
                self.clip, sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
            ) as windows:
                for window in windows:
                    if not put(window):
                        return
                self.facts = windows.facts
        except AudioError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread, which raises it
            put(error)
            return
        put(None)


def _decode(clips: Iterable[Clip], audio: AudioConfig, workers: int) -> Generator[_OpenClip, None, None]:
    """Opens clips in order, `workers` at a time ahead of the caller.

    Clips are begun in order, so the one the caller waits for is always among those that are being decoded: a full
    queue further on can never block it.
    """
    stop = threading.Event()
    todo: queue.Queue[_OpenClip | None] = queue.Queue()
    threads = [threading.Thread(target=_work, args=(todo, audio, stop), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    ahead: list[_OpenClip] = []
    source = iter(clips)
    try:
        while True:
            while len(ahead) < workers + 1 and (clip := next(source, None)) is not None:
                ahead.append(_OpenClip(clip))
                todo.put(ahead[-1])
            if not ahead:
                return
            yield ahead.pop(0)
    finally:
        stop.set()
        for _ in threads:
            todo.put(None)
        for thread in threads:
            thread.join()


def _work(todo: queue.Queue[_OpenClip | None], audio: AudioConfig, stop: threading.Event) -> None:
    while (opened := todo.get()) is not None and not stop.is_set():
        opened.fill(audio, stop)
