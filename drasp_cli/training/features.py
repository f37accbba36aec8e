"""Log-mels of all clips of a split, computed once and kept on disk in half precision.

Each clip is decoded, windowed and transformed alone, so that what the network learns from a clip never depends on
which other clips are in its batch, in the split, or on the disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from drasp_cli.audio.stream import open_clip
from drasp_cli.datatypes import Clip, WindowBatch
from drasp_cli.models.config import AudioConfig, to_plain
from drasp_cli.models.predictor import ClapPredictor

_WORKERS = 2


@dataclass(frozen=True)
class FeatureStore:
    """Log-mels of every window of every clip, memory-mapped.

    Attributes:
        frames: (windows, frames, mels) float16, in dB.
        first: (clips + 1,) int64; clip i has the windows first[i] to first[i + 1].
    """

    frames: np.ndarray
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.first) - 1

    def batch(self, windows: np.ndarray) -> Tensor:
        """(batch,) window indices -> (batch, frames, mels) float32."""
        return torch.from_numpy(self.frames[windows].astype(np.float32))

    def draw_windows(self, clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One window of each clip, drawn evenly; the only one where it has one."""
        first, last = self.first[clips], self.first[clips + 1]
        return rng.integers(first, last)


def feature_store(
    folder: Path, split: str, clips: Sequence[Clip], predictor: ClapPredictor, on_clip: Callable[[], None]
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
    data, index = folder / f"{split}.f16", folder / f"{split}.json"
    key = _fingerprint(clips, predictor)
    shape = (
        predictor.config.audio.window_samples // predictor.config.logmel.hop_size + 1,
        predictor.config.logmel.num_mels,
    )
    stored = _stored_first(index, key)
    if stored is not None and data.exists() and data.stat().st_size == 2 * int(stored[-1]) * shape[0] * shape[1]:
        for _ in clips:
            on_clip()
        return FeatureStore(np.memmap(data, np.float16, "r", shape=(int(stored[-1]), *shape)), stored)
    index.unlink(missing_ok=True)
    counts = []
    partial = data.with_name(f"{data.name}.partial")
    with partial.open("wb") as file, ThreadPoolExecutor(_WORKERS) as pool:
        for features in pool.map(lambda clip: clip_features(clip, predictor), clips):
            counts.append(len(features))
            file.write(features.tobytes())
            on_clip()
    partial.replace(data)
    first = np.concatenate(([0], np.cumsum(counts)))
    partial = index.with_name(f"{index.name}.partial")
    partial.write_text(json.dumps({"key": key, "first": first.tolist()}))
    partial.replace(index)
    return FeatureStore(np.memmap(data, np.float16, "r", shape=(int(first[-1]), *shape)), first)


def _stored_first(index: Path, key: str) -> np.ndarray | None:
    """`FeatureStore.first` of the features that `index` describes; None where it is torn or of other features."""
    try:
        stored = json.loads(index.read_text())
        return np.array(stored["first"], dtype=np.int64) if stored["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@torch.inference_mode()
def clip_features(clip: Clip, predictor: ClapPredictor) -> np.ndarray:
    """Log-mels of one clip's windows, (windows, frames, mels) float16."""
    audio: AudioConfig = predictor.config.audio
    features = []
    with open_clip(
        clip, sample_rate=audio.sample_rate, window_samples=audio.window_samples, fill=audio.fill
    ) as windows:
        for window in windows:
            batch = WindowBatch(torch.from_numpy(window.samples)[None], torch.tensor([window.num_samples]))
            features.append(predictor.frontend(batch)[0].numpy().astype(np.float16))
    return np.stack(features)


def _fingerprint(clips: Sequence[Clip], predictor: ClapPredictor) -> str:
    """Changes whenever a stored feature could: other clips, other file sizes or times, another front end."""
    digest = hashlib.sha256(json.dumps([to_plain(predictor.config.audio), to_plain(predictor.config.logmel)]).encode())
    for clip in clips:
        stat = Path(clip.path).stat()
        digest.update(f"{clip.path}\0{clip.start}\0{clip.end}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
