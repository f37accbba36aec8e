"""What the front end makes of all clips of a split, computed once and kept on disk in two bytes a value.

    clap        log-mels, float16                       {split}.f16
    audiobox    samples, 16-bit integers, and their     {split}.i16        16-bit sound at the tower's rate is kept as
                number in each window                                      it is; beyond full scale is clipped

Each clip is decoded, windowed and transformed alone, so that what the network learns from a clip never depends on
which other clips are in its batch, in the split, or on the disk.
"""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drasp_cli.audio.stream import open_clip
from drasp_cli.datatypes import Clip, Window, WindowBatch
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import to_plain
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor

_WORKERS = 2
_FULL_SCALE = 2**15


@dataclass(frozen=True)
class FeatureStore:
    """The features of every window of every clip, memory-mapped.

    Attributes:
        windows: (windows, frames, mels) float16, in dB; or (windows, window_samples) int16.
        first: (clips + 1,) int64; clip i has the windows first[i] to first[i + 1].
        num_samples: (windows,) int64, real samples of each; None where the windows are no samples.
    """

    windows: np.ndarray
    first: np.ndarray
    num_samples: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.first) - 1

    def batch(self, windows: np.ndarray) -> Tensor:
        """(batch,) window indices -> (batch, frames, mels) or (batch, window_samples) in [-1, 1], float32."""
        values = torch.from_numpy(self.windows[windows].astype(np.float32))
        return values if self.num_samples is None else values / _FULL_SCALE

    def real(self, windows: np.ndarray) -> Tensor | None:
        """(batch,) window indices -> (batch,) int64, the real samples of each; None where they are no samples."""
        return None if self.num_samples is None else torch.from_numpy(self.num_samples[windows])

    def draw_windows(self, clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One window of each clip, drawn evenly; the only one where it has one."""
        first, last = self.first[clips], self.first[clips + 1]
        return rng.integers(first, last)


class FrontEnd(ABC):
    """What a predictor does to a window before anything is learned, and how that is kept.

    Attributes:
        key: plain data; changes whenever the features do.
        ending: of the file they are kept in.
        shape: of one window.
        dtype: of its values.
    """

    key: Any
    ending: str
    shape: tuple[int, ...]
    dtype: type[np.generic]

    @abstractmethod
    def transform(self, window: Window) -> np.ndarray:
        """One window as it is kept, of `shape` and `dtype`."""


class _LogMels(FrontEnd):
    ending, dtype = "f16", np.float16

    def __init__(self, predictor: ClapPredictor) -> None:
        config = predictor.config
        self.predictor = predictor
        self.key = [to_plain(config.audio), to_plain(config.logmel)]
        self.shape = (config.audio.window_samples // config.logmel.hop_size + 1, config.logmel.num_mels)

    @torch.inference_mode()
    def transform(self, window: Window) -> np.ndarray:
        batch = WindowBatch(torch.from_numpy(window.samples)[None], torch.tensor([window.num_samples]))
        return self.predictor.frontend(batch)[0].numpy().astype(np.float16)


class _Samples(FrontEnd):
    ending, dtype = "i16", np.int16

    def __init__(self, predictor: AudioboxPredictor) -> None:
        audio = predictor.config.audio
        self.key = [to_plain(audio)]
        self.shape = (audio.window_samples,)

    def transform(self, window: Window) -> np.ndarray:
        return np.clip(np.rint(window.samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def front_end(predictor: Predictor) -> FrontEnd:
    """The front end of a predictor, of whichever architecture."""
    if isinstance(predictor, AudioboxPredictor):
        return _Samples(predictor)
    assert isinstance(predictor, ClapPredictor)
    return _LogMels(predictor)


def feature_store(
    folder: Path, split: str, clips: Sequence[Clip], predictor: Predictor, on_clip: Callable[[], None]
) -> FeatureStore:
    """The features of a split, from disk when they are there for exactly these clips and this front end.

    Args:
        folder: where the features live.
        split: for the file name.
        clips: in the order of the result.
        predictor: whose front end is used.
        on_clip: called as each clip is done.

    Raises:
        AudioError: a clip cannot be decoded; a training set has no room for failed clips.
    """
    folder.mkdir(parents=True, exist_ok=True)
    front = front_end(predictor)
    data, index = folder / f"{split}.{front.ending}", folder / f"{split}.json"
    key = _fingerprint(clips, front)
    stored = _stored(index, key, data, front)
    if stored is not None:
        for _ in clips:
            on_clip()
        return stored
    index.unlink(missing_ok=True)
    lengths: list[list[int]] = []
    partial = data.with_name(f"{data.name}.partial")
    with partial.open("wb") as file, ThreadPoolExecutor(_WORKERS) as pool:
        for windows, real in pool.map(lambda clip: _features(clip, predictor, front), clips):
            lengths.append(real)
            file.write(windows.tobytes())
            on_clip()
    partial.replace(data)
    first = np.concatenate(([0], np.cumsum([len(real) for real in lengths])))
    described: dict[str, Any] = {"key": key, "first": first.tolist()}
    if front.dtype is np.int16:
        described["num_samples"] = [length for real in lengths for length in real]
    partial = index.with_name(f"{index.name}.partial")
    partial.write_text(json.dumps(described))
    partial.replace(index)
    made = _stored(index, key, data, front)
    assert made is not None
    return made


def _stored(index: Path, key: str, data: Path, front: FrontEnd) -> FeatureStore | None:
    """The features that `index` describes; None where they are torn or of other clips or another front end."""
    try:
        described = json.loads(index.read_text())
        if described["key"] != key:
            return None
        first = np.array(described["first"], dtype=np.int64)
        num_samples = np.array(described["num_samples"], dtype=np.int64) if front.dtype is np.int16 else None
        shape = (int(first[-1]), *front.shape)
        if data.stat().st_size != np.dtype(front.dtype).itemsize * math.prod(shape):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return FeatureStore(np.memmap(data, front.dtype, "r", shape=shape), first, num_samples)


def _features(clip: Clip, predictor: Predictor, front: FrontEnd) -> tuple[np.ndarray, list[int]]:
    """One clip's windows as they are kept, (windows, *shape), and how many samples of each are real."""
    audio = predictor.config.audio
    kept, real = [], []
    with open_clip(
        clip, sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
    ) as windows:
        for window in windows:
            kept.append(front.transform(window))
            real.append(window.num_samples)
    return np.stack(kept), real


def _fingerprint(clips: Sequence[Clip], front: FrontEnd) -> str:
    """Changes whenever a stored feature could: other clips, other file sizes or times, another front end."""
    digest = hashlib.sha256(json.dumps(front.key).encode())
    for clip in clips:
        stat = Path(clip.path).stat()
        digest.update(f"{clip.path}\0{clip.start}\0{clip.end}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
