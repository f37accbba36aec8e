"""A predictor small enough for milliseconds, through the same code as the large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from drasp_cli.checkpoints.store import Checkpoint, load_predictor, save_checkpoint
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import AudioboxConfig, ClapConfig, parse_config
from drasp_cli.training.tokenizer import train_tokenizer

PROMPTS = ("slow piano in a minor key", "a fast band with drums", "soft strings, low and calm")


def tiny_plain() -> dict[str, Any]:
    """`config.json` of the tiny predictor, as plain data."""
    return {
        "format_version": 1,
        "name": "tiny",
        "architecture": "clap",
        "axes": ["MI", "TA"],
        "audio": {"sample_rate": 8000, "frontend_sample_rate": 8000, "window_samples": 8000, "fill": "repeat"},
        "logmel": {"fft_size": 256, "hop_size": 128, "num_mels": 16, "f_min": 50.0, "f_max": 4000.0},
        "backbone": {
            "image_size": 32,
            "patch_size": 4,
            "embed_dim": 8,
            "depths": [2, 2],
            "num_heads": [2, 4],
            "window_size": 4,
            "mlp_ratio": 2.0,
            "frame_repeat": 1,
        },
        "text": {
            "vocab_size": 300,
            "hidden_size": 16,
            "num_layers": 1,
            "num_heads": 2,
            "intermediate_size": 32,
            "max_positions": 34,
            "max_tokens": 32,
            "pad_token": 1,
        },
        "pooling": {
            "name": "DualResolutionAttentiveStatistics",
            "segment_size": 2,
            "partial_segment": "masked",
            "num_heads": 4,
            "eps": 1e-5,
        },
        "heads": {
            "embedding_dim": 16,
            "hidden": [8],
            "activation": "gelu",
            "interaction": "product",
            "unit_variance": True,
            "dropout": 0.0,
        },
        "targets": {"MI": {"mean": 3.0, "std": 1.0}, "TA": {"mean": 3.0, "std": 1.0}},
        "ratings": "none",
        "licence": "Apache-2.0",
        "training_data": "none: seeded random weights",
    }


def tiny_config(**changes: Any) -> ClapConfig:
    """The tiny predictor's configuration, with top-level keys replaced."""
    config = parse_config(tiny_plain() | changes, "tiny")
    assert isinstance(config, ClapConfig)
    return config


def tiny_folder(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A checkpoint folder with seeded weights and a tokenizer."""
    config = tiny_config(**changes)
    tokenizer = folder / "tokenizer.json" if config.text else None
    if tokenizer is not None:
        train_tokenizer(PROMPTS, 300, tokenizer)
    save_checkpoint(folder, seeded_predictor(config, seed), tokenizer, "# tiny\n")
    return folder


def tiny_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> Checkpoint:
    """The same, loaded."""
    return load_predictor(f"{tiny_folder(folder, seed, **changes)}/")


# -------------------------------------------------------------------------------------------- the audiobox architecture


def tiny_audiobox_plain() -> dict[str, Any]:
    """`config.json` of a tiny predictor with a WavLM tower, as plain data."""
    return {
        "format_version": 1,
        "name": "tiny-audiobox",
        "architecture": "audiobox",
        "axes": ["PQ", "PC", "CE", "CU"],
        "audio": {"sample_rate": 8000, "frontend_sample_rate": 8000, "window_samples": 8000, "fill": "zero"},
        "backbone": {
            "conv_dim": 12,
            "conv_kernels": [10, 3, 3, 2],
            "conv_strides": [5, 2, 2, 2],
            "embed_dim": 24,
            "ffn_dim": 32,
            "num_layers": 2,
            "num_heads": 3,
            "pos_conv_kernel": 8,
            "pos_conv_groups": 2,
            "num_buckets": 16,
            "max_distance": 20,
        },
        "pooling": {
            "name": "DualResolutionAttentiveStatistics",
            "segment_size": 4,
            "partial_segment": "masked",
            "num_heads": 4,
            "eps": 1e-5,
        },
        "heads": {"num_layers": 2, "layer_norm": True, "dropout": 0.0},
        "targets": {axis: {"mean": 5.0, "std": 1.5} for axis in ("PQ", "PC", "CE", "CU")},
        "ratings": "none",
        "licence": "Apache-2.0",
        "training_data": "none: seeded random weights",
    }


def tiny_audiobox_config(**changes: Any) -> AudioboxConfig:
    """The same as a configuration, with top-level keys replaced."""
    config = parse_config(tiny_audiobox_plain() | changes, "tiny-audiobox")
    assert isinstance(config, AudioboxConfig)
    return config


def tiny_audiobox_folder(folder: Path, seed: int = 0, **changes: Any) -> Path:
    """A checkpoint folder with lively weights, so that scores depend on the sound."""
    predictor = lively(seeded_predictor(tiny_audiobox_config(**changes), seed))
    save_checkpoint(folder, predictor, None, "# tiny-audiobox\n")
    return folder


def tiny_audiobox_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> Checkpoint:
    """The same, loaded."""
    return load_predictor(f"{tiny_audiobox_folder(folder, seed, **changes)}/")


def lively(module: torch.nn.Module) -> torch.nn.Module:
    """Weights far from their start, so that gates, biases and norms all count."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in module.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 10
            parameter.add_(torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
    return module.eval()
