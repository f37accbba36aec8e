"""The DRASP research code's Track 2: Audiobox-shaped, with one of its eight poolings.

    save_pretrained folder   config.json (Meta's keys, `pooling_type`, `segment_size`) and model.safetensors
    best_model_N.pt          {"state_dict"} alone: pooling, segment size and target transform are the user's to tell

Its tensors have the names of our own predictor. What its published inference does, the converted checkpoint does: the
mean of a segment is over its real frames, variances are at least 1e-5, and the level of the sound is left as it is
(the code's training normalises it). Source: github.com/jerryyang1231/DRASP at 5df1780, `track2`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.convert.fitting import told_pooling
from drasp_cli.checkpoints.convert.original import Original, Source, find_source
from drasp_cli.checkpoints.convert.pickles import read_pickle
from drasp_cli.checkpoints.convert.poolings import RESEARCH_POOLINGS, SEGMENTAL
from drasp_cli.checkpoints.convert.state_dict import state_dict_of
from drasp_cli.checkpoints.convert.writing import check_out, write_converted
from drasp_cli.checkpoints.folder import CONFIG_FILE, WEIGHTS_FILE
from drasp_cli.checkpoints.hub import damage_of
from drasp_cli.checkpoints.integrity import digest_of
from drasp_cli.checkpoints.registry import AUDIOBOX_AXES, HUB_PREFIX, REGISTRY
from drasp_cli.checkpoints.resolve import resolve
from drasp_cli.checkpoints.store import found_config, read_tensors
from drasp_cli.datasets.near_names import perhaps_meant
from drasp_cli.errors import InputError
from drasp_cli.models.config import PredictorConfig, from_plain, parse_config, read_json, to_plain
from drasp_cli.models.pooling.segments import MASKED

_ABOUT = """\
A checkpoint of the DRASP research code, Track 2 (its name of the pooling: `{pooling}`). It was trained on sound of one
level, and scores as that code does: the level of a clip is left as it is. The file does not say what the weights were
trained on, nor their licence; the tower comes from Audiobox Aesthetics (Meta, CC-BY-4.0). State both in `config.json`
and here before you share it."""
_TRAINING_DATA = "not said by the file that was converted; the research code trains on AES-Natural"
_HEAD = re.compile(r"proj_layer\.(?P<axis>\w+)\.(?P<number>[0-9]{1,4})\.(?P<kind>weight|bias)")


@dataclass(frozen=True)
class _Pooling:
    """What the research class adds to Meta's settings; None where neither file nor user says it."""

    pooling_type: str | None = None
    segment_size: int | None = None


def convert_track2(
    source: str,
    out: Path,
    *,
    pooling: str | None = None,
    segment_size: int | None = None,
    target_transform: str | None = None,
    progress: bool = False,
) -> None:
    """Makes a checkpoint folder of a research checkpoint, which scores as the research code does.

    Args:
        source: a `save_pretrained` folder, a file of `torch.save` with a state dict, or a folder's name on the Hub.
        out: a folder that is not there yet, or empty.
        pooling: a key of `RESEARCH_POOLINGS`; may be None for a folder, which says it.
        segment_size: frames in a segment; may be None for a folder, and for a pooling without segments.
        target_transform: for a file, which lacks it: a JSON file with mean and std of each axis, or with these under
            `target_transform`; or a model whose own is taken, such as `audiobox.meta`.
        progress: of a download, on standard error.

    Raises:
        InputError: the source cannot be understood, lacks what is not told beside it or contradicts it, or its tensors
            are not exactly those of the predictor.
        CheckpointError, ConfigError: a file of its folder cannot be read, or asks for what is not read here.
        OutputError: `out` holds something, or cannot be written.
        HubError: the Hub does not give it.
    """
    check_out(out)
    told = _Pooling(pooling, segment_size)
    found = find_source(source, progress=progress)
    if not found.path.is_dir():
        original = _read_pickle(found, told, target_transform, progress)
    elif target_transform is None:
        original = _read_folder(found, told)
    else:
        raise InputError(source, f"its {CONFIG_FILE} has the target transform; leave --target-transform out")
    with told_pooling(pooling, original.tensors):
        write_converted(original, out)


def _read_folder(source: Source, told: _Pooling) -> Original:
    path = source.path / CONFIG_FILE
    with damage_of(source.address, CONFIG_FILE):
        data = read_json(path)
    if not meta.is_meta_config(data):
        raise InputError(str(path), "is not of the DRASP research code: expected a target_transform in it")
    ours = {key: data[key] for key in (meta.RESEARCH_KEY, "segment_size") if key in data}
    said = from_plain(_Pooling, ours, str(path))
    for key in (meta.RESEARCH_KEY, "segment_size"):
        here, there = getattr(told, key), getattr(said, key)
        if None not in (here, there) and here != there:
            raise InputError(str(path), f"says {key} {there!r}, not {here!r}; leave the option out to take the file's")
    pooling = _Pooling(told.pooling_type or said.pooling_type, told.segment_size or said.segment_size)
    config = _config({key: value for key, value in data.items() if key not in ours}, pooling, str(path))
    weights = source.path / WEIGHTS_FILE
    with damage_of(source.address, WEIGHTS_FILE):
        tensors = read_tensors(weights)
    return _original(config, tensors, source, weights, pooling)


def _read_pickle(source: Source, told: _Pooling, target_transform: str | None, progress: bool) -> Original:
    name = str(source.path)
    if target_transform is None:
        raise InputError(name, "a bare state dict has no target transform; name one with --target-transform")
    targets = _targets(target_transform, progress)
    tensors, heads = _heads(state_dict_of(read_pickle(source.path), name))
    mix = {"nth_layer": meta.TOWER.num_layers + 1}  # of all layers; another length is told by its tensors' shape
    config = _config({"target_transform": targets, **mix, **heads}, told, name)
    return _original(config, tensors, source, source.path, told)


def _original(
    config: PredictorConfig, tensors: Mapping[str, Tensor], source: Source, file: Path, pooling: _Pooling
) -> Original:
    about = _ABOUT.format(pooling=pooling.pooling_type)
    return Original(config, meta.without_pretraining(tensors), source, file, digest_of(file, like="sha256:"), about)


def _config(data: Mapping[str, Any], pooling: _Pooling, source: str) -> PredictorConfig:
    """The configuration of a predictor with Meta's settings `data` and this pooling.

    Raises:
        InputError: the pooling is unknown, or a size that it needs is.
    """
    name, size = pooling.pooling_type, pooling.segment_size
    if name is None:
        raise InputError(source, f"does not say its pooling; name it with --pooling: {', '.join(RESEARCH_POOLINGS)}")
    if name not in RESEARCH_POOLINGS:
        raise InputError(source, f"no pooling is called {name!r}; known: {', '.join(RESEARCH_POOLINGS)}")
    if name in SEGMENTAL and size is None:
        raise InputError(source, f"does not say how many frames a segment of {name} has; give it as --segment-size")
    sizes = {"segment_size": size, "partial_segment": MASKED} if name in SEGMENTAL else {}
    research = {
        "pooling": {"name": RESEARCH_POOLINGS[name], **sizes},
        "licence": "unknown",
        "training_data": _TRAINING_DATA,
    }
    return parse_config(to_plain(meta.parse_meta_config(data, source)) | research, source)


def _targets(spelling: str, progress: bool) -> Any:
    """Axis -> mean and std as plain data: of a JSON file, or of a model.

    Raises:
        InputError: a file that is not there, or without them.
        ConfigError: a file that is no JSON.
    """
    if spelling in REGISTRY or spelling.startswith(HUB_PREFIX):
        found = resolve(spelling, only=(CONFIG_FILE,), progress=progress)
        return to_plain(found_config(found).targets)
    if not Path(spelling).exists():
        raise InputError(spelling, f"there is no such file{perhaps_meant(spelling)}")
    data = read_json(Path(spelling))
    targets = data.get("target_transform", data) if isinstance(data, Mapping) else data
    if not isinstance(targets, Mapping) or set(targets) != set(AUDIOBOX_AXES):
        raise InputError(spelling, f"expected mean and std of exactly {', '.join(AUDIOBOX_AXES)}, as JSON")
    return targets


def _heads(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors with heads numbered as without dropout, and Meta's settings that make heads of their shape.

    In a head, parts are numbered and dropout takes a number, but no tensor: with it, every layer's numbers are one
    more apart. It has no effect on a score, and its rate is not in the file, so it is taken out.
    """
    found = {name: match for name in tensors if (match := _HEAD.fullmatch(name))}
    parts = {
        int(match["number"]): tensors[name].ndim
        for name, match in found.items()
        if match["axis"] == AUDIOBOX_AXES[0] and match["kind"] == "weight"
    }
    linear = sorted(number for number, ndim in parts.items() if ndim == 2)
    has_norm = 1 in parts.values()
    settings = {"proj_num_layer": max(1, len(linear)), "proj_ln": has_norm}
    apart = linear[1] - linear[0] if len(linear) > 1 else 0
    if apart != (4 if has_norm else 3):
        return dict(tensors), settings
    renamed = {
        name: f"proj_layer.{match['axis']}.{int(match['number']) - int(match['number']) // apart}.{match['kind']}"
        for name, match in found.items()
    }
    return {renamed.get(name, name): tensor for name, tensor in tensors.items()}, settings
