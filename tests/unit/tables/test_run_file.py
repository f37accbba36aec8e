"""A stopped run goes on with the prompts and the precision it was begun with, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drasp_cli.datatypes import Clip
from drasp_cli.errors import OutputError, ResumeError
from drasp_cli.tables.run_file import RunFile, run_facts

CLIPS = [Clip("a.wav", prompt="slow piano"), Clip("b.wav"), Clip("c.wav", prompt='a "fast"\nband, é')]


def facts_of(clips, precision="fp32", reads_prompts=True):
    return run_facts(clips, precision, reads_prompts=reads_prompts)


@pytest.fixture
def begun(tmp_path):
    file = RunFile(str(tmp_path / "scores.csv"))
    file.write(facts_of(CLIPS))
    return file


def test_the_same_run_goes_on(begun):
    assert begun.check(list(CLIPS), facts_of(CLIPS))


def test_clips_that_were_added_may_go_on(begun):
    more = [*CLIPS, Clip("d.wav", prompt="new")]
    assert begun.check(more, facts_of(more))


@pytest.mark.parametrize(
    "prompts",
    [
        ("slow pianos", None, CLIPS[2].prompt),  # other words
        ("slow piano", "", CLIPS[2].prompt),  # an empty prompt is one
        (None, "slow piano", CLIPS[2].prompt),  # the same words at another clip
        ("slow piano", None, 'a "fast"\\nband, é'),
    ],
)
def test_other_prompts_are_refused(begun, prompts):
    clips = [replace(clip, prompt=prompt) for clip, prompt in zip(CLIPS, prompts, strict=True)]
    with pytest.raises(ResumeError, match=r"scores\.csv\.run: .* other prompts"):
        begun.check(clips, facts_of(clips))


def test_another_precision_and_fewer_clips_are_refused(begun):
    with pytest.raises(ResumeError, match="begun with --precision fp32, and would go on with bf16"):
        begun.check(CLIPS, facts_of(CLIPS, "bf16"))
    with pytest.raises(ResumeError, match="begun on 3 clips, and there are 2 now"):
        begun.check(CLIPS[:2], facts_of(CLIPS[:2]))


def test_prompts_that_nobody_reads_make_no_difference(tmp_path):
    file = RunFile(str(tmp_path / "scores.csv"))
    file.write(facts_of(CLIPS, reads_prompts=False))
    clips = [replace(clip, prompt="other") for clip in CLIPS]
    assert file.check(clips, facts_of(clips, reads_prompts=False))


def test_without_a_file_nothing_is_known(tmp_path, begun):
    begun.remove()
    assert not begun.check(CLIPS, facts_of(CLIPS))
    assert list(tmp_path.iterdir()) == []
    begun.remove()  # once more does no harm


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"{}", b"\xff", b"#!/bin/sh\n", b'{"clips": "x", "prompts": "", "precision": ""}'),
        b'{"clips": 1, "prompts": "", "precision": "", "mine": 1}',
        b"[" * 100_000,
    ],
)
def test_a_file_of_anyone_else_is_refused_and_left(tmp_path, begun, content):
    (tmp_path / "scores.csv.run").write_bytes(content)
    with pytest.raises(ResumeError, match="not what drasp wrote"):
        begun.check(CLIPS, facts_of(CLIPS))
    for act in (begun.require_own, begun.remove, lambda: begun.write(facts_of(CLIPS))):
        with pytest.raises(OutputError, match=r"scores\.csv\.run: is not a run file that drasp wrote"):
            act()
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("scores.csv.run", content)]


def test_its_own_file_may_be_replaced(begun):
    begun.require_own()
    begun.write(facts_of(CLIPS, "bf16"))
    assert begun.check(CLIPS, facts_of(CLIPS, "bf16"))


def test_what_cannot_be_written_or_removed_is_said(tmp_path):
    with pytest.raises(OutputError, match=r"none/scores\.csv\.run: cannot be written"):
        RunFile(str(tmp_path / "none/scores.csv")).write(facts_of(CLIPS))
    (tmp_path / "scores.csv.run").mkdir()
    with pytest.raises(OutputError, match="cannot be removed"):
        RunFile(str(tmp_path / "scores.csv")).remove()
    with pytest.raises(OutputError, match="cannot be read"):
        RunFile(str(tmp_path / "scores.csv")).require_own()
    with pytest.raises(ResumeError, match="cannot be read"):
        RunFile(str(tmp_path / "scores.csv")).check(CLIPS, facts_of(CLIPS))
