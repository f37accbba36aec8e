"""Read an open audio file as blocks of interleaved float32 samples: libsndfile for most formats, PyAV for the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import FileIO
from typing import Protocol

import numpy as np
import soundfile

from drasp_cli.audio.containers import is_cut_off, needs_pyav

_BLOCK_VALUES = 1 << 17  # samples over all channels in one block: half a megabyte
_LENGTH_UNKNOWN = 2**63 - 1  # libsndfile's frame count for a FLAC stream that was written to a pipe
_UNRECOGNISED = (1, 7)  # libsndfile's codes for "no format matches": in general, and after trying MP3 last
_SEEKS_ASTRAY = ("VORBIS",)  # libsndfile 1.2.2 lands elsewhere in the last page; others measured exact to the sample
# soundfile seeks to where it stands after each read; at the end of a stream of unknown length that fails with this code
_BAD_SEEK = 39

_READABLE = "WAV, FLAC, OGG, Opus, MP3, AIFF or CAF; M4A, AAC and WebM with pip install 'drasp[av]'"


class UnreadableError(Exception):
    """The file cannot be read as audio; the message says why. Never leaves this package."""


class Reader(Protocol):
    """An open audio file.

    Attributes:
        sample_rate: in Hz.
        channels: number of channels.
        declared_samples: per channel, as the file says; None when it does not say.
        broke_off: True once `blocks` has ended because the rest is missing or cannot be decoded.
    """

    sample_rate: int
    channels: int
    declared_samples: int | None
    broke_off: bool

    def blocks(self, start: int) -> Iterator[np.ndarray]:
        """Blocks from sample `start` to the end: (any, channels) float32, overwritten by the next one.

        Raises:
            OSError: the system fails to read the file, where the decoder lets that be told from its end.
        """
        ...

    def close(self) -> None:
        """Give the decoder back; the file stays open."""
        ...


def open_reader(file: FileIO) -> Reader:
    """The reader for a file, by what is in it; its name is not asked.

    Raises:
        UnreadableError: not audio, or in no format that can be read here.
        OSError: the system fails to read it.
    """
    head = file.read(16)
    file.seek(0)
    return _PyavReader(file) if needs_pyav(head) else _SoundfileReader(file)


class _SoundfileReader:
    """WAV, FLAC, OGG, Opus, MP3, AIFF, CAF and what else libsndfile knows."""

    def __init__(self, file: FileIO) -> None:
        self._cut_off = is_cut_off(file)
        file.seek(0)
        # A descriptor keeps libsndfile from guessing a headerless format from the name, and takes any name at all.
        # On Windows it may belong to another C runtime than libsndfile's.
        source = file.name if os.name == "nt" else file.fileno()
        try:
            self._sound = soundfile.SoundFile(source, closefd=False)
        except soundfile.LibsndfileError as error:
            if error.code in _UNRECOGNISED:
                raise UnreadableError(f"not audio, or in a format that is not read here ({_READABLE})") from error
            raise UnreadableError(f"broken or not supported: {error.error_string}") from error
        self.sample_rate: int = self._sound.samplerate
        self.channels: int = self._sound.channels
        self.declared_samples = None if self._sound.frames == _LENGTH_UNKNOWN else int(self._sound.frames)
        self.broke_off = False

    def blocks(self, start: int) -> Iterator[np.ndarray]:
        if self.declared_samples is None or self._sound.subtype in _SEEKS_ASTRAY:
            yield from _without_first(self._blocks(), start)
            return
        try:
            self._sound.seek(start)
        except soundfile.LibsndfileError:
            self.broke_off = True
            return
        yield from self._blocks()

    def _blocks(self) -> Iterator[np.ndarray]:
        buffer = np.empty((max(1, _BLOCK_VALUES // self.channels), self.channels), dtype=np.float32)
        while not self.broke_off:
            buffer.fill(np.nan)
            try:
                block = self._sound.read(dtype="float32", out=buffer)
            except soundfile.LibsndfileError as error:
                # The count is lost with the exception; what was decoded before it has overwritten the NaNs.
                untouched = np.isnan(buffer[:, 0])
                block = buffer[: untouched.argmax() if untouched.any() else len(buffer)]
                self.broke_off = self.declared_samples is not None or error.code != _BAD_SEEK
                if len(block):
                    yield block
                return
            if not len(block):
                break
            yield block
        self.broke_off = self._cut_off

    def close(self) -> None:
        self._sound.close()


class _PyavReader:
    """M4A, AAC, WebM and what else FFmpeg knows, through the optional PyAV."""

    def __init__(self, file: FileIO) -> None:
        try:
            import av
        except ImportError as error:
            raise UnreadableError("M4A, AAC and WebM need PyAV: pip install 'drasp[av]'") from error
        self._error = av.FFmpegError
        try:
            self._container = av.open(file, "r", metadata_errors="replace")
        except av.FFmpegError as error:
            raise UnreadableError(f"broken or not supported: {error.strerror}") from error
        if not self._container.streams.audio:
            self._container.close()
            raise UnreadableError("holds no audio stream")
        self._stream = self._container.streams.audio[0]
        self._to_float = av.AudioResampler(format="flt")
        self.sample_rate: int = self._stream.rate or 0  # a broken header may hold none
        self.channels: int = self._stream.channels
        self.declared_samples = self._declared_samples()
        self.broke_off = False

    def blocks(self, start: int) -> Iterator[np.ndarray]:
        # FFmpeg seeks to packets, not to samples: decoding from the beginning is what keeps ranges exact.
        yield from _without_first(self._blocks(), start)

    def _declared_samples(self) -> int | None:
        if self._container.format.name == "aac":
            return None  # raw AAC does not say; FFmpeg guesses from the bit rate
        if self._stream.duration is not None:
            return int(self._stream.duration * (self._stream.time_base or 0) * self.sample_rate)
        if self._container.duration is not None and len(self._container.streams) == 1:  # WebM, in microseconds
            return int(self._container.duration / 1e6 * self.sample_rate)
        return None

    def _blocks(self) -> Iterator[np.ndarray]:
        try:
            for decoded in self._container.decode(self._stream):
                try:
                    frames = self._to_float.resample(decoded)
                except ValueError:  # not of the rate, or not of the channels, that the stream began with
                    self.broke_off = True
                    return
                for frame in frames:
                    yield frame.to_ndarray().reshape(-1, self.channels)
        except self._error:
            self.broke_off = True

    def close(self) -> None:
        self._container.close()


def _without_first(blocks: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    """The same signal without its first `count` samples."""
    for block in blocks:
        if count < len(block):
            yield block[count:]
        count = max(count - len(block), 0)
