"""A run killed anywhere and resumed leaves the bytes of a run that was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drasp_cli.datatypes import Clip, ClipScore
from drasp_cli.errors import MissingExtraError, OutputError, ResumeError
from drasp_cli.tables import formats
from drasp_cli.tables.journal import ResultWriter, check_companions
from drasp_cli.tables.reading import read_score_tables
from drasp_cli.tables.run_file import RunFile, run_facts

GROUP = 3
MODEL = "m@1"
CLIPS = [
    Clip("a.wav", system="S"),
    Clip('q"",\n"b.wav', prompt="p"),
    Clip("\udcff.wav", id="7", start=0.5),
    Clip("é,.wav", system="\r"),
    Clip("e.wav", start=0.0, end=2.0),
    Clip("f.wav"),
    Clip("g.wav"),
    Clip("h.wav"),
]


def rows_of(clips) -> list[ClipScore]:
    return [
        ClipScore(clip, {"MI": len(clip.path) / 7, "TA": None}, seconds=1.5, windows=1, sample_rate=8000, model=MODEL)
        for clip in clips
    ]


def writer_of(path: Path, clips=CLIPS, axes=("MI", "TA"), *, with_prompts: bool = True) -> ResultWriter:
    return ResultWriter(str(path), axes, run_facts(clips, "fp32", reads_prompts=False), with_prompts=with_prompts)


def run(path: Path, clips=CLIPS, *, resume: bool = False, stop_after: int | None = None, model: str = MODEL) -> int:
    """What the command does; `stop_after` rows it is killed."""
    with writer_of(path, clips) as writer:
        done = writer.resume(clips, model, GROUP).rows if resume else 0
        writer.write(rows_of(clips)[done:stop_after])
        if stop_after is None:
            writer.finish()
    return done


@pytest.fixture(params=["csv", "jsonl"])
def grown(request, tmp_path):
    path = tmp_path / f"out.{request.param}"
    run(path)
    return path


@pytest.fixture(params=["json", "parquet"])
def made(request, tmp_path):
    path = tmp_path / f"out.{request.param}"
    run(path)
    return path


def log_of(path: Path) -> Path:
    return path.with_name(path.name + ".journal")


def test_killed_at_any_byte(grown):
    clips = CLIPS[:5]
    run(grown, clips)
    whole = grown.read_bytes()
    done = set()
    for size in range(len(whole) + 1):
        grown.write_bytes(whole[:size])
        done.add(run(grown, clips, resume=True))
        assert grown.read_bytes() == whole, size
    assert done == {0, 3, 5}


def test_journal_killed_at_any_byte(tmp_path):
    clips = CLIPS[2:4]
    path = tmp_path / "out.json"
    run(path, clips)
    whole = path.read_bytes()
    run(path, clips, stop_after=len(clips))
    journal = log_of(path).read_bytes()
    for size in range(len(journal) + 1):
        log_of(path).write_bytes(journal[:size])
        path.unlink(missing_ok=True)
        run(path, clips, resume=True)
        assert path.read_bytes() == whole, size
        assert not log_of(path).exists()


@pytest.mark.parametrize("rows", range(len(CLIPS)))
def test_made_formats_stopped_between_rows(made, rows):
    whole = made.read_bytes()
    run(made, stop_after=rows)
    assert made.read_bytes() == whole  # the old table stays until the new one is there
    assert run(made, resume=True) == rows - rows % GROUP
    assert made.read_bytes() == whole
    assert sorted(entry.name for entry in made.parent.iterdir()) == [made.name]


def test_made_formats_killed_between_the_table_and_its_journal(made):
    whole = made.read_bytes()
    run(made, stop_after=len(CLIPS))
    assert run(made, resume=True) == len(CLIPS)
    assert made.read_bytes() == whole


def test_nothing_to_resume_is_a_start(tmp_path):
    for name in ("csv", "jsonl", "json", "parquet"):
        assert run(tmp_path / f"a.{name}", resume=True) == 0
        run(tmp_path / f"b.{name}")
        assert (tmp_path / f"a.{name}").read_bytes() == (tmp_path / f"b.{name}").read_bytes()


def test_a_finished_table_has_nothing_to_do(grown):
    assert run(grown, resume=True) == len(CLIPS)


def test_a_start_replaces_what_was_there(grown):
    whole = grown.read_bytes()
    run(grown, CLIPS[:2])
    assert len(grown.read_bytes()) < len(whole)
    assert len(list(read_score_tables([str(grown)]))) == 2


def test_the_whole_groups_are_kept_and_the_rest_redone(grown):
    run(grown, stop_after=5)
    assert run(grown, resume=True) == 3


def test_more_clips_than_before_go_on(grown):
    whole = grown.read_bytes()
    run(grown, CLIPS[:7])
    assert run(grown, resume=True) == 6
    assert grown.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clips: clips[:7], "more rows than there are clips now, which is 7"),
        (lambda clips: clips[::-1], "row 1: 'path' is 'a.wav', and would be 'h.wav'"),
        (lambda clips: [Clip("a.wav", "k", "S"), *clips[1:]], "row 1: 'id' is '', and would be 'k'"),
        (lambda clips: [Clip("a.wav", "", "T"), *clips[1:]], "row 1: 'system' is 'S', and would be 'T'"),
        (lambda clips: [Clip("a.wav", "", "S", "p"), *clips[1:]], "row 1: 'prompt' is '(None)?', and would be 'p'"),
        (
            lambda clips: [*clips[:4], Clip("e.wav", end=2.0), *clips[5:]],
            "row 5: 'start' is '0.0', and would be 'None'",
        ),
    ],
)
def test_other_clips_are_refused_and_the_file_is_left(grown, change, message):
    whole = grown.read_bytes()
    with pytest.raises(ResumeError, match=message):
        run(grown, change(CLIPS), resume=True)
    assert grown.read_bytes() == whole


def test_another_model_is_refused(grown):
    with pytest.raises(ResumeError, match="row 1: 'model' is 'm@1', and would be 'm@2'"):
        run(grown, resume=True, model="m@2")


def test_other_axes_are_refused(grown):
    whole = grown.read_bytes()
    with writer_of(grown, axes=("MI",)) as writer, pytest.raises(ResumeError, match="MI,TA"):
        writer.resume(CLIPS, MODEL, GROUP)
    assert grown.read_bytes() == whole


@pytest.mark.parametrize("content", [b"my notes", b"my\nnotes\n", b"path,id\n", b'{"id": "x"}\n', b"\0"])
def test_a_foreign_file_is_left_alone(grown, content):
    grown.write_bytes(content)
    with pytest.raises(ResumeError):
        run(grown, resume=True)
    assert grown.read_bytes() == content


def test_a_broken_row_in_the_middle_is_refused(grown):
    lines = grown.read_bytes().split(b"\n")
    lines[1] = lines[1][:-20]
    grown.write_bytes(b"\n".join(lines))
    with pytest.raises(ResumeError, match=r"is not one of its rows|would be"):
        run(grown, resume=True)


def test_finished_formats_that_cannot_grow(tmp_path):
    for name in ("json", "parquet"):
        path = tmp_path / f"out.{name}"
        run(path)
        whole = path.read_bytes()
        assert run(path, resume=True) == len(CLIPS)
        assert path.read_bytes() == whole
        with pytest.raises(ResumeError, match=f"finished with {len(CLIPS)} rows, and there are {len(CLIPS) + 1} clips"):
            run(path, [*CLIPS, Clip("new.wav")], resume=True)
        with pytest.raises(ResumeError, match="'model' is"):
            run(path, resume=True, model="m@2")
        with (
            writer_of(path, axes=("MI",), with_prompts=False) as writer,
            pytest.raises(ResumeError, match="its columns are"),
        ):
            writer.resume(CLIPS, MODEL, GROUP)


def test_a_broken_finished_table(tmp_path):
    (tmp_path / "out.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(ResumeError, match="is not a JSON array"):
        run(tmp_path / "out.json", resume=True)


def test_what_cannot_be_written_is_said_at_once(tmp_path, monkeypatch):
    with pytest.raises(OutputError, match="No such file or directory"):
        run(tmp_path / "none" / "out.csv")
    with pytest.raises(OutputError, match="the ending says the format"):
        writer_of(tmp_path / "out.xlsx")
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        run(tmp_path / "dir.csv", resume=True)
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError):
        writer_of(tmp_path / "out.parquet")


def test_files_that_are_called_like_temporary_ones_are_left_alone(made):
    names = [f"{made.name}{ending}" for ending in (".part", ".run.part")]
    for name in names:
        (made.parent / name).write_text("mine")
    run(made)
    assert sorted(entry.name for entry in made.parent.iterdir()) == [made.name, *names]
    assert all((made.parent / name).read_text() == "mine" for name in names)


@pytest.mark.parametrize("content", [b"Dear diary\n", b'{"id": "x"}\n'])
def test_a_journal_of_anyone_else_is_refused_and_left(made, content):
    whole = made.read_bytes()
    log_of(made).write_bytes(content)
    with pytest.raises(OutputError, match=r"\.journal: is not a journal that drasp wrote"):
        check_companions(str(made))
    with pytest.raises(OutputError, match=r"\.journal: is not a journal that drasp wrote"):
        run(made)
    assert (log_of(made).read_bytes(), made.read_bytes()) == (content, whole)


def test_a_journal_torn_at_any_byte_is_its_own(made):
    run(made, stop_after=1)
    journal = log_of(made).read_bytes()
    for size in range(len(journal) + 1):
        log_of(made).write_bytes(journal[:size])
        check_companions(str(made))
    run(made)
    assert not log_of(made).exists()


def test_nothing_is_written_to_a_finished_table(grown):
    whole = grown.read_bytes()
    with writer_of(grown) as writer:
        writer.resume(CLIPS, MODEL, GROUP)
        writer.finish()
        with pytest.raises(RuntimeError, match="finished or closed"):
            writer.write(rows_of(CLIPS))
    assert grown.read_bytes() == whole


def files_of(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.json"])
def test_what_is_refused_before_the_first_row_changes_nothing(tmp_path, name, resume):
    path = tmp_path / name
    run(path, stop_after=5)
    stopped = files_of(tmp_path)
    assert f"{name}.run" in stopped
    with writer_of(path) as writer:
        if resume:
            assert writer.resume(CLIPS, MODEL, GROUP).rows == 3
    assert files_of(tmp_path) == stopped


def test_the_file_is_cut_before_the_first_row_is_asked_for(grown):
    def rows():
        assert len(list(read_score_tables([str(grown)]))) == 3
        assert RunFile(str(grown)).check(CLIPS, run_facts(CLIPS, "fp32", reads_prompts=False))
        yield from rows_of(CLIPS)[3:]

    run(grown, stop_after=5)
    with writer_of(grown) as writer:
        writer.resume(CLIPS, MODEL, GROUP)
        writer.write(rows())


def test_a_full_disk_is_said_once(tmp_path):
    (tmp_path / "full.csv").symlink_to("/dev/full")
    with (
        pytest.raises(OutputError, match=r"full\.csv: cannot be written: No space left") as caught,
        writer_of(tmp_path / "full.csv") as writer,
    ):
        writer.write(rows_of(CLIPS))
    assert caught.value.__context__ is None or not isinstance(caught.value.__context__, OutputError)
