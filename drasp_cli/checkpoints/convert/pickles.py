"""Files of `torch.save`, read without running anything in them.

Such a file is a pickle, and a pickle may call any function of any module. torch's restricted reader builds tensors and
plain values only and refuses all else by name; numpy's numbers are allowed beside them, because training loops save
their losses and settings so. Tensors stay on disk until they are used, so an optimizer's state costs no memory.
"""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from drasp_cli.errors import InputError, first_few

# A numpy number is pickled as scalar(dtype(code), bytes), its function under a name that numpy 2 changed.
_SCALAR: Any = np.float64(0).__reduce__()[0]
_NUMBERS: list[Any] = [
    np.dtype,
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    *dict.fromkeys(type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"),
]
_REFUSED = "holds objects that are no tensors, numbers or texts, and may run code; refused: "
_OLD_TORCH = ("torch._utils._rebuild_", "torch.FloatStorage", "torch.HalfStorage", "torch.LongStorage", "collections.")


def read_pickle(path: Path) -> Any:
    """What `torch.save` wrote to a file, on the CPU; its tensors are memory-mapped.

    Raises:
        InputError: it is no such file, is damaged, or holds anything but tensors, plain values and numpy's numbers.
    """
    if not zipfile.is_zipfile(path):
        if refused := [name for name in sorted(bare_globals(path)) if not name.startswith(_OLD_TORCH)]:
            raise InputError(str(path), _REFUSED + first_few(refused))
        reason = (
            "is no whole file of torch.save (since torch 1.6; load an older one there, and save it again with a newer "
            "torch); of a folder with a config.json, name the folder"
        )
        raise InputError(str(path), reason)
    with safe_globals(_NUMBERS):
        try:
            if strange := get_unsafe_globals_in_checkpoint(str(path)):
                raise InputError(str(path), _REFUSED + first_few(sorted(strange)))
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except InputError:
            raise
        except Exception as error:  # an unpickler raises whatever a stranger's bytes make it raise
            raise InputError(str(path), f"is damaged, or not of torch.save ({type(error).__name__})") from error


def bare_globals(path: Path) -> set[str]:
    """Functions and classes that the pickles at the start of a file would call, by their full names; none is called.

    Files of torch before 1.6 are such pickles one behind the other, and then tensors' bytes; so is what a stranger made
    with Python's `pickle`. Reading ends where no pickle begins.
    """
    names: set[str] = set()
    with path.open("rb") as file:
        try:
            while True:
                names |= _globals_of_one(file)
        except (ValueError, EOFError, OverflowError, MemoryError):  # no pickle begins here, or none ends
            return names


def _globals_of_one(file: IO[bytes]) -> set[str]:
    """Those of the pickle that begins here; the file is left at its end.

    A name stands in its opcode, or is put together of the two texts pushed last, each fresh or from the memo.
    """
    names: set[str] = set()
    texts: list[str] = []
    memo: dict[int, object] = {}
    top: object = None
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name in ("GLOBAL", "INST"):
            names.add(str(argument).replace(" ", ".", 1))
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(texts[-2:]))
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = top
        elif "PUT" in opcode.name:
            memo[int(argument or 0)] = top
        else:
            top = memo.get(int(argument or 0)) if "GET" in opcode.name else argument
            if isinstance(top, str):
                texts.append(top)
    return names
