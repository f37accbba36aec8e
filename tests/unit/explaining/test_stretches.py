from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip
from drasp_cli.explaining import Explanation, Span, explain_clip, stretches
from drasp_cli.explaining.stretches import MOST_STRETCHES, plan_stretches, spans_of
from drasp_cli.scoring import score_clips
from tests.tiny import lively, tiny_audiobox_checkpoint, tiny_checkpoint
from tests.unit.explaining.loudness import loudness, write_levels


def test_doctests() -> None:
    assert doctest.testmod(stretches).failed == 0


def extremes(found: Explanation) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the worst and the best stretch begin, and their scores."""
    assert found.worst is not None
    assert found.best is not None
    return (found.worst.span.start, found.worst.score), (found.best.span.start, found.best.score)


# ------------------------------------------------------------------------------------------------- which there are


@pytest.mark.parametrize("seconds", [10.0001, 12.0, 14.9, 25.0, 61.3, 1807.0, 7200.0, 50_000.0])
def test_stretches_are_of_one_length_within_the_clip_and_reach_its_end(seconds: float) -> None:
    plan = plan_stretches(seconds, 30.0)
    clip = Span(5.0, 5.0 + seconds)
    spans = spans_of(plan, clip)
    assert 2 <= len(spans) <= MOST_STRETCHES
    assert all(span.seconds == pytest.approx(10.0, abs=1e-6) for span in spans)
    assert spans[0].start == clip.start
    assert spans[-1].end == clip.end
    steps = np.diff([span.start for span in spans])
    assert steps[:-1] == pytest.approx(plan.hop)
    assert 0 < steps[-1] <= (plan.hop or 0.0) + 1e-9


def test_the_hop_grows_with_the_clip_and_leaves_nothing_out_up_to_two_hours() -> None:
    hops = [plan_stretches(seconds, 10.0).hop for seconds in (10.5, 1800.0, 1810.0, 3600.0, 7200.0, 14_000.0)]
    assert hops == [2.5, 2.5, 5.0, 5.0, 10.0, 20.0]


# ------------------------------------------------------------------------------------------------ planted answers


def test_the_best_and_the_worst_are_where_they_were_put(tmp_path: Path) -> None:
    """A loud second from 1.5 s on and a quiet one from 3.25 s on, both across the borders of windows."""
    levels = [0.4] * 6 + [0.9] * 4 + [0.4] * 3 + [0.1] * 4 + [0.4] * 3
    found = explain_clip(loudness(), Clip(write_levels(tmp_path / "a.wav", levels, seconds=0.25)))
    worst, best = extremes(found.axes[0])
    assert worst == pytest.approx((3.25, 0.1), abs=1e-6)
    assert best == pytest.approx((1.5, 0.9), abs=1e-6)


def test_of_little_more_than_a_window_the_end_counts(tmp_path: Path) -> None:
    """Levels 0.1 and 0.5 of which the second lasts 0.2 s: 0 to 1 s is 0.1, and 0.2 to 1.2 s is 0.18."""
    path = write_levels(tmp_path / "a.wav", [0.1] * 5 + [0.5], seconds=0.2)
    (axis,) = explain_clip(loudness(), Clip(path)).axes
    worst, best = extremes(axis)
    assert worst == pytest.approx((0.0, 0.1), abs=1e-6)
    assert best == pytest.approx((0.2, 0.18), abs=1e-6)


def test_ten_seconds_are_compared_where_the_model_hears_thirty(tmp_path: Path) -> None:
    """A clip of one window: 12 s, the first two of them loud, in a window of 30 s that hears a stretch three times."""
    path = write_levels(tmp_path / "a.wav", [0.9, *[0.3] * 5], seconds=2.0)
    found = explain_clip(loudness(window_seconds=30), Clip(path))
    assert found.stretches.seconds == 10.0
    assert len(found.axes[0].windows) == 1
    worst, best = extremes(found.axes[0])
    assert worst == pytest.approx((2.0, 0.3), abs=1e-6)
    assert best == pytest.approx((0.0, (2 * 0.9 + 8 * 0.3) / 10), abs=1e-6)


def test_a_clip_no_longer_than_a_stretch_has_none_and_says_why(tmp_path: Path) -> None:
    found = explain_clip(loudness(), Clip(write_levels(tmp_path / "a.wav", [0.2, 0.1])))
    assert (found.axes[0].worst, found.axes[0].best, found.axes[0].stretches) == (None, None, ())
    assert found.stretches.why_none == "the clip is no longer than 1 s"


def test_a_caller_may_do_without_them(tmp_path: Path) -> None:
    """A report does: it shows no best and worst ten seconds, and they would take most of its time."""
    path = write_levels(tmp_path / "a.wav", [0.2, 0.1, 0.4])
    heard: list[None] = []
    found = explain_clip(loudness(), Clip(path), stretches=False, on_stretch=lambda: heard.append(None))
    assert (found.axes[0].stretches, found.stretches.hop, heard) == ((), None, [])
    whole = explain_clip(loudness(), Clip(path), on_stretch=lambda: heard.append(None))
    assert len(whole.axes[0].stretches) == len(heard) == 3


def test_times_are_those_of_the_file_where_the_clip_is_a_range(tmp_path: Path) -> None:
    path = write_levels(tmp_path / "a.wav", [0.9, 0.9, 0.2, 0.2, 0.6, 0.6, 0.0])
    (axis,) = explain_clip(loudness(), Clip(path, start=1.0, end=3.0)).axes
    worst, best = extremes(axis)
    assert worst == pytest.approx((1.0, 0.2), abs=1e-6)
    assert best == pytest.approx((2.0, 0.6), abs=1e-6)


# ------------------------------------------------------------------------------------------- the very scoring path


def lively_clap(folder: Path) -> Checkpoint:
    checkpoint = tiny_checkpoint(folder)
    lively(checkpoint.predictor)
    return checkpoint


@pytest.mark.parametrize("made", [lively_clap, tiny_audiobox_checkpoint])
@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_a_stretch_scores_as_that_range_of_the_file_does(made: object, kind: str, tmp_path: Path) -> None:
    assert callable(made)
    checkpoint = made(tmp_path / "model")
    swell = np.linspace(0.05, 0.5, round(2.83 * 11_025))
    path = str(tmp_path / f"a.{kind}")
    soundfile.write(path, swell * np.random.default_rng(3).uniform(-1, 1, len(swell)), 11_025)
    found = explain_clip(checkpoint, Clip(path, start=0.3701, prompt="slow piano"))
    spans = [stretch.span for stretch in found.axes[0].stretches]
    assert len(spans) == 7
    ranges = [Clip(path, start=span.start, end=span.end, prompt="slow piano") for span in spans]
    rows = list(score_clips(checkpoint, ranges))
    for axis in found.axes:
        assert [stretch.score for stretch in axis.stretches] == pytest.approx(
            [row.scores[axis.axis] for row in rows], abs=1e-5
        )


def test_stretches_within_one_block_and_over_several_score_alike(tmp_path: Path) -> None:
    """A block has 131,072 values: 16 s of this file, and half as much of the same in two channels."""
    levels = np.random.default_rng(5).uniform(0.1, 0.9, 40).astype(np.float32)
    samples = np.repeat(levels, 8000)
    soundfile.write(tmp_path / "mono.wav", samples, 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "stereo.wav", np.stack([samples, samples], axis=1), 8000, subtype="FLOAT")
    mono, stereo = (explain_clip(loudness(), Clip(str(tmp_path / f"{name}.wav"))) for name in ("mono", "stereo"))
    assert mono.axes[0].stretches == stereo.axes[0].stretches
    scores = [stretch.score for stretch in mono.axes[0].stretches if stretch.span.start == int(stretch.span.start)]
    assert scores == pytest.approx(levels.tolist(), abs=1e-5)
