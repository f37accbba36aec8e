"""M4A, AAC and WebM through the optional PyAV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from drasp_cli.audio.decode import DecodeFacts, Decoder
from drasp_cli.errors import AudioError

KINDS = [("m4a", "ipod", "aac", 44100), ("aac", "adts", "aac", 44100), ("webm", "webm", "libopus", 48000)]


def encode(path: Path, container: str, codec: str, rate: int, samples: np.ndarray) -> str:
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="stereo" if samples.shape[1] == 2 else "mono")
        stream.bit_rate = 192_000
        for start in range(0, len(samples), 1024):
            planes = np.ascontiguousarray(samples[start : start + 1024].T)
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=stream.layout.name)
            frame.rate, frame.pts = rate, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return str(path)


def decode(path: str, start: float | None = None, end: float | None = None) -> tuple[np.ndarray, DecodeFacts]:
    with Decoder(path, start, end) as decoder:
        return np.concatenate(list(decoder)), decoder.facts


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("ending", "container", "codec", "rate"), KINDS)
def test_formats_of_pyav(tmp_path: Path, ending: str, container: str, codec: str, rate: int, channels: int):
    time = np.arange(3 * rate) / rate
    sweep = 0.3 * np.sin(2 * np.pi * (200 + 300 * time) * time)
    samples = np.stack([sweep, 0.5 * sweep], axis=1)[:, :channels].astype(np.float32)
    path = encode(tmp_path / f"clip.{ending}", container, codec, rate, samples)

    mono, facts = decode(path)

    assert (facts.sample_rate, facts.channels, facts.truncated) == (rate, channels, False)
    assert facts.seconds == pytest.approx(3.0, abs=0.1)  # AAC pads at both ends
    delays = range(0, 2200, 1) if ending == "aac" else range(0, 1)  # raw AAC does not say how long its lead-in is
    expected = samples.mean(axis=1)[: 2 * rate]
    assert max(np.corrcoef(mono[delay : delay + len(expected)], expected)[0, 1] for delay in delays) > 0.99

    part, part_facts = decode(path, 1.0, 1.5)
    np.testing.assert_array_equal(part, mono[rate : rate + rate // 2])
    assert not part_facts.truncated
    with pytest.raises(AudioError, match="start"):
        decode(path, start=100.0)


@pytest.mark.parametrize(("ending", "container", "codec", "rate"), KINDS[1:])
def test_a_file_cut_short_keeps_what_is_there(tmp_path: Path, ending: str, container: str, codec: str, rate: int):
    noise = 0.1 * np.random.default_rng(3).standard_normal((4 * rate, 2)).astype(np.float32)
    path = encode(tmp_path / f"clip.{ending}", container, codec, rate, noise)
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])

    mono, facts = decode(path)

    assert 0.4 * 4 * rate < len(mono) < 0.6 * 4 * rate
    if ending == "webm":  # raw AAC does not say how long it is
        assert facts.truncated


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (22050, 1)])
def test_a_stream_whose_layout_changes_breaks_off_there(tmp_path: Path, rate: int, channels: int):
    noise = 0.1 * np.random.default_rng(3).standard_normal((44100, 2)).astype(np.float32)
    first = encode(tmp_path / "first.aac", "adts", "aac", 44100, noise[:, :1])
    other = encode(tmp_path / "other.aac", "adts", "aac", rate, noise[:, :channels])
    expected, facts = decode(first)
    assert not facts.truncated
    mixed = tmp_path / "mixed.aac"
    mixed.write_bytes(Path(first).read_bytes() + Path(other).read_bytes())

    mono, facts = decode(str(mixed))

    np.testing.assert_array_equal(mono, expected)
    assert (facts.channels, facts.truncated) == (1, True)


@pytest.mark.parametrize("reads", [0, 1, 5])  # to tell the format, to open it, between its blocks
def test_a_disk_that_fails(tmp_path: Path, failing_disk: Callable[[int], None], reads: int):
    noise = 0.1 * np.random.default_rng(3).standard_normal((4 * 44100, 2)).astype(np.float32)
    path = encode(tmp_path / "clip.aac", "adts", "aac", 44100, noise)
    assert Path(path).stat().st_size > 80_000

    failing_disk(reads)
    with pytest.raises(AudioError, match=r": cannot be read: Input/output error$"):
        decode(path)


def test_broken_files_are_refused(tmp_path: Path):
    (tmp_path / "junk.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    with pytest.raises(AudioError, match=r"broken or not supported|no audio"):
        decode(str(tmp_path / "junk.m4a"))
