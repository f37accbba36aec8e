"""Prompt files: which clip gets which prompt, and what is said about the rest."""

from __future__ import annotations

import pytest

from drasp_cli.datasets.manifest import collect_clips
from drasp_cli.datasets.prompts import PromptReport, attach_prompts
from drasp_cli.errors import InputError


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """Two systems with the stems x1 to x3."""
    monkeypatch.chdir(tmp_path)
    for system in ("A", "B"):
        for stem in ("x1", "x2", "x3"):
            path = tmp_path / "in" / system / f"{stem}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return collect_clips(["in"])


def attach(clips, content: str | bytes, name: str = "prompts.txt", pattern: str | None = None):
    with open(name, "wb") as stream:
        stream.write(content if isinstance(content, bytes) else content.encode())
    clips, report = attach_prompts(clips, name, pattern)
    return [clip.prompt for clip in clips], report


def test_one_prompt_serves_the_stem_in_every_system(clips):
    prompts, report = attach(clips, "x1\tone\nx2\ttwo\nx9\tnine\n")
    assert prompts == ["one", "two", None, "one", "two", None]
    assert report == PromptReport(clips=6, without_prompt=2, unused_ids=("x9",))


@pytest.mark.parametrize("name", ["in/A/x1.wav", "./in//A/x1.wav", "A/x1.wav"])
def test_a_path_names_one_clip(clips, name):
    assert attach(clips, f"{name}\tone\n")[0] == ["one", None, None, None, None, None]


def test_file_name_and_pattern(clips):
    assert attach(clips, "x1.wav\tone\n")[0] == ["one", None, None, "one", None, None]
    assert attach(clips, "2\ttwo\n", pattern="x([0-9])")[0] == [None, "two", None, None, "two", None]
    assert attach(clips, "A\tall of A\n", pattern="^([AB])/")[0] == ["all of A"] * 3 + [None] * 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", 'id,prompt,mine\nx1,"a ""b"", c",\nx2,two,\n'),
        ("p.csv", '\ufeffpath,text\r\nx1.wav,"a ""b"", c"\r\n\r\nx2.wav,two\r\n'),
        ("p.jsonl", '{"id": "x1", "prompt": "a \\"b\\", c"}\n\n{"id": "x2", "prompt": "two"}\n'),
        ("p.tsv", '\ufeffid\ttext\r\nx1\t"a ""b"", c"\r\n\r\nx2\t two \r\n'),
        ("p.txt", 'x1\ta "b", c\nx2\ttwo\n'),
    ],
)
def test_formats_say_the_same(clips, name, content):
    prompts, report = attach(clips, content, name)
    assert prompts == ['a "b", c', "two", None] * 2
    assert report.unused_ids == ()


def test_musiceval_prompt_info(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("audiomos2025-track1-S002_P044.wav", "audiomos2025-track1-S003_P045.wav"):
        (tmp_path / name).touch()
    prompts, report = attach(
        collect_clips(["."]), "id\ttext\nP044\tA calm piano.\nP045\tDrums\n", "prompt_info.txt", "_(P[0-9]+)"
    )
    assert prompts == ["A calm piano.", "Drums"]
    assert report == PromptReport(clips=2, without_prompt=0)


def test_accents_written_in_two_ways_are_one_letter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cafe\u0301.wav").touch()  # as macOS writes it
    assert attach(collect_clips(["."]), "caf\u00e9\tp\n")[0] == ["p"]


def test_ids_of_the_manifest_and_its_prompts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.jsonl").write_text('{"path": "a.wav", "id": "k1"}\n{"path": "b.wav", "id": "k2", "prompt": "own"}\n')
    prompts, report = attach(collect_clips(["m.jsonl"]), "k1\tone\nk2\ttwo\n")
    assert prompts == ["one", "own"]
    assert report == PromptReport(clips=2, without_prompt=0, kept=1)


def test_an_empty_prompt_is_none(clips):
    prompts, report = attach(clips, "x1\tone\nx2\t\n")
    assert prompts == ["one", None, None] * 2
    assert (report.without_prompt, report.unused_ids) == (4, ())


def test_lines_for_all_clips_or_for_those_of_every_system(clips):
    assert attach(clips, "1\n2\n3\n4\n5\n6\n\n")[0] == list("123456")
    assert attach(clips, "1\n2\n3")[0] == list("123123")


def test_counts_that_fit_nothing_are_told(clips):
    with pytest.raises(InputError, match=r"4 prompts for 6 clips of 2 systems \('A' 3, 'B' 3\)"):
        attach(clips, "1\n2\n3\n4\n")
    with pytest.raises(InputError, match="3 prompts for 4 clips of 2 systems"):
        attach(clips[:4], "1\n2\n3\n")


def test_lines_for_one_clip_alone_are_told_what_would_find_its_own(clips):
    with pytest.raises(InputError, match="6 prompts for one clip, and nothing says which is its own; write id"):
        attach(clips[:1], "1\n2\n3\n4\n5\n6\n")
    assert attach(clips[:1], "1\n")[0] == ["1"]


def test_counts_of_clips_without_a_system_say_how_they_get_one(clips):
    flat = collect_clips([f"in/A/x{number}.wav" for number in (1, 2, 3)])
    with pytest.raises(InputError, match=r"2 prompts for 3 clips without a system; .* --system-pattern"):
        attach(flat, "1\n2\n")


def test_plain_text_in_counting_order_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 10):
        (tmp_path / f"{number}.wav").touch()
    prompts, report = attach(collect_clips(["."]), "one\ntwo\nthree\n")
    assert prompts == ["one", "two", "three"]  # of 1.wav, 10.wav, 2.wav
    assert report.number_order == ("10.wav", "2.wav")


def test_padded_numbers_raise_no_doubt(clips):
    assert attach(clips, "1\n2\n3")[1].number_order is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.txt", "", r"p\.txt: holds no prompt"),
        ("p.txt", "x1\tone\ntwo\n", r"p\.txt:2: 0 tabs, where line 1 is id<TAB>prompt"),
        ("p.txt", "one\nx2\ttwo\n", r"p\.txt:2: 1 tabs, where line 1 is a prompt without a tab"),
        ("p.txt", "x1\ta\tb\n", r"p\.txt:1: 2 tabs"),
        ("p.txt", "1\n2\n\n4\n5\n6\n", r"p\.txt:3: is blank"),
        ("p.txt", "x1\tone\nx1\tother\n", r"p\.txt:2: 'x1' has another prompt on line 1"),
        ("p.txt", "x1\tone\nx1.wav\tother\n", r"p\.txt:2: 'in/A/x1\.wav' has another prompt on line 1"),
        ("p.txt", "y\tone\n", r"p\.txt: no id belongs to any clip; its first id is 'y', the first clip 'A/x1\.wav'"),
        ("p.txt", "\tone\n", r"p\.txt:1: a prompt without an id"),
        ("p.txt", b"x1\tok\nx2\t\xff\n", r"p\.txt:2: byte 4 of the line is not UTF-8"),
        ("p.csv", "id,text,prompt\na,b,c\n", r"p\.csv:1: one column 'prompt' or 'text' .* 'prompt' and 'text'"),
        ("p.csv", "name,text\na,b\n", r"p\.csv:1: one column 'id' or 'path' is expected; there is only name, text"),
        ("p.jsonl", '{"id": "x1", "prompt": 3}\n', r"p\.jsonl:1: 'id' and 'prompt' are to be text"),
        ("p.jsonl", '{"id": "x1", "prompt": "song \\ud83c"}\n', r"p\.jsonl:1: 'prompt' .*holds \\ud83c, half"),
        ("p.jsonl", '{"id": "x1", "text": "caf\\udce9"}\n', r"p\.jsonl:1: 'text' .*the byte \\xe9; write it in UTF-8"),
        ("p.jsonl", '{"id": "\\ud83c", "prompt": "a"}\n', r"p\.jsonl:1: 'id' is not valid UTF-8"),
        ("p.json", "{}", r"p\.json: prompts are read from"),
    ],
)
def test_refusals_name_the_line(clips, name, content, message):
    with pytest.raises(InputError, match=message):
        attach(clips, content, name)


def test_useless_patterns_are_refused(clips):
    with pytest.raises(InputError, match="matches no clip"):
        attach(clips, "x1\tone\n", pattern="(P[0-9]+)")
    with pytest.raises(InputError, match="plain text without ids"):
        attach(clips, "one\n", pattern="(x)")
