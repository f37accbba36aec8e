"""What a reader gives to be written, and where its source is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from drasp_cli.checkpoints.converted import fetch_original
from drasp_cli.checkpoints.folder import REQUIRED_FILES
from drasp_cli.checkpoints.hub import fetch_file
from drasp_cli.checkpoints.registry import HUB_PREFIX, REGISTRY, hub_file
from drasp_cli.checkpoints.resolve import resolve
from drasp_cli.datasets.near_names import perhaps_meant
from drasp_cli.errors import InputError
from drasp_cli.models.config import PredictorConfig


@dataclass(frozen=True)
class Source:
    """Somebody else's checkpoint on this disk.

    Attributes:
        path: a folder, or a file.
        address: how `--model` spells where on the Hub it is from; None for one that never was there.
        digest: of the file, as `integrity.digest_of` gives it, where it was held to one already.
    """

    path: Path
    address: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Original:
    """Somebody else's checkpoint, understood. Whether its tensors are those of `config` is not known yet.

    Attributes:
        config: of the predictor, all but its name.
        tensors: by the names that `spelled` gives.
        source: where it was found.
        file: the one that held the tensors.
        digest: of that file, as `integrity.digest_of` gives it.
        about: what it is, as sentences for the model card.
        spelled: from a tensor's name in our predictor to its name in `tensors`.
        tokenizer: a `tokenizer.json` to put beside them, or None.
    """

    config: PredictorConfig
    tensors: Mapping[str, Tensor]
    source: Source
    file: Path
    digest: str
    about: str
    spelled: Callable[[str], str] = str
    tokenizer: Path | None = None


def find_source(source: str, *, progress: bool = False) -> Source:
    """Where SRC is: a name of the registry or on the Hub is downloaded, and everything else is a path.

    On the Hub it may be one file, as `hf-hub:owner/repo:file` or `hf-hub:owner/repo@revision:file`. Of a name that is
    itself converted, the source is the file that it is made of. A folder that is called as a name of the registry is
    spelled with a slash, as for `--model`.

    Args:
        source: as the user spelled it.
        progress: of a download, on standard error.

    Raises:
        InputError: there is no such file or folder.
        UnknownModelError: a Hub name that is none.
        HubError: the Hub does not give it.
    """
    if (of_hub := hub_file(source)) is not None:
        address, name = of_hub
        return Source(fetch_file(address, name, progress=progress), address.spelling)
    if source in REGISTRY and (conversion := REGISTRY[source].conversion) is not None:
        path = fetch_original(source, conversion, progress=progress)
        return Source(path, conversion.source.spelling, conversion.facts.digest)
    if source in REGISTRY or source.startswith(HUB_PREFIX):
        found = resolve(source, only=REQUIRED_FILES, progress=progress)
        return Source(found.folder, found.address.spelling if found.address else None)
    if not Path(source).exists():
        raise InputError(source, f"there is no such file or folder{perhaps_meant(source)}")
    return Source(Path(source))
