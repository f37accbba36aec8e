from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from drasp_cli.cli.imports import uncollected

# In a process of its own: what is frozen there would stay so here.
PROBE = """
import gc
from drasp_cli.cli.imports import uncollected
class Cycle:
    def __init__(self):
        self.itself = self
with uncollected("large"):
    assert not gc.isenabled()
    kept = Cycle()
assert gc.isenabled()
assert gc.get_freeze_count() > 1000
assert not any(one is kept for one in gc.get_objects())
later = Cycle()
assert any(one is later for one in gc.get_objects())
"""


def test_what_is_made_in_the_block_is_never_searched_and_what_comes_later_is() -> None:
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_garbage_is_collected_again_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "freeze", lambda: None)
    with pytest.raises(ImportError), uncollected("large"):
        raise ImportError
    assert gc.isenabled()


def test_nothing_is_done_for_a_library_that_is_there() -> None:
    frozen = gc.get_freeze_count()
    with uncollected("pytest"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
