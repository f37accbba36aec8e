"""Any `--model` spelling to a folder on this disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.checkpoints import converted, hub
from drasp_cli.checkpoints.folder import CHECKPOINT_FILES
from drasp_cli.checkpoints.registry import Conversion, HubAddress, locate


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint folder, and what to call it.

    Attributes:
        name: to show with its results, without revision.
        folder: holds its files.
        address: where on the Hub it is from; None for one that never was there.
        snapshot: of that address.
        conversion: what it was made of, where drasp made it of a file on the Hub.
    """

    name: str
    folder: Path
    address: HubAddress | None = None
    snapshot: hub.Snapshot | None = None
    conversion: Conversion | None = None

    @property
    def revision(self) -> str | None:
        """The first digits of the commit; None for a folder, whose content is its revision."""
        made_of = self.conversion.source.revision if self.conversion else None
        commit = self.snapshot.commit if self.snapshot else made_of
        return commit and commit[: hub.REVISION_DIGITS]

    @property
    def to_pull(self) -> str | None:
        """What `drasp models pull` takes to get it again; None for a folder that never was on the Hub."""
        return self.address.spelling if self.address else self.name if self.conversion else None


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
        OutputError: the cache cannot be used, or cannot be written when it has to be converted.
    """
    location = locate(model)
    if isinstance(location.place, Path):
        return Found(location.name, location.place)
    if isinstance(location.place, Conversion):
        folder = converted.obtain(location.name, location.place, progress=progress, force=force)
        return Found(location.name, folder, conversion=location.place)
    snapshot = hub.fetch(location.place, only=only, progress=progress, force=force)
    return Found(location.name, snapshot.folder, location.place, snapshot)
