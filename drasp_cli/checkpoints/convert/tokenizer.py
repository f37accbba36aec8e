"""The `tokenizer.json` that a converted checkpoint takes along, so that it can read prompts.

LAION-CLAP and what grew from it hold no tokenizer: their programs ask the Hub for RoBERTa's at every start.
"""

from __future__ import annotations

from pathlib import Path

from drasp_cli.checkpoints.folder import TOKENIZER_FILE
from drasp_cli.checkpoints.hub import fetch_file
from drasp_cli.checkpoints.registry import HUB_PREFIX, ROBERTA, hub_address
from drasp_cli.datasets.near_names import perhaps_meant
from drasp_cli.errors import InputError
from drasp_cli.models.config import TextConfig
from drasp_cli.models.tokenizer import PromptTokenizer

_PAD = "<pad>"


def find_tokenizer(told: str | None, text: TextConfig, *, on_hub: bool, progress: bool = False) -> Path | None:
    """The `tokenizer.json` to take along; None where there is none.

    Args:
        told: a folder that holds one, or a repository on the Hub; None for RoBERTa's where `on_hub`, else for none.
        text: the tower that will read its tokens.
        on_hub: whether the checkpoint itself comes from the Hub, so that asking it is what the user wants.
        progress: of a download, on standard error.

    Raises:
        InputError: a folder without one, or one whose tokens are not the tower's.
        UnknownModelError: a Hub name that is none.
        CheckpointError: it cannot be read.
        HubError: the Hub does not give it.
    """
    if told is None:
        if not on_hub:
            return None
        told = ROBERTA.spelling
    if told.startswith(HUB_PREFIX):
        path = fetch_file(hub_address(told), TOKENIZER_FILE, progress=progress)
    else:
        path = Path(told) / TOKENIZER_FILE
        if not Path(told).is_dir():
            raise InputError(told, f"there is no such folder{perhaps_meant(told)}")
        if not path.exists():
            raise InputError(told, f"holds no {TOKENIZER_FILE}; on the Hub, RoBERTa's is of {ROBERTA.spelling}")
    _check(path, text)
    return path


def _check(path: Path, text: TextConfig) -> None:
    """Refuses a tokenizer of another tower: it would read every prompt as some other one, without any error."""
    tokenizer = PromptTokenizer(path, text.max_tokens, text.pad_token)
    size, pad = tokenizer.vocab_size, tokenizer.tokenizer.token_to_id(_PAD)
    if size > text.vocab_size or pad != text.pad_token:
        found = f"{size} tokens, {_PAD} {'is none' if pad is None else f'the id {pad}'}"
        expected = f"at most {text.vocab_size}, and the id {text.pad_token}"
        raise InputError(str(path), f"is not of RoBERTa: it has {found}; expected {expected}")
