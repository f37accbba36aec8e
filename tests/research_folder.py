"""Checkpoints as the DRASP research code's Track 2 saves them, with a tower small enough for milliseconds."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from drasp_cli.checkpoints import meta
from tests.meta_folder import meta_plain

AXES = ("CE", "CU", "PC", "PQ")
WIDTHS = {"tap": 1, "tsp": 2, "sap": 1, "asp": 2, "gsap": 1, "gasp": 2, "drap": 1, "drsp": 2}
"""Pooling, by the research code's names -> width of its embedding over that of a frame."""

_ATTENTION = {"sap": "", "asp": "", "gsap": "", "gasp": "", "drap": "gsap.", "drsp": "gasp."}


def research_plain(pooling: str, segment_size: int, **changes: Any) -> dict[str, Any]:
    """`config.json` of its `save_pretrained`, as plain data."""
    return meta_plain(pooling_type=pooling, segment_size=segment_size) | changes


def research_tensors(tower_and_heads: Mapping[str, Tensor], pooling: str, seed: int = 0) -> dict[str, Tensor]:
    """Every tensor of a checkpoint: those of a folder of Meta's, and those of the pooling and its projection."""
    dim = meta.TOWER.dim
    shapes: dict[str, tuple[int, ...]] = {
        "pooling_proj.weight": (dim, WIDTHS[pooling] * dim),
        "pooling_proj.bias": (dim,),
        **attention_shapes(pooling, dim),
    }
    generator = torch.Generator().manual_seed(seed)
    tensors = {name: torch.randn(shape, generator=generator) / dim**0.5 for name, shape in shapes.items()}
    if pooling in ("drap", "drsp"):
        tensors |= {"pooling.alpha": torch.tensor(0.7), "pooling.beta": torch.tensor(0.6)}
    return {**tower_and_heads, **tensors}


def attention_shapes(pooling: str, dim: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the tensors of a pooling's attention; none for one without."""
    if pooling not in _ATTENTION:
        return {}
    below = f"pooling.{_ATTENTION[pooling]}"
    return {
        f"{below}sap_linear.weight": (dim, dim),
        f"{below}sap_linear.bias": (dim,),
        f"{below}attention": (dim, 1),
    }


def research_files(tensors: Mapping[str, Tensor], pooling: str, segment_size: int = 4) -> dict[str, bytes]:
    """File name -> content of its `save_pretrained` folder."""
    plain = research_plain(pooling, segment_size)
    return {"config.json": json.dumps(plain).encode(), "model.safetensors": save(dict(tensors))}


def pickled(content: Any) -> bytes:
    """What `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()
