"""Windows to clip: the second of the three averages (frames to window is pooling, clips to system is a mean)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

WindowValue: TypeAlias = float | np.ndarray
"""A window's score, or its (embedding_dim,) where the clip's score is no mean of scores."""


@dataclass
class WindowAverage:
    """Mean of what windows gave for an axis, each weighted by how many of its samples are the clip's own.

    A running sum, so that a two-hour clip takes no more memory than a short one.

    >>> average = WindowAverage()
    >>> average.add(4.0, 200)
    >>> average.add(1.0, 100)
    >>> average.mean
    3.0
    """

    total: WindowValue = 0.0
    num_samples: int = 0

    def add(self, value: WindowValue, num_samples: int) -> None:
        """Counts one window of `num_samples` real samples in."""
        self.total = self.total + value * num_samples
        self.num_samples += num_samples

    @property
    def mean(self) -> WindowValue:
        """Over the clip; needs at least one window."""
        return self.total / self.num_samples
