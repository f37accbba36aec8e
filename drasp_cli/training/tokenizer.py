"""A small tokenizer for a small text tower: byte-level BPE on the training prompts.

Byte-level, so that a prompt in any script has tokens; lower case, because nobody's rating depends on capitals. Special
tokens have RoBERTa's ids (0 begin, 1 padding, 2 end, 3 unknown), so the tower reads it as it would read RoBERTa's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")

# Every byte and the special tokens: a trainer that is asked for fewer gives these all the same.
SMALLEST_VOCABULARY = 256 + len(_SPECIAL)


def train_tokenizer(prompts: Iterable[str], vocab_size: int, path: Path) -> None:
    """Writes a `tokenizer.json` of at most `vocab_size` tokens, the same for the same prompts."""
    tokenizer = Tokenizer(BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(_SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(set(prompts)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tokenizer.to_str(pretty=True) + "\n", encoding="utf-8")
