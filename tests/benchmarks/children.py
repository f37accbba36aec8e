"""Run a program as a user would start it, and see what it took: time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

DRASP = str(Path(sys.executable).with_name("drasp"))


@dataclass(frozen=True, slots=True)
class Child:
    """A program that has ended.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of processor time, user and system, all threads.
        peak_mib: largest resident set. Never below that of the process that started it (Linux counts the memory before
            exec), so whoever measures memory must be small, and must not import torch.
        stdout: what it printed.
        stderr: what it said.
    """

    wall: float
    cpu: float
    peak_mib: float
    stdout: str
    stderr: str


def run(*command: str) -> Child:
    """Run a program to its end.

    Raises:
        RuntimeError: its exit code is not 0; with the end of what it said.
    """
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        said = stderr.read().decode()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-500:]}")
        per_mib = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS counts bytes, Linux KiB
        cpu = usage.ru_utime + usage.ru_stime
        return Child(wall, cpu, usage.ru_maxrss / per_mib, stdout.read().decode(), said)


def python(code: str) -> Child:
    """Run a line of Python in a fresh interpreter."""
    return run(sys.executable, "-c", code)


def drasp(*arguments: object) -> Child:
    """Run the installed program."""
    return run(DRASP, *map(str, arguments))
