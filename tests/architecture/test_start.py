"""Promise 6: what needs no model starts without torch; and one command line is not slowed by what another needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.main import get_command

from drasp_cli.cli.app import app
from tests.tiny import tiny_folder

# Runs the program as the installed script does, then says on standard error what it had to import.
_PROBE = """
import json, sys
from drasp_cli.cli.app import main
sys.argv = ["drasp", *sys.argv[1:]]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
print(json.dumps({"code": code, "modules": [name for name in sys.modules if "." not in name]}), file=sys.stderr)
"""

# The same, and says how things stood when torch was imported: whether garbage was looked for, and how many models were
# being read.
_AT_TORCH = """
import gc, sys
from drasp_cli.checkpoints import content

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("garbage", gc.isenabled(), "ahead", len(begun), file=sys.stderr)
            sys.meta_path.remove(self)

begun = []
start = content.read_ahead
content.read_ahead = lambda found: begun.append(found) or start(found)
sys.meta_path.insert(0, Watch())
from drasp_cli.cli.app import main
sys.argv = ["drasp", *sys.argv[1:]]
main()
"""


def run(*arguments: str, cwd: Path) -> tuple[int, set[str], str]:
    """Exit code, top-level modules imported, and standard output of a fresh `drasp`."""
    done = subprocess.run([sys.executable, "-c", _PROBE, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stderr.splitlines()[-1])
    return facts["code"] or 0, set(facts["modules"]), done.stdout


@pytest.mark.parametrize("command", ["", *get_command(app).commands])
def test_help_imports_neither_torch_nor_numpy(command: str, tmp_path: Path) -> None:
    code, modules, out = run(*command.split(), "--help", cwd=tmp_path)
    assert code == 0
    assert "drasp" in out
    assert "typer" in modules
    assert not modules & {"torch", "numpy", "scipy", "soundfile", "matplotlib"}


@pytest.mark.parametrize("name", ["scores.csv", "scores.jsonl", "."])
def test_ranking_tables_imports_no_torch(name: str, tmp_path: Path) -> None:
    rows = [("results/a/1.wav", "a", 3.0), ("results/b/1.wav", "b", 4.0)]
    if name.endswith("jsonl"):
        lines = [json.dumps({"path": path, "system": system, "MI": score}) for path, system, score in rows]
    else:
        rest = ("model", "error") if name == "." else ()
        header = ",".join(("path", "system", "MI", *rest))
        lines = [header, *(f"{path},{system},{score}" + "," * len(rest) for path, system, score in rows)]
    (tmp_path / ("scores.csv" if name == "." else name)).write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, modules, out = run("rank-systems", name, cwd=tmp_path)
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()] == ["system", "b", "a"]
    assert "torch" not in modules


def test_a_page_of_scores_without_explanations_imports_no_torch(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("path,system,MI\na/1.wav,a,3\nb/1.wav,b,4\n", encoding="utf-8")
    code, modules, _ = run("report", "scores.csv", "-o", "report.html", cwd=tmp_path)
    assert code == 0
    assert (tmp_path / "report.html").exists()
    assert not modules & {"torch", "matplotlib"}


@pytest.mark.parametrize("command", ["score", "explain"])
def test_a_mistake_is_told_without_torch(command: str, tmp_path: Path) -> None:
    code, modules, out = run(command, "nowhere", cwd=tmp_path)
    assert (code, out) == (1, "")
    assert "torch" not in modules


@pytest.mark.parametrize("words", [["score", "a.wav"], ["score", "a.wav", "-o", "a.csv"], ["explain", "a.wav"]])
def test_weights_are_read_while_torch_comes_and_no_garbage_is_looked_for(words: list[str], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(8000, 0.1), 8000)
    folder = tiny_folder(tmp_path / "model")
    run = [sys.executable, "-c", _AT_TORCH, *words, "--model", f"{folder}/", "--quiet"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["garbage False ahead 1"]


def test_simulating_imports_no_torch(tmp_path: Path) -> None:
    code, modules, _ = run("simulate", "out", "--sample-rate", "1", cwd=tmp_path)
    assert code == 2
    assert "numpy" in modules
    assert "torch" not in modules


def test_importing_the_package_imports_nothing_large() -> None:
    probe = "import sys, drasp_cli; sys.exit(bool({'torch', 'numpy', 'typer'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", probe]).returncode == 0
