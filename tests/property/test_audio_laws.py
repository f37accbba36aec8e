"""Laws of decoding, resampling and windowing, for any signal."""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drasp_cli.audio.decode import DecodeFacts, Decoder
from drasp_cli.audio.levels import LevelMeter
from drasp_cli.audio.resample import Resampler, resample
from drasp_cli.audio.windows import cut_windows

COMMON_RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000])
SMALL_RATES = st.integers(1, 60)
RATES = st.one_of(st.tuples(COMMON_RATES, COMMON_RATES), st.tuples(SMALL_RATES, SMALL_RATES))
SAMPLES = st.floats(-1, 1, width=32)


def noise(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)


def in_blocks(signal: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    """The signal in blocks of these sizes, over and over."""
    ends, total = [], 0
    while total < len(signal):
        total += sizes[len(ends) % len(sizes)]
        ends.append(total)
    return np.split(signal, ends)


BLOCK_SIZES = st.lists(st.integers(1, 20_000), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(RATES, st.integers(0, 40_000), BLOCK_SIZES)
def test_block_sizes_do_not_change_a_bit_of_the_resampled_signal(rates, length, sizes):
    signal = noise(length)
    resampler = Resampler(*rates)

    blocks = [resampler.push(block) for block in in_blocks(signal, sizes)]

    np.testing.assert_array_equal(np.concatenate([*blocks, resampler.flush()]), resample(signal, *rates))


@settings(max_examples=100, deadline=None)
@given(RATES, st.integers(0, 5_000))
def test_the_resampled_length_is_exact(rates, length):
    orig, new = rates
    assert len(resample(noise(length), orig, new)) == math.ceil(length * new / orig)


@settings(max_examples=30, deadline=None)
@given(RATES, st.integers(1, 3_000), st.floats(-2, 2, width=32))
def test_resampling_is_linear(rates, length, gain):
    one, two = noise(length, 1), noise(length, 2)
    both = resample(one + np.float32(gain) * two, *rates)
    apart = resample(one, *rates) + np.float32(gain) * resample(two, *rates)
    np.testing.assert_allclose(both, apart, rtol=0, atol=3e-6)


@settings(max_examples=40, deadline=None)
@given(st.tuples(COMMON_RATES, COMMON_RATES), st.floats(0.01, 0.7))
def test_a_tone_below_the_cutoff_survives_in_place(rates, fraction):
    orig, new = rates
    frequency = fraction * min(orig, new) / 2
    tone = np.sin(2 * np.pi * frequency * np.arange(orig // 4) / orig).astype(np.float32)

    got = resample(tone, orig, new)

    expected = np.sin(2 * np.pi * frequency * np.arange(len(got)) / new)
    inside = slice(len(got) // 4, -(len(got) // 4))  # the filter rings where the tone begins and ends
    np.testing.assert_allclose(got[inside], expected[inside], rtol=0, atol=0.02)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([(48000, 32000), (44100, 32000), (44100, 16000), (192000, 32000)]), st.floats(0.05, 0.95))
def test_a_tone_above_the_cutoff_dies(rates, place):
    orig, new = rates
    low, high = 1.3 * new / 2, orig / 2  # six zero crossings make no steep filter
    frequency = low + place * (high - low)
    tone = np.sin(2 * np.pi * frequency * np.arange(orig // 4) / orig).astype(np.float32)

    got = resample(tone, orig, new)

    assert np.abs(got[len(got) // 4 : -(len(got) // 4)]).max() < 0.02


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 3_000), BLOCK_SIZES, st.integers(1, 1_500), st.sampled_from(["repeat", "zero"]))
def test_real_parts_of_the_windows_are_the_signal(length, sizes, window_samples, fill):
    signal = noise(length)

    windows = list(cut_windows(in_blocks(signal, sizes), window_samples, fill))

    assert all(window.samples.shape == (window_samples,) for window in windows)
    assert sum(window.num_samples for window in windows) == length
    assert all(window.num_samples == window_samples for window in windows[:-1])
    joined = [window.samples[: window.num_samples] for window in windows]
    np.testing.assert_array_equal(np.concatenate([np.empty(0, np.float32), *joined]), signal)


@settings(max_examples=100, deadline=None)
@given(
    arrays(
        np.float32, st.tuples(st.integers(1, 60), st.integers(1, 3)), elements=st.sampled_from([0.0, 0.5, 1.0, -1.0])
    ),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_levels_do_not_depend_on_block_sizes(samples, sizes):
    whole, parts = LevelMeter(samples.shape[1]), LevelMeter(samples.shape[1])

    whole.update(samples, samples.mean(axis=1))
    for block in in_blocks(samples, sizes):
        if len(block):
            parts.update(block, block.mean(axis=1))

    assert (whole.peak, whole.clipped_runs) == (parts.peak, parts.clipped_runs)
    np.testing.assert_allclose(whole.channel_energy, parts.channel_energy, rtol=1e-6)
    np.testing.assert_allclose(whole.mono_energy, parts.mono_energy, rtol=1e-6)


def decode(samples: np.ndarray, rate: int, subtype: str) -> tuple[np.ndarray, DecodeFacts]:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        path.write_bytes(buffer.getvalue())
        with Decoder(str(path)) as decoder:
            return np.concatenate(list(decoder)), decoder.facts


@settings(max_examples=40, deadline=None)
@given(arrays(np.float32, st.integers(1, 300), elements=SAMPLES), st.sampled_from(["PCM_16", "PCM_24", "FLOAT"]))
def test_mono_equals_stereo_with_equal_channels(samples, subtype):
    mono, mono_facts = decode(samples, 32000, subtype)
    stereo, stereo_facts = decode(np.stack([samples, samples], axis=1), 32000, subtype)

    np.testing.assert_array_equal(mono, stereo)
    assert (mono_facts.peak, mono_facts.num_samples) == (stereo_facts.peak, stereo_facts.num_samples)
    assert mono_facts.mono_energy == stereo_facts.mono_energy


@settings(max_examples=40, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 200), st.integers(1, 8)), elements=SAMPLES))
def test_float_files_come_back_as_the_mean_of_their_channels(samples):
    mono, facts = decode(samples, 44100, "FLOAT")
    np.testing.assert_allclose(mono, samples.mean(axis=1), rtol=0, atol=1e-6)
    assert facts.peak == np.abs(samples).max()
    assert not facts.truncated
