"""Promises 3 and 5 of design.md: memory that does not grow with the clips, no network, no unpickling, and nothing
written beside the clips."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from drasp_cli.checkpoints.store import Checkpoint, load_predictor
from drasp_cli.cli.app import app
from drasp_cli.datatypes import Clip
from drasp_cli.errors import CheckpointError, ConfigError, TrainingError
from drasp_cli.scoring import score_clips
from drasp_cli.tables.ranking import rank_systems
from drasp_cli.training.recipe import DataRecipe, Recipe, StageRecipe
from drasp_cli.training.state import read_state
from tests.tiny import tiny_audiobox_checkpoint, tiny_checkpoint, tiny_config, tiny_folder


def write_noise(path: Path, seconds: float = 0.2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, round(8000 * seconds)), 8000)


@pytest.mark.parametrize("made", [tiny_checkpoint, tiny_audiobox_checkpoint])
def test_memory_does_not_grow_with_the_number_of_clips(made: Callable[[Path], Checkpoint], tmp_path: Path) -> None:
    """Clips are drawn from a generator and rows are ranked as they come, so neither list is ever in memory.

    What Python and numpy allocate is counted, and all that could pile up (rows, windows, prompts) is theirs. The
    windows in flight follow from the batch size; with the smallest, their number can vary by little.
    """
    checkpoint = made(tmp_path / "model")
    write_noise(tmp_path / "a.wav")

    def clips(count: int) -> Iterator[Clip]:
        for i in range(count):
            yield Clip(str(tmp_path / "a.wav"), id=str(i), system=f"S{i % 3}", prompt="slow piano")

    def peak(count: int) -> int:
        tracemalloc.start()
        table = rank_systems(score_clips(checkpoint, clips(count), batch_size=1, workers=1))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(row.clips for row in table.systems) == count
        return highest

    peak(64)  # whatever is made once
    few, many = peak(128), peak(2048)
    assert many - few <= 200 * (2048 - 128)  # a row that is kept takes over 800 bytes; what is in flight varies


def test_nothing_is_written_beside_the_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_folder(tmp_path / "model")
    for name in ("a/1.wav", "a/2.wav", "b/1.wav"):
        write_noise(tmp_path / "clips" / name)
    (tmp_path / "clips/b/broken.wav").write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def listing() -> dict[str, tuple[int, int]]:
        paths = [Path(folder) / name for folder, _, names in os.walk(tmp_path / "clips") for name in names]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}

    before = listing()
    for arguments in (["score"], ["rank-systems"], ["score", "-o", "scores.parquet"]):
        result = CliRunner().invoke(app, [*arguments, "../clips", "--model", f"{model}"])
        assert result.exit_code == 3
    assert listing() == before
    assert [path.name for path in Path().iterdir()] == ["scores.parquet"]


# -------------------------------------------------------------------- promise 5: network, writing, unpickling

# Runs the program in a process of its own, so that nothing of the tests is counted, and notes what Python's audit
# events tell: every name looked up, every connection, every file opened to be written, every path made or moved.
_WATCHED = """
import json, os, sys
from drasp_cli.cli.app import main

record, touched = sys.argv[1], []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        host = arguments[1][0] if event in ("socket.connect", "socket.sendto") else arguments[0]
        if not isinstance(host, str) or (host not in ("localhost", "::1") and not host.startswith("127.")):
            os.write(2, f"NETWORK {event} {host}".encode())
            os._exit(99)
    elif event == "open":
        path, mode, flags = arguments
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        if (mode and set(mode) & set("wxa+")) or (flags and flags & writes):
            touched.append(path)
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "os.remove", "os.rmdir"):
        touched.extend(path for path in arguments[:2] if isinstance(path, (str, bytes)))

sys.addaudithook(watch)
sys.argv = ["drasp", *sys.argv[2:]]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
paths = [os.path.abspath(os.fsdecode(path)) for path in touched if not isinstance(path, int)]
with open(record, "w") as file:
    json.dump({"code": code or 0, "paths": paths}, file)
"""


def watched(folder: Path, *arguments: str) -> tuple[int, set[Path]]:
    """Exit code of a fresh `drasp` run in `folder`, and every path it wrote, made, moved or removed.

    Left out: devices, and what lies in the folder for temporary files, which is the system's own.
    """
    record, temporary = folder.parent / "record.json", folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(record), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "NETWORK" not in done.stderr
    assert done.returncode == 0, done.stderr
    told = json.loads(record.read_text())
    ours = {Path(path) for path in told["paths"] if not path.startswith(("/dev/", "/proc/", f"{temporary}/"))}
    return told["code"], ours


def inside(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def test_no_command_reaches_the_network_or_writes_outside_its_output(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    for name in ("clips/a/1.wav", "clips/a/2.wav", "clips/b/1.wav"):
        write_noise(folder / name)
    (folder / "out").mkdir()
    (folder / "prompts.txt").write_text("slow piano\na fast band\nsoft strings\n", encoding="utf-8")

    code, touched = watched(folder, "score", "clips", "--prompts", "prompts.txt")  # the model that ships
    assert (code, touched) == (0, set())
    code, touched = watched(folder, "score", "clips", "--prompts", "prompts.txt", "-o", "out/scores.csv")
    assert code == 0
    assert folder / "out/scores.csv" in touched
    assert all(inside(path, folder / "out") for path in touched)
    for argument in ("out/scores.csv", "clips"):
        assert watched(folder, "rank-systems", argument) == (0, set())
    code, touched = watched(folder, "simulate", "listening", "--clips", "6", "--systems", "3", "--prompts", "4")
    assert code == 0
    assert folder / "listening/causes.csv" in touched
    assert all(inside(path, folder / "listening") for path in touched)
    assert sorted(path.name for path in folder.iterdir()) == ["clips", "listening", "out", "prompts.txt"]


def test_the_watch_sees_what_it_watches_for(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    for statement in ("socket.getaddrinfo('example.org', 80)", "socket.socket().connect(('192.0.2.1', 80))"):
        probe = _WATCHED.replace("    main()\n", f"    import socket; {statement}\n")
        done = subprocess.run([sys.executable, "-c", probe, str(tmp_path / "r")], capture_output=True, text=True)
        assert (done.returncode, done.stderr[:7]) == (99, "NETWORK")
    probe = _WATCHED.replace("    main()\n", "    import pathlib; pathlib.Path('here').write_text('x')\n")
    assert subprocess.run([sys.executable, "-c", probe, str(tmp_path / "r")], cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "r").read_text())["paths"] == [str(tmp_path / "here")]


class Payload:
    """Pickles to a call that makes a folder, which is how the tests learn that it was run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def hostile(form: str, mark: Path) -> bytes:
    """A pickle with a payload, bare or as `torch.save` wraps it."""
    if form == "pickle":
        return pickle.dumps(Payload(mark))
    buffer = io.BytesIO()
    torch.save({"state": Payload(mark)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_the_payload_would_run_if_it_were_unpickled(form: str, tmp_path: Path) -> None:
    """Else the tests below could not fail."""
    load = {"pickle": pickle.loads, "torch": lambda data: torch.load(io.BytesIO(data), weights_only=False)}[form]
    load(hostile(form, tmp_path / "mark"))
    assert (tmp_path / "mark").is_dir()


@pytest.mark.parametrize("form", ["pickle", "torch"])
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_checkpoint_that_is_a_pickle_is_refused_and_not_run(form: str, name: str, tmp_path: Path) -> None:
    model = tiny_folder(tmp_path / "model")
    (model / name).write_bytes(hostile(form, tmp_path / "mark"))
    write_noise(tmp_path / "clips/a.wav")
    with pytest.raises((CheckpointError, ConfigError), match=re.escape(name)):
        load_predictor(f"{model}/")
    result = CliRunner().invoke(app, ["score", str(tmp_path / "clips"), "--model", str(model)])
    assert result.exit_code == 1
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_a_state_that_is_a_pickle_is_refused_and_not_run(form: str, tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    state.write_bytes(hostile(form, tmp_path / "mark"))
    recipe = Recipe(0, tiny_config(), DataRecipe(4, 300), (StageRecipe("ratings", 1, {"ratings": 1.0}),))
    with pytest.raises(TrainingError, match=r"state\.pt cannot be read .*; remove it to start over"):
        read_state(state, recipe, "")
    assert not (tmp_path / "mark").exists()
