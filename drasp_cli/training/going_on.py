"""Training that goes on from a checkpoint's weights in place of fresh ones.

Whatever has the same name and shape is taken over. The towers have to be taken over whole: half a tower is worth
nothing. Pooling, projections and heads may be others, and then start as they do in a fresh predictor (`start.py`).
"""

from __future__ import annotations

import dataclasses

import torch

from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.errors import TrainingError
from drasp_cli.models.config import AudioConfig, PredictorConfig
from drasp_cli.models.interface import Predictor

_TOWERS = ("audio_branch.", "text_branch.", "wavlm_model.")
_HEARS_BY = ("audio", "logmel", "backbone", "text")
"""The parts of a config that have to be those of the checkpoint: they say what its towers are built for.

All but `audio.sample_rate`, which is the recipe's to choose: with LAION's towers, 48 kHz as they were trained, or 16 kHz
that their front end takes for 48 kHz, as the MusicEval baseline and the DRASP research code fine-tune them.
"""


def check_start(start: Checkpoint, config: PredictorConfig) -> None:
    """Whether the towers of `start` are those that `config` asks for.

    Raises:
        TrainingError: they are not; says in what they differ first.
    """
    if type(start.config) is not type(config):
        raise TrainingError(f"{start.label} cannot be gone on from: it is of another architecture")
    for part in _HEARS_BY:
        theirs, ours = (_built_for(each, part) for each in (start.config, config))
        if theirs != ours:
            where = f"predictor.{part}{_difference(theirs, ours)}"
            raise TrainingError(f"{start.label} cannot be gone on from: its {where}; make the recipe's the same")
    if getattr(config, "text", None) is not None and start.tokenizer is None:
        raise TrainingError(f"{start.label} cannot be gone on from: it has no tokenizer.json")


def take_over(start: Checkpoint, predictor: Predictor) -> frozenset[str]:
    """Gives `predictor` the tensors of `start` that fit, and returns their names."""
    ours, theirs = predictor.state_dict(), start.predictor.state_dict()
    fitting = {name: tensor for name, tensor in theirs.items() if name in ours and ours[name].shape == tensor.shape}
    missing = [name for name in ours if name.startswith(_TOWERS) and name not in fitting]
    assert not missing, missing  # `check_start` has compared their configs
    with torch.no_grad():
        for name, tensor in fitting.items():
            ours[name].copy_(tensor)
    return frozenset(fitting)


def _built_for(config: PredictorConfig, part: str) -> object:
    """A part of a config, without its rate policy."""
    found = getattr(config, part, None)
    return dataclasses.replace(found, sample_rate=0) if isinstance(found, AudioConfig) else found


def _difference(theirs: object, ours: object) -> str:
    """Of the first key that differs, what it is and what the recipe says it is."""
    if dataclasses.is_dataclass(theirs) and type(theirs) is type(ours):
        for field in dataclasses.fields(theirs):
            a, b = getattr(theirs, field.name), getattr(ours, field.name)
            if a != b:
                return f".{field.name} is {a}, the recipe's {b}"
    return f" is {theirs}, the recipe's {ours}"
