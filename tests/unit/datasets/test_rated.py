"""Rated data sets of any layout: recognised by their lists, described by their own record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drasp_cli.datasets.aes_causes import AesCauses, Source, write_aes_causes
from drasp_cli.datasets.aes_natural import AXES as AES_AXES
from drasp_cli.datasets.musiceval import AXES as MUSICEVAL_AXES
from drasp_cli.datasets.rated import LAYOUTS, describe, layout_of
from drasp_cli.errors import InputError
from drasp_cli.simulation.listening_test import simulate

MUSICEVAL, AES_NATURAL = LAYOUTS


def touch(folder: Path, *places: str) -> Path:
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).touch()
    return folder


MUSIC_LIST = "sets/train_mos_list.txt"
AES_LIST = "audiomos2025-track2-train_list.csv"


@pytest.mark.parametrize("place", [AES_LIST, f"sets/{AES_LIST}"])
def test_the_axes_say_which_layout_and_the_lists_whether_it_is_there(tmp_path: Path, place: str) -> None:
    assert layout_of(touch(tmp_path / "aes", place), AES_AXES) is AES_NATURAL
    assert layout_of(touch(tmp_path / "music", MUSIC_LIST), ("MI",)) is MUSICEVAL
    both = touch(tmp_path / "both", place, MUSIC_LIST)
    assert layout_of(both, ("PQ", "PC")) is AES_NATURAL
    assert layout_of(both, MUSICEVAL_AXES) is MUSICEVAL


def test_a_folder_in_the_other_layout_is_named_with_the_one_to_make(tmp_path: Path) -> None:
    words = (
        "is in AES-Natural's layout, rated on PQ, PC, CE, CU, and not on MI, TA; "
        "expected MusicEval's (drasp simulate --layout musiceval)"
    )
    with pytest.raises(InputError, match=re.escape(words)):
        layout_of(touch(tmp_path / "aes", AES_LIST), MUSICEVAL_AXES)
    words = "is in MusicEval's layout, rated on MI, TA, and not on PQ; expected AES-Natural's"
    with pytest.raises(InputError, match=re.escape(words)):
        layout_of(touch(tmp_path / "music", MUSIC_LIST), ("PQ",))


def test_a_folder_in_no_layout_is_told_which_list_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=re.escape(f"is no rated data set: expected {MUSIC_LIST} (MusicEval's layout)")
    ):
        layout_of(tmp_path, MUSICEVAL_AXES)


def test_what_is_known_of_a_scene(tmp_path: Path) -> None:
    causes, axes = {"noise": 0.25}, dict.fromkeys(AES_AXES, 5.0)
    rain = Source("rain", "rain", 1, 0.0, 2.0, 0.0)
    flute = Source("music", "flute", 3, 0.0, 2.0, -6.0)
    rows = [
        AesCauses("both.wav", "sys001", "train", (rain, flute), causes, axes, axes),
        AesCauses("rain.wav", "sys001", "train", (rain,), causes, axes, axes),
    ]
    write_aes_causes(tmp_path / "causes.csv", rows, ("noise",))
    known = AES_NATURAL.read_known(tmp_path / "causes.csv")
    assert known["both.wav"].heard == {
        "has music": "yes",
        "has rain": "yes",
        "foreground": "rain",
        "timbre": "flute",
        "parts": "3",
        "sources": "4",
    }
    assert known["rain.wav"].heard == {"has music": "no", "has rain": "yes", "foreground": "rain", "sources": "1"}
    assert known["rain.wav"].causes == causes
    assert known["rain.wav"].asked == {}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.option)
def test_a_simulated_test_is_recognised_and_described_by_the_command_that_made_it(tmp_path: Path, layout) -> None:
    simulate(
        tmp_path / "a", clips=4, systems=3, seed=77, seconds=2.0, layout=layout.option, workers=1, on_clip=lambda: None
    )
    assert layout_of(tmp_path / "a", layout.axes) is layout
    words = describe(tmp_path / "a", layout)
    assert words.startswith("simulated listening test: drasp simulate OUT --clips 4 --systems 3 ")
    assert "--seed 77" in words
    assert "\n" not in words
    assert set(layout.read_known(tmp_path / "a" / "causes.csv")) == {p.name for p in (tmp_path / "a/wav").iterdir()}


def test_a_simulated_test_without_its_command_says_so(tmp_path: Path) -> None:
    folder = touch(tmp_path, "causes.csv")
    expected = f"simulated listening test, folder '{folder.name}', which does not say by which command it was made"
    assert describe(folder, MUSICEVAL) == expected
    (folder / "README.md").write_text("My notes about `drasp simulate`.\n")
    assert describe(folder, MUSICEVAL) == expected
    (folder / "README.md").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"README\.md: is not UTF-8"):
        describe(folder, MUSICEVAL)


def test_a_real_test_is_described_by_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("    drasp simulate OUT --clips 10\n")
    assert describe(tmp_path, MUSICEVAL) == f"rated clips in MusicEval's layout, folder '{tmp_path.name}'"
    assert describe(tmp_path, AES_NATURAL) == f"rated clips in AES-Natural's layout, folder '{tmp_path.name}'"
