"""The audio tower against laion-clap's own, on seeded weights of the full HTSAT-base size (make_golden_htsat.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from drasp_cli.models.backbones.htsat import HTSAT
from drasp_cli.models.config import HTSATConfig, LogMelConfig
from drasp_cli.models.logmel import LogMel, mel_filters
from tests.parity.seeded_weights import seeded_tensor, seeded_waveform

SEED = 20261121
GOLDEN = np.load(Path(__file__).parent / "golden" / "htsat.npz")
LOGMEL = LogMelConfig(fft_size=1024, hop_size=480, num_mels=64, f_min=50.0, f_max=14000.0)


@pytest.fixture(scope="module")
def tower() -> HTSAT:
    tower = HTSAT(HTSATConfig(), num_mels=64).eval()
    state = tower.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(seeded_tensor(name, tuple(tensor.shape), SEED)))
    return tower


@pytest.fixture(scope="module")
def logmel() -> torch.Tensor:
    waveform = torch.from_numpy(np.stack([seeded_waveform(480000, 48000, seed) for seed in (1, 2)]))
    return LogMel(LOGMEL, 48000)(waveform)


def test_parameter_names_are_laions(tower: HTSAT) -> None:
    """Every learned tensor of ours has LAION's name; LAION's classifier behind the tower is all we leave out."""
    ours = {name for name in tower.state_dict() if not name.endswith("num_batches_tracked")}
    theirs = set(GOLDEN["names"].tolist())
    assert ours <= theirs
    assert {name.split(".")[0] for name in theirs - ours} == {"tscam_conv", "head"}


def test_mel_filters_equal_the_references() -> None:
    ours = mel_filters(48000, 1024, 64, 50.0, 14000.0)
    np.testing.assert_allclose(ours[:, ::3], GOLDEN["melw"], rtol=0, atol=1e-8)


def test_logmel_equals_the_references(logmel: torch.Tensor) -> None:
    assert logmel.shape == (2, 1001, 64)
    # dB of values down to -100; float32 sums of another order move them by some 1e-5
    np.testing.assert_allclose(logmel[:, ::50].numpy(), GOLDEN["logmel"], rtol=0, atol=1e-4)


def test_time_steps_equal_the_references(tower: HTSAT, logmel: torch.Tensor) -> None:
    with torch.inference_mode():
        frames = tower(logmel).frames
    assert frames.shape == (2, 32, 1024)
    difference = np.abs(frames[:, :, ::16].numpy() - GOLDEN["frames"]).max()
    assert difference < 1e-5 * np.abs(GOLDEN["frames"]).max(), difference
