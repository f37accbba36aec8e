from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drasp_cli.audio.containers import is_cut_off
from drasp_cli.audio.decode import DecodeFacts, Decoder
from drasp_cli.errors import AudioError

Write = Callable[..., str]


def decode(path: str, start: float | None = None, end: float | None = None) -> tuple[np.ndarray, DecodeFacts]:
    with Decoder(path, start, end) as decoder:
        return np.concatenate(list(decoder)), decoder.facts


def refusal(path: str, start: float | None = None, end: float | None = None) -> str:
    with pytest.raises(AudioError) as caught:
        decode(path, start, end)
    assert caught.value.path == path
    assert "\n" not in caught.value.reason
    return caught.value.reason


def _declare_no_length(path: str) -> None:
    """Takes the number of samples out of a FLAC file's header, as of one that was written to a pipe."""
    data = bytearray(Path(path).read_bytes())
    streaminfo = int.from_bytes(data[18:26], "big")
    data[18:26] = (streaminfo >> 36 << 36).to_bytes(8, "big")  # the last 36 bits are the number of samples
    Path(path).write_bytes(data)


LOSSLESS = {  # (format, subtype): largest error of a sample
    ("WAV", "PCM_U8"): 1 / 128,
    ("WAV", "PCM_16"): 1 / 32768,
    ("WAV", "PCM_24"): 1e-6,
    ("WAV", "PCM_32"): 1e-7,
    ("WAV", "FLOAT"): 0.0,
    ("WAV", "DOUBLE"): 0.0,
    ("WAV", "ULAW"): 0.02,
    ("WAV", "ALAW"): 0.02,
    ("WAVEX", "PCM_24"): 1e-6,
    ("RF64", "PCM_16"): 1 / 32768,
    ("FLAC", "PCM_16"): 1 / 32768,
    ("FLAC", "PCM_24"): 1e-6,
    ("AIFF", "PCM_16"): 1 / 32768,
    ("AIFF", "FLOAT"): 0.0,
    ("CAF", "PCM_24"): 1e-6,
    ("CAF", "ALAC_16"): 1 / 32768,
}
LOSSY = [("OGG", "VORBIS", 44100), ("OGG", "OPUS", 48000), ("MP3", "MPEG_LAYER_III", 44100)]


# ------------------------------------------------------------------------------------------------- formats


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(("container", "subtype"), LOSSLESS)
def test_lossless_formats(stereo: np.ndarray, write: Write, container: str, subtype: str, channels: int):
    samples = np.tile(stereo, 3)[:, :channels] * np.linspace(0.5, 1, channels, dtype=np.float32)
    path = write("clip", samples, format=container, subtype=subtype)

    mono, facts = decode(path)

    assert mono.dtype == np.float32
    np.testing.assert_allclose(mono, samples.mean(axis=1), rtol=0, atol=LOSSLESS[container, subtype] + 1e-7)
    assert (facts.sample_rate, facts.channels, facts.num_samples) == (44100, channels, len(samples))
    assert facts.declared_samples == len(samples)
    assert facts.peak == pytest.approx(np.abs(samples).max(), abs=0.02)
    assert not facts.truncated


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("container", "subtype", "rate"), LOSSY)
def test_lossy_formats(stereo: np.ndarray, write: Write, container: str, subtype: str, rate: int, channels: int):
    samples = stereo[:, :channels]
    path = write("clip", samples, rate, format=container, subtype=subtype)

    mono, facts = decode(path)

    assert facts.num_samples == len(samples)
    assert not facts.truncated
    assert np.corrcoef(mono, samples.mean(axis=1))[0, 1] > 0.98  # in place: a shift by a few samples gives less


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 96000, 192000])
def test_any_rate(stereo: np.ndarray, write: Write, rate: int):
    _, facts = decode(write("clip.wav", stereo[:2000], rate))
    assert (facts.sample_rate, facts.seconds) == (rate, 2000 / rate)


def test_a_headerless_format_is_not_guessed_from_the_name(tmp_path: Path):
    for name in ("noise.gsm", "noise.vox", "noise.raw"):
        path = tmp_path / name
        path.write_bytes(np.random.default_rng(0).bytes(50_000))
        assert refusal(str(path)).startswith("not audio")


@pytest.mark.parametrize("name", ["clip.wav", "音楽 ñ 🎵.wav", "new\nline.wav", "caf\udce9.wav"])
def test_any_file_name(stereo: np.ndarray, tmp_path: Path, name: str):
    path = os.path.join(str(tmp_path), name)
    with open(path, "wb") as file:
        soundfile.write(file, stereo, 44100, format="WAV")
    assert decode(path)[1].num_samples == len(stereo)


# --------------------------------------------------------------------------------------------- time ranges


@pytest.mark.parametrize(
    ("container", "subtype", "rate"), [("WAV", "PCM_16", 44100), ("FLAC", "PCM_16", 44100), *LOSSY]
)
def test_a_range_is_that_part_of_the_whole(write: Write, container: str, subtype: str, rate: int):
    samples = 0.1 * np.random.default_rng(5).standard_normal((30 * rate, 1)).astype(np.float32)
    path = write("clip", samples, rate, format=container, subtype=subtype)
    whole, _ = decode(path)

    for start, end in [(None, 0.25), (0.5, 0.75), (12.345678, 13.1), (29.9, None), (29, 30)]:
        part, facts = decode(path, start, end)
        first, last = round((start or 0) * rate), len(whole) if end is None else round(end * rate)
        np.testing.assert_allclose(part, whole[first:last], rtol=0, atol=1e-6)
        assert not facts.truncated


def test_impossible_ranges(stereo: np.ndarray, write: Write):
    path = write("clip.wav", stereo)  # 1.5 s
    assert refusal(path, start=1.5) == "the start, 1.5 s, is beyond its end at 1.5 s"
    nearly = "the start, 1.49999999 s, is less than a sample before its end at 1.5 s"
    assert refusal(path, start=1.49999999, end=1.5) == nearly
    assert refusal(path, start=1.0000001, end=1.0) == "the end, 1 s, is not behind the start, 1.0000001 s"
    assert refusal(path, start=1.0, end=1.0) == "the end, 1 s, is not behind the start, 1 s"
    assert refusal(path, end=0.0) == "the end, 0 s, is not behind the start, 0 s"
    assert refusal(path, start=-1.0) == "the start, -1 s, is not a time in a file"
    assert refusal(path, end=float("nan")) == "the end, nan s, is not a time in a file"


def test_a_range_that_reaches_beyond_the_end_is_truncated_unless_by_a_rounding(stereo: np.ndarray, write: Write):
    path = write("clip.wav", stereo)  # 1.5 s
    assert decode(path, end=2.0)[1].truncated
    assert decode(path, end=1.65)[1].truncated
    assert not decode(path, end=1.55)[1].truncated


@pytest.mark.parametrize("far", [1e9, 1e300, 1e308, sys.float_info.max])
def test_a_time_beyond_any_file_is_as_any_other_beyond_its_end(stereo: np.ndarray, write: Write, far: float):
    path = write("clip.wav", stereo)  # 1.5 s
    mono, facts = decode(path, start=0.5, end=far)
    assert (len(mono), facts.truncated) == (len(stereo) - 22050, True)
    assert refusal(path, start=far) == f"the start, {far:.12g} s, is beyond its end at 1.5 s"
    endless = write("clip.flac", stereo)
    _declare_no_length(endless)
    assert refusal(endless, start=far) == "no samples could be decoded behind the start"


# ------------------------------------------------------------------------------------------ what is refused


def test_files_that_cannot_be_opened(tmp_path: Path):
    assert refusal(str(tmp_path / "gone.wav")) == "no such file"
    assert refusal(str(tmp_path)) == "is a folder, not an audio file"
    assert refusal("a\0b.wav").startswith("is not a file name")
    (tmp_path / "empty.wav").touch()
    assert refusal(str(tmp_path / "empty.wav")) == "is empty (zero bytes)"
    os.mkfifo(tmp_path / "pipe.wav")
    assert refusal(str(tmp_path / "pipe.wav")) == "is not a regular file"
    assert refusal(str(tmp_path / ("x" * 300))).startswith("cannot be read: ")


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # the tests may run as root, who may read everything
    (tmp_path / "secret.wav").write_bytes(b"RIFF")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(str(tmp_path / "secret.wav")) == "may not be read (permission denied)"


@pytest.mark.parametrize("reads", [0, 1, 2])  # the head is read twice; of OGG then the tail, of WAV the chunks
@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("OGG", "VORBIS")])
def test_a_disk_that_fails(
    stereo: np.ndarray, write: Write, failing_disk: Callable[[int], None], container: str, subtype: str, reads: int
):
    path = write("clip", stereo, format=container, subtype=subtype)
    before = len(os.listdir("/dev/fd"))

    failing_disk(reads)
    assert refusal(path) == "cannot be read: Input/output error"
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("name", ["text.wav", "text.mp3", "text.flac", "text.m4a"])
def test_text_is_not_audio(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]):
    (tmp_path / name).write_text("This is not music.\n" * 500)
    reason = refusal(str(tmp_path / name))
    assert reason.startswith("not audio")
    assert "pip install 'drasp[av]'" in reason
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "head", [b"\0\0\0\x20ftypM4A ", b"\x1a\x45\xdf\xa3\x01", b"\xff\xf1\x50\x80\x03\x7f\xfc", b"\xff\xf9\x50\x80"]
)
def test_formats_that_need_pyav_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes):
    monkeypatch.setitem(sys.modules, "av", None)  # as if it were not installed
    (tmp_path / "clip.bin").write_bytes(head + bytes(500))
    assert refusal(str(tmp_path / "clip.bin")) == "M4A, AAC and WebM need PyAV: pip install 'drasp[av]'"


def test_a_header_without_samples(stereo: np.ndarray, write: Write):
    assert refusal(write("none.wav", stereo[:0])) == "holds no samples"


@pytest.mark.parametrize(
    ("place", "size", "value"), [(24, 4, 0), (24, 4, 100), (24, 4, 2_000_000), (22, 2, 0), (20, 2, 0x161)]
)
def test_impossible_headers(stereo: np.ndarray, write: Write, place: int, size: int, value: int):
    path = Path(write("clip.wav", stereo))
    data = bytearray(path.read_bytes())
    data[place : place + size] = value.to_bytes(size, "little")
    path.write_bytes(data)
    assert any(word in refusal(str(path)) for word in ("sample rate", "broken or not supported"))


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "NaN or infinite"), (-np.inf, "NaN or infinite"), (3e38, "huge")])
@pytest.mark.parametrize("channel", [0, 1])
def test_samples_that_are_no_numbers(stereo: np.ndarray, write: Write, value: float, kind: str, channel: int):
    stereo[44100, channel] = value
    path = write("clip.wav", stereo, subtype="FLOAT")
    assert refusal(path) == f"holds {kind} samples, the first at 1.000 s"
    assert refusal(path, start=0.5) == f"holds {kind} samples, the first at 1.000 s"
    assert decode(path, end=1.0)[1].num_samples == 44100  # the range does not touch it


# --------------------------------------------------------------------------------------------- truncated files


@pytest.mark.parametrize(
    ("container", "subtype", "rate"),
    [
        ("WAV", "PCM_16", 44100),
        ("RF64", "PCM_16", 44100),
        ("W64", "PCM_16", 44100),
        ("FLAC", "PCM_16", 44100),
        ("AIFF", "PCM_24", 44100),
        ("AU", "PCM_16", 44100),
        *LOSSY,
    ],
)
def test_a_file_cut_short_keeps_what_is_there(write: Write, container: str, subtype: str, rate: int):
    noise = 0.1 * np.random.default_rng(5).standard_normal((5 * rate, 2)).astype(np.float32)
    path = Path(write("clip", noise, rate, format=container, subtype=subtype))
    whole, _ = decode(str(path))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])

    mono, facts = decode(str(path))

    assert facts.truncated
    assert 0.5 * len(whole) < len(mono) < 0.65 * len(whole)
    settled = len(mono) - rate // 10  # the last packet of a lossy file may be half there
    np.testing.assert_allclose(mono[:settled], whole[:settled], rtol=0, atol=1e-6)
    assert not decode(str(path), end=1.0)[1].truncated  # that range is whole


def test_little_endian_au_is_cut_short_too(stereo: np.ndarray, write: Write):
    path = Path(write("clip", stereo, format="AU", subtype="PCM_16", endian="LITTLE"))
    assert not decode(str(path))[1].truncated
    path.write_bytes(path.read_bytes()[:-1000])
    assert decode(str(path))[1].truncated


@pytest.mark.parametrize("size", [2**63 - 1, 2**64 - 1])
def test_w64_from_a_pipe_declares_no_length(stereo: np.ndarray, tmp_path: Path, size: int):
    path = tmp_path / "clip.w64"
    soundfile.write(path, stereo, 44100, format="W64", subtype="PCM_16")
    data = path.read_bytes()
    place = data.index(b"data\xf3\xac") + 16
    path.write_bytes(data[:place] + size.to_bytes(8, "little") + data[place + 8 :])
    with path.open("rb", buffering=0) as file:
        assert not is_cut_off(file)


@pytest.mark.parametrize("size", [0, 7, 2**40, 2**64 - 1])
def test_a_w64_chunk_of_any_size_is_passed_over(stereo: np.ndarray, tmp_path: Path, size: int):
    """Neither a chunk that says it is empty nor one that says it has no end keeps the walk going."""
    path = tmp_path / "clip.w64"
    soundfile.write(path, stereo, 44100, format="W64", subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[:56] + size.to_bytes(8, "little") + data[64:])
    with path.open("rb", buffering=0) as file:
        assert not is_cut_off(file)


def test_au_from_a_pipe_declares_no_length(stereo: np.ndarray, write: Write):
    path = Path(write("clip", stereo, format="AU", subtype="PCM_16"))
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"\xff\xff\xff\xff" + data[12:])
    mono, facts = decode(str(path))
    assert (len(mono), facts.truncated) == (len(stereo), False)


def test_caf_cut_short_is_flagged_or_where_libsndfile_does_not_open_it_refused(stereo: np.ndarray, write: Write):
    path = Path(write("clip.caf", stereo))
    data = path.read_bytes()
    path.write_bytes(data[:-1000])
    mono, facts = decode(str(path))
    assert (len(mono), facts.truncated) == (len(stereo) - 250 - 2, True)  # 4 bytes a sample; 2 samples of padding
    path.write_bytes(data[: len(data) * 6 // 10])
    assert refusal(str(path)).startswith("broken or not supported: ")


def test_caf_from_a_pipe_declares_no_length(stereo: np.ndarray, write: Write):
    path = Path(write("clip.caf", stereo))
    data = path.read_bytes()
    place = data.index(b"data") + 4
    path.write_bytes(data[:place] + b"\xff" * 8 + data[place + 8 :])
    with path.open("rb", buffering=0) as file:
        assert not is_cut_off(file)


def test_a_file_broken_in_the_middle_keeps_what_is_before(write: Write):
    noise = 0.1 * np.random.default_rng(5).standard_normal((5 * 44100, 2)).astype(np.float32)
    path = Path(write("clip.flac", noise))
    whole, _ = decode(str(path))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(6).bytes(4000)
    path.write_bytes(data)

    mono, facts = decode(str(path))

    assert facts.truncated
    assert 0.4 * len(whole) < len(mono) < 0.6 * len(whole)
    np.testing.assert_array_equal(mono, whole[: len(mono)])


def test_a_few_missing_bytes_of_padding_are_no_truncation(stereo: np.ndarray, write: Write):
    path = Path(write("clip.wav", stereo))
    path.write_bytes(path.read_bytes()[:-40])
    assert not decode(str(path))[1].truncated
    path.write_bytes(path.read_bytes()[:-40])
    assert decode(str(path))[1].truncated


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_wav_from_a_pipe_declares_an_absurd_length(stereo: np.ndarray, write: Write, size: int):
    path = Path(write("clip.wav", stereo))
    expected, _ = decode(str(path))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = size.to_bytes(4, "little")
    path.write_bytes(data)

    mono, facts = decode(str(path))

    np.testing.assert_array_equal(mono, expected)
    assert not facts.truncated


def test_flac_from_a_pipe_declares_no_length(stereo: np.ndarray, write: Write):
    path = Path(write("clip.flac", stereo))
    expected, _ = decode(str(path))
    _declare_no_length(str(path))

    mono, facts = decode(str(path))

    np.testing.assert_array_equal(mono, expected)
    assert facts.declared_samples is None
    assert not facts.truncated
    np.testing.assert_array_equal(decode(str(path), 0.5, 1.0)[0], expected[22050:44100])
    assert refusal(str(path), start=2.0) == "no samples could be decoded behind the start"


# ------------------------------------------------------------------------------------------------- the facts


def test_channels_that_cancel_leave_their_energy_in_the_facts(stereo: np.ndarray, write: Write):
    stereo[:, 1] = -stereo[:, 0]
    mono, facts = decode(write("clip.wav", stereo, subtype="FLOAT"))
    assert np.abs(mono).max() == facts.mono_energy == 0.0
    assert facts.channel_energy == pytest.approx(2 * np.sum(stereo[:, 0].astype(np.float64) ** 2), rel=1e-5)


def test_clipped_runs_are_found_in_a_file(stereo: np.ndarray, write: Write):
    assert decode(write("fine.wav", stereo))[1].clipped_runs == 0
    facts = decode(write("loud.wav", np.clip(6 * stereo, -1, 1)))[1]
    assert facts.clipped_runs > 1000
    assert facts.peak == 1.0


def test_facts_are_not_known_before_the_end(stereo: np.ndarray, write: Write):
    with Decoder(write("clip.wav", stereo)) as decoder, pytest.raises(RuntimeError, match="to its end"):
        _ = decoder.facts


def test_no_file_stays_open(stereo: np.ndarray, write: Write, tmp_path: Path):
    good, bad = write("good.wav", stereo), tmp_path / "bad.wav"
    bad.write_text("no audio")
    stereo[44100] = np.nan
    broken = write("broken.wav", stereo, subtype="FLOAT")
    before = len(os.listdir("/dev/fd"))

    decode(good)
    refusal(str(bad))
    refusal(broken)
    refusal(good, start=9.0)
    with Decoder(good) as decoder:
        next(iter(decoder))

    assert len(os.listdir("/dev/fd")) == before
