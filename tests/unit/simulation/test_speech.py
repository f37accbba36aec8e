"""Synthetic speech has the pitch, the formants and the consonants it is given, and silence where nothing is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.speech import Syllable, speak

RATE = 32000


def said(seed=0, pitch=50.0, tract=1.0, velocity=1.0, rate=RATE):
    syllables = [Syllable(0.2 + 0.25 * i, 0.25, pitch, velocity) for i in range(8)]
    return speak(syllables, rate, 3.0, tract, stream(seed, "speech"))


def power_between(samples, low, high, rate=RATE):
    frequencies, power = welch(samples, rate, nperseg=2048)
    return power[(frequencies >= low) & (frequencies < high)].sum()


def loudest_frequency(samples, low, high):
    frequencies, power = welch(samples, RATE, nperseg=1 << 14)
    inside = (frequencies >= low) & (frequencies < high)
    return frequencies[inside][np.argmax(power[inside])]


@pytest.mark.parametrize("rate", [16000, 32000, 48000])
def test_length_scale_and_silence(rate):
    samples = said(rate=rate)
    assert samples.shape == (3 * rate,)
    assert np.all(np.isfinite(samples))
    assert 0.01 < np.sqrt(np.mean(samples**2)) < 1.0
    spoken = np.sqrt(np.mean(samples**2))
    assert np.abs(samples[: int(0.1 * rate)]).max() < 1e-3 * spoken
    assert np.abs(samples[int(2.5 * rate) :]).max() < 1e-3 * spoken


def test_nothing_said_is_silence():
    assert not np.any(speak([], RATE, 1.0, 1.0, stream(0, "speech")))


@pytest.mark.parametrize("pitch", [45.0, 52.0, 59.0])
def test_pitch_is_heard(pitch):
    """The harmonics below 1 kHz lie at multiples of the pitch: the autocorrelation peaks at its period."""
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    found = []
    for seed in range(6):
        spectrum = np.fft.rfft(said(seed, pitch)[int(0.2 * RATE) : int(2.2 * RATE)], 1 << 17)
        spectrum[int(1000 * (1 << 17) / RATE) :] = 0.0
        lags = np.arange(int(RATE / hertz / 1.3), int(RATE / hertz * 1.3))
        found.append(RATE / lags[np.argmax(np.fft.irfft(np.abs(spectrum) ** 2)[lags])])
    assert np.median(found) == pytest.approx(hertz, rel=0.05)


def test_consonants_hiss_above_the_voice():
    """Over many syllables between a thousandth and a half of the power lies above 4 kHz, where vowels have little."""
    shares = [power_between(said(seed), 4000, 16000) / power_between(said(seed), 0, 16000) for seed in range(12)]
    assert 1e-3 < np.mean(shares) < 0.5
    assert max(shares) > 3 * min(shares)


def test_smaller_heads_have_higher_formants():
    def centroid(tract):
        ratios = []
        for seed in range(6):
            frequencies, power = welch(said(seed, tract=tract), RATE, nperseg=2048)
            inside = (frequencies > 200) & (frequencies < 3500)
            ratios.append((frequencies[inside] * power[inside]).sum() / power[inside].sum())
        return np.mean(ratios)

    assert centroid(1.2) > 1.1 * centroid(0.85)


def test_softer_is_softer():
    loud, soft = (np.sqrt(np.mean(said(velocity=velocity) ** 2)) for velocity in (1.0, 0.5))
    assert 20 * np.log10(loud / soft) == pytest.approx(13.0, abs=1.0)


def test_an_overlapping_syllable_cuts_the_last_one_short():
    one = [Syllable(0.1, 1.5, 50.0, 1.0), Syllable(0.4, 0.3, 50.0, 1.0)]
    samples = speak(one, RATE, 2.0, 1.0, stream(1, "speech"))
    assert np.abs(samples[int(0.9 * RATE) :]).max() < 1e-3 * np.abs(samples).max()
