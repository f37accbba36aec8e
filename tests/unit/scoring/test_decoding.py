"""Clips decoded ahead: in order, no more of them waiting than may, and never at a standstill."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drasp_cli.audio.windows import WindowSpec
from drasp_cli.datatypes import Clip
from drasp_cli.scoring import decoding
from drasp_cli.scoring.decoding import decode_ahead

SPECS = [WindowSpec(1000, 100, "zero"), WindowSpec(2000, 1000, "repeat")]


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Clips of 1 to 30 windows of 0.1 s, whose samples say their number; the fourth is none."""
    for i, seconds in enumerate((0.1, 3.0, 0.3, 0.0, 2.0, 3.0, 0.1, 1.0)):
        soundfile.write(tmp_path / f"{i}.wav", np.full(round(1000 * seconds), i / 10), 1000, subtype="FLOAT")
    return [Clip(str(tmp_path / f"{i}.wav")) for i in range(8)]


def until(condition: Callable[[], bool]) -> None:
    """Waits for what other threads are about to do."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 3, 8])
@pytest.mark.parametrize("ahead", [1, 5, 100])
def test_every_window_of_every_clip_comes_in_order(clips: list[Clip], workers: int, ahead: int) -> None:
    """Also where later clips have taken all the room before the one that is read has any."""
    with closing(decode_ahead(clips, SPECS, workers=workers, ahead=ahead)) as opened:
        for number, (clip, source) in enumerate(zip(clips, opened, strict=True)):
            assert source.clip == clip
            windows = list(source)
            if number == 3:
                assert source.error is not None
                assert source.facts is None
                continue
            assert source.facts is not None
            assert [facts.windows for facts in source.facts] == [
                sum(place == spec for place, _ in windows) for spec in (0, 1)
            ]
            for place, window in windows:
                if place == 0:
                    assert window.samples[: window.num_samples] == pytest.approx(number / 10)


def test_no_more_windows_wait_than_may(clips: list[Clip]) -> None:
    with closing(decode_ahead(clips, SPECS, workers=4, ahead=6)) as opened:
        first = next(opened)
        room = first._room
        until(lambda: room.windows == 6)
        time.sleep(0.1)  # whoever would go on does
        assert room.windows == 6
        list(first)
        until(lambda: room.windows == 6)
        next(opened)  # which nobody reads, so that it has no claim to more
        time.sleep(0.1)
        assert room.windows == 6


def test_leaving_early_ends_all_threads(clips: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    with closing(decode_ahead(clips, SPECS, workers=3, ahead=2)) as opened:
        next(iter(next(opened)))
        assert threading.active_count() == before + 3
    assert threading.active_count() == before


def test_a_bug_is_raised_behind_the_windows_before_it(clips: list[Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(list[object]):
        facts = None

        def __enter__(self) -> Broken:
            return self

        def __exit__(self, *_: object) -> None:
            raise RuntimeError("a bug")

    monkeypatch.setattr(decoding, "open_shared", lambda *_: Broken([(0, "window")]))
    with closing(decode_ahead(clips, SPECS, workers=2, ahead=4)) as opened:
        windows = iter(next(opened))
        assert next(windows) == (0, "window")
        with pytest.raises(RuntimeError, match="a bug"):
            next(windows)


INTERRUPTED = """
import faulthandler, random, signal, time
from drasp_cli.datatypes import Clip
from drasp_cli.scoring.decoding import decode_ahead

faulthandler.dump_traceback_later(60, exit=True)
signal.signal(signal.SIGALRM, signal.default_int_handler)
dice, clips = random.Random(0), [Clip("missing.wav")] * 400
interrupted, until = 0, time.monotonic() + 3
while time.monotonic() < until:
    opened = decode_ahead(clips, [], workers=2, ahead=16)
    next(opened)
    try:
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(1e-4, 5e-3))
        for clip in opened:
            list(clip)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupted += 1
    opened.close()
print(interrupted)
"""


def test_an_interrupt_at_any_moment_leaves_no_thread_waiting_for_a_lock() -> None:
    """In a process of its own, which ends itself with all its threads' stacks if it hangs."""
    run = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 20
