"""A predictor small enough for milliseconds, through the same code as the large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drasp_cli.checkpoints.store import Checkpoint, load_predictor, save_checkpoint
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import PredictorConfig, parse_config
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


def tiny_config(**changes: Any) -> PredictorConfig:
    """The tiny predictor's configuration, with top-level keys replaced."""
    return parse_config(tiny_plain() | changes, "tiny")


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
