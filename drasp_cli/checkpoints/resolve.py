"""Any `--model` spelling to a folder on this disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.checkpoints import hub
from drasp_cli.checkpoints.folder import CHECKPOINT_FILES
from drasp_cli.checkpoints.registry import HubAddress, locate


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint folder, and what to call it.

    Attributes:
        name: to show with its results, without revision.
        folder: holds its files.
        address: where on the Hub it is from; None for one that never was there.
        snapshot: of that address.
    """

    name: str
    folder: Path
    address: HubAddress | None = None
    snapshot: hub.Snapshot | None = None

    @property
    def revision(self) -> str | None:
        """The first digits of the commit; None for a folder, whose content is its revision."""
        return self.snapshot.commit[: hub.REVISION_DIGITS] if self.snapshot else None


def resolve(
    model: str, *, only: Sequence[str] = CHECKPOINT_FILES, progress: bool = False, force: bool = False
) -> Found:
    """The folder that a spelling means. Only a name on the Hub makes this touch the network.

    Args:
        model: as `--model` takes it.
        only: names of the files that are needed, of a checkpoint on the Hub.
        progress: of a download, on standard error.
        force: download again what the cache has.

    Raises:
        UnknownModelError: the spelling names nothing.
        CheckpointError: a path that is not a folder.
        HubError: the Hub does not give it.
    """
    location = locate(model)
    if isinstance(location.place, Path):
        return Found(location.name, location.place)
    snapshot = hub.fetch(location.place, only=only, progress=progress, force=force)
    return Found(location.name, snapshot.folder, location.place, snapshot)
