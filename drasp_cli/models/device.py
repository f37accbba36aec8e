"""Where a network runs: a `--device` word to a torch device."""

from __future__ import annotations

import torch

from drasp_cli.errors import DeviceError


def choose_device(device: str) -> torch.device:
    """The torch device for a `--device` word; "auto" takes CUDA, then MPS, then the CPU.

    TF32 is switched off: a measuring tool measures.

    Raises:
        DeviceError: the word is none, or the device is not there.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise DeviceError(f"'{device}' is not a device; use auto, cpu, cuda, cuda:N or mps") from None
    if chosen.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (chosen.index or 0) >= count:
            raise DeviceError(f"'{device}' was asked for, but torch sees {count} CUDA devices here")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    elif chosen.type == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("'mps' was asked for, but torch sees no Metal device here")
    elif chosen.type != "cpu":
        raise DeviceError(f"'{device}' is not supported; use auto, cpu, cuda, cuda:N or mps")
    return chosen
