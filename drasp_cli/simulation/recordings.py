"""Recordings in simulated listening tests: real speech or music, from whoever has some, in place of the synthetic.

A network that has heard synthetic sound only takes what it never met in them (the closures of real stops, the floor of
a real room, a source that was once kept in a good coding) for damage. The recordings count as faultless, so they
should be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal import oaconvolve, resample_poly

from drasp_cli.datasets.folders import find_audio
from drasp_cli.errors import SimulationError
from drasp_cli.simulation.layout import SPLITS, Wish, deal
from drasp_cli.simulation.random_streams import stream

Samples = NDArray[np.float64]

RECORDED: Final = 0.9
"""The share of spoken voices that are recorded in the MusicEval layout, where recordings are given."""
SHORTEST_RECORDING: Final = 0.5
"""Seconds; shorter files are passed over."""

_LEVEL = 0.25  # RMS of a recording, about that of `speech.speak`
_FADE = 0.008  # seconds at both ends of a piece
_PAUSE = (0.08, 0.7)  # seconds between two pieces
_SPEED = (0.88, 1.12)
_SPEED_STEP = 100  # Hz of the sampling rate that a piece is taken to have, so that the resampling filter stays short
_TONE_FRAME = 1024  # samples of the short-time spectra that room tone is taken from
_TONE_SHARE = 0.1  # of a piece's frames, the quietest
_LOUDEST_TONE = 1e-3  # its power over that of the piece


class Played(NamedTuple):
    """Recordings as they are heard.

    Attributes:
        samples: (num_samples,).
        made_at: the highest sampling rate in Hz that any of them was made at, at the speed it is played at.
    """

    samples: Samples
    made_at: int


class Library(NamedTuple):
    """Recordings that one split may use.

    Attributes:
        folder: where they lie.
        names: of the files, relative to it; see `recordings_of`.
    """

    folder: str
    names: Sequence[str]


@lru_cache(maxsize=4)
def find_recordings(folder: str) -> tuple[str, ...]:
    """The audio files below `folder` that are long enough, relative to it, in code-point order.

    Raises:
        SimulationError: there are fewer than one for each split, or one cannot be decoded.
        InputError: a folder cannot be listed.
    """
    found = []
    for name in find_audio(folder):
        try:
            seconds = soundfile.info(f"{folder}/{name}").duration
        except soundfile.SoundFileError as error:
            raise SimulationError(f"{folder}/{name} cannot be decoded ({error}); take it out of the folder") from None
        if seconds >= SHORTEST_RECORDING:
            found.append(name)
    if len(found) < len(SPLITS):
        raise SimulationError(
            f"{len(found)} audio files of {SHORTEST_RECORDING:g} s or more below {folder}; expected recordings, "
            f"at least {len(SPLITS)} files, one for each of {', '.join(SPLITS)}"
        )
    return tuple(found)


@lru_cache(maxsize=2 * len(SPLITS))  # of speech and music: clips of all splits come in turn
def recordings_of(folder: str, split: str, seed: int) -> tuple[str, ...]:
    """The recordings below `folder` that the clips of one split may use: no recording is in two splits."""
    names = find_recordings(folder)
    dealt = deal(len(names), stream(seed, "split of recordings"))
    return tuple(name for name, owner in zip(names, dealt, strict=True) if owner == split)


def libraries_of(wish: Wish, split: str) -> dict[str, Library]:
    """Kind of sound ("speech", "music") -> what one split may use, of those that there are recordings of."""
    return {kind: Library(folder, recordings_of(folder, split, wish.seed)) for kind, folder in wish.recordings.items()}


def describe_recordings(wish: Wish) -> str:
    """A paragraph for the README of a listening test: which recordings are in it; empty where there are none."""
    said = [
        f"\nSome of the {kind} is recorded: {len(find_recordings(folder))} files below `{folder}` "
        f"(digest {digest_recordings(folder)}); no recording is in two sets.\n"
        for kind, folder in wish.recordings.items()
    ]
    return "".join(said)


def digest_recordings(folder: str) -> str:
    """What is below `folder` in twelve hexadecimal digits: SHA-256 over the names and the bytes."""
    digest = hashlib.sha256()
    for name in find_recordings(folder):
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256((Path(folder) / name).read_bytes()).digest())
    return digest.hexdigest()[:12]


def play_recordings(library: Library, rate: int, seconds: float, rng: np.random.Generator) -> Played:
    """Some of the recordings one behind the other, in their order from a random one on, at `rate` Hz.

    All are played at one speed, up to an eighth slower or faster, which makes more voices of them (Ko et al., "Audio
    augmentation for speech recognition", Interspeech 2015). Between two pieces the room goes on: see `room_tone`.

    Args:
        library: what there is.
        rate: in Hz.
        seconds: length of the result; the last piece is cut where it ends.
        rng: which recordings, from where in them, and how long the pauses are.
    """
    folder, names = library
    total = round(seconds * rate)
    out = np.zeros(total)
    index = int(rng.integers(len(names)))
    speed = float(rng.uniform(*_SPEED))
    pause = int(float(rng.uniform(0.0, 0.3)) * rate)
    edge = int(_FADE * rate)
    before: Samples | None = None
    now = made_at = 0
    while now < total:
        piece, piece_made_at = _piece(f"{folder}/{names[index % len(names)]}", rate, (total - now) / rate, speed, rng)
        made_at = max(made_at, piece_made_at)
        lead = min(edge, now)
        tone = room_tone(piece if before is None else before, lead + pause + edge, rng)
        tone[:lead] *= np.linspace(0.0, 1.0, lead)
        tone[lead + pause :] *= np.linspace(1.0, 0.0, edge)
        _add(out, tone, now - lead)
        _add(out, piece, now + pause)
        before = piece
        now += pause + len(piece)
        pause = int(float(rng.uniform(*_PAUSE)) * rate)
        index += 1
    return Played(out, made_at)


def _add(out: Samples, piece: Samples, start: int) -> None:
    fits = piece[: max(0, len(out) - start)]
    out[start : start + len(fits)] += fits


def room_tone(samples: Samples, count: int, rng: np.random.Generator) -> Samples:
    """Noise like what is left of a recording where nobody speaks: (count,).

    Its spectrum is the mean of the quietest tenth of the short-time spectra. Silence where that is digital silence, and
    where it is no room: louder than 30 dB below the recording.
    """
    if len(samples) < _TONE_FRAME:
        return np.zeros(count)
    frames = np.lib.stride_tricks.sliding_window_view(samples, _TONE_FRAME)[:: _TONE_FRAME // 2]
    window = np.hanning(_TONE_FRAME)
    power = np.square(np.abs(rfft(frames * window, axis=1)))
    quietest = np.argsort(power.sum(axis=1))[: max(1, int(_TONE_SHARE * len(power)))]
    amplitude = np.sqrt(power[quietest].mean(axis=0) / np.square(window).sum())
    shape = np.roll(irfft(amplitude, _TONE_FRAME), _TONE_FRAME // 2) * window
    loud = np.sum(np.square(shape)) > _LOUDEST_TONE * np.mean(np.square(samples))
    noise = rng.standard_normal(count + _TONE_FRAME - 1)
    return np.zeros(count) if loud else np.asarray(oaconvolve(noise, shape, mode="valid"))


def _piece(path: str, rate: int, seconds: float, speed: float, rng: np.random.Generator) -> Played:
    """At most `seconds` of one file, from a random place where it is longer, played at `speed`."""
    with soundfile.SoundFile(path) as file:
        source_rate = max(1, round(file.samplerate * speed / _SPEED_STEP)) * _SPEED_STEP
        wanted = int(np.ceil(seconds * source_rate))
        spare = file.frames - wanted
        if spare > 0:
            file.seek(int(rng.integers(spare + 1)))
        samples = file.read(wanted, always_2d=True).mean(axis=1)
        common = int(np.gcd(rate, source_rate))
        samples = resample_poly(samples, rate // common, source_rate // common)
    edge = min(int(_FADE * rate), len(samples) // 2)
    samples[:edge] *= np.linspace(0.0, 1.0, edge)
    samples[len(samples) - edge :] *= np.linspace(1.0, 0.0, edge)
    loud = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    return Played(np.asarray(samples * (_LEVEL / loud) if loud > 0.0 else samples), source_rate)
