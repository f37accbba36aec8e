from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drasp_cli.audio.resample import resample
from drasp_cli.audio.stream import AudioFacts, open_clip, open_shared
from drasp_cli.audio.windows import WindowSpec
from drasp_cli.datatypes import Clip, Window
from drasp_cli.errors import AudioError

Write = Callable[..., str]


def take(clip: Clip, rate: int, window: int, fill: str = "zero") -> tuple[list[Window], AudioFacts]:
    with open_clip(clip, sample_rate=rate, window_samples=window, fill=fill) as audio:
        windows = list(audio)
    return windows, audio.facts


def test_a_clip_becomes_resampled_windows_and_facts(stereo: np.ndarray, write: Write):
    path = write("clip.wav", stereo, subtype="FLOAT")  # 1.5 s at 44,100 Hz

    windows, facts = take(Clip(path), 32000, 32000)

    expected = resample(stereo.mean(axis=1), 44100, 32000)
    np.testing.assert_array_equal(windows[0].samples, expected[:32000])
    np.testing.assert_array_equal(windows[1].samples[:16000], expected[32000:])
    assert not windows[1].samples[16000:].any()
    assert [window.num_samples for window in windows] == [32000, 16000]
    assert facts == AudioFacts(sample_rate=44100, seconds=1.5, windows=2, flags=())


def test_the_last_window_repeats_when_asked_to(stereo: np.ndarray, write: Write):
    windows, _ = take(Clip(write("clip.wav", stereo)), 44100, 3 * 66150 + 10, "repeat")
    (window,) = windows
    np.testing.assert_array_equal(window.samples[66150:132300], window.samples[:66150])
    assert not window.samples[-10:].any()
    assert window.num_samples == 66150


def test_a_time_range_is_resampled_as_if_it_were_the_file(stereo: np.ndarray, write: Write):
    path = write("clip.wav", stereo, subtype="FLOAT")
    windows, facts = take(Clip(path, start=0.25, end=0.75), 16000, 16000)

    expected = resample(stereo[11025:33075].mean(axis=1), 44100, 16000)
    np.testing.assert_array_equal(windows[0].samples[: len(expected)], expected)
    assert facts == AudioFacts(sample_rate=44100, seconds=0.5, windows=1, flags=("short",))


def test_flags_come_from_the_file(stereo: np.ndarray, write: Write):
    silent = write("silent.wav", np.zeros((8000, 2)), 8000)
    assert take(Clip(silent), 16000, 16000)[1].flags == ("silent", "upsampled")
    stereo[:, 1] = -stereo[:, 0]
    assert take(Clip(write("opposed.wav", stereo)), 16000, 16000)[1].flags == ("phase-cancelled",)
    path = Path(write("cut.wav", stereo[:44100]))
    path.write_bytes(path.read_bytes()[:50_000])
    assert take(Clip(str(path)), 16000, 16000)[1].flags == ("short", "phase-cancelled", "truncated")


def test_the_shortest_clip_is_one_window(write: Write):
    for rate in (8000, 192000):
        windows, facts = take(Clip(write("clip.wav", np.full(1, 0.5), rate)), 16000, 100, "repeat")
        assert facts.windows == len(windows) == 1
        assert windows[0].num_samples == -(-16000 // rate)


def test_a_missing_file_fails_when_opened(tmp_path: Path):
    with pytest.raises(AudioError, match="no such file"):
        open_clip(Clip(str(tmp_path / "gone.wav")), sample_rate=16000, window_samples=100, fill="zero")


def test_nan_late_in_the_file_fails_the_clip_there(write: Write):
    samples = np.zeros(200_000, dtype=np.float32)
    samples[190_000] = np.nan
    path = write("late.wav", samples, 16000, subtype="FLOAT")
    with open_clip(Clip(path), sample_rate=16000, window_samples=16000, fill="zero") as audio:
        next(audio)
        with pytest.raises(AudioError, match=r"NaN or infinite samples, the first at 11\.875 s"):
            list(audio)
        with pytest.raises(RuntimeError):
            _ = audio.facts


def test_an_unknown_fill_is_refused_and_closes_the_file(stereo: np.ndarray, write: Write):
    path = write("clip.wav", stereo)
    with pytest.raises(ValueError, match="mirror"):
        open_clip(Clip(path), sample_rate=16000, window_samples=100, fill="mirror")


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_a_long_file_streams_in_little_memory(tmp_path: Path, container: str):
    rate, minutes = 22050, 20
    path = str(tmp_path / "long")
    tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(60 * rate) / rate)
    with soundfile.SoundFile(path, "w", rate, 2, format=container, subtype="PCM_16") as file:
        for _ in range(minutes):
            file.write(np.stack([tone, tone], axis=1))

    tracemalloc.start()
    with open_clip(Clip(path), sample_rate=32000, window_samples=320_000, fill="repeat") as audio:
        real = sum(window.num_samples for window in audio)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert real == minutes * 60 * 32000  # 154 MB as float32
    assert audio.facts.windows == 120
    assert peak < 12e6


@pytest.mark.parametrize("seconds", [0.01, 1.5, 7.3])
def test_windows_for_several_are_those_that_each_would_get_alone(write: Write, seconds: float):
    path = write("clip.wav", np.random.default_rng(0).uniform(-0.5, 0.5, (round(44100 * seconds), 2)), 44100)
    specs = [
        WindowSpec(44100, 9000, "zero"),
        WindowSpec(16000, 50_000, "repeat"),
        WindowSpec(48000, 4800, "repeat"),
        WindowSpec(16000, 50_000, "zero"),
    ]
    with open_shared(Clip(path), specs) as shared:
        windows = list(shared)
    for place, spec in enumerate(specs):
        expected, facts = take(Clip(path), spec.sample_rate, spec.window_samples, spec.fill)
        got = [window for at, window in windows if at == place]
        assert [window.num_samples for window in got] == [window.num_samples for window in expected]
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_array_equal(one.samples, other.samples)
        assert shared.facts[place] == facts
    assert ["upsampled" in facts.flags for facts in shared.facts] == [False, False, True, False]
