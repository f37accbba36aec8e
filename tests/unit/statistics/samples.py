"""Simulated score tables with answers that are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drasp_cli.statistics.cells import Cells, gather_cells

# Laws of scores: what draws an array of a shape, and the mean it draws around.
LAWS: dict[str, tuple[Callable[[np.random.Generator, tuple[int, ...]], np.ndarray], float]] = {
    "normal": (lambda random, shape: random.normal(3, 0.5, shape), 3.0),
    "uniform": (lambda random, shape: random.uniform(1, 5, shape), 3.0),
    "skewed (beta 2, 6)": (lambda random, shape: random.beta(2, 6, shape), 0.25),
    "five points": (lambda random, shape: random.choice(5, shape, p=[0.05, 0.1, 0.2, 0.35, 0.3]) + 1.0, 3.75),
    "very skewed (exponential)": (lambda random, shape: random.exponential(1, shape), 1.0),
}


def unpaired(scores: np.ndarray) -> Cells:
    """Cells of (systems, clips) scores, every clip alone."""
    systems, clips = scores.shape
    return gather_cells(np.arange(systems * clips), np.repeat(np.arange(systems), clips), scores.ravel(), systems)


def paired(scores: np.ndarray) -> Cells:
    """Cells of (systems, prompts) scores, one clip of each system on each prompt."""
    systems, prompts = scores.shape
    cluster, system = np.tile(np.arange(prompts), systems), np.repeat(np.arange(systems), prompts)
    return gather_cells(cluster, system, scores.ravel(), systems)
