from __future__ import annotations

import doctest
import math
import tracemalloc

import numpy as np
import pytest

import drasp_cli.audio.resample as module
from drasp_cli.audio.resample import Resampler, resample


def by_the_equation(samples: np.ndarray, orig: int, new: int, silence: int = 0) -> np.ndarray:
    """The equation of the module's docstring, sum by sum in float64; `silence` samples go before, and are dropped."""
    bandwidth = 0.99 * min(orig, new)
    outputs = np.arange(math.ceil(silence * new / orig), math.ceil((silence + len(samples)) * new / orig))
    u = bandwidth * (outputs[:, None] / new - np.arange(silence, silence + len(samples)) / orig)
    weights = np.where(np.abs(u) < 6, np.sinc(u) * np.cos(np.pi * u / 12) ** 2, 0.0)
    return bandwidth / orig * weights @ samples.astype(np.float64)


def test_doctests():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("orig", "new"), [(2, 1), (1, 2), (3, 2), (2, 3), (7, 5), (48000, 32000), (8000, 32000), (192000, 16000), (3, 16)]
)
def test_follows_the_equation(orig: int, new: int):
    samples = np.random.default_rng(1).uniform(-1, 1, 700).astype(np.float32)

    np.testing.assert_allclose(resample(samples, orig, new), by_the_equation(samples, orig, new), rtol=0, atol=2e-6)


def test_the_rounding_taken_over_from_torchaudio_is_as_large_as_the_docstring_says():
    silence = 42000  # it is largest late in a second
    samples = np.random.default_rng(1).uniform(-1, 1, 2000).astype(np.float32)
    later = np.concatenate([np.zeros(silence, dtype=np.float32), samples])

    for orig, new, low, high in [(44100, 32000, 5e-6, 5e-5), (44101, 32000, 5e-4, 5e-3)]:
        expected = by_the_equation(samples, orig, new, silence)
        error = np.abs(resample(later, orig, new)[-len(expected) :] - expected).max()
        assert low < error < high


def test_an_impulse_returns_the_kernel():
    # 1 -> 2, the impulse at input 0: output j is 0.99 sinc(0.99 j / 2) cos^2(0.99 pi j / 24)
    impulse = np.zeros(20, dtype=np.float32)
    impulse[0] = 1.0

    got = resample(impulse, 1, 2)

    assert got[0] == pytest.approx(0.99, abs=1e-6)
    assert got[1] == pytest.approx(0.99 * np.sinc(0.495) * np.cos(0.99 * np.pi / 24) ** 2, abs=1e-6)
    assert got[13] == pytest.approx(0.0, abs=1e-7)  # 0.99 * 13 / 2 is beyond the sixth zero crossing


def test_equal_rates_change_nothing():
    samples = np.random.default_rng(2).uniform(-1, 1, 50).astype(np.float32)

    np.testing.assert_array_equal(resample(samples, 44100, 44100), samples)


def test_nothing_gives_nothing():
    assert len(resample(np.empty(0, dtype=np.float32), 44100, 32000)) == 0


@pytest.mark.parametrize(("orig", "new"), [(0, 16000), (16000, 0), (-1, 16000)])
def test_rates_below_one_are_refused(orig: int, new: int):
    with pytest.raises(ValueError, match=f"got {orig} and {new}"):
        Resampler(orig, new)


def test_a_resampler_can_be_used_again_after_flush():
    samples = np.random.default_rng(3).uniform(-1, 1, 30000).astype(np.float32)
    resampler = Resampler(44100, 32000)

    first = np.concatenate([resampler.push(samples), resampler.flush()])
    second = np.concatenate([resampler.push(samples), resampler.flush()])

    np.testing.assert_array_equal(first, second)


def test_coprime_rates_take_little_memory():
    # the dense kernel would take 32,000 x 44,101 x 4 bytes = 5.6 GB
    module._stripes.cache_clear()
    tracemalloc.start()
    resample(np.zeros(100, dtype=np.float32), 44101, 32000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40e6
