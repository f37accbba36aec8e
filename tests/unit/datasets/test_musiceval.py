"""The MusicEval layout: what is read, and what is refused with its line."""

from __future__ import annotations

import re

import pytest

from drasp_cli.datasets.musiceval import RatedClip, read_musiceval
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError

NAME = "audiomos2025-track1-S002_P044.wav"
DEMO = "audiomos2025-track1-S001_demo_7.wav"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wav").mkdir()
    (tmp_path / "sets").mkdir()
    for name in (NAME, DEMO, "audiomos2025-track1-S031_P045_2.wav"):
        (tmp_path / "wav" / name).write_bytes(b"")
    (tmp_path / "prompt_info.txt").write_text("id\ttext\nP044\tA slow, sad piano\nP045\tFast drums\n")
    (tmp_path / "demo_prompt_info.txt").write_text(f"id\ttext\n{DEMO}\tThe demo's own words\n")
    return tmp_path


def write(folder, *lines):
    (folder / "sets" / "test_mos_list.txt").write_text("".join(f"{line}\n" for line in lines))


def test_reads_clips_in_order_with_system_prompt_and_ratings(folder):
    write(folder, f"{DEMO},1.2,5", f"{NAME},3.4,2.6", "audiomos2025-track1-S031_P045_2.wav,4,4.2")
    first, second, third = read_musiceval(folder, "test")
    path = str(folder / "wav" / NAME)
    expected = Clip(path, id=NAME, system="S002", prompt="A slow, sad piano")
    assert second == RatedClip(expected, {"MI": 3.4, "TA": 2.6})
    assert (first.clip.system, first.clip.prompt) == ("S001", "The demo's own words")
    assert first.ratings == {"MI": 1.2, "TA": 5.0}
    assert (third.clip.system, third.clip.prompt) == ("S031", "Fast drums")


def test_demo_prompts_are_optional_and_may_be_stems(folder):
    (folder / "demo_prompt_info.txt").write_text(f"id\ttext\n{DEMO.removesuffix('.wav')}\tWords\n")
    write(folder, f"{DEMO},1,1")
    assert read_musiceval(folder, "test")[0].clip.prompt == "Words"
    (folder / "demo_prompt_info.txt").unlink()
    write(folder, f"{NAME},1,1")
    assert len(read_musiceval(folder, "test")) == 1


def test_windows_line_ends_and_byte_order_mark_are_read(folder):
    (folder / "sets" / "test_mos_list.txt").write_bytes(f"\ufeff{NAME},1,2\r\n".encode())
    assert read_musiceval(folder, "test")[0].clip.id == NAME


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((f"{NAME},3,4", f"{NAME},3,4"), f"test_mos_list.txt:2: '{NAME}' was listed already in line 1"),
        ((f"{NAME},3",), f"test_mos_list.txt:1: '{NAME},3' is not name.wav,MI,TA"),
        ((f"{NAME},3,4,5",), "is not name.wav,MI,TA"),
        ((f"{DEMO},3,4", ""), "test_mos_list.txt:2: '' is not name.wav,MI,TA"),
        ((f"{NAME},good,4",), "test_mos_list.txt:1: MI of '" + NAME + "' is 'good', not a finite number"),
        ((f"{NAME},3,nan",), "TA of '" + NAME + "' is 'nan', not a finite number"),
        ((f"{NAME},3,inf",), "not a finite number"),
        (("../S002_P044.wav,3,4",), "'../S002_P044.wav' is not a plain file name"),
        (("hello_P044.wav,3,4",), "'hello_P044.wav' names no system"),
        (("S002_hello.wav,3,4",), "'S002_hello.wav' names no prompt such as P044"),
        (("S002_P999.wav,3,4",), "prompt P999 of 'S002_P999.wav' is not in prompt_info.txt"),
        ((), "is empty; expected lines of name.wav,MI,TA"),
    ],
)
def test_malformed_lists_are_refused_with_the_line(folder, lines, message):
    write(folder, *lines)
    with pytest.raises(InputError, match=re.escape(message)):
        read_musiceval(folder, "test")


def test_missing_clips_are_counted_and_the_first_is_named(folder):
    write(folder, f"{NAME},3,4", "S003_P044.wav,3,4", "S003_P045.wav,3,4")
    with pytest.raises(InputError, match=r"test_mos_list.txt:2: 2 of 3 clips are not in .*first is 'S003_P044.wav'"):
        read_musiceval(folder, "test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P044\tno header\n", "prompt_info.txt:1: expected the header id<TAB>text"),
        ("", "prompt_info.txt:1: expected the header"),
        ("id\ttext\nP044 without a tab\n", "prompt_info.txt:2: 'P044 without a tab' is not id<TAB>text"),
        ("id\ttext\nP044\t\n", "prompt_info.txt:2"),
        ("id\ttext\nP044\ta\nP044\tb\n", "prompt_info.txt:3: prompt 'P044' occurs twice"),
    ],
)
def test_malformed_prompts_are_refused_with_the_line(folder, text, message):
    write(folder, f"{NAME},3,4")
    (folder / "prompt_info.txt").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        read_musiceval(folder, "test")


def test_missing_and_unreadable_files_are_named(folder):
    with pytest.raises(InputError, match=r"train_mos_list.txt: cannot be read: No such file"):
        read_musiceval(folder, "train")
    (folder / "sets" / "test_mos_list.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match=r"is not UTF-8 text"):
        read_musiceval(folder, "test")
