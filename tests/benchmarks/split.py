"""Where the time of a clip goes: decoding, front end and network, each alone, and the floor below the network."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from drasp_cli import load_predictor
from drasp_cli.audio.stream import open_clip
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import DEFAULT_BATCH_SIZE, Clip, Window, WindowBatch
from tests.benchmarks.floor import copy_rate, count_bytes, count_flops, matmul_rate
from tests.benchmarks.report import Cell, Report

BATCHES = (1, 8, 16, 32)


def measure_split(model: str, folders: Sequence[Path], report: Report) -> None:
    """Add the tables of what each part takes on the clips of these folders."""
    checkpoint = load_predictor(model)
    rows: list[list[Cell]] = []
    for folder in folders:
        paths = sorted(folder.iterdir())[:64]
        windows = _decode(checkpoint, paths)
        took = _took(partial(_decode, checkpoint, paths))
        rows.append(_row(f"decode, resample, cut: {folder.name}, one thread", took, len(windows)))
    samples = torch.from_numpy(np.stack([window.samples for window in windows[: max(BATCHES)]]))
    with torch.inference_mode():
        for size in BATCHES:
            rows += _network_rows(checkpoint, samples[:size])
    columns = ["part", "wall ms a window", "processor ms a window", "times real time on all cores, alone"]
    report.table(f"Where the time goes (torch with {torch.get_num_threads()} threads)", columns, rows, decimals=2)
    report.table("The floor below the audio tower", ["figure", "value"], _floor_rows(checkpoint, samples), decimals=2)


def _decode(checkpoint: Checkpoint, paths: Sequence[Path]) -> list[Window]:
    audio = checkpoint.config.audio
    windows: list[Window] = []
    for path in paths:
        with open_clip(
            Clip(str(path)), sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
        ) as clip:
            windows.extend(clip)
    return windows


def _network_rows(checkpoint: Checkpoint, samples: torch.Tensor) -> list[list[Cell]]:
    """Front end and network on one batch of (batch, window_samples)."""
    predictor = checkpoint.predictor
    size = len(samples)
    batch = WindowBatch(samples, torch.full((size,), samples.shape[1]))
    logmel = predictor.frontend(batch)
    text = torch.zeros(size, checkpoint.config.heads.embedding_dim) if predictor.reads_prompts else None
    repeats = 64 // size

    def network() -> None:
        predictor.score(predictor.embed_audio(logmel), text)

    return [
        _row(f"{name}, batch {size}", _took(compute, repeats), size)
        for name, compute in (("front end", lambda: predictor.frontend(batch)), ("network", network))
    ]


def _row(part: str, took: tuple[float, float], windows: int) -> list[Cell]:
    wall, cpu = took
    speed = 10.0 * windows / (cpu / (os.cpu_count() or 1))  # the clips last ten seconds
    return [part, 1e3 * wall / windows, 1e3 * cpu / windows, speed]


def _took(compute: Callable[[], object], repeats: int = 1) -> tuple[float, float]:
    """Mean seconds of wall and of processor time (all threads) over `repeats` runs, after one to warm up."""
    compute()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        compute()
    return (time.perf_counter() - wall) / repeats, (time.process_time() - cpu) / repeats


def _floor_rows(checkpoint: Checkpoint, samples: torch.Tensor) -> list[list[Cell]]:
    """Operations and bytes of one window in a default batch, at the rates of this machine."""
    predictor, size = checkpoint.predictor, DEFAULT_BATCH_SIZE
    logmel = predictor.frontend(WindowBatch(samples[:size], torch.full((size,), samples.shape[1])))
    flops = count_flops(lambda: predictor.pool(logmel)) / size
    moved = count_bytes(lambda: predictor.pool(logmel)) / size
    flop_rate, byte_rate = matmul_rate(), copy_rate()
    return [
        ["million operations a window", flops / 1e6],
        ["measured rate, 2048 x 2048 fp32 product, GFLOP/s", flop_rate / 1e9],
        ["floor by operations, ms a window", 1e3 * flops / flop_rate],
        ["MB read and written a window, operation by operation", moved / 1e6],
        ["measured rate of a copy, GB/s", byte_rate / 1e9],
        ["floor by bytes, were nothing cached, ms a window", 1e3 * moved / byte_rate],
    ]
