"""Files of ratings: each known layout, and everything that is no rating named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drasp_cli.datasets.ratings import UNNAMED, Ratings, read_ratings
from drasp_cli.errors import InputError, RatingsError


def read(tmp_path: Path, name: str, text: str, axes: tuple[str, ...] = ("MI", "TA")) -> Ratings:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_ratings(str(path), axes)


def plain(ratings: Ratings) -> list[tuple[tuple[str, ...], str, dict[str, list[float]]]]:
    return [(item.names, item.system, {axis: list(v) for axis, v in item.ratings.items()}) for item in ratings.items]


def test_a_musiceval_list(tmp_path: Path) -> None:
    text = "audiomos2025-track1-S002_P044.wav,3.2,4\naudiomos2025-track1-S001_P044.wav, 2.8, 1.5\r\n"
    found = read(tmp_path, "test_mos_list.txt", text)
    assert plain(found) == [
        (("audiomos2025-track1-S002_P044.wav",), "S002", {"MI": [3.2], "TA": [4.0]}),
        (("audiomos2025-track1-S001_P044.wav",), "S001", {"MI": [2.8], "TA": [1.5]}),
    ]
    assert (found.axes, found.of_systems, found.is_single) == (("MI", "TA"), False, False)


def test_bvcc_lists(tmp_path: Path) -> None:
    means = read(tmp_path, "val_mos_list.txt", "sys64e2f-utt491a78a.wav,3.125\n")
    assert plain(means) == [(("sys64e2f-utt491a78a.wav",), "sys64e2f", {UNNAMED: [3.125]})]
    single = "sysA,sysA-utt1.wav,4,na,x_30\nsysB,sysB-utt1.wav,1,na,x_30\nsysA,sysA-utt1.wav,5,na,y_40\n"
    found = read(tmp_path, "TRAINSET", single)
    assert plain(found) == [
        (("sysA-utt1.wav",), "sysA", {UNNAMED: [4.0, 5.0]}),
        (("sysB-utt1.wav",), "sysB", {UNNAMED: [1.0]}),
    ]
    assert found.is_single


def test_audiomos_track_2(tmp_path: Path) -> None:
    header = "sample_id,data_path,Production_Quality,Production_Complexity,Content_Enjoyment,Content_Usefulness\n"
    found = read(tmp_path, "dev.csv", header + "t2-speech-1,/your_path/EARS/1.wav,8.0,1.4,7.0,7.2\n")
    expected = {"PQ": [8.0], "PC": [1.4], "CE": [7.0], "CU": [7.2]}
    assert plain(found) == [(("/your_path/EARS/1.wav", "t2-speech-1"), "", expected)]
    line = {"data_path": "/your_path/a.wav", "Production_Quality": [8, 9.0], "Content_Enjoyment": [1, 2]}
    found = read(tmp_path, "aes.jsonl", json.dumps(line) + "\n\n")
    assert plain(found) == [(("/your_path/a.wav",), "", {"PQ": [8.0, 9.0], "CE": [1.0, 2.0]})]
    assert found.is_single


def test_plain_csv(tmp_path: Path) -> None:
    text = 'Path,system,mi,TA,num_ratings\n"a,1.wav",A,3,,5\nb.wav,B,2,1,5\n'
    found = read(tmp_path, "r.csv", text)
    assert plain(found) == [(("a,1.wav",), "A", {"MI": [3.0]}), (("b.wav",), "B", {"MI": [2.0], "TA": [1.0]})]
    found = read(tmp_path, "r.csv", "path,system,rating,num_ratings\na.wav,A,77.1,11\n")
    assert (found.axes, plain(found)) == ((UNNAMED,), [(("a.wav",), "A", {UNNAMED: [77.1]})])


def test_single_ratings_in_rows(tmp_path: Path) -> None:
    found = read(tmp_path, "r.csv", "path,listener,MI\na,x,3\nb,x,2\na,y,5\n")
    assert plain(found) == [(("a",), "", {"MI": [3.0, 5.0]}), (("b",), "", {"MI": [2.0]})]
    assert found.is_single
    assert [item.listeners for item in found.items] == [{"MI": ["x", "y"]}, {"MI": ["x"]}]


def test_each_rating_keeps_its_listener(tmp_path: Path) -> None:
    """Who left an axis empty has not rated on it."""
    found = read(tmp_path, "r.csv", "path,rater,MI,TA\na,x,3,\na,y,5,2\na,z,,1\na,,4,4\n")
    assert found.items[0].ratings == {"MI": [3.0, 5.0, 4.0], "TA": [2.0, 1.0, 4.0]}
    assert found.items[0].listeners == {"MI": ["x", "y", ""], "TA": ["y", "z", ""]}
    assert read(tmp_path, "r.jsonl", '{"path": "a", "MI": [3, 4]}\n').items[0].listeners == {}


def test_a_name_may_hold_a_semicolon(tmp_path: Path) -> None:
    assert plain(read(tmp_path, "r.txt", "take;3.wav,4\n")) == [(("take;3.wav",), "", {UNNAMED: [4.0]})]


def test_ratings_of_systems(tmp_path: Path) -> None:
    found = read(tmp_path, "r.csv", "system,MI\nA,3\nB,4\n")
    assert found.of_systems
    assert plain(found) == [(("A",), "A", {"MI": [3.0]}), (("B",), "B", {"MI": [4.0]})]


def test_the_name_of_an_axis_of_several_models_may_be_whole(tmp_path: Path) -> None:
    found = read(tmp_path, "r.csv", "path,MI@./mine\na,3\n", ("MI@./mine", "MI"))
    assert found.axes == ("MI@./mine",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.csv", "path,MI\na,3\nb,nan\n", r"r\.csv:3: 'mi' is 'nan', not a finite number"),
        ("r.csv", "path,MI\na,three\n", r"r\.csv:2: 'mi' is 'three', not a finite number"),
        ("r.csv", "path,MI\na,3\n\nb,2\na,4\n", r"r\.csv:5: 'a' is rated in line 2 already; a column listener"),
        ("r.csv", "path,listener,MI\na,x,3\na,x,4\n", r"r\.csv:3: listener 'x' has rated 'a' in line 2 already"),
        ("r.csv", "path,MI\n,3\n", r"r\.csv:2: 'path' is empty"),
        ("r.csv", "title,MI\nx,3\n", r"r\.csv:2: no column says which clip is rated; it has title, MI, and expected"),
        (
            "r.csv",
            "path,quality\nx,3\n",
            r"r\.csv:2: no column holds ratings; it has path, quality, and expected is one of MI, TA, rating",
        ),
        (
            "r.csv",
            "path,PQ\nx,3\n",
            r"r\.csv:2: no column holds ratings; it has path, PQ, and expected is one of MI, TA",
        ),
        ("r.csv", "path,MI\nx,\n", r"r\.csv: holds no rating"),
        ("r.csv", "path,MI\n", r"r\.csv: holds no rating"),
        ("r.txt", "a.wav;3,5\nb.wav;4,0\n", r"r\.txt:1: looks separated by semicolons; commas are expected"),
        ("r.txt", "a.wav;3,5;4,0\n", r"r\.txt:1: looks separated by semicolons"),
        ("r.csv", "path;MI\na.wav;3,5\n", r"r\.csv:1: looks separated by semicolons"),
        ("r.csv", "", r"r\.csv: is empty"),
        ("r.csv", "a.wav,3.5\nb.wav,4\rc.wav,2\n", r"r\.csv:2: is not well-formed CSV: new-line character seen"),
        ("r.csv", "a.wav,3.5\nb\0.wav,4\n", r"r\.csv: is no text: it holds a zero byte"),
        ("r.txt", "a.wav,3,4,5\n", r"r\.txt:1: 4 cells; a list without a header has name,rating"),
        ("r.txt", "a.wav,3\nb.wav,inf\n", r"r\.txt:2: 'rating' is 'inf'"),
        ("r.txt", "a.wav,3\n./a.wav,3\n", r"r\.txt:2: '\./a\.wav' is rated in line 1 already"),
        ("r.jsonl", '{"path": "a", "MI": [1, "x"]}\n', r"r\.jsonl:1: 'mi' is 'x', not a finite number"),
        ("r.jsonl", '{"path": "a", "MI": NaN}\n', r"r\.jsonl:1: 'mi' is nan"),
        ("r.jsonl", '{"path": "a", "MI": true}\n', r"r\.jsonl:1: 'mi' is True"),
        ("r.jsonl", '{"path": "a", "MI": {}}\n', r"r\.jsonl:1: 'mi' is \{\}"),
        ("r.jsonl", '{"path": "a\\ud83c", "MI": 1}\n', r"r\.jsonl:1: 'a\ud83c' is not valid UTF-8 text: it holds"),
        ("r.jsonl", '{"system": "\\ud83c", "MI": 1}\n', r"r\.jsonl:1: '\ud83c' is not valid UTF-8 text"),
        ("r.json", '[{"path": "a", "MI": 1}]', r"r\.json: ratings are read from CSV or JSONL, not from JSON"),
        ("r.Parquet", "PAR1", r"r\.Parquet: ratings are read from CSV or JSONL, not from Parquet"),
        ("r.jsonl", "[1]\n", r"r\.jsonl:1: a JSON object is expected"),
    ],
)
def test_what_is_no_rating_is_named_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, name, text)


def test_two_clips_of_one_other_name_are_refused_when_they_are_joined(tmp_path: Path) -> None:
    from drasp_cli.evaluation.join import join

    found = read(tmp_path, "r.csv", "path,id,MI\na,1,3\nb,1,4\n")
    with pytest.raises(RatingsError, match="'1' is rated twice"):
        join([], [item.names for item in found.items])


def test_audio_is_no_file_of_ratings(tmp_path: Path) -> None:
    path = tmp_path / "clip.csv"
    path.write_bytes(b"OggS\r\x01vorbis\n")
    with pytest.raises(InputError, match=r"clip\.csv:1: is not well-formed CSV"):
        read_ratings(str(path), ("MI",))
    path.write_bytes(b"OggS\0\x02")
    with pytest.raises(InputError, match="is no text"):
        read_ratings(str(path), ("MI",))
