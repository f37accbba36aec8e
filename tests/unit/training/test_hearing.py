from __future__ import annotations

import pytest
import torch

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor
from drasp_cli.training.batch import Batch
from drasp_cli.training.hearing import hear, score, set_training, summary_width
from drasp_cli.training.teachers import Teachers
from tests.tiny import lively, tiny_audiobox_config, tiny_config

LENGTHS = torch.tensor([8000, 3000, 5500, 7999])


@pytest.fixture
def audiobox() -> AudioboxPredictor:
    predictor = seeded_predictor(tiny_audiobox_config(), 0)
    lively(predictor)
    return predictor


@pytest.fixture
def windows() -> WindowBatch:
    generator = torch.Generator().manual_seed(0)
    return WindowBatch(torch.randn(4, 8000, generator=generator) * 0.1, LENGTHS)


def batch_of(windows: WindowBatch, rows: slice = slice(None)) -> Batch:
    return Batch(
        windows.samples[rows], None, torch.zeros(len(windows.samples[rows]), 4), num_samples=windows.num_samples[rows]
    )


def test_the_steps_end_where_scoring_does(audiobox: AudioboxPredictor, windows: WindowBatch) -> None:
    with torch.inference_mode():
        heard = hear(audiobox, batch_of(windows))
        scores, expected = score(audiobox, heard.embedding, None), audiobox(windows)
    assert scores.keys() == expected.keys()
    assert all(torch.equal(scores[axis], expected[axis]) for axis in expected)
    assert heard.summary.shape == (4, summary_width(audiobox.config))


def test_a_clip_alone_is_heard_as_in_any_batch_also_in_training(
    audiobox: AudioboxPredictor, windows: WindowBatch
) -> None:
    """Gradients of one clip's loss too: what is learned from a clip does not depend on its batch mates."""
    teachers = Teachers(audiobox.config, None)
    set_training(audiobox)

    def gradients(rows: slice, row: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        audiobox.zero_grad()
        _, scores = teachers.losses(audiobox, batch_of(windows, rows), ["ratings"], "l1")
        own = torch.stack([values[row] for values in scores.values()])
        own.sum().backward()  # type: ignore[no-untyped-call]
        return own.detach(), [p.grad.clone() for p in audiobox.parameters() if p.grad is not None]

    together, taught = gradients(slice(None), 1)
    alone, taught_alone = gradients(slice(1, 2), 0)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    for one, other in zip(taught, taught_alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_low_precision_stays_in_the_towers(audiobox: AudioboxPredictor, windows: WindowBatch) -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        heard = hear(audiobox, batch_of(windows))
    assert (heard.summary.dtype, heard.embedding.dtype) == (torch.float32, torch.float32)
    torch.testing.assert_close(heard.embedding.norm(dim=-1), torch.ones(4, 4), atol=1e-6, rtol=0)


def test_a_batch_norm_keeps_its_statistics_and_all_else_trains(audiobox: AudioboxPredictor) -> None:
    clap = seeded_predictor(tiny_config(), 0)
    predictors: list[Predictor] = [clap, audiobox]
    for predictor in predictors:
        set_training(predictor)
        assert predictor.training
    assert isinstance(clap, ClapPredictor)
    assert not clap.audio_branch.bn0.training
    assert clap.heads.training
