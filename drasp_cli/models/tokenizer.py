"""Prompts to token ids, by the `tokenizer.json` that travels in the checkpoint folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from drasp_cli.errors import CheckpointError


class PromptTokenizer:
    """A `tokenizers` tokenizer with its length limit.

    Args:
        path: a `tokenizer.json`; its post-processor adds the special tokens.
        max_tokens: longer prompts are cut to this many tokens, both special tokens included.
        pad_token: id that fills a batch.

    Raises:
        CheckpointError: the file cannot be read.
    """

    def __init__(self, path: Path, max_tokens: int, pad_token: int) -> None:
        try:
            # Read here rather than by Tokenizer.from_file, whose errors do not say which file.
            self.tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:
            raise CheckpointError(str(path), f"is not a readable tokenizer ({error})") from error
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.max_tokens = max_tokens
        self.pad_token = pad_token

    @property
    def vocab_size(self) -> int:
        """Number of tokens, added ones included."""
        return int(self.tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(self, prompt: str) -> tuple[list[int], bool]:
        """Token ids of one prompt, and whether it had to be cut.

        The last special token is kept when a prompt is cut, as RoBERTa's own truncation does.
        """
        ids = self.tokenizer.encode(prompt).ids
        if len(ids) <= self.max_tokens:
            return ids, False
        return [*ids[: self.max_tokens - 1], ids[-1]], True

    def batch(self, prompts: Sequence[str]) -> Tensor:
        """(batch, tokens) int64, padded to the longest of `prompts`."""
        encoded = [torch.tensor(self.encode(prompt)[0]) for prompt in prompts]
        return torch.nn.utils.rnn.pad_sequence(encoded, batch_first=True, padding_value=self.pad_token)
