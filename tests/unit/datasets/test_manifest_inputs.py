"""Files, folders, globs and standard input: which clips, in which order, of which system."""

from __future__ import annotations

import io
import os
import socket

import pytest

from drasp_cli.datasets.manifest import collect_clips
from drasp_cli.errors import InputError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def touch(*names: str) -> None:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return touch


def paths(*inputs, **options):
    return [clip.path for clip in collect_clips(inputs, **options)]


def systems(*inputs, **options):
    return [clip.system for clip in collect_clips(inputs, **options)]


def test_folder_is_in_code_point_order_of_the_whole_path(here):
    here("in/a/x.wav", "in/a-b/x.wav", "in/B.flac", "in/é.ogg", "in/10.mp3", "in/2.opus")
    assert paths("in") == ["in/10.mp3", "in/2.opus", "in/B.flac", "in/a-b/x.wav", "in/a/x.wav", "in/é.ogg"]


def test_inputs_keep_their_order(here):
    here("b/1.wav", "a/1.wav", "z.wav")
    assert paths("z.wav", "b", "a") == ["z.wav", "b/1.wav", "a/1.wav"]


@pytest.mark.parametrize(
    ("typed", "prefix"), [("in", "in/"), ("in//", "in/"), ("./in", "./in/"), ("in/../in", "in/../in/")]
)
def test_paths_stay_as_typed(here, typed, prefix):
    here("in/a.wav")
    assert paths(typed) == [prefix + "a.wav"]


def test_the_working_directory_is_not_typed(here, tmp_path):
    here("a.wav", "b/c.wav")
    assert paths(".") == ["a.wav", "b/c.wav"]
    assert paths(str(tmp_path)) == [f"{tmp_path}/a.wav", f"{tmp_path}/b/c.wav"]


def test_hidden_and_other_files_are_no_clips(here):
    here("in/a.WAV", "in/._a.wav", "in/.git/b.wav", "in/prompts.txt", "in/scores.csv", "in/noending")
    assert paths("in") == ["in/a.WAV"]


def test_folder_named_like_audio_is_descended(here):
    here("in/take.wav/a.wav")
    assert paths("in") == ["in/take.wav/a.wav"]


def test_links_are_followed_and_loops_end(here, tmp_path):
    here("in/a/x.wav", "elsewhere/y.wav")
    (tmp_path / "in/a/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/self").symlink_to("self")
    (tmp_path / "in/gone.wav").symlink_to("nowhere")
    assert paths("in") == ["in/a/x.wav", "in/gone.wav", "in/linked/y.wav"]


def test_pipes_and_sockets_keep_their_rows(here, tmp_path):
    here("in/a.wav")
    os.mkfifo(tmp_path / "in/pipe.wav")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("in/socket.wav")
        assert paths("in") == ["in/a.wav", "in/pipe.wav", "in/socket.wav"]


def test_empty_folder_says_what_was_looked_for(here):
    here("in/readme.md")
    with pytest.raises(InputError, match=r"in: no audio file .*\.flac .*\.wav"):
        paths("in")


def test_missing_input_is_refused(here):
    with pytest.raises(InputError, match=r"none\.wav: there is no such file or folder"):
        paths("none.wav")


def test_a_file_named_itself_needs_no_audio_ending(here):
    here("take.dat")
    assert paths("take.dat") == ["take.dat"]


def test_globs_the_shell_did_not_expand(here):
    here("r/a/1.wav", "r/b/1.wav", "r/b/2.wav")
    assert paths("r/**/1.wav") == ["r/a/1.wav", "r/b/1.wav"]
    assert systems("r/*") == ["a", "b", "b"]
    with pytest.raises(InputError, match="matches no file"):
        paths("r/*.flac")


def test_a_file_with_brackets_in_its_name_is_itself(here):
    here("take[1].wav", "take1.wav")
    assert paths("take[1].wav") == ["take[1].wav"]


def test_standard_input(here):
    assert paths("-", stdin=io.BytesIO(b"b.wav\r\n\na .wav\n# c.wav")) == ["b.wav", "a .wav", "# c.wav"]
    assert paths("-", stdin=io.BytesIO(b"b\n.wav\0a.wav\0"), null_separated=True) == ["b\n.wav", "a.wav"]


def test_standard_input_refusals(here):
    with pytest.raises(InputError, match=r"^standard input: names no clip; one path a line is expected there"):
        paths("-", stdin=io.BytesIO(b"\n"))
    with pytest.raises(InputError, match=r"^standard input: names no clip; paths that end in NUL, as find -print0"):
        paths("-", stdin=io.BytesIO(b""), null_separated=True)
    with pytest.raises(InputError, match="no standard input"):
        paths("-")
    with pytest.raises(InputError, match="named twice"):
        paths("-", "-", stdin=io.BytesIO(b"a"))
    with pytest.raises(InputError, match=r"standard input:1: NUL bytes .* -0"):
        paths("-", stdin=io.BytesIO(b"a.wav\0b.wav\0"))


def test_names_that_are_not_utf8_survive(here):
    raw = b"in/\xff\xe9.wav"
    os.makedirs("in")
    with open(raw, "wb"):
        pass
    assert [os.fsencode(path) for path in paths("in")] == [raw]
    assert [os.fsencode(path) for path in paths("-", stdin=io.BytesIO(raw))] == [raw]


def test_nothing_named_is_refused():
    with pytest.raises(InputError, match="nothing is named"):
        collect_clips([])


# ------------------------------------------------------------------------------------------------- systems


def test_system_is_the_folder_directly_under_input(here):
    here("r/A/deep/1.wav", "r/B/1.wav", "r/1.wav")
    assert systems("r") == ["", "A", "B"]


def test_several_folders_give_their_names(here):
    here("r/A/1.wav", "r/B/sub/1.wav", "r/c.wav")
    assert systems("r/A/", "r/B", "r/c.wav") == ["A", "sub", ""]
    assert systems("r/A") == [""]


def test_folders_of_one_name_are_told(here):
    here("day1/out/1.wav", "day2/out/1.wav", "day2/other/1.wav")
    clips = collect_clips(["day1/out", "day2/out", "day2/other"])
    assert [clip.system for clip in clips] == ["out", "out", "other"]
    assert clips.shared_names == clips[:1].shared_names == ("out",)


def test_sub_folders_of_one_name_in_several_inputs_are_told(here):
    here("day1/base/1.wav", "day1/big/1.wav", "day2/base/deep/1.wav", "day2/2.wav", "out/day2/1.wav")
    clips = collect_clips(["day1", "day2"])
    assert [clip.system for clip in clips] == ["base", "big", "day2", "base"]
    assert clips.shared_names == ("base",)
    assert collect_clips(["day1", "day2", "out"]).shared_names == ("base", "day2")  # a sub-folder, and an INPUT itself
    assert collect_clips(["."]).shared_names == ()


def test_what_tells_folders_of_one_name_apart(here):
    """What the notice advises."""
    here("day1/base/1.wav", "day2/base/1.wav")
    clips = collect_clips(["."], system_pattern="^(.*)/")
    assert [clip.system for clip in clips] == ["day1/base", "day2/base"]
    assert clips.shared_names == ()


def test_pattern_comes_before_the_folder_and_is_searched_below_input(here):
    here("S9/A/x_S1.wav", "S9/A/x.wav")
    clips = collect_clips(["S9"], system_pattern="(S[0-9])")
    assert [(clip.path, clip.system) for clip in clips] == [("S9/A/x.wav", "A"), ("S9/A/x_S1.wav", "S1")]
    assert clips.pattern_missed == 1


def test_pattern_sees_the_whole_path_of_a_clip_named_itself(here):
    here("out/S1/x.wav")
    assert systems("out/S1/x.wav", system_pattern="out/([^/]+)/") == ["S1"]
    assert systems("-", stdin=io.BytesIO(b"out/S2/x.wav"), system_pattern="out/([^/]+)/") == ["S2"]


@pytest.mark.parametrize(
    ("pattern", "reason"), [("(", "not a regular"), ("S.", "no group"), ("(Z+)", "matches no clip")]
)
def test_useless_patterns_are_refused(here, pattern, reason):
    here("in/S1.wav")
    with pytest.raises(InputError, match=reason):
        paths("in", system_pattern=pattern)


# --------------------------------------------------------------------------------------------------- twins


def test_a_clip_named_twice_is_refused(here):
    here("r/a/1.wav", "r/2.wav")
    with pytest.raises(InputError, match=r"\./r/a/1\.wav: is named twice, as clip 2 and as clip 3"):
        paths("r", "./r/a")


def test_slices_keep_what_lies_below(here):
    here("in/a/1.wav", "in/a/2.wav", "b.wav")
    clips = collect_clips(["b.wav", "in"])
    assert [clips[1:].below(i) for i in range(2)] == ["a/1.wav", "a/2.wav"]
    assert clips.below(0) == "b.wav"
    assert [clip.path for clip in clips[:2]] == ["b.wav", "in/a/1.wav"]
