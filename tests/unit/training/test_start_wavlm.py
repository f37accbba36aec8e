from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import AudioboxConfig
from drasp_cli.training.batch import Batch
from drasp_cli.training.examples import load_examples
from drasp_cli.training.features import FeatureStore, feature_store
from drasp_cli.training.hearing import hear, score
from drasp_cli.training.start import prepare
from drasp_cli.training.start_wavlm import KNEES, filter_bank, prepare_tower, window_batch
from drasp_cli.training.teachers import Teachers, graded
from tests.tiny import tiny_audiobox_config
from tests.unit.training.dataset import make_aes_dataset

EPS = 1e-5


def tone(frequency: float, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * torch.pi * frequency * torch.arange(int(16000 * seconds)) / 16000)


def levels(bank: torch.Tensor, samples: torch.Tensor) -> torch.Tensor:
    """RMS that each filter gives, (channels,)."""
    return (samples.unfold(0, bank.shape[1], 80) @ bank.T).square().mean(dim=0).sqrt()


@pytest.mark.parametrize("frequency", [250.0, 1000.0, 3300.0, 6500.0])
def test_a_tone_is_loudest_in_the_filters_of_its_band(frequency: float) -> None:
    bank = filter_bank(48 * 3, 256, 16000, EPS)
    relative = levels(bank, tone(frequency)) * torch.tensor(KNEES * 48)
    spectra = torch.fft.rfft(bank, n=16000).abs()
    for which in range(3):
        loudest = int(relative[which::3].argmax()) * 3 + which
        centre = float(spectra[loudest].argmax())  # a bin is 1 Hz
        assert abs(centre - frequency) < 0.06 * frequency + 20


def test_the_three_filters_of_a_band_lose_levels_one_after_the_other() -> None:
    """White noise of RMS r has the variance (r |w|)^2 behind a filter w: at its knee that of the norm's eps."""
    norms = filter_bank(48 * 3, 256, 16000, EPS).norm(dim=1).view(48, 3)
    torch.testing.assert_close(norms * torch.tensor(KNEES), torch.full((48, 3), EPS**0.5), atol=0, rtol=1e-5)
    assert list(KNEES) == sorted(KNEES, reverse=True)


def test_at_no_phase_are_all_filters_of_a_band_negative() -> None:
    bank = filter_bank(48 * 3, 256, 16000, EPS)
    outputs = (tone(1000.0).unfold(0, 256, 1) @ bank.T) * torch.tensor(KNEES * 48)
    band = outputs.square().mean(dim=0).view(48, 3).sum(dim=1).argmax()
    strongest = outputs.view(-1, 48, 3)[:, band].max(dim=-1).values
    assert strongest.min() > 0.4 * strongest.max()


def test_low_bands_listen_for_longer_than_high_ones() -> None:
    """Two tones 60 Hz apart are two bands' around 200 Hz; a click is over sooner around 6 kHz."""
    bank = filter_bank(64 * 3, 512, 16000, EPS)[::3]
    inside = bank.abs() > 0.01 * bank.abs().amax(dim=1, keepdim=True)
    lengths = inside.sum(dim=1)  # zero crossings shorten them a little
    assert int(lengths[0]) > 450
    assert int(lengths[-1]) < 130
    low, high = (levels(bank, tone(frequency)) for frequency in (200.0, 260.0))
    assert float(low[low.argmax()] / high[low.argmax()]) > 4.0


@pytest.mark.parametrize(("channels", "kernel"), [(1, 1), (2, 10), (7, 400)])
def test_any_number_of_channels_and_any_kernel_give_filters(channels: int, kernel: int) -> None:
    bank = filter_bank(channels, kernel, 8000, EPS)
    assert bank.shape == (channels, kernel)
    assert bool(bank.isfinite().all())
    assert bool((bank.norm(dim=1) > 0).all())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_aes_dataset(tmp_path_factory.mktemp("start") / "data", clips=40)


def config_with_mels() -> AudioboxConfig:
    config = tiny_audiobox_config()
    mels = replace(config.backbone, num_mels=10, conv_kernels=(128, 4, 3), conv_strides=(40, 2, 2))
    return replace(config, backbone=mels)


def store(data: Path, folder: Path) -> FeatureStore:
    train, _, _ = load_examples(data, ("PQ", "PC"))
    predictor = seeded_predictor(tiny_audiobox_config(), 0)
    return feature_store(folder, "train", [rated.clip for rated in train.clips], predictor, lambda: None)


def test_log_mels_are_standardised_over_the_training_clips(data: Path, tmp_path: Path) -> None:
    features = store(data, tmp_path)
    tower = seeded_predictor(config_with_mels(), 0).wavlm_model
    prepare_tower(tower, 8000, features)
    batch = window_batch(features, np.arange(40))
    with torch.inference_mode():
        heard = tower.feature_extractor.conv_layers[0](batch.samples, 197)
        every = torch.cat([row[: (count - 128) // 40 + 1] for row, count in zip(heard, batch.num_samples, strict=True)])
    assert len(every) < heard[..., 0].numel()  # some clips are shorter, and padding is no sound
    torch.testing.assert_close(every.mean(dim=0), torch.zeros(10), atol=1e-3, rtol=0)
    torch.testing.assert_close(every.std(dim=0), torch.ones(10), atol=0.01, rtol=0)


@pytest.mark.parametrize("config", [tiny_audiobox_config(), config_with_mels()], ids=["convolution", "log-mels"])
def test_frames_are_standardised_over_the_training_clips(config: AudioboxConfig, data: Path, tmp_path: Path) -> None:
    features = store(data, tmp_path)
    tower = seeded_predictor(config, 0).wavlm_model
    prepare_tower(tower, 8000, features)
    with torch.inference_mode():
        heard = tower.feature_extractor(window_batch(features, np.arange(40)))
        assert heard.mask is not None
        frames = tower.layer_norm(heard.frames)[heard.mask]
    torch.testing.assert_close(frames.mean(dim=0), torch.zeros(12), atol=1e-3, rtol=0)
    assert float(frames.std(dim=0).max()) == pytest.approx(1.0, abs=0.01)


def test_every_answer_starts_at_the_average_and_clips_apart(data: Path, tmp_path: Path) -> None:
    features, config = store(data, tmp_path), tiny_audiobox_config()
    train, _, vocabulary = load_examples(data, config.axes)
    predictor = seeded_predictor(config, 0)
    teachers = Teachers(config, vocabulary)
    torch.manual_seed(0)
    prepare(predictor, teachers, train, features)
    every = np.arange(40)
    batch = Batch(features.batch(every), None, train.ratings, num_samples=features.real(every))
    with torch.inference_mode():
        heard = hear(predictor, batch)
        scores = score(predictor, heard.embedding, None)
        assert all(torch.equal(values, torch.full((40,), 5.0)) for values in scores.values())
        assert teachers.causes is not None
        assert train.causes is not None
        torch.testing.assert_close(teachers.causes(heard.summary), graded(train.causes).mean(dim=0).expand(40, 1))
        cosines = heard.embedding[0] @ heard.embedding[0].T
    torch.testing.assert_close(heard.summary.mean(dim=0), torch.zeros(4 * 24), atol=1e-3, rtol=0)
    assert abs(float((cosines.sum() - 40) / (40 * 39))) < 0.1
