"""The very checkpoint that a score table names, where it is on this disk; nothing is downloaded for it."""

from __future__ import annotations

from drasp_cli.checkpoints import converted, hub
from drasp_cli.checkpoints.registry import HUB_PREFIX, Conversion, HubAddress, locate
from drasp_cli.checkpoints.resolve import Found
from drasp_cli.checkpoints.store import revision_of
from drasp_cli.errors import CheckpointError


def find_at_hand(label: str) -> Found:
    """The folder of a checkpoint, which has the revision that the label names.

    Args:
        label: name and revision, as the column `model` of a score table says them.

    Raises:
        CheckpointError: it is not here, or what is here has another revision.
        UnknownModelError: the name is none.
    """
    name, _, revision = label.rpartition("@")
    found = _find(label, name)
    here = found.revision or revision_of(found.folder)
    if here != revision:
        raise CheckpointError(label, f"is another one by now, {found.name}@{here}")
    return found


def _find(label: str, name: str) -> Found:
    # The revision of a name on the Hub is part of its address; that of any other is what its folder holds.
    location = locate(label if label.startswith(HUB_PREFIX) else name)
    place = location.place
    if isinstance(place, HubAddress):
        snapshot = hub.cached(place)
        if snapshot is not None:
            return Found(location.name, snapshot.folder, place, snapshot)
    elif isinstance(place, Conversion):
        folder = converted.kept(location.name, place)
        if folder is not None:
            return Found(location.name, folder, conversion=place)
    else:
        return Found(location.name, place)
    raise CheckpointError(label, "is on the Hub and not in the cache; drasp models pull fetches it")
