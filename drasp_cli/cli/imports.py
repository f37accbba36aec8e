"""Importing a large library, and leaving it to its end, in two thirds of the time.

`import torch` makes a million objects that live as long as the program. Python's collector of garbage goes through
them again and again while they are made, and twice more when the program ends, to find none: 0.2 and 0.4 s of 2.0 s.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(library: str) -> Iterator[None]:
    """Leaves what is made in the block, and all that was there before, out of every search for garbage, for good.

    For the program alone: whoever imports drasp has his own idea of what lives long.

    Args:
        library: imported in the block; where it is there already, nothing is done.
    """
    if library in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
