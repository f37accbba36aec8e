"""The prompts that a network has read, so that each is embedded once.

Clips come system after system, all prompts of one before those of the next: a prompt is wanted again after all the
others. What is kept is therefore measured in memory, with room for some forty thousand prompts of a sentence; of more,
those that were not wanted for longest are embedded again.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import Final

from torch import Tensor

ROOM: Final = 128 << 20
"""Bytes of prompts and embeddings that are kept."""

_BESIDE = 512  # bytes of each entry that are neither its text nor its numbers


class PromptCache:
    """Prompt -> its embedding, and whether it was cut.

    Args:
        room: bytes that may be kept.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._taken = 0
        self._read: OrderedDict[str, tuple[Tensor, bool]] = OrderedDict()  # the one wanted last is the last one

    def get(self, prompt: str) -> tuple[Tensor, bool] | None:
        """Embedding (embedding_dim,) and whether the prompt was cut; None where it is to be read (again)."""
        if prompt not in self._read:
            return None
        self._read.move_to_end(prompt)
        return self._read[prompt]

    def put(self, prompt: str, text: Tensor, cut: bool) -> None:
        """Keeps a prompt that was not there, and lets go of the others that were not wanted for longest."""
        self._read[prompt] = (text, cut)
        self._taken += _size(prompt, text)
        while self._taken > self._room:
            oldest, (its_text, _) = self._read.popitem(last=False)
            self._taken -= _size(oldest, its_text)


def _size(prompt: str, text: Tensor) -> int:
    return sys.getsizeof(prompt) + text.element_size() * text.numel() + _BESIDE
