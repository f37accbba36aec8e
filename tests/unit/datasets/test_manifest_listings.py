"""List files, CSV and JSONL manifests, wav.scp: what they name, and how they fail."""

from __future__ import annotations

import codecs

import pytest

from drasp_cli.datasets.manifest import collect_clips
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def read(name: str) -> list[Clip]:
    return list(collect_clips([name]))


def test_list_keeps_its_order_and_missing_files(write):
    assert read(write("l.txt", "b.wav\r\n\r\n a.wav\n#c.wav")) == [Clip("b.wav"), Clip(" a.wav"), Clip("#c.wav")]


def test_byte_order_mark_is_no_part_of_a_path(write):
    assert read(write("l.txt", codecs.BOM_UTF8 + b"b.wav\n")) == [Clip("b.wav")]


def test_utf16_is_refused(write):
    with pytest.raises(InputError, match=r"l\.txt: is UTF-16 text; UTF-8 is expected"):
        read(write("l.txt", "a.wav\n".encode("utf-16")))


def test_what_is_no_text_is_refused(write):
    with pytest.raises(InputError, match=r"m\.csv: is no text: it holds a zero byte"):
        read(write("m.csv", b"RIFF\nWAVE\0fmt "))


def test_bytes_of_a_path_are_kept(write):
    assert read(write("l.txt", b"\xff.wav")) == [Clip("\udcff.wav")]


def test_csv_manifest(write):
    content = (
        '\n path,id,system,prompt,start_time,end_time,mine\n"a, b.wav",7,S1,"two\nlines",0.5,2.25,x\n\nc.wav,,,,,,\n'
    )
    assert read(write("m.csv", content)) == [Clip("a, b.wav", "7", "S1", "two\nlines", 0.5, 2.25), Clip("c.wav")]


def test_jsonl_manifest(write):
    content = '{"path": "a.wav", "id": 7, "system": "S1", "prompt": " p ", "start_time": 1, "end_time": 1.5, "x": []}\n'
    assert read(write("m.jsonl", content + '\n{"path": "c.wav", "prompt": null}')) == [
        Clip("a.wav", "7", "S1", "p", 1.0, 1.5),
        Clip("c.wav"),
    ]


def test_a_score_table_names_its_clips(write):
    assert read(write("scores.csv", "path,id,system,start,end,MI\na.wav,,S,1.5,2.5,3.000000\n")) == [
        Clip("a.wav", "", "S", None, 1.5, 2.5)
    ]


def test_manifest_system_comes_before_the_pattern(write):
    name = write("m.csv", "path,system\nS1.wav,mine\nS2.wav,\n")
    assert [clip.system for clip in collect_clips([name], system_pattern="(S[0-9])")] == ["mine", "S2"]


@pytest.mark.parametrize("space", [" ", "\t", "   "])
def test_wav_scp(write, space):
    assert read(write("wav.scp", f"utt1{space}a b.wav\n")) == [Clip("a b.wav", "utt1")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("wav.scp", "u a.wav\nv sph2pipe x |\n", r"wav\.scp:2: is a pipe"),
        ("wav.scp", "u\n", r"wav\.scp:1: '<id> <path>' is expected"),
        ("l.txt", "", r"l\.txt: names no clip"),
        ("l.txt", "a\0b\n", r"l\.txt:1: a path with a NUL byte"),
        ("m.csv", "", r"m\.csv: is empty"),
        ("m.csv", "path\n", r"m\.csv: names no clip"),
        ("m.csv", "path;system\na.wav;A\n", r"m\.csv:1: looks separated by semicolons; commas are expected"),
        ("m.csv", "file\na.wav\n", r"m\.csv:1: has no column 'path'; its columns are file"),
        ("m.csv", "path,path\na,b\n", r"m\.csv:1: column 'path' is named twice"),
        ("m.csv", "path,id\na.wav,1\nb.wav\n", r"m\.csv:3: 1 cells where the header has 2"),
        ("m.csv", 'path\n"a\n', r"m\.csv:2: is not well-formed CSV"),
        ("m.csv", "path,id\n,1\n", r"m\.csv:2: 'path' is missing or empty"),
        ("m.csv", "path,start_time\na,one\n", r"m\.csv:2: 'start_time' is not a number: 'one'"),
        ("m.csv", "path,start_time\na,nan\n", r"m\.csv:2: 'start_time' is not a time"),
        ("m.csv", "path,start_time\na,-1\n", r"m\.csv:2: 'start_time' is not a time"),
        ("m.csv", "path,start_time,end_time\na,2,2\n", r"m\.csv:2: the time range ends at 2 s, not after its start"),
        ("m.csv", "path,start,start_time\na,2,2\n", r"m\.csv:2: has both 'start_time' and 'start'"),
        ("m.jsonl", '{"path": "a"}\n{"path"\n', r"m\.jsonl:2: is not JSON"),
        ("m.jsonl", '["a"]\n', r"m\.jsonl:1: a JSON object is expected"),
        ("m.jsonl", '{"id": "a"}\n', r"m\.jsonl:1: 'path' is missing"),
        ("m.jsonl", '{"path": ["a"]}\n', r"m\.jsonl:1: 'path' is not text"),
        ("m.jsonl", '{"path": "a", "end_time": true}\n', r"m\.jsonl:1: 'end_time' is not a number"),
        ("m.jsonl", '{"path": "a", "end_time": 1' + 400 * "0" + "}\n", r"m\.jsonl:1: 'end_time' is not a time"),
        ("m.jsonl", '{"path": "a", "prompt": "\\ud800"}\n', r"m\.jsonl:1: 'prompt' is not valid UTF-8"),
        ("m.csv", b"path,prompt\na,caf\xe9\n", r"m\.csv:2: 'prompt' is not valid UTF-8 text: it holds the byte \\xe9"),
        ("m.jsonl", '{"path": "a", "id": "x \\ud83c"}\n', r"m\.jsonl:1: 'id' .*holds \\ud83c, half of a character"),
        ("m.jsonl", '{"path": "a", "system": "\\udfb5"}\n', r"m\.jsonl:1: 'system' is not valid UTF-8"),
        ("m.jsonl", '{"path": "\\udbff.wav"}\n', r"m\.jsonl:1: 'path' is not valid UTF-8"),
        ("m.jsonl", '{"path": "a"}\n{"path": "./a"}\n', r"\./a: is named twice, as clip 1 and as clip 2"),
    ],
)
def test_refusals_name_the_line(write, name, content, message):
    with pytest.raises(InputError, match=message):
        read(write(name, content))


def test_one_clip_with_several_prompts_needs_ids(write):
    same = '{"path": "a", "prompt": "p"}\n{"path": "a", "prompt": "q"}\n'
    with pytest.raises(InputError, match="needs an id for each"):
        read(write("m.jsonl", same))
    assert len(read(write("m.jsonl", same.replace('"prompt"', '"id": 1, "prompt"', 1)))) == 2


def test_time_ranges_of_one_file_are_clips_of_their_own(write):
    assert len(read(write("m.csv", "path,start_time,end_time\na,0,1\na,1,2\n"))) == 2


# ----------------------------------------------------------------------------------------- prompts, not clips


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("prompts.txt", "slow piano\na fast band\n", "none of its first lines names a file that is there"),
        ("prompts.txt", "a.wav\tslow piano\n", "none of its first lines names a file that is there"),
        ("prompts.csv", "id,prompt\na,slow piano\n", "has no column 'path'; its columns are id, prompt"),
        ("prompts.jsonl", '{"id": "a", "text": "slow piano"}\n', "'path' is missing"),
        ("prompts.tsv", "a\tslow piano\n", "is neither audio nor a list of clips"),
    ],
)
def test_prompts_named_as_clips_are_recognised(write, name, content, reason):
    write("a.wav", "")
    with pytest.raises(InputError) as caught:
        read(write(name, content))
    assert reason in caught.value.reason
    assert caught.value.reason.endswith(f"if it holds prompts, name the clips and add --prompts {name}")


def test_one_line_that_names_a_clip_makes_a_list(write):
    write("set/take", "")
    for line in ("gone.WAV", "set/take", "set"):
        assert read(write("l.txt", f"no such thing\n{line}\n")) == [Clip("no such thing"), Clip(line)]
    assert read(write("set/l.txt", "no such thing\ntake\n")) == [Clip("set/no such thing"), Clip("set/take")]


def test_a_manifest_without_paths_or_prompts_is_not_taken_for_prompts(write):
    for name, content in (("m.csv", "file\na.wav\n"), ("m.jsonl", '{"file": "a.wav"}\n')):
        with pytest.raises(InputError) as caught:
            read(write(name, content))
        assert "--prompts" not in caught.value.reason


# ---------------------------------------------------------------------------------------------- their base


def test_paths_from_the_working_directory(write):
    write("lists/l.txt", "audio/a.wav\naudio/missing.wav\n")
    write("audio/a.wav", "")
    assert read("lists/l.txt") == [Clip("audio/a.wav"), Clip("audio/missing.wav")]


@pytest.mark.parametrize("name", ["l.txt", "m.csv", "m.jsonl", "wav.scp"])
def test_paths_from_the_folder_of_the_list(write, tmp_path, name):
    rows = {
        "l.txt": "{}\n{}\n{}\n",
        "m.csv": "path\n{}\n{}\n{}\n",
        "m.jsonl": '{{"path": "{}"}}\n{{"path": "{}"}}\n{{"path": "{}"}}\n',
        "wav.scp": "1 {}\n2 {}\n3 {}\n",
    }
    write("set/wav/a.wav", "")
    write(f"set/{name}", rows[name].format("wav/missing.wav", "wav/a.wav", tmp_path / "abs.wav"))
    assert [clip.path for clip in read(f"set/{name}")] == [
        "set/wav/missing.wav",
        "set/wav/a.wav",
        str(tmp_path / "abs.wav"),
    ]


def test_an_entry_that_is_in_both_places_is_not_guessed(write, tmp_path):
    write("a.wav", "")
    write("set/a.wav", "")
    write("set/l.txt", "a.wav\n")
    with pytest.raises(InputError) as caught:
        read("set/l.txt")
    assert str(tmp_path / "a.wav") in str(caught.value)
    assert str(tmp_path / "set/a.wav") in str(caught.value)
    assert caught.value.line == 1


def test_entries_with_two_bases_are_not_guessed(write):
    write("a.wav", "")
    write("set/b.wav", "")
    write("set/l.txt", "a.wav\nb.wav\n")
    with pytest.raises(InputError, match=r"set/l\.txt:1: its paths have two bases: 'b\.wav' \(line 2\)"):
        read("set/l.txt")


def test_a_list_that_lies_here_is_no_doubt(write, tmp_path):
    write("a.wav", "")
    name = write("l.txt", "a.wav\n")
    assert [clip.path for clip in collect_clips([str(tmp_path / name)])] == ["a.wav"]
