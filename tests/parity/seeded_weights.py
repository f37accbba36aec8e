"""Weights that two programs can make alike without sharing a file: numpy's Philox, keyed by each tensor's name.

Imported by the golden-file scripts (in the reference environment) and by the parity tests (in ours).
"""

from __future__ import annotations

import zlib

import numpy as np


def seeded_tensor(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Values for the learned tensor `name`, float32, of a size that keeps a deep network's activations lively."""
    rng = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
    values = rng.standard_normal(shape)
    if name.endswith("running_var"):
        scaled = 150.0 + 50.0 * np.abs(values)
    elif name.endswith("running_mean"):
        scaled = -30.0 + 10.0 * values
    elif len(shape) <= 1:  # norms, biases
        scaled = (1.0 if name.endswith("weight") else 0.0) + 0.1 * values
    elif "bias_table" in name or "embeddings" in name:
        scaled = 0.5 * values
    else:
        scaled = values * (1.5 / np.sqrt(np.prod(shape[1:])))
    return scaled.astype(np.float32)


def seeded_matrix(name: str, shape: tuple[int, int], seed: int, inputs: float) -> np.ndarray:
    """The same for a large matrix, of standard deviation 1.5 / sqrt(inputs): uniform, and from a faster generator.

    A full-size predictor has one or two hundred million numbers to draw.
    """
    rng = np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode())]))
    values = rng.random(shape, dtype=np.float32)
    values -= np.float32(0.5)
    values *= np.float32(1.5 * (12.0 / inputs) ** 0.5)
    return values


def seeded_waveform(num_samples: int, sample_rate: int, seed: int) -> np.ndarray:
    """Tones that come and go over noise: something in every band and at every time; (num_samples,) float32."""
    rng = np.random.Generator(np.random.Philox(key=[seed, num_samples]))
    t = np.arange(num_samples) / sample_rate
    sound = 0.05 * rng.standard_normal(num_samples)
    for frequency in np.geomspace(80.0, 0.4 * sample_rate, 12):
        envelope = np.sin(2 * np.pi * rng.uniform(0.1, 1.5) * t + rng.uniform(0, 6.28)) ** 2
        sound += 0.1 * envelope * np.sin(2 * np.pi * frequency * t)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)
