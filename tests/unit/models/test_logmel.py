from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.models.config import LogMelConfig
from drasp_cli.models.logmel import LogMel, hz_to_mel, mel_filters, mel_to_hz

CONFIG = LogMelConfig(fft_size=1024, hop_size=320, num_mels=64, f_min=50.0, f_max=8000.0)


@given(st.floats(0.0, 24000.0))
def test_mel_scale_is_invertible(hz: float) -> None:
    assert abs(float(mel_to_hz(hz_to_mel(np.array(hz)))) - hz) < 1e-6 * max(1.0, hz)


def test_filters_have_unit_area_and_stay_inside_the_band() -> None:
    filters = mel_filters(48000, 16384, 40, 300.0, 10000.0)  # a fine grid, so that sums are integrals
    hz_per_bin = 48000 / 16384
    np.testing.assert_allclose(filters.sum(axis=1) * hz_per_bin, 1.0, atol=2e-3)
    frequencies = np.arange(filters.shape[1]) * hz_per_bin
    assert not filters[:, (frequencies < 300.0) | (frequencies > 10000.0)].any()


def test_a_tone_peaks_in_its_own_band() -> None:
    t = torch.arange(16000) / 16000
    for frequency in (200.0, 1000.0, 3000.0):
        logmel = LogMel(CONFIG, 16000)(torch.sin(2 * torch.pi * frequency * t)[None])[0]
        edges = mel_to_hz(np.linspace(*hz_to_mel(np.array([50.0, 8000.0])), 66))
        band = int(logmel[20].argmax())
        assert edges[band] <= frequency <= edges[band + 2]


def test_ten_times_the_amplitude_is_twenty_decibels_more() -> None:
    noise = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    frontend = LogMel(CONFIG, 16000)
    torch.testing.assert_close(frontend(10 * noise), frontend(noise) + 20, atol=1e-3, rtol=0)


def test_silence_is_minus_one_hundred_decibels() -> None:
    assert torch.equal(LogMel(CONFIG, 16000)(torch.zeros(1, 3200)), torch.full((1, 11, 64), -100.0))


def test_nothing_of_it_is_learned() -> None:
    assert not LogMel(CONFIG, 16000).state_dict()
