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

# Numbers of clips on each prompt, the same for all systems.
COUNTS: dict[str, list[int]] = {
    "3 on each of 10": [3] * 10,
    "1 to 5 on each of 10": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    "1, 1, 1, 1, 2, 2, 4, 4, 8, 8": [1, 1, 1, 1, 2, 2, 4, 4, 8, 8],
    "10 on one, 1 on each of nine": [10] + [1] * 9,
    "1 to 16 on each of 30": [1] * 14 + [2] * 6 + [4] * 4 + [8] * 3 + [16] * 3,
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


def uneven(
    random: np.random.Generator,
    counts: np.ndarray | list[int],
    *,
    within: float,
    systems: int = 6,
    is_shared: bool = True,
) -> Cells:
    """Cells of equal systems around 0 with (prompts,) or (systems, prompts) `counts` of clips.

    What a system makes of a prompt varies by a normal law with standard deviation 1, and clips of one prompt by
    `within` around that; shared prompts move all systems by another 1.
    """
    counts = np.broadcast_to(counts, (systems, np.shape(counts)[-1]))
    prompts = counts.shape[1]
    prompt = np.repeat(np.tile(np.arange(prompts), systems), counts.ravel())
    system = np.repeat(np.arange(systems), counts.sum(axis=1))
    means = random.normal(0, 1, counts.shape) + is_shared * random.normal(0, 1, prompts)
    score = means[system, prompt] + random.normal(0, within, len(prompt))
    return gather_cells(prompt if is_shared else prompt + prompts * system, system, score, systems)
