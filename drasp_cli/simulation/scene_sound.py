"""A scene as it sounds: each element played on its own, set to its level, put in its place, and all of them added."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from drasp_cli.simulation.attributes import SPOKEN
from drasp_cli.simulation.degradations import db, rms
from drasp_cli.simulation.happenings import HAPPENINGS, happen
from drasp_cli.simulation.instruments import play
from drasp_cli.simulation.recordings import Library, play_recordings
from drasp_cli.simulation.scenes import Element, Scene
from drasp_cli.simulation.textures import TEXTURES

Samples = NDArray[np.float64]

_FADE = 0.15  # seconds in which an element comes and goes; a cut-off has none
_LOOP = (0.35, 1.1)  # seconds of the piece that is repeated
_ROUGHNESS = (40.0, 75.0)  # Hz; amplitude modulation is roughest near 70 (Fastl and Zwicker, Psychoacoustics, ch. 11)
_SHRILL_DB = 14.0


def sound_scene(
    scene: Scene, rate: int, rng: np.random.Generator, libraries: Mapping[str, Library] = MappingProxyType({})
) -> Samples:
    """The scene: (num_samples,) at `rate` Hz, the foreground at an RMS of 1 while it sounds.

    Args:
        scene: what is heard when.
        rate: in Hz.
        rng: how it is performed.
        libraries: "speech", "music" -> the recordings of it, where elements are recorded.
    """
    out = np.zeros(round(scene.seconds * rate))
    for element, dice in zip(scene.elements, rng.spawn(len(scene.elements)), strict=True):
        sound = _sound(element, rate, dice, libraries.get(element.kind))
        sound *= db(element.decibels) / _loudness(sound, rate)
        first = int(element.start * rate)
        sound = sound[: len(out) - first]
        _fade(sound, rate, into=element.start > 0.0, out_of=element.stop < scene.stop)
        out[first : first + len(sound)] += sound
    return out


def _sound(element: Element, rate: int, rng: np.random.Generator, library: Library | None) -> Samples:
    seconds = element.stop - element.start
    if element.recorded:
        assert library is not None
        return play_recordings(library, rate, seconds, rng).samples
    if element.kind in ("music", "speech"):
        return play(element.notes, SPOKEN if element.kind == "speech" else element.main, rate, seconds, rng)
    source, faults = rng.spawn(2)
    if element.kind in HAPPENINGS:
        onsets = tuple(onset - element.start for onset in element.onsets)
        sound = happen(element.kind, onsets, rate, seconds, source)
    else:
        sound = TEXTURES[element.kind](rate, seconds, source)
    if element.faults["looping"] > 0.0:
        sound = loop(sound, rate, element.faults["looping"], faults)
    if element.faults["harshness"] > 0.0:
        sound = harshen(sound, rate, element.faults["harshness"], faults)
    return sound


def loop(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """The last part of the sound, a share of `severity` of it, is one piece of 0.35 to 1.1 s over and over."""
    piece = min(int(float(rng.uniform(*_LOOP)) * rate), len(samples) // 2)
    begin = max(piece, int((1.0 - severity) * len(samples)))
    out = samples.copy()
    out[begin:] = np.resize(samples[begin - piece : begin], len(samples) - begin)
    return out


def harshen(samples: Samples, rate: int, severity: float, rng: np.random.Generator) -> Samples:
    """Rough and shrill: modulated in amplitude at 40 to 75 Hz, and up to 14 dB more above 2.5 kHz."""
    times = np.arange(len(samples)) / rate
    rough = samples * (1.0 + severity * np.sin(2 * np.pi * float(rng.uniform(*_ROUGHNESS)) * times))
    high = np.asarray(sosfilt(butter(1, 2500.0, "highpass", fs=rate, output="sos"), rough))
    return rough + (db(_SHRILL_DB * severity) - 1.0) * high


def _loudness(samples: Samples, rate: int) -> float:
    """RMS over the loudest half of the 50 ms frames: pauses between events do not make an event louder."""
    frame = max(1, int(0.05 * rate))
    if len(samples) < 2 * frame:
        return rms(samples)
    power = np.mean(samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2, axis=1)
    power.sort()
    return float(max(np.sqrt(np.mean(power[len(power) // 2 :])), 1e-9))


def _fade(samples: Samples, rate: int, *, into: bool, out_of: bool) -> None:
    """Lets an element come and go softly, in place."""
    count = min(int(_FADE * rate), len(samples) // 2)
    ramp = np.linspace(0.0, 1.0, count)
    if into:
        samples[:count] *= ramp
    if out_of and count:
        samples[-count:] *= ramp[::-1]
