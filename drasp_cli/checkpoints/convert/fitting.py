"""Which of the research code's poolings the tensors of a checkpoint could be of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from drasp_cli.checkpoints.convert.poolings import RESEARCH_POOLINGS
from drasp_cli.errors import InputError
from drasp_cli.models.pooling import PoolingConfig, build_pooling

_BELOW = "pooling."
_PROJECTION = "pooling_proj.weight"


def fitting_poolings(tensors: Mapping[str, Tensor]) -> list[str]:
    """The research names of the poolings with exactly these tensors, by name and shape; none where none has.

    More than one may fit: what averages frames and what averages segments learns tensors of the same shapes.

    Args:
        tensors: of a checkpoint of Track 1 or 2, all of them, by the research code's names.
    """
    projection = tensors.get(_PROJECTION)
    if projection is None or projection.ndim != 2 or not projection.numel():
        return []
    dim, width = projection.shape
    found = {name.removeprefix(_BELOW): t.shape for name, t in tensors.items() if name.startswith(_BELOW)}
    fits = []
    for name, ours in RESEARCH_POOLINGS.items():
        with torch.device("meta"):
            pooling = build_pooling(PoolingConfig(ours), dim)
        shapes = {key: tensor.shape for key, tensor in pooling.state_dict().items()}
        if shapes == found and pooling.out_dim == width:
            fits.append(name)
    return fits


@contextmanager
def told_pooling(name: str | None, tensors: Mapping[str, Tensor]) -> Iterator[None]:
    """Adds to the refusal of a checkpoint's tensors in the block which other pooling they are of, if that is so.

    Args:
        name: of the pooling that was told, a key of `RESEARCH_POOLINGS` or not.
        tensors: as of `fitting_poolings`.

    Raises:
        InputError: that of the block.
    """
    try:
        yield
    except InputError as error:
        fits = fitting_poolings(tensors)
        if name in fits or not fits:
            raise
        reason = f"{error.reason}; its pooling is not {name}: its tensors are those of {' or '.join(fits)}"
        raise InputError(error.source, reason) from error
