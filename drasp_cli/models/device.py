"""Where a network runs, and how exactly it computes there: a `--device` word to a torch device, and fp32 as fp32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from drasp_cli.errors import DeviceError, DeviceMemoryError

_NO_MEMORY = ("DefaultCPUAllocator", "out of memory")  # of the CPU's allocator and of Metal's, which raise RuntimeError


def choose_device(device: str) -> torch.device:
    """The torch device for a `--device` word; "auto" takes CUDA, then MPS, then the CPU.

    Also pins fp32 for the whole process (`pin_fp32`), whatever the device: a measuring tool measures.

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
    elif chosen.type == "mps":
        if not torch.backends.mps.is_available():
            raise DeviceError("'mps' was asked for, but torch sees no Metal device here")
    elif chosen.type != "cpu":
        raise DeviceError(f"'{device}' is not supported; use auto, cpu, cuda, cuda:N or mps")
    pin_fp32()
    return chosen


@contextmanager
def within_memory(device: torch.device) -> Iterator[None]:
    """Whatever is computed inside, said plainly where memory does not suffice.

    Raises:
        DeviceMemoryError: the device, or this process, has no memory left.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DeviceMemoryError(str(device)) from error
    except RuntimeError as error:
        if any(words in str(error) for words in _NO_MEMORY):
            raise DeviceMemoryError(str(device)) from error
        raise


def pin_fp32() -> None:
    """Makes products and convolutions of fp32 tensors compute in fp32, on every device.

    torch keeps this in global settings, which belong to the process: `torch.set_float32_matmul_precision("medium")`
    makes a CPU with bf16 instructions, and "high" a GPU, round what it multiplies. They are set here and stay as they
    are set: scores are computed lazily, between other code of the caller's, so that no moment would be right to put
    the caller's choice back, and his own network would get another precision each time. A caller who wants less for
    his own code sets it after the scores are in his hands. Autocast, behind `precision="bf16"`, is untouched by it.
    """
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if hasattr(torch.backends.mkldnn, "conv"):  # torch 2.9 on; before, no setting lowered a convolution on a CPU
        torch.backends.mkldnn.conv.fp32_precision = "ieee"
