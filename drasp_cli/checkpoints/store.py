"""Checkpoint folders: load one, save one.

    config.json  model.safetensors  tokenizer.json (where prompts are read)  README.md (model card)

Meta's own folders are read too (see `meta`); what is saved is always ours.

Loading compares the exact sets of tensor names. Every learned tensor must be there, and nothing else may be, except
constants (attention masks, relative indices, STFT and mel matrices), which are recomputed and, where a file carries
them, must equal ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from drasp_cli.checkpoints.content import Content, read_ahead
from drasp_cli.checkpoints.content import revision_of as revision_of
from drasp_cli.checkpoints.folder import CARD_FILE as CARD_FILE
from drasp_cli.checkpoints.folder import CONFIG_FILE as CONFIG_FILE
from drasp_cli.checkpoints.folder import TOKENIZER_FILE as TOKENIZER_FILE
from drasp_cli.checkpoints.folder import WEIGHTS_FILE as WEIGHTS_FILE
from drasp_cli.checkpoints.hub import damage_of
from drasp_cli.checkpoints.meta import is_meta_config, parse_meta_config, without_pretraining
from drasp_cli.checkpoints.registry import DEFAULT_MODEL
from drasp_cli.checkpoints.resolve import Found, resolve
from drasp_cli.checkpoints.weights import RawTensor
from drasp_cli.errors import CheckpointError, first_few
from drasp_cli.models.build import unfilled_predictor
from drasp_cli.models.config import ClapConfig, PredictorConfig, parse_config, read_json, save_config
from drasp_cli.models.interface import Predictor
from drasp_cli.models.tokenizer import PromptTokenizer

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


@dataclass(frozen=True)
class Checkpoint:
    """A predictor that is ready to score.

    Attributes:
        name: as the user spelled it, without revision.
        revision: 12 hex digits. Of a checkpoint on the Hub, or made of a file there, the first of its commit; of any
            other, the first of the SHA-256 of `config.json`, `model.safetensors` and `tokenizer.json`.
        predictor: on the CPU, in fp32, in eval mode.
        tokenizer: None where the folder has none, or no axis reads prompts; those that do then stay empty.
    """

    name: str
    revision: str
    predictor: Predictor
    tokenizer: PromptTokenizer | None

    @property
    def config(self) -> PredictorConfig:
        """The predictor's configuration."""
        return self.predictor.config

    @property
    def label(self) -> str:
        """Name and revision, as the `model` column of every result says them."""
        return f"{self.name}@{self.revision}"


def load_predictor(model: str = DEFAULT_MODEL, *, progress: bool = False) -> Checkpoint:
    """The checkpoint that a `--model` spelling names, ready to score.

    Args:
        model: a name such as "clap-drasp.mini", the path of a checkpoint folder with a slash in it, or
            "hf-hub:owner/repo" with or without "@revision".
        progress: draw progress bars on standard error, where that is a terminal, if something is downloaded.

    Raises:
        UnknownModelError: the spelling names nothing.
        CheckpointError: the folder is incomplete, or its tensors are not exactly the ones its config asks for.
        ConfigError: its `config.json` is refused.
        HubError: the Hub does not give it, or the cache's copy is damaged.
        OutputError: the cache cannot be used, or cannot be written when it has to be converted.
    """
    return load_found(resolve(model, progress=progress))


def load_found(found: Found, content: Future[Content] | None = None) -> Checkpoint:
    """The checkpoint in a folder that is on this disk, ready to score.

    Args:
        found: where it is.
        content: its weights and revision, where somebody has them read already.

    Raises:
        CheckpointError: as `load_predictor` does, and so the others of its errors.
    """
    folder = found.folder
    content = content or read_ahead(found)
    with damage_of(found.to_pull, CONFIG_FILE):
        data = read_json(folder / CONFIG_FILE)
    config = _parsed(data, folder)
    predictor = unfilled_predictor(config)
    with damage_of(found.to_pull, WEIGHTS_FILE):
        held = content.result()
    tensors = {name: as_tensor(raw) for name, raw in held.weights.items()}
    if is_meta_config(data):
        tensors = without_pretraining(tensors)
    load_tensors(predictor, tensors, str(folder / WEIGHTS_FILE), owned=True)
    text = config.text if isinstance(config, ClapConfig) else None
    tokenizer = None
    if text is not None and (folder / TOKENIZER_FILE).exists():
        with damage_of(found.to_pull, TOKENIZER_FILE):
            tokenizer = PromptTokenizer(folder / TOKENIZER_FILE, text.max_tokens, text.pad_token)
        if tokenizer.vocab_size > text.vocab_size:
            reason = f"has {tokenizer.vocab_size} tokens, the text tower only {text.vocab_size}"
            raise CheckpointError(str(folder / TOKENIZER_FILE), reason)
    return Checkpoint(found.name, held.revision, predictor, tokenizer)


def found_config(found: Found) -> PredictorConfig:
    """What the `config.json` of a checkpoint folder describes, whether it is ours or Meta's.

    Raises:
        ConfigError: it is not there, or refused.
        HubError: the cache's copy is damaged.
    """
    with damage_of(found.to_pull, CONFIG_FILE):
        data = read_json(found.folder / CONFIG_FILE)
    return _parsed(data, found.folder)


def save_checkpoint(folder: Path, predictor: Predictor, tokenizer: Path | None, card: str) -> None:
    """Writes a checkpoint folder that `load_predictor` reads back equal. The weights go last: they complete it.

    Args:
        folder: made if it is not there.
        predictor: its learned tensors are written in their own precision.
        tokenizer: the `tokenizer.json` to copy in, or None.
        card: text of the model card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    save_config(predictor.config, folder / CONFIG_FILE)
    if tokenizer is not None and tokenizer.resolve() != (folder / TOKENIZER_FILE).resolve():
        shutil.copyfile(tokenizer, folder / TOKENIZER_FILE)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in predictor.state_dict().items()}
    partial = folder / (WEIGHTS_FILE + ".partial")
    save_file(tensors, partial, metadata={"format": "pt"})
    shutil.copymode(folder / CONFIG_FILE, partial)  # safetensors makes files that only their owner can read
    partial.replace(folder / WEIGHTS_FILE)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a `.safetensors` file, by name.

    Raises:
        CheckpointError: it is not there or not readable.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(str(path), "is not there") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(str(path), f"is not a readable safetensors file ({error})") from error


def as_tensor(raw: RawTensor) -> Tensor:
    """The same memory as a tensor."""
    if not raw.data:
        return torch.empty(raw.shape, dtype=_DTYPES[raw.dtype])
    return torch.frombuffer(raw.data, dtype=_DTYPES[raw.dtype]).view(raw.shape)


def load_tensors(
    predictor: Predictor,
    tensors: Mapping[str, Tensor],
    source: str,
    spelled: Callable[[str], str] = str,
    *,
    owned: bool = False,
) -> None:
    """Fills a predictor with tensors, which must be exactly the ones it has.

    Args:
        predictor: changed in place; it may be unfilled.
        tensors: by name; half precision is widened to the predictor's own.
        source: their file, for messages.
        spelled: from a tensor's name in the predictor to its name in `tensors`, no two to the same.
        owned: the memory of each of them is its own and nobody else's, and becomes the predictor's. Else it is copied:
            a file that is mapped may change under a predictor's feet, and a pickle's tensors may share their memory.

    Raises:
        CheckpointError: naming what is missing, unexpected, of the wrong shape, or a constant that differs from ours.
    """
    state = predictor.state_dict()
    learned = {spelled(name): tensor for name, tensor in state.items()}
    constants = {spelled(name): buffer for name, buffer in predictor.named_buffers() if name not in state}
    missing = sorted(learned.keys() - tensors.keys())
    unexpected = sorted(tensors.keys() - learned.keys() - constants.keys())
    if missing and unexpected:  # a tensor by another name is one of each: said together, they tell what it should be
        reason = f"{_count(missing)} missing: {first_few(missing)}; {_count(unexpected)} not part of this predictor"
        raise CheckpointError(source, reason, unexpected)
    if missing:
        raise CheckpointError(source, f"{_count(missing)} missing", missing)
    if unexpected:
        raise CheckpointError(source, f"{_count(unexpected)} not part of this predictor", unexpected)
    wrong = [
        f"{name} is {tuple(tensors[name].shape)}, expected {tuple(tensor.shape)}"
        for name, tensor in learned.items()
        if tensors[name].shape != tensor.shape
    ]
    if wrong:
        raise CheckpointError(source, "tensors of the wrong shape", wrong)
    check_constants(constants, tensors, source)
    taken = {name: tensors[spelled(name)].to(tensor.dtype, copy=not owned) for name, tensor in state.items()}
    predictor.load_state_dict(taken, assign=True)


def check_constants(constants: Mapping[str, Tensor], tensors: Mapping[str, Tensor], source: str) -> None:
    """Holds what a file carries of these constants to ours, as closely as its own precision can tell.

    Args:
        constants: by name, as we compute them.
        tensors: of the file; it may hold all of them, or none.
        source: the file, for messages.

    Raises:
        CheckpointError: naming those that differ.
    """
    different = [
        name for name in sorted(constants.keys() & tensors.keys()) if not _equal(constants[name], tensors[name])
    ]
    if different:
        raise CheckpointError(source, "a constant differs from the one the config implies", different)


def _equal(ours: Tensor, theirs: Tensor) -> bool:
    """Whether a constant is ours; one in half precision may have been rounded."""
    if ours.shape != theirs.shape:
        return False
    rounding = torch.finfo(theirs.dtype).eps if theirs.is_floating_point() else 0.0
    return torch.allclose(ours.double(), theirs.double(), rtol=max(1e-4, rounding), atol=1e-6)


def _parsed(data: Any, folder: Path) -> PredictorConfig:
    parse = parse_meta_config if is_meta_config(data) else parse_config
    return parse(data, str(folder / CONFIG_FILE))


def _count(names: list[str]) -> str:
    return "1 tensor is" if len(names) == 1 else f"{len(names)} tensors are"
