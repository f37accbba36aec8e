"""Files of `torch.save`, read without running anything in them.

Such a file is a pickle, and a pickle may call any function of any module. torch's restricted reader builds tensors and
plain values only and refuses all else by name; numpy's numbers are allowed beside them, because training loops save
their losses and settings so. Tensors stay on disk until they are used, so an optimizer's state costs no memory.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

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


def read_pickle(path: Path) -> Any:
    """What `torch.save` wrote to a file, on the CPU; its tensors are memory-mapped.

    Raises:
        InputError: it is no such file, is damaged, or holds anything but tensors, plain values and numpy's numbers.
    """
    if not zipfile.is_zipfile(path):
        reason = "is no whole file of torch.save (since torch 1.6); of a folder with a config.json, name the folder"
        raise InputError(str(path), reason)
    with safe_globals(_NUMBERS):
        try:
            if strange := get_unsafe_globals_in_checkpoint(str(path)):
                reason = "holds objects that are no tensors, numbers or texts, and may run code; refused: "
                raise InputError(str(path), reason + first_few(sorted(strange)))
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except InputError:
            raise
        except Exception as error:  # an unpickler raises whatever a stranger's bytes make it raise
            raise InputError(str(path), f"is damaged, or not of torch.save ({type(error).__name__})") from error
