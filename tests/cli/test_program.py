"""The installed program as a shell runs it: pipes, signals, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from drasp_cli.cli.errors import guarded
from tests.cli.conftest import write

PROGRAM = Path(sys.executable).with_name("drasp")


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for i in range(200):
        write(tmp_path / "clips" / f"{i:03d}.wav", seconds=0.4 + 0.02 * (i % 11), seed=i)
    return tmp_path


def until_rows(path: Path, rows: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until `path` has this many lines; the process must still be at work then."""
    while not path.exists() or path.read_bytes().count(b"\n") < rows:
        assert process.poll() is None
        time.sleep(0.005)


def test_it_works_in_pipes(clips: Path, model: str) -> None:
    run = shell(f"drasp score clips --model {model} | cut -d, -f1", clips)
    assert run.returncode == 0
    assert run.stdout.split() == ["path", *(f"clips/{i:03d}.wav" for i in range(200))]
    run = shell(f"find clips -name '00*.wav' -print0 | sort -z | drasp score - -0 --model {model} | wc -l", clips)
    assert run.stdout.strip() == "11"


def test_a_reader_that_leaves_early_sees_no_traceback(clips: Path, model: str) -> None:
    run = shell(f"drasp score clips --quiet --model {model} | head -1; echo ${{PIPESTATUS[0]}}", clips)
    assert run.stderr == ""
    assert run.stdout.splitlines()[0].startswith("path,id,system")
    assert run.stdout.splitlines()[1] in ("0", "1")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_killed_run_resumes_to_the_same_bytes(clips: Path, model: str, name: str) -> None:
    command = [str(PROGRAM), "score", "clips", "--model", model, "-o", name]
    subprocess.run(command, cwd=clips, check=True, capture_output=True)
    whole = (clips / name).read_bytes()
    (clips / name).unlink()
    growing = clips / (name if name.endswith("csv") else f"{name}.journal")
    with subprocess.Popen(command, cwd=clips, stderr=subprocess.DEVNULL) as process:
        until_rows(growing, 80, process)
        process.kill()
    assert growing.exists()
    resumed = subprocess.run([*command, "--resume"], cwd=clips, check=True, capture_output=True, text=True)
    assert "64 of 200 rows" in resumed.stderr or "128 of 200 rows" in resumed.stderr
    assert (clips / name).read_bytes() == whole


def test_an_interrupted_run_says_so_and_keeps_its_rows(clips: Path, model: str) -> None:
    command = [str(PROGRAM), "score", "clips", "--model", model, "-o", "out.csv"]
    with subprocess.Popen(command, cwd=clips, stderr=subprocess.PIPE) as process:
        until_rows(clips / "out.csv", 20, process)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        talk = process.stderr.read().decode()
    assert process.returncode == 130
    assert "interrupted; finished rows are on disk" in talk
    assert "Traceback" not in talk
    assert (clips / "out.csv").read_text().count("\n") >= 20


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("score clips --limit 2 -o full.csv", "full.csv: cannot be written: No space left on device"),
        ("score clips --limit 2 > /dev/full", "No space left on device"),
        ("score clips --limit 2 --by-system --format jsonl > /dev/full", "No space left on device"),
        ("score clips --limit 2 --format table > /dev/full", "No space left on device"),
        ("score clips --limit 2 >&-", "standard output is closed"),
    ],
)
def test_an_output_that_takes_nothing_is_one_line(tmp_path: Path, model: str, command: str, words: str) -> None:
    for i in range(2):
        write(tmp_path / f"clips/{i}.wav", seed=i)
    (tmp_path / "full.csv").symlink_to("/dev/full")
    run = shell(f"drasp {command.replace('clips', f'clips --quiet --model {model}')}", tmp_path)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1, run.stderr
    assert words in run.stderr


def test_a_closed_standard_output_is_no_matter_to_a_file(tmp_path: Path, model: str) -> None:
    write(tmp_path / "a.wav")
    run = shell(f"drasp score a.wav --model {model} -o out.csv >&-", tmp_path)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out.csv").read_text().count("\n") == 2


def test_only_score_speaks_of_rows_on_disk(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    for sentence, expected in (("", "drasp: interrupted\n"), ("rows are kept", "drasp: interrupted; rows are kept\n")):
        with pytest.raises(typer.Exit) as exit:
            guarded(stopped, when_interrupted=sentence)()
        assert exit.value.exit_code == 130
        assert capsys.readouterr().err == expected
