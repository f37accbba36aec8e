"""Random numbers by name: every draw of a simulation comes from a stream keyed by (seed, role, index).

So a clip can be made again alone, and no result depends on what was drawn before it or in which process.
"""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, role: str, index: int = 0) -> np.random.Generator:
    """The generator of one role, the same in every process and on every run.

    Args:
        seed: of the whole simulation, 0 or more.
        role: what is drawn, such as "clip" or "raters".
        index: which one of that role, 0 or more.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(role.encode()), index]))
