"""Decode an audio file, or a time range of it, to mono blocks, and keep the facts found on the way."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType

import numpy as np

from drasp_cli.audio.levels import LevelMeter
from drasp_cli.audio.readers import UnreadableError, open_reader
from drasp_cli.errors import AudioError

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000  # Hz; a header beyond these is broken
_EXACT = ".12g"  # seconds in a message: two times that differ are written differently
_LATEST = 1e12  # seconds; a time beyond is as this one, which lies behind every file and has a number of samples still
LOUDEST = 2.0**32  # float files may exceed 1, or hold integer samples as floats; what is beyond is garbage
TOLERANCE = 0.1  # seconds that may be missing at the end before a file counts as truncated: encoders pad and round


@dataclass(frozen=True, slots=True)
class DecodeFacts:
    """What decoding has shown about a file, or about the time range asked for.

    Attributes:
        sample_rate: of the file, in Hz.
        channels: of the file.
        num_samples: decoded, per channel.
        declared_samples: of the whole file, per channel, as its header says; None when it does not say.
        peak: largest magnitude in any channel; 1 is full scale.
        clipped_runs: flat tops at full scale, over all channels (see `LevelMeter`).
        channel_energy: sum of squares, summed over the channels.
        mono_energy: sum of squares of the mean over channels.
        truncated: the file, or the range, ends earlier than it should.
    """

    sample_rate: int
    channels: int
    num_samples: int
    declared_samples: int | None
    peak: float
    clipped_runs: int
    channel_energy: float
    mono_energy: float
    truncated: bool

    @property
    def seconds(self) -> float:
        """Duration of what was decoded."""
        return self.num_samples / self.sample_rate


class Decoder:
    """Mono blocks of one file, once: iterate over it, then read `facts`. Close it, or use it in a `with`.

    Channels are averaged, before any resampling. Memory does not grow with the length of the file. When the file
    turns out to be broken behind some samples, those samples are what it holds, and the facts say `truncated`.

    Args:
        path: the file, as the user named it; any name the system allows.
        start: seconds into the file, or None for its beginning.
        end: seconds into the file, or None for its end.

    Attributes:
        sample_rate: of the file, in Hz.

    Raises:
        AudioError: here, when the file is not there, cannot be opened, is not audio, or has no such time range; in the
            middle, when its samples are not finite or the disk fails; at the end, when there were none.
    """

    def __init__(self, path: str, start: float | None = None, end: float | None = None) -> None:
        self.path = path
        _check_range(path, start, end)
        self._file = _open(path)
        try:
            self._reader = open_reader(self._file)
        except UnreadableError as error:
            self._file.close()
            raise AudioError(path, str(error)) from error
        except OSError as error:
            self._file.close()
            raise _unread(path, error) from error
        self.sample_rate = self._reader.sample_rate
        try:
            self._check_header(start)
        except AudioError:
            self.close()
            raise
        self._start = self._sample_at(start or 0.0)
        self._wanted = math.inf if end is None else max(self._sample_at(end) - self._start, 1)
        self._meter = LevelMeter(self._reader.channels)
        self._num_samples = 0
        self._blocks = self._decode()
        self._facts: DecodeFacts | None = None

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[np.ndarray]:
        """(any,) float32 each, at the rate of the file; each owns its samples."""
        return self._blocks

    @property
    def facts(self) -> DecodeFacts:
        """What was found, once every block has been taken."""
        if self._facts is None:
            raise RuntimeError("the facts are known once the file has been decoded to its end")
        return self._facts

    def close(self) -> None:
        """Close the file. Can be called more than once."""
        self._reader.close()
        self._file.close()

    def _check_header(self, start: float | None) -> None:
        if not LOWEST_RATE <= self.sample_rate <= HIGHEST_RATE:
            raise AudioError(
                self.path, f"its sample rate is {self.sample_rate} Hz, outside {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz"
            )
        declared = self._reader.declared_samples
        if declared == 0:
            raise AudioError(self.path, "holds no samples")
        if start and declared is not None and self._sample_at(start) >= declared:
            end = declared / self.sample_rate
            where = "is beyond" if start >= end else "is less than a sample before"
            raise AudioError(self.path, f"the start, {start:{_EXACT}} s, {where} its end at {end:{_EXACT}} s")

    def _sample_at(self, seconds: float) -> int:
        """The sample, of the whole file, that is nearest to a time."""
        return round(min(seconds, _LATEST) * self.sample_rate)

    def _read(self) -> Iterator[np.ndarray]:
        """The reader's blocks from the start on."""
        try:
            yield from self._reader.blocks(self._start)
        except OSError as error:
            raise _unread(self.path, error) from error

    def _decode(self) -> Iterator[np.ndarray]:
        for block in self._read():
            block = block[: int(min(len(block), self._wanted - self._num_samples))]
            mono = self._mono(block)
            self._meter.update(block, mono)
            self._num_samples += len(mono)
            yield mono
            if self._num_samples >= self._wanted:
                break
        if self._num_samples == 0:
            raise AudioError(self.path, "no samples could be decoded" + (" behind the start" if self._start else ""))
        self._facts = DecodeFacts(
            sample_rate=self.sample_rate,
            channels=self._reader.channels,
            num_samples=self._num_samples,
            declared_samples=self._reader.declared_samples,
            peak=self._meter.peak,
            clipped_runs=self._meter.clipped_runs,
            channel_energy=self._meter.channel_energy,
            mono_energy=self._meter.mono_energy,
            truncated=self._is_truncated(),
        )

    def _mono(self, block: np.ndarray) -> np.ndarray:
        """(num_samples, channels) -> (num_samples,), the mean over channels."""
        with np.errstate(invalid="ignore"):  # numpy before 2 warns about NaN in min and max
            finite = bool(block.min() >= -LOUDEST and block.max() <= LOUDEST)  # False for NaN too
        if not finite:
            bad = int(np.argmin((np.abs(block) <= LOUDEST).all(axis=1)))
            seconds = (self._start + self._num_samples + bad) / self.sample_rate
            kind = "huge" if np.isfinite(block[bad]).all() else "NaN or infinite"
            raise AudioError(self.path, f"holds {kind} samples, the first at {seconds:.3f} s")
        mono: np.ndarray = block[:, 0].copy()
        for channel in range(1, block.shape[1]):  # far faster than mean(axis=1) on few interleaved channels
            mono += block[:, channel]
        mono /= block.shape[1]
        return mono

    def _is_truncated(self) -> bool:
        if self._num_samples >= self._wanted:
            return False  # the range is complete, whatever comes behind it
        expected = self._wanted
        if math.isinf(expected):
            declared = self._reader.declared_samples
            expected = self._num_samples if declared is None else declared - self._start
        return self._reader.broke_off or expected - self._num_samples > TOLERANCE * self.sample_rate


def _check_range(path: str, start: float | None, end: float | None) -> None:
    for name, seconds in (("start", start), ("end", end)):
        if seconds is not None and not 0 <= seconds < math.inf:
            raise AudioError(path, f"the {name}, {seconds:{_EXACT}} s, is not a time in a file")
    if end is not None and end <= (start or 0.0):
        raise AudioError(path, f"the end, {end:{_EXACT}} s, is not behind the start, {start or 0.0:{_EXACT}} s")


def _open(path: str) -> FileIO:
    """The file, open to be read.

    Raises:
        AudioError: there is none, it is no regular file, it is empty, or it may not be read.
    """
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(path, "is a folder, not an audio file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe could wait for ever
            raise AudioError(path, "is not a regular file")
        if status.st_size == 0:
            raise AudioError(path, "is empty (zero bytes)")
        return Path(path).open("rb", buffering=0)  # libsndfile reads the descriptor beside us
    except FileNotFoundError:
        raise AudioError(path, "no such file") from None
    except PermissionError:
        raise AudioError(path, "may not be read (permission denied)") from None
    except OSError as error:
        raise _unread(path, error) from error
    except ValueError as error:  # a NUL in the name
        raise AudioError(path, f"is not a file name: {error}") from error


def _unread(path: str, error: OSError) -> AudioError:
    """What is said of a clip that the system does not read: a disk that fails, a network share that has gone."""
    return AudioError(path, f"cannot be read: {error.strerror or error}")
