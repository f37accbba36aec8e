"""A checkpoint folder as Meta's audiobox-aesthetics saves it, with a tower small enough for milliseconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from drasp_cli.checkpoints import meta
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import WavLMConfig
from tests.tiny import lively

SMALL = WavLMConfig(
    conv_dim=12,
    embed_dim=24,
    ffn_dim=32,
    num_layers=2,
    num_heads=3,
    pos_conv_kernel=8,
    pos_conv_groups=2,
    num_buckets=16,
    max_distance=20,
)


def meta_plain(**changes: Any) -> dict[str, Any]:
    """Its `config.json` as plain data: the arguments of the published class, sorted as its library saves them."""
    targets = {"CE": (5.1, 1.7), "CU": (5.8, 1.5), "PC": (3.3, 1.4), "PQ": (6.4, 1.25)}
    plain = {
        "freeze_encoder": False,
        "nth_layer": meta.TOWER.num_layers + 1,
        "normalize_embed": True,
        "output_dim": 1,
        "precision": "bf16",
        "proj_act_fn": "gelu",
        "proj_dropout": 0,
        "proj_ln": True,
        "proj_num_layer": 5,
        "target_transform": {axis: {"mean": mean, "std": std} for axis, (mean, std) in targets.items()},
        "use_weighted_layer_sum": True,
    }
    return plain | changes


def meta_tensors(seed: int = 0) -> dict[str, Tensor]:
    """Every tensor of the folder; its tower has the size that `meta.TOWER` says."""
    predictor = lively(seeded_predictor(meta.parse_meta_config(meta_plain(), "seeded"), seed))
    tensors = {name: tensor.contiguous() for name, tensor in predictor.state_dict().items()}
    return tensors | {"wavlm_model.mask_emb": torch.ones(meta.TOWER.dim)}


def meta_files(tensors: Mapping[str, Tensor], **changes: Any) -> dict[str, bytes]:
    """File name -> content, and beside the two files the pickle that the repository holds too."""
    return {
        "config.json": json.dumps(meta_plain(**changes), indent=2, sort_keys=True).encode(),
        "model.safetensors": save(dict(tensors)),
        "checkpoint.pt": b"a pickle",
    }
