"""The AES-Natural layout: what is read, and what is refused with its line."""

from __future__ import annotations

import re

import pytest

from drasp_cli.datasets.aes_causes import AesCauses, Source, read_aes_causes, write_aes_causes
from drasp_cli.datasets.aes_natural import AXES, COLUMNS, list_name, read_aes_natural
from drasp_cli.datasets.causes import Defect
from drasp_cli.datasets.musiceval import RatedClip
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError

HEADER = "sample_id,data_path,Production_Quality,Production_Complexity,Content_Enjoyment,Content_Usefulness"
MADE = "audiomos2025-track2-sys002-utt0017"
SPOKEN = "audiomos2025-track2-speech-EARS_p041_emo_contentment_sentences"
FILES = (f"wav/{MADE}.wav", "EARS/p041/sentences.wav", "cv/clips/common_voice_en_1.mp3")


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "sets").mkdir()
    return tmp_path


def write(folder, *lines, header=HEADER, place="sets"):
    path = folder / place / list_name("train")
    path.write_text("".join(f"{line}\n" for line in (header, *lines)))
    return path


def test_reads_clips_in_order_with_system_and_ratings(folder):
    write(
        folder,
        f"{SPOKEN},/your_path/EARS/p041/sentences.wav,8.0,0.9,7.0,7.2",
        f"{MADE},wav/{MADE}.wav,5,6.5,4.1,3",
        f"audiomos2025-track2-speech-cv-1.mp3,{folder}/cv/clips/common_voice_en_1.mp3,1,2,3,4",
    )
    spoken, made, absolute = read_aes_natural(folder, "train")
    assert spoken == RatedClip(
        Clip(str(folder / "EARS/p041/sentences.wav"), id=SPOKEN), {"PQ": 8.0, "PC": 0.9, "CE": 7.0, "CU": 7.2}
    )
    assert made.clip == Clip(str(folder / f"wav/{MADE}.wav"), id=MADE, system="sys002")
    assert made.ratings == {"PQ": 5.0, "PC": 6.5, "CE": 4.1, "CU": 3.0}
    assert absolute.clip.path == str(folder / "cv/clips/common_voice_en_1.mp3")


def test_the_published_name_of_a_system_is_read(folder):
    name = "audiomos2025-track2-sys0v1wm-utt0dJodp"
    write(folder, f"{name},wav/{MADE}.wav,1,2,3,4")
    assert read_aes_natural(folder, "train")[0].clip.system == "sys0v1wm"


def test_columns_may_stand_in_any_order_and_others_beside_them(folder):
    write(folder, f"4,3,2,1,wav/{MADE}.wav,{MADE},x", header=",".join([*HEADER.split(",")[::-1], "note"]))
    assert read_aes_natural(folder, "train")[0].ratings == {"PQ": 1.0, "PC": 2.0, "CE": 3.0, "CU": 4.0}


def test_the_list_may_lie_in_the_folder_itself_but_not_in_two_places(folder):
    write(folder, f"{MADE},wav/{MADE}.wav,1,2,3,4", place=".")
    assert len(read_aes_natural(folder, "train")) == 1
    write(folder, f"{MADE},wav/{MADE}.wav,1,2,3,4")
    with pytest.raises(InputError, match="there is another one"):
        read_aes_natural(folder, "train")


def test_a_list_that_is_not_there_is_named_with_both_its_places(folder):
    with pytest.raises(InputError, match=r"sets/audiomos2025-track2-dev_list\.csv: is not there, and neither is .*dev"):
        read_aes_natural(folder, "dev")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((f"{MADE},wav/{MADE}.wav,1,2,3,4",) * 2, f"list.csv:3: '{MADE}' was listed already in line 2"),
        ((f"{MADE},wav/{MADE}.wav,1,2,3",), "list.csv:2: 5 cells where the header has 6"),
        ((f",wav/{MADE}.wav,1,2,3,4",), "list.csv:2: sample_id or data_path is empty"),
        ((f"{MADE},,1,2,3,4",), "list.csv:2: sample_id or data_path is empty"),
        ((f"{MADE},wav/{MADE}.wav,1,good,3,4",), f"Production_Complexity of '{MADE}' is 'good', not a finite number"),
        ((f"{MADE},wav/{MADE}.wav,1,2,3,inf",), f"Content_Usefulness of '{MADE}' is 'inf', not a finite number"),
        ((f"{MADE},wav/{MADE}.wav,1,2,3,4", "a,b.wav,1,2,3,4", "c,d.wav,1,2,3,4"), "list.csv:3: 2 of 3 clips are not"),
        ((), "lists no clip"),
    ],
)
def test_malformed_lists_are_refused_with_the_line(folder, lines, message):
    write(folder, *lines)
    with pytest.raises(InputError, match=re.escape(message)):
        read_aes_natural(folder, "train")


@pytest.mark.parametrize("column", ["sample_id", "data_path", *COLUMNS.values()])
def test_a_missing_column_is_named(folder, column):
    kept = [name for name in HEADER.split(",") if name != column]
    write(folder, ",".join("1" for _ in kept), header=",".join(kept))
    with pytest.raises(InputError, match=f"list.csv:1: column '{column}' is missing"):
        read_aes_natural(folder, "train")


# -------------------------------------------------------------------------------------------------- causes.csv

ROW = AesCauses(
    name=f"{MADE}.wav",
    system="sys002",
    split="dev",
    sources=(Source("music", "electric piano", 3, 0.0, 10.0, 0.0), Source("rain", "rain", 1, 2.5, 7.25, -8.5)),
    causes={"noise": 0.25, "crowding": 1.0},
    latent=dict(zip(AXES, (1.5, 2.5, 3.5, 4.5), strict=True)),
    ratings=dict(zip(AXES, (1.1, 2.1, 3.1, 4.1), strict=True)),
    defects=(Defect("click", 0.5, 0.5001), Defect("burst", 1.25, 2.0)),
)


def test_causes_come_back_as_they_were(tmp_path):
    path = tmp_path / "causes.csv"
    bare = AesCauses("b.wav", "sys003", "test", (), {"noise": 0.0, "crowding": 0.5}, ROW.latent, ROW.ratings)
    write_aes_causes(path, [ROW, bare], ("noise", "crowding"))
    assert read_aes_causes(path) == {ROW.name: ROW, "b.wav": bare}
    assert list(read_aes_causes(path)[ROW.name].causes) == ["noise", "crowding"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.250000", "high", "causes.csv:2: cause_noise is 'high', not a finite number"),
        ("0.250000", "-0.25", "causes.csv:2: cause_noise is -0.25; expected a severity of 0 to 1"),
        ("4.500000", "nan", "causes.csv:2: latent_CU is 'nan', not a finite number"),
        ("rain/rain/1@2.50-7.25@-8.5", "rain@2.50", "causes.csv:2: source 'rain@2.50' is not kind/main/parts"),
        ("burst@1.2500-2.0000", "burst", "causes.csv:2: defect 'burst' is not kind@start-end in seconds"),
        ("latent_PC", "latent_XX", "causes.csv:1: column 'latent_PC' is missing"),
    ],
)
def test_malformed_causes_are_refused_with_the_line(tmp_path, old, new, message):
    path = tmp_path / "causes.csv"
    write_aes_causes(path, [ROW], ("noise", "crowding"))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=re.escape(message)):
        read_aes_causes(path)


def test_a_clip_that_occurs_twice_is_refused(tmp_path):
    path = tmp_path / "causes.csv"
    write_aes_causes(path, [ROW, ROW], ("noise", "crowding"))
    with pytest.raises(InputError, match=rf"causes.csv:3: '{ROW.name}' occurs twice"):
        read_aes_causes(path)
