"""The installed program as a shell runs it: pipes, signals, exit codes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from functools import partial
from pathlib import Path

import pytest
import typer

from drasp_cli.cli.errors import guarded
from tests.cli.conftest import Run, write
from tests.tiny import tiny_folder

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


def test_the_package_is_the_program(tmp_path: Path) -> None:
    """`python -m drasp_cli` does what `drasp` does, with its exit codes."""
    command = [sys.executable, "-m", "drasp_cli", "models"]
    for words in (["list"], ["show", "nothing.like.it"]):
        ours = subprocess.run([*command, *words], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        theirs = shell(f"drasp models {' '.join(words)}", tmp_path)
        assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert ours.returncode == 2


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


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_reader_that_has_left_is_no_matter_to_help(tmp_path: Path, word: str) -> None:
    run = shell(f"drasp {word} | true; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert run.stderr == ""
    assert run.stdout in ("0\n", "1\n")


def test_a_closed_standard_error_sends_no_talk_into_the_data(tmp_path: Path, model: str) -> None:
    write(tmp_path / "a.wav")
    (tmp_path / "b.wav").touch()
    run = shell(f"drasp score a.wav b.wav --model {model} 2>&-", tmp_path)
    assert run.returncode == 3
    assert [line.split(",")[0] for line in run.stdout.splitlines()] == ["path", "a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("rank", "rank-systems"),
        ("scores", "score"),
        ("clips", "drasp score clips"),
        ("'my clips'", "drasp score 'my clips'"),
    ],
)
def test_a_word_that_is_no_command_gets_a_hint(tmp_path: Path, words: str, meant: str) -> None:
    for name in ("clips", "my clips"):
        (tmp_path / name).mkdir()
    run = shell(f"drasp {words}", tmp_path)
    assert run.returncode == 2
    hint = run.stderr.partition("Did you mean")[2]
    assert meant in hint
    assert "train" not in hint


# Importing torch fails here, and INPUT holds no clip: what is told instead was seen before either was looked at.
_WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from drasp_cli.cli.app import main; main()"


@pytest.mark.parametrize("command", ["score", "rank-systems"])
@pytest.mark.parametrize(
    ("option", "value"), [("--precision", "fp8"), ("--device", "foo"), ("--device", "cuda:x"), ("--model", "nope")]
)
def test_a_misspelt_word_is_wrong_use_and_told_before_any_work(
    tmp_path: Path, command: str, option: str, value: str
) -> None:
    (tmp_path / "clips").mkdir()  # where listing them would fail, since it is empty
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH, command, "clips", option, value],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 2, run.stderr
    assert f"'{value}'" in run.stderr


def test_names_in_errors_cannot_command_the_terminal(drasp: Run) -> None:
    write(Path("a.wav"))
    Path("a\x1b[31m.csv").write_text("path,system,MI\na.wav,S,3\n")
    for words in (
        ("score", "gone\x1b[31m\n.wav"),
        ("score", "a.wav", "--prompts", "gone\x1b[31m.txt"),
        ("rank-systems", "gone\x1b[31m.csv"),
        ("rank-systems", "a\x1b[31m.csv", "a.wav"),
        ("train", "gone\x1b[31m.toml", "--data", ".", "--out", "x"),
        ("gone\x1b[31m", "--help"),
    ):
        run = drasp(*words)
        assert run.exit_code in (1, 2), words
        assert "\x1b[31m" not in run.stderr, words
        assert "\\x1b[31m" in run.stderr, words


def test_a_terminal_without_a_character_gets_its_escape(tmp_path: Path, model: str) -> None:
    write(tmp_path / "новый.wav")
    run = shell(f"PYTHONIOENCODING=ascii drasp score новый.wav -q -f table --model {model}", tmp_path)
    assert run.returncode == 0, run.stderr
    assert "\\u043d\\u043e\\u0432\\u044b\\u0439.wav" in run.stdout


def on_terminal(words: list[str], folder: Path, columns: int) -> list[str]:
    """The lines that `drasp` writes to a terminal of this width, without styles."""
    terminal, program_side = pty.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [str(PROGRAM), *words],
        cwd=folder,
        env=environment | {"TERM": "xterm"},
        stdout=program_side,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(program_side)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other side has been closed
            while piece := os.read(terminal, 4096):
                shown += piece
        os.close(terminal)
    assert process.returncode in (0, 3)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_a_drawn_table_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    model = tiny_folder(tmp_path / "tiny", ratings="simulated")
    for take in (1, 2):
        name = f"a slow piano with drums and a very long name indeed, take {take}.wav"
        write(tmp_path / "clips/musicgen-large-finetuned-2026" / name, seconds=12 + take)
    (tmp_path / "clips/musicgen-large-finetuned-2025").mkdir()
    (tmp_path / "clips/musicgen-large-finetuned-2025/text.wav").write_text("no audio\n" * 99)

    lines = on_terminal(["score", "clips", "--model", str(model)], tmp_path, columns)

    assert max(map(len, lines)) <= columns
    scored = [line for line in lines if re.search(r"[12]\.wav|1[34]\.00", line)]
    assert len(scored) == 2  # a clip is a line
    for take, line in enumerate(scored, start=1):
        assert re.search(rf" \S.* {take}\.wav  mus.*-2026  +-?\d\.\d\d  +1{2 + take}\.00 ", line), line
    text = " ".join(" ".join(lines).split())
    assert text.count("simulated-ratings") == 1
    assert "not on human ratings" in text
    error = lines[[line.split() for line in lines].index(["path", "error"]) + 2 :]
    start = error[0].index("not audio")
    assert "not audio, or in a format that is not read here" in " ".join(line[start:].strip() for line in error)


def test_files_keep_the_flag_of_every_row(drasp: Run) -> None:
    model = tiny_folder(Path("tiny"), ratings="simulated")
    write(Path("a.wav"))
    write(Path("b.wav"))
    for format, count in (("csv", 2), ("jsonl", 2), ("table", 1)):
        run = drasp("score", "a.wav", "b.wav", "-f", format, "--model", f"./{model}")
        assert run.stdout.count("simulated-ratings") == count


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
    # A shell starts what runs in its background with Ctrl-C ignored, and programs pass that on.
    heard = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, cwd=clips, stderr=subprocess.PIPE, preexec_fn=heard) as process:
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
        ("--version > /dev/full", "No space left on device"),
        ("--help > /dev/full", "No space left on device"),
        ("score --help > /dev/full", "No space left on device"),
    ],
)
def test_an_output_that_takes_nothing_is_one_line(tmp_path: Path, model: str, command: str, words: str) -> None:
    for i in range(2):
        write(tmp_path / f"clips/{i}.wav", seed=i)
    (tmp_path / "full.csv").symlink_to("/dev/full")
    # Buffered, as a user's Python is: what is wrong with the output shows when it is flushed.
    command = f"unset PYTHONUNBUFFERED; drasp {command.replace('clips', f'clips --quiet --model {model}')}"
    run = shell(command, tmp_path)
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


def test_a_list_on_a_standard_input_that_was_closed_is_refused(clips: Path) -> None:
    run = shell("drasp score - <&-", clips)
    assert run.returncode == 1
    assert run.stderr.startswith("drasp: error: -: there is no standard input to read")
    assert "Traceback" not in run.stderr
