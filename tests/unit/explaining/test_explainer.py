from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, Window, WindowBatch
from drasp_cli.errors import AudioError
from drasp_cli.explaining import ClipExplanation, Explanation, explain_clip
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.scoring import score_clips
from tests.tiny import lively, tiny_audiobox_checkpoint, tiny_checkpoint
from tests.unit.explaining.loudness import loudness, write_levels

CLAP_ALONE = {"axes": ["CLAP"], "targets": {"CLAP": {"mean": 0.0, "std": 1.0}}, "pooling": None}


def times(found: Explanation) -> list[tuple[tuple[float, float], ...]]:
    return [tuple((round(start, 9), round(end, 9)) for start, end in segment.spans) for segment in found.segments]


def noise(path: Path, seconds: float, rate: int = 8000) -> str:
    swell = np.linspace(0.05, 0.5, round(seconds * rate))
    soundfile.write(path, swell * np.random.default_rng(3).uniform(-1, 1, len(swell)), rate)
    return str(path)


# ------------------------------------------------------------------------------------------- answers by hand


def test_influence_and_times_worked_out_by_hand(tmp_path: Path) -> None:
    """Levels 0.1 0.3 | 0.2 0.6 in two windows of 1 s: 0.2 and 0.4, the clip 0.3. Without its first half the first
    window is 0.3, and the clip 0.35; and so on."""
    found = explain_clip(loudness(), Clip(write_levels(tmp_path / "a.wav", [0.1, 0.3, 0.2, 0.6])))
    (axis,) = found.axes
    assert axis.score == pytest.approx(0.3, abs=1e-6)
    assert [window.score for window in axis.windows] == pytest.approx([0.2, 0.4], abs=1e-6)
    assert [window.span for window in axis.windows] == [(0.0, 1.0), (1.0, 2.0)]
    assert times(axis) == [((0.0, 0.5),), ((0.5, 1.0),), ((1.0, 1.5),), ((1.5, 2.0),)]
    assert [segment.heard for segment in axis.segments] == [(0.0, 0.5), (0.5, 1.0), (1.0, 1.5), (1.5, 2.0)]
    assert [segment.window for segment in axis.segments] == [1, 1, 2, 2]
    assert [segment.influence for segment in axis.segments] == pytest.approx([-0.05, 0.05, -0.1, 0.1], abs=1e-6)
    assert [segment.weight for segment in axis.segments] == [None] * 4  # all frames alike: there is no attention
    assert axis.branches is None
    assert (axis.worst, axis.best) == axis.windows


def test_a_longer_window_counts_for_more(tmp_path: Path) -> None:
    """0.2 0.2 | 0.8 in windows of 1 s and half a one, which is heard twice: (2 * 0.2 + 0.8) / 3 = 0.4."""
    found = explain_clip(loudness(), Clip(write_levels(tmp_path / "a.wav", [0.2, 0.2, 0.8])))
    (axis,) = found.axes
    assert axis.score == pytest.approx(0.4, abs=1e-6)
    assert times(axis) == [((0.0, 0.5),), ((0.5, 1.0),), ((1.0, 1.5),), ((1.0, 1.5),)]
    assert axis.segments[-1].heard == (1.5, 2.0)
    assert found.copies == 2
    assert axis.best is not None
    assert axis.best.span == (0.5, 1.5)  # heard once; half a window of sound, heard twice, would score 0.8
    assert axis.best.score == pytest.approx(0.5, abs=1e-6)


def test_silence_behind_a_clip_has_influence_and_no_time(tmp_path: Path) -> None:
    """0.4 for half a second, and zeros: 0.2. Without the silence it would be 0.4, without the sound 0."""
    found = explain_clip(loudness("zero"), Clip(write_levels(tmp_path / "a.wav", [0.4])))
    (axis,) = found.axes
    assert times(axis) == [((0.0, 0.5),), ()]
    assert [segment.influence for segment in axis.segments] == pytest.approx([0.2, -0.2], abs=1e-6)


@pytest.mark.parametrize("rate", [8000, 44_100, 7_919])
def test_times_are_the_files_at_any_sample_rate(rate: int, tmp_path: Path) -> None:
    found = explain_clip(loudness(), Clip(noise(tmp_path / "a.wav", 1.7301, rate)))
    (axis,) = found.axes
    assert times(axis)[:3] == [((0.0, 0.5),), ((0.5, 1.0),), ((1.0, 1.5),)]
    assert axis.windows[-1].span.end == found.seconds == pytest.approx(1.7301, abs=1 / rate)


def test_times_of_a_range_are_the_files_too(tmp_path: Path) -> None:
    path = write_levels(tmp_path / "a.wav", [0.9, 0.9, 0.1, 0.3])
    found = explain_clip(loudness(), Clip(path, start=1.0, end=2.0))
    assert times(found.axes[0]) == [((1.0, 1.5),), ((1.5, 2.0),)]
    assert found.span == (1.0, 2.0)
    assert found.axes[0].score == pytest.approx(0.2, abs=1e-6)


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """Beyond what is reported, that is: under 4 kB for each window of two segments, where a window has 32 kB."""
    checkpoint = loudness()

    def peak(windows: int) -> int:
        path = write_levels(tmp_path / f"{windows}.wav", [0.1] * windows, seconds=1.0)
        tracemalloc.start()
        explain_clip(checkpoint, Clip(path))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(4)  # whatever is made once
    assert peak(320) - peak(64) < 4000 * 256


# --------------------------------------------------------------------------------------------- real predictors


def lively_clap(folder: Path) -> Checkpoint:
    checkpoint = tiny_checkpoint(folder)
    lively(checkpoint.predictor)
    return checkpoint


MAKERS = {
    "clap": lively_clap,
    "clap-alone": lambda folder: tiny_checkpoint(folder, **CLAP_ALONE),
    "audiobox": tiny_audiobox_checkpoint,
    "audiobox-mean": lambda folder: tiny_audiobox_checkpoint(folder, pooling=None),
}


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.45])
@pytest.mark.parametrize("made", MAKERS)
def test_the_score_is_that_of_score_clips(made: str, seconds: float, tmp_path: Path) -> None:
    checkpoint = MAKERS[made](tmp_path / "model")
    clip = Clip(noise(tmp_path / "a.wav", seconds, 11_025), prompt="slow piano")
    found = explain_clip(checkpoint, clip)
    (row,) = score_clips(checkpoint, [clip])
    assert {axis.axis: axis.score for axis in found.axes} == pytest.approx(dict(row.scores), abs=1e-5)
    assert (found.seconds, found.sample_rate, found.flags) == (row.seconds, row.sample_rate, row.flags)
    assert found.model == row.model
    assert all(len(axis.windows) == row.windows for axis in found.axes)


@pytest.mark.parametrize("made", ["clap", "audiobox"])
def test_weights_of_every_window_sum_to_one(made: str, tmp_path: Path) -> None:
    found = explain_clip(MAKERS[made](tmp_path / "model"), Clip(noise(tmp_path / "a.wav", 2.3), prompt="slow piano"))
    for axis in found.axes:
        for window in (1, 2, 3):
            weights = [segment.weight for segment in axis.segments if segment.window == window]
            assert sum(weights) == pytest.approx(1.0, abs=1e-5)
        assert axis.branches is not None
        assert axis.branches.whole + axis.branches.segments == pytest.approx(1.0)


def test_axes_of_one_tower_share_weights_and_those_with_a_layer_mix_do_not(tmp_path: Path) -> None:
    def weights(found: ClipExplanation) -> list[list[float | None]]:
        return [[segment.weight for segment in axis.segments] for axis in found.axes]

    clip = Clip(noise(tmp_path / "a.wav", 1.0), prompt="slow piano")
    mi, ta = weights(explain_clip(lively_clap(tmp_path / "clap"), clip))
    assert mi == ta
    first, *others = weights(explain_clip(tiny_audiobox_checkpoint(tmp_path / "audiobox"), clip))
    assert all(other != first for other in others)


def test_influence_of_a_cosine_is_that_of_its_window(tmp_path: Path) -> None:
    """One window: the cosine, minus that of the mean of the other frames."""
    checkpoint = tiny_checkpoint(tmp_path / "model", **CLAP_ALONE)
    clip = Clip(noise(tmp_path / "a.wav", 1.0), prompt="slow piano")
    heard: list[Window] = []
    found = explain_clip(checkpoint, clip, on_window=heard.append)
    (axis,) = found.axes
    predictor, tokenizer = checkpoint.predictor, checkpoint.tokenizer
    assert tokenizer is not None
    (window,) = heard
    with torch.inference_mode():
        assert isinstance(predictor, ClapPredictor)
        text = predictor.embed_text(torch.tensor([tokenizer.encode("slow piano")[0]]))
        batch = WindowBatch(torch.from_numpy(window.samples)[None], torch.tensor([window.num_samples]))
        frames = predictor.hear(batch).frames[0, 0]
        run = round(found.segment_seconds * 8000 / predictor.frame_hop)
        cosines = []
        for kept in (frames, frames[run:]):
            audio = predictor.audio_projection(kept.mean(dim=0, keepdim=True))
            cosines.append(torch.cosine_similarity(audio, text).item())
    assert axis.score == pytest.approx(cosines[0], abs=1e-6)
    assert axis.segments[0].influence == pytest.approx(cosines[0] - cosines[1], abs=1e-5)


@pytest.mark.parametrize("prompt", [None, ""])
def test_without_a_prompt_the_axes_that_read_it_are_left_out(tmp_path: Path, prompt: str | None) -> None:
    found = explain_clip(tiny_checkpoint(tmp_path / "model"), Clip(noise(tmp_path / "a.wav", 1.0), prompt=prompt))
    assert [axis.axis for axis in found.axes] == ["MI"]
    assert "no-prompt" in found.flags


def test_a_file_that_is_no_audio_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("nothing to hear")
    with pytest.raises(AudioError, match=r"a\.wav"):
        explain_clip(loudness(), Clip(str(tmp_path / "a.wav")))


def test_a_score_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    checkpoint = lively_clap(tmp_path / "model")
    with torch.no_grad():
        checkpoint.predictor.get_parameter("pooling.alpha").fill_(float("nan"))
    with pytest.raises(AudioError, match="MI score is not a finite number"):
        explain_clip(checkpoint, Clip(noise(tmp_path / "a.wav", 1.0)))


def test_the_only_segment_of_a_window_has_no_influence(tmp_path: Path) -> None:
    """35 ms are one segment of a WavLM window that is filled with zeros; the clip before it has influence."""
    found = explain_clip(tiny_audiobox_checkpoint(tmp_path / "model"), Clip(noise(tmp_path / "a.wav", 1.015)))
    for axis in found.axes:
        *before, last = axis.segments
        assert (last.window, last.influence, last.weight) == (2, None, pytest.approx(1.0))
        assert all(segment.influence is not None for segment in before)
