"""Meta's audiobox-aesthetics: the folder it publishes, or the `checkpoint.pt` beside it.

    folder          config.json, model.safetensors              see `drasp_cli.checkpoints.meta`
    checkpoint.pt   {"model_cfg", "target_transform", "state_dict"}, its tensors named `model.<name in the folder>`

The names in the folder are those of our own predictor.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from drasp_cli.checkpoints.convert.original import Original, Source, find_source
from drasp_cli.checkpoints.convert.pickles import read_pickle
from drasp_cli.checkpoints.convert.state_dict import state_dict_of
from drasp_cli.checkpoints.convert.writing import check_out, write_converted
from drasp_cli.checkpoints.folder import CONFIG_FILE, WEIGHTS_FILE
from drasp_cli.checkpoints.hub import damage_of
from drasp_cli.checkpoints.integrity import digest_of
from drasp_cli.checkpoints.meta import is_meta_config, meta_arguments, parse_meta_config, without_pretraining
from drasp_cli.checkpoints.registry import AUDIOBOX_META, REGISTRY
from drasp_cli.checkpoints.store import read_tensors
from drasp_cli.errors import InputError
from drasp_cli.models.config import PredictorConfig, read_json

_PUBLISHED_PICKLE = "sha256:a4931a7a01c3e6733352e9d85371835f03bf9135f8b31e1583c23538811d4a32"
"""Of `checkpoint.pt` in the repository and at the revision that the registry pins; it is 415,520,834 bytes."""

_ABOUT = """\
Audiobox Aesthetics (Meta, https://github.com/facebookresearch/audiobox-aesthetics): WavLM-base, and the masked mean
over frames of each axis' own mix of its layers. The tensors are unchanged; left out is one that only pre-training
reads."""
_PUBLISHED = "They are the weights that Meta published, by their SHA-256."
_UNKNOWN = """\
Their SHA-256 is not that of the weights that Meta published: if they are not Meta's, state whose they are and their
licence, in `config.json` and here, before you share them."""


def convert_audiobox(source: str, out: Path, *, progress: bool = False) -> None:
    """Makes a checkpoint folder of Meta's weights, which scores as they do.

    Args:
        source: Meta's folder or `checkpoint.pt`, or `audiobox.meta` or another name on the Hub.
        out: a folder that is not there yet, or empty.
        progress: of a download, on standard error.

    Raises:
        InputError: the source cannot be understood, or its tensors are not exactly those of the predictor.
        CheckpointError, ConfigError: a file of its folder cannot be read, or asks for what is not read here.
        OutputError: `out` holds something, or cannot be written.
        HubError: the Hub does not give it.
    """
    check_out(out)
    found = find_source(source, progress=progress)
    write_converted(_read_folder(found) if found.path.is_dir() else _read_pickle(found), out)


def _read_folder(source: Source) -> Original:
    path = source.path / CONFIG_FILE
    with damage_of(source.address, CONFIG_FILE):
        data = read_json(path)
    if not is_meta_config(data):
        raise InputError(str(path), "is not of Meta's audiobox-aesthetics: expected a target_transform in it")
    config = parse_meta_config(data, str(path))
    weights = source.path / WEIGHTS_FILE
    with damage_of(source.address, WEIGHTS_FILE):
        tensors = read_tensors(weights)
    return _original(config, tensors, source, weights)


def _read_pickle(source: Source) -> Original:
    name = str(source.path)
    data = read_pickle(source.path)
    if not isinstance(data, Mapping) or not {"model_cfg", "target_transform", "state_dict"} <= data.keys():
        raise InputError(
            name,
            "is no checkpoint.pt of Meta's: expected model_cfg, target_transform and state_dict in it "
            "(drasp convert drasp-track2 reads a bare state dict)",
        )
    if not isinstance(data["model_cfg"], Mapping):
        raise InputError(name, "its model_cfg is no table of settings")
    # Of its settings, the published class is given those that it takes.
    plain = meta_arguments(data["model_cfg"]) | {"target_transform": data["target_transform"]}
    config = parse_meta_config(_without_numpy(plain), name)
    return _original(config, state_dict_of(data, name), source, source.path)


def _original(config: PredictorConfig, tensors: Mapping[str, Tensor], source: Source, file: Path) -> Original:
    digest = digest_of(file, like="sha256:")
    about = f"{_ABOUT} {_PUBLISHED if digest in _published_digests() else _UNKNOWN}"
    return Original(config, without_pretraining(tensors), source, file, digest, about)


def _published_digests() -> set[str]:
    hub = REGISTRY[AUDIOBOX_META].hub
    assert hub is not None
    return {_PUBLISHED_PICKLE, *(facts.digest for facts in hub.files.values())}


def _without_numpy(value: Any) -> Any:
    """The settings of a pickle, which may hold numpy's numbers, as JSON would hold them."""
    if isinstance(value, Mapping):
        return {key: _without_numpy(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value
