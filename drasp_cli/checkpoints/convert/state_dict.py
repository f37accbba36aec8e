"""The tensors that a file of `torch.save` holds, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from drasp_cli.errors import InputError, first_few

_WRAPPERS = ("module.", "model.")  # of a parallel wrapper, then of a training class
_INTEGERS = frozenset((torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64))  # of constants


def state_dict_of(data: Any, source: str) -> dict[str, Tensor]:
    """The state dict in what a file holds, without the names of wrappers around the network.

    Args:
        data: a state dict, or a mapping with one under `state_dict`; optimizers and all else beside it are passed over.
        source: its file, for messages.

    Raises:
        InputError: there is none, or its values are not plain tensors of real numbers.
    """
    found = data.get("state_dict", data) if isinstance(data, Mapping) else data
    if not isinstance(found, Mapping) or not found or not all(isinstance(name, str) for name in found):
        raise InputError(source, "holds no state dict: expected names and tensors, or these under 'state_dict'")
    if strange := [name for name, tensor in found.items() if not _is_plain(tensor)]:
        raise InputError(source, f"its state dict holds what is no plain tensor: {first_few(strange)}")
    tensors: dict[str, Tensor] = dict(found)
    for prefix in _WRAPPERS:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _is_plain(value: Any) -> bool:
    """Whether a value can be copied into a parameter, number by number."""
    if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_meta:
        return False
    return value.dtype.is_floating_point or value.dtype in _INTEGERS
