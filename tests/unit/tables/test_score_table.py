"""Score tables: what the files look like, and that they say the same in every format when read back."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from pathlib import Path

import pytest

import drasp_cli
from drasp_cli.audio.flags import FLAGS
from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import MissingExtraError, OutputError, TableError
from drasp_cli.tables import formats
from drasp_cli.tables.formats import WRITERS, format_of, open_writer
from drasp_cli.tables.reading import find_tables, is_score_table, read_score_tables
from drasp_cli.tables.score_table import score_columns, score_record

ROWS = [
    ClipScore(
        Clip("in/S1/a.wav", system="S1", prompt="soft, slow"),
        {"MI": 3.1, "TA": 2.00000049},
        seconds=10.0,
        windows=1,
        sample_rate=48000,
        flags=("short", "no-prompt"),
        model="m@1",
    ),
    ClipScore(
        Clip('in/"q",\nn.wav', id="7", system="S 2", start=0.1, end=1e-7),
        {"MI": -0.0000001, "TA": None},
        seconds=1 / 3,
        windows=2,
        sample_rate=8000,
        model="m@1",
    ),
    ClipScore(Clip("in/\u00e9\u2028.wav", system="S1"), {"MI": None, "TA": None}, model="m@1", error="not audio"),
]
AXES = ("MI", "TA")


def written(name: str, rows=ROWS, with_prompts: bool = False) -> bytes:
    stream = io.BytesIO()
    writer = open_writer(name, score_columns(AXES, with_prompts=with_prompts), stream)
    writer.write([score_record(row, AXES, with_prompts=with_prompts) for row in rows])
    writer.close()
    return stream.getvalue()


def save(path, name: str, **options) -> str:
    path.write_bytes(written(name, **options))
    return str(path)


def test_csv_is_as_documented():
    assert written("csv").decode().split("\n")[:2] == [
        "path,id,system,start,end,MI,TA,seconds,windows,sample_rate,flags,model,error",
        "in/S1/a.wav,,S1,,,3.100000,2.000000,10.000000,1,48000,short;no-prompt,m@1,",
    ]


def test_csv_is_read_by_the_standard_library():
    rows = list(csv.DictReader(io.StringIO(written("csv").decode(), newline="")))
    assert [row["path"] for row in rows] == [row.clip.path for row in ROWS]
    assert rows[1] | {"MI": "0.000000", "start": "0.1", "end": "1e-07", "seconds": "0.333333"} == rows[1]


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_has_numbers_and_null(name):
    text = written(name, with_prompts=True).decode()
    rows = json.loads(text) if name == "json" else [json.loads(line) for line in text.split("\n")[:-1]]
    assert [row["MI"] for row in rows] == [3.1, 0.0, None]
    assert [row["prompt"] for row in rows] == ["soft, slow", None, None]
    assert list(rows[0]) == [column.name for column in score_columns(AXES, with_prompts=True)]


def test_empty_tables_are_tables(tmp_path):
    assert json.loads(written("json", rows=[])) == []
    assert written("jsonl", rows=[]) == b""
    for name in WRITERS:
        with pytest.raises(TableError, match="has no rows"):
            list(read_score_tables([save(tmp_path / f"t.{name}", name, rows=[])]))


@pytest.mark.parametrize("name", list(WRITERS))
def test_the_same_rows_give_the_same_bytes(name):
    assert written(name) == written(name)


@pytest.mark.parametrize("name", list(WRITERS))
@pytest.mark.parametrize("with_prompts", [False, True])
def test_what_is_written_is_read(tmp_path, name, with_prompts):
    back = list(read_score_tables([save(tmp_path / f"t.{name}", name, with_prompts=with_prompts)]))
    assert [row.clip.path for row in back] == [row.clip.path for row in ROWS]
    assert [(row.clip.id, row.clip.system, row.clip.start, row.clip.end) for row in back] == [
        (row.clip.id, row.clip.system, row.clip.start, row.clip.end) for row in ROWS
    ]
    assert [row.clip.prompt for row in back] == ["soft, slow" if with_prompts else None, None, None]
    assert [dict(row.scores) for row in back] == [{"MI": 3.1, "TA": 2.0}, {"MI": 0.0, "TA": None}, dict(ROWS[2].scores)]
    assert [row.seconds for row in back] == [10.0, 0.333333, None]
    assert [(row.windows, row.sample_rate, row.flags, row.model, row.error) for row in back] == [
        (row.windows, row.sample_rate, row.flags, row.model, row.error) for row in ROWS
    ]


def test_paths_that_are_not_utf8(tmp_path):
    path = os.fsdecode(b"in/\xff.wav")
    row = ClipScore(Clip(path, system="S"), {"MI": 1.0, "TA": 1.0})
    assert b"in/\xff.wav,,S" in written("csv", [row])
    assert b'"in/\\udcff.wav"' in written("jsonl", [row])
    for name, expected in (("csv", path), ("json", path), ("jsonl", path), ("parquet", "in/\\xff.wav")):
        back = list(read_score_tables([save(tmp_path / f"t.{name}", name, rows=[row])]))
        assert back[0].clip.path == expected


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_no_file_holds_nan(score):
    record = score_record(ClipScore(Clip("a"), {"MI": 1.0, "TA": score}), AXES)
    assert record[5:7] == (1.0, None)
    assert record[-1] == "the TA score is not a finite number"


@pytest.mark.parametrize("axes", [("path",), ("MI", "MI"), ("prompt",)])
def test_axes_called_like_other_columns_are_refused(axes):
    with pytest.raises(OutputError, match=f"'{axes[-1]}'"):
        score_columns(axes)


def test_the_ending_says_the_format():
    assert [format_of(path) for path in ("a.CSV", "b.c/d.jsonl", "x.parquet")] == ["csv", "jsonl", "parquet"]
    with pytest.raises(OutputError, match=r"out\.txt: .*\.csv, \.json, \.jsonl, \.parquet"):
        format_of("out.txt")


def test_parquet_without_pyarrow_names_the_extra(monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="'parquet'"):
        open_writer("parquet", score_columns(AXES), io.BytesIO())


def test_parquet_of_many_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "_PARQUET_ROWS", 7)
    rows = [ClipScore(Clip(f"{i}.wav", system="S"), {"MI": i / 8, "TA": None}) for i in range(30)]
    back = list(read_score_tables([save(tmp_path / "t.parquet", "parquet", rows=rows)]))
    assert [row.scores["MI"] for row in back] == [i / 8 for i in range(30)]


# ------------------------------------------------------------------------------------------------- reading


def test_a_small_table_of_ones_own(tmp_path):
    (tmp_path / "t.csv").write_text("\ufeffMI,path,system\r\n3.5,a.wav,S\r\n\r\n,b.wav,S\r\n")
    assert [(row.clip, dict(row.scores)) for row in read_score_tables([str(tmp_path / "t.csv")])] == [
        (Clip("a.wav", system="S"), {"MI": 3.5}),
        (Clip("b.wav", system="S"), {"MI": None}),
    ]


def test_a_long_row_of_json_is_not_decoded_for_every_piece_of_it(tmp_path, monkeypatch):
    lengths = []
    decode = json.JSONDecoder.raw_decode

    def counted(decoder, text, at=0):
        lengths.append(len(text) - at)
        return decode(decoder, text, at)

    rows = [{"path": f"{i}", "system": "S", "prompt": "x" * size, "MI": i} for i, size in enumerate((10, 2**20, 10))]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    monkeypatch.setattr("drasp_cli.tables.reading._CHUNK", 2**10)
    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    assert [row.scores["MI"] for row in read_score_tables([str(tmp_path / "t.json")])] == [0, 1, 2]
    assert len(lengths) <= 16
    assert sum(lengths) < 4 * 2**20


def test_the_place_of_a_mistake_in_json_counts_from_its_row(tmp_path):
    (tmp_path / "t.json").write_text('[{"path": "a", "system": "S", "MI": 1},\n{"path" 3}]')
    with pytest.raises(TableError, match=r"t\.json:2: is not JSON: Expecting ':' delimiter: line 1 column 9"):
        list(read_score_tables([str(tmp_path / "t.json")]))


def test_json_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("drasp_cli.tables.reading._CHUNK", 5)
    rows = [{"path": f"{i}]" + "},.wav", "system": "S", "MI": i} for i in range(9)]
    (tmp_path / "t.json").write_text(json.dumps(rows, indent=1))
    assert [row.scores["MI"] for row in read_score_tables([str(tmp_path / "t.json")])] == list(range(9))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "has no rows"),
        ("t.csv", "path,MI\na,1\n", r"t\.csv:2: has no column 'system'; its columns are path, MI"),
        ("t.csv", "path,system,error\na,S,\n", r"t\.csv:2: has no axis"),
        (
            "t.csv",
            "path,system,MI\na,S,1\nb,S,x\n",
            r"t\.csv:3: 'MI' is not a finite number: 'x'; .* taken for an axis",
        ),
        ("t.csv", "path,system,MI\na,S,nan\n", r"t\.csv:2: 'MI' is not a finite number: 'nan'"),
        ("t.csv", "path,system,MI\na,S\n", r"t\.csv:2: 2 cells where the header has 3"),
        ("t.csv", "path,system,MI,MI\na,S,1,1\n", r"t\.csv:1: column 'MI' is named twice"),
        ("t.csv", "path,system,MI\n,S,1\n", r"t\.csv:2: 'path' is empty"),
        ("t.csv", 'path,system,MI\n"a,S,1\n', r"t\.csv:2: is not well-formed CSV"),
        ("t.csv", "path,system,MI,model\na,S,1,m\nb,S,1,n\n", r"t\.csv:3: scored by 'n', but by 'm' in .*t\.csv:2"),
        ("t.csv", "path,system,MI\na,S,1\nb,S,1\n./a,S,2\n", r"t\.csv:4: '\./a' stands already in .*t\.csv:2"),
        ("t.jsonl", '{"path": "a", "system": "S", "MI": NaN}\n', r"t\.jsonl:1: is not JSON: NaN"),
        ("t.jsonl", '{"path": "a", "system": "S", "MI": true}\n', r"t\.jsonl:1: 'MI' is not a finite number"),
        ("t.jsonl", '{"path": "a", "system": [], "MI": 1}\n', r"t\.jsonl:1: 'system' is not text"),
        ("t.jsonl", '{"path": "a", "system": "song \\ud83c", "MI": 1}\n', r"t\.jsonl:1: 'system' .*holds \\ud83c"),
        ("t.jsonl", '{"path": "\\udc00a", "system": "", "MI": 1}\n', r"t\.jsonl:1: 'path' is not valid UTF-8"),
        ("t.jsonl", '{"path": "a", "system": "", "MI\\ud83c": 1}\n', r"t\.jsonl:1: the name of column .* is not"),
        ("t.jsonl", '{"path": "a", "system": "", "prompt": "\\udce9", "MI": 1}\n', r"t\.jsonl:1: 'prompt' .*\\xe9"),
        ("t.json", '[{"path": "a", "system": "\\ud83c", "MI": 1}]', r"t\.json:1: 'system' is not valid UTF-8"),
        ("t.jsonl", "3\n", r"t\.jsonl:1: a row is to be a JSON object"),
        ("t.json", '{"path": "a"}', r"t\.json:1: is not a JSON array"),
        ("t.json", '[{"path": "a", "system": "S", "MI": 1},\n', r"t\.json:2: ends inside its JSON array"),
        ("t.json", '[{"path": "a", "system": "S", "MI": 1},\n{"path', r"t\.json:2: is not JSON"),
        ("t.json", '[{"path": "a", "system": "S", "MI": 1},]', r"t\.json:1: is not JSON"),
        ("t.json", '[{"path": "a", "system": "S", "MI": 1}]\n[]', r"t\.json:2: goes on behind its array"),
        (
            "t.json",
            '[{"path": "a", "system": "S", "MI": 1}]' + " " * 70_000 + "x",
            r"t\.json:1: goes on behind its array",
        ),
        ("t.jsonl", '{"path":' * 200_000, r"t\.jsonl:1: is JSON nested too deep"),
        ("t.json", "[" * 200_000, r"t\.json:1: is JSON nested too deep"),
        ("t.parquet", "PAR1", "t.parquet: is not Parquet"),
        ("t.tsv", "", r"is no score table by its ending, which is one of \.csv, \.jsonl, \.json, \.parquet"),
    ],
)
def test_refusals_name_the_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(TableError, match=message):
        list(read_score_tables([str(tmp_path / name)]))


def test_missing_file(tmp_path):
    with pytest.raises(TableError, match=r"none\.csv: cannot be read: No such file"):
        list(read_score_tables([str(tmp_path / "none.csv")]))


def test_a_clip_in_two_tables_is_refused_and_both_places_named(tmp_path):
    one = save(tmp_path / "one.csv", "csv")
    two = save(tmp_path / "two.jsonl", "jsonl", rows=ROWS[2:])
    with pytest.raises(TableError, match=r"two\.jsonl:1: .* stands already in .*one\.csv:5"):
        list(read_score_tables([one, two]))
    with pytest.raises(TableError, match="is given twice"):
        list(read_score_tables([one, str(tmp_path)]))


def test_time_ranges_and_ids_are_clips_of_their_own(tmp_path):
    (tmp_path / "t.csv").write_text("path,system,id,start,MI\na,S,,0,1\na,S,,1,1\na,S,k,1,1\n")
    assert len(list(read_score_tables([str(tmp_path / "t.csv")]))) == 3


def test_folders_of_tables(tmp_path):
    for name in ("b.csv", "a.parquet"):
        rows = [ClipScore(Clip(name, system="S"), {"MI": 1.0, "TA": 1.0}, model="m")]
        save(tmp_path / name, format_of(name), rows=rows)
    (tmp_path / "causes.csv").write_text("clip,cause\na,noise\n")
    (tmp_path / "config.json").write_text('{"a": 1}')
    (tmp_path / "prompts.jsonl").write_text('{"path": "a.wav", "prompt": "p", "system": "S"}\n')
    (tmp_path / "readme.md").write_text("")
    found = find_tables(str(tmp_path))
    assert [os.path.basename(path) for path in found] == ["a.parquet", "b.csv"]
    assert [row.clip.path for row in read_score_tables([str(tmp_path)])] == ["a.parquet", "b.csv"]


HEADER = "path,system,MI,model,error\n"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("b.csv", HEADER.replace(",", ";") + "b;T;2;m;\n", r"b\.csv:1: looks separated by semicolons"),
        ("b.csv", HEADER.replace(",", "\t") + "b\tT\t2\tm\t\n", r"b\.csv:1: looks separated by tabs"),
        ("b.csv", HEADER + "b,T\n", r"b\.csv:2: 2 cells where the header has 5"),
        ("b.csv", HEADER + 'b,T,2,"m', r"b\.csv:2: is not well-formed CSV"),
        ("b.csv", HEADER, r"b\.csv: has no rows"),
        ("b.csv", '"path";"system"', r"b\.csv:1: is not well-formed CSV"),
        ("b.jsonl", "\n", r"b\.jsonl: has no rows"),
        ("b.jsonl", '{"path": "b", "sys', r"b\.jsonl:1: is not JSON"),
        ("b.json", '[\n{"path": "b", "sys', r"b\.json:2: is not JSON"),
        ("b.json", "[", r"b\.json:1: ends inside its JSON array"),
        ("b.parquet", "PAR1 torn", r"b\.parquet: is not Parquet"),
    ],
)
def test_a_broken_table_in_a_folder_is_refused_by_name(tmp_path, name, content, reason):
    (tmp_path / "a.csv").write_text(HEADER + "a,S,1,m,\n")
    (tmp_path / name).write_text(content)
    with pytest.raises(TableError, match=reason):
        list(read_score_tables([str(tmp_path)]))


def test_a_table_in_a_folder_that_the_disk_does_not_give_is_refused_by_name(tmp_path, monkeypatch):
    def broken(source):
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.csv").write_text(HEADER + "a,S,1,m,\n")
    monkeypatch.setattr("drasp_cli.tables.reading._open_csv", broken)
    with pytest.raises(TableError, match=r"a\.csv: cannot be read: Input/output error"):
        find_tables(str(tmp_path))


def test_a_link_to_nowhere_in_a_folder_of_tables_is_refused_by_name(tmp_path):
    (tmp_path / "b.csv").symlink_to("nowhere.csv")
    with pytest.raises(TableError, match=r"b\.csv: cannot be read: No such file or directory"):
        find_tables(str(tmp_path))


def test_what_can_be_read_and_is_something_else_is_passed_over(tmp_path):
    texts = {
        "a.csv": HEADER + "a,S,1,m,\n",
        "prompts.csv": "id;prompt\na;slow\n",
        "ragged.csv": "id,prompt\na,slow, fast\n",
        "own.csv": "path,system,MI\na.wav,S,1\n",
        "config.json": '{"a": 1}',
        "numbers.json": "[1, 2]",
        "lists.jsonl": "[1]\n",
        "ranking.csv": "",
        "ranking.json": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert [os.path.basename(path) for path in find_tables(str(tmp_path))] == ["a.csv"]


def test_a_score_table_is_told_from_other_files(tmp_path):
    for format in WRITERS:
        assert is_score_table(save(tmp_path / f"scores.{format}", format))
    texts = {
        "manifest.csv": "path,system,prompt\na.wav,S,p\n",
        "own.csv": "path,system,MI\na.wav,S,1\n",
        "deep.jsonl": '{"path":' * 200_000,
        "empty.csv": "",
        "a.wav": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert not is_score_table(str(tmp_path / name))
    assert not is_score_table(str(tmp_path))
    assert not is_score_table(str(tmp_path / "none.csv"))


def test_a_pipe_called_like_a_table_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")  # opening it would wait for a writer
    assert not is_score_table(str(tmp_path / "pipe.csv"))


def test_each_flag_is_spelled_in_one_place():
    package = Path(drasp_cli.__file__).parent
    texts = [file.read_text(encoding="utf-8") for file in package.rglob("*.py")]
    for flag in FLAGS:
        assert sum(text.count(f'"{flag}"') for text in texts) == 1, flag


def test_semicolons_are_told(tmp_path):
    (tmp_path / "s.csv").write_text("path;system;MI\na.wav;A;3\n")
    with pytest.raises(TableError, match=r"s\.csv:1: looks separated by semicolons; commas are expected"):
        list(read_score_tables([str(tmp_path / "s.csv")]))


def test_folder_without_tables(tmp_path):
    with pytest.raises(TableError, match=r"no score table is in this folder; drasp score FOLDER -o scores\.csv"):
        list(read_score_tables([str(tmp_path)]))
