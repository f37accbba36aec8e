"""What is in a checkpoint folder: its weights and its revision, in one reading, by a thread if one likes.

Reading and hashing the 776 MB of a full-size CLAP takes 0.8 s of a processor, and importing torch another second.
Neither needs the other, and whoever reads or hashes gives Python's lock away; so this module does without torch.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.checkpoints.folder import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from drasp_cli.checkpoints.resolve import Found
from drasp_cli.checkpoints.weights import RawTensor, read_weights

_REVISION_DIGITS = 12  # hex digits
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What a checkpoint folder held when it was read.

    Attributes:
        weights: the tensors of `model.safetensors`, by name.
        revision: that of `Found`, or else of these very bytes, whatever has become of the files since.
    """

    weights: Mapping[str, RawTensor]
    revision: str


def read_content(found: Found) -> Content:
    """Reads the weights, once, and hashes them only where nothing else says what they are.

    Raises:
        CheckpointError: they are not there, or not readable.
    """
    weights_file = found.folder / WEIGHTS_FILE
    if found.revision is not None:
        return Content(read_weights(weights_file), found.revision)
    digest = hashlib.sha256()
    _hash_file(digest, found.folder / CONFIG_FILE)
    weights = read_weights(weights_file, digest.update)
    _hash_file(digest, found.folder / TOKENIZER_FILE)
    return Content(weights, digest.hexdigest()[:_REVISION_DIGITS])


def read_ahead(found: Found) -> Future[Content]:
    """`read_content` by a thread; what it raises comes out where its result is asked for.

    The thread ends with the program: who interrupts it, or was refused for another reason, does not wait for a disk.
    """
    content: Future[Content] = Future()

    def read() -> None:
        try:
            content.set_result(read_content(found))
        except BaseException as error:  # noqa: BLE001 - carried to the thread that asks
            content.set_exception(error)

    threading.Thread(target=read, daemon=True).start()
    return content


def revision_of(folder: Path) -> str:
    """The content of a checkpoint folder as 12 hex digits; the model card does not count."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE):
        _hash_file(digest, folder / name)
    return digest.hexdigest()[:_REVISION_DIGITS]


def _hash_file(digest: hashlib._Hash, path: Path) -> None:
    """Nothing where there is no such file."""
    if path.exists():
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
