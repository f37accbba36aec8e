"""State dicts as LAION-CLAP and the DRASP research code's Track 1 save them, with towers small enough for milliseconds.

The names are spelled out here, as the two programs write them, and not asked of the code under test.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.registry import CLAP_LAION, REGISTRY, ROBERTA, Conversion, FileFacts, HubAddress
from drasp_cli.models.backbones.htsat import HTSAT
from drasp_cli.models.backbones.text import TextTower
from drasp_cli.models.config import HTSATConfig, TextConfig
from drasp_cli.models.logmel import mel_filters
from drasp_cli.training.tokenizer import train_tokenizer
from tests.hub_server import LocalHub, Repo
from tests.research_folder import WIDTHS, attention_shapes, pickled
from tests.tiny import PROMPTS, lively

TOWER = HTSATConfig(embed_dim=8, depths=(2, 2, 2, 2), num_heads=(2, 2, 4, 4))
TEXT = TextConfig(
    vocab_size=300,
    hidden_size=16,
    num_layers=1,
    num_heads=2,
    intermediate_size=32,
    max_positions=34,
    max_tokens=32,
)
EMBEDDING_DIM = 512
PREFIX = "upstream_model.model."


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the readers take towers of these sizes for LAION-CLAP's."""
    monkeypatch.setattr(clap, "TOWER", TOWER)
    monkeypatch.setattr(clap, "TEXT", TEXT)


def plant_laion(
    monkeypatch: pytest.MonkeyPatch, commit: str, content: bytes, tokenizer: HubAddress, edition: int = 1
) -> Conversion:
    """Makes `clap.laion` a file with this content, at another commit of its repository, and with this tokenizer."""
    entry = REGISTRY[CLAP_LAION]
    assert entry.conversion is not None
    facts = FileFacts(len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
    source = dataclasses.replace(entry.conversion.source, revision=commit, files={entry.conversion.file: facts})
    planted = Conversion(source, tokenizer, edition)
    monkeypatch.setitem(REGISTRY, CLAP_LAION, dataclasses.replace(entry, conversion=planted))
    return planted


def publish_laion(hub: LocalHub, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Conversion:
    """Puts small towers and their tokenizer where LAION and RoBERTa are on the Hub, and pins `clap.laion` to them."""
    entry = REGISTRY[CLAP_LAION]
    assert entry.conversion is not None
    content = pickled({"epoch": 15, "optimizer": {}, "state_dict": laion_tensors()})
    hub.repos[entry.conversion.source.repo], hub.repos[ROBERTA.repo] = Repo(), Repo()
    commit = hub.repos[entry.conversion.source.repo].commit({entry.conversion.file: content})
    tokens = (tokenizer_folder(folder) / "tokenizer.json").read_bytes()
    tokens_commit = hub.repos[ROBERTA.repo].commit({"tokenizer.json": tokens})
    return plant_laion(monkeypatch, commit, content, dataclasses.replace(ROBERTA, revision=tokens_commit))


def tokenizer_folder(folder: Path) -> Path:
    """A folder with a `tokenizer.json` that the small text tower can read."""
    train_tokenizer(PROMPTS, TEXT.vocab_size, folder / "tokenizer.json")
    return folder


def laion_tensors(seed: int = 0) -> dict[str, Tensor]:
    """What LAION-CLAP learns, by its names: also what no embedding depends on."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        audio, text = lively(HTSAT(TOWER, num_mels=64)), lively(TextTower(TEXT))
    audio.bn0.running_mean.fill_(-20.0)  # dB, and their variance
    audio.bn0.running_var.fill_(200.0)
    tensors = {f"audio_branch.{name}": tensor for name, tensor in audio.state_dict().items()}
    tensors |= {f"text_branch.{name}": tensor for name, tensor in text.state_dict().items()}
    shapes: dict[str, tuple[int, ...]] = {
        "audio_branch.tscam_conv.weight": (527, TOWER.dim, 2, 3),
        "audio_branch.tscam_conv.bias": (527,),
        "audio_branch.head.weight": (527, 527),
        "audio_branch.head.bias": (527,),
        "logit_scale_a": (),
        "logit_scale_t": (),
    }
    for side, width in (("audio", TOWER.dim), ("text", TEXT.hidden_size)):
        for name, wide in ((f"{side}_projection.0", width), (f"{side}_projection.2", EMBEDDING_DIM)):
            shapes |= {f"{name}.weight": (EMBEDDING_DIM, wide), f"{name}.bias": (EMBEDDING_DIM,)}
        for layer in (0, 3):
            name = f"{side}_transform.sequential.{layer}"
            shapes |= {f"{name}.weight": (EMBEDDING_DIM, EMBEDDING_DIM), f"{name}.bias": (EMBEDDING_DIM,)}
    return tensors | _drawn(shapes, seed)


def laion_constants() -> dict[str, Tensor]:
    """What LAION-CLAP's state dict holds beside that, or not, by the release that wrote it."""
    n, k = torch.arange(1024, dtype=torch.float64), torch.arange(513, dtype=torch.float64)[:, None]
    hann = 0.5 - 0.5 * torch.cos(2 * math.pi * n / 1024)
    branch = HTSAT(TOWER, num_mels=64)
    buffers = {f"audio_branch.{name}": buffer for name, buffer in branch.named_buffers() if "bn0" not in name}
    stft = "audio_branch.spectrogram_extractor.stft"
    return buffers | {
        f"{stft}.conv_real.weight": (hann * torch.cos(2 * math.pi * k * n / 1024)).float()[:, None],
        f"{stft}.conv_imag.weight": (-hann * torch.sin(2 * math.pi * k * n / 1024)).float()[:, None],
        "audio_branch.logmel_extractor.melW": torch.from_numpy(mel_filters(48000, 1024, 64, 50.0, 14000.0)).T,
        "text_branch.embeddings.position_ids": torch.arange(TEXT.max_positions)[None],
    }


def track1_tensors(pooling: str, seed: int = 0) -> dict[str, Tensor]:
    """What the research code's Track 1 saves, without constants: towers, pooling, and two heads of three layers."""
    dim = TOWER.dim
    shapes: dict[str, tuple[int, ...]] = {
        "pooling_proj.weight": (dim, WIDTHS[pooling] * dim),
        "pooling_proj.bias": (dim,),
        **attention_shapes(pooling, dim),
    }
    for mlp, width in (("overall_mlp_layer", EMBEDDING_DIM), ("textual_mlp_layer", 2 * EMBEDDING_DIM)):
        for layer, (wide, narrow) in enumerate(((width, 256), (256, 64), (64, 1)), start=1):
            shapes |= {f"{mlp}{layer}.weight": (narrow, wide), f"{mlp}{layer}.bias": (narrow,)}
    tensors = {PREFIX + name: tensor for name, tensor in laion_tensors(seed).items()} | _drawn(shapes, seed)
    if pooling in ("drap", "drsp"):
        tensors |= {"pooling.alpha": torch.tensor(0.7), "pooling.beta": torch.tensor(0.6)}
    return tensors


def baseline_tensors(seed: int = 0) -> dict[str, Tensor]:
    """What the MusicEval baseline saves: the same heads, on LAION-CLAP's own embedding."""
    return {name: tensor for name, tensor in track1_tensors("tap", seed).items() if not name.startswith("pooling")}


def _drawn(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, Tensor]:
    """Weights that keep what they are given of about its size, and biases that do not drown it."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) * ((2.0 / math.prod(shape[1:])) ** 0.5 if shape[1:] else 0.05)
        for name, shape in shapes.items()
    }
