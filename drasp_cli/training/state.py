"""What a run leaves on the disk: where it stands, its log, and whose folder it is.

OUT/.training/state.pt    everything a stopped run needs, written after each epoch
OUT/training-log.csv      one line an epoch
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drasp_cli.checkpoints.store import CARD_FILE, CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from drasp_cli.errors import OutputError, TrainingError
from drasp_cli.models.config import to_plain
from drasp_cli.models.interface import Predictor
from drasp_cli.training.examples import Examples
from drasp_cli.training.recipe import Recipe
from drasp_cli.training.teachers import Teachers

LOG_FILE = "training-log.csv"
WORK_FOLDER = ".training"
STATE_FILE = "state.pt"

# What a state file holds, by name.
_CONTENT: Mapping[str, type] = {
    "recipe": dict,
    "data": str,
    "state": dict,
    "predictor": dict,
    "teachers": dict,
    "optimizer": dict,
}


@dataclass
class State:
    """Where training stands; everything a resumed run needs.

    Attributes:
        stage: index of the current stage.
        epoch: epochs finished in it.
        best_loss: lowest validation loss in it.
        best: predictor weights at that loss.
        stale: epochs since.
        log: rows of the log so far.
    """

    stage: int = 0
    epoch: int = 0
    best_loss: float = math.inf
    best: dict[str, Tensor] | None = None
    stale: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)


def recipe_text(recipe: Recipe) -> Mapping[str, Any]:
    """The recipe as plain data, as the model card and the saved state hold it."""
    return dict(to_plain(recipe))


def _begun(recipe: Mapping[str, Any], stages: int) -> Mapping[str, Any]:
    """A recipe's plain data without what comes after its first `stages` stages."""
    return {**recipe, "stage": recipe["stage"][:stages]}


def check_folder(out: Path, resume: bool) -> None:
    """Refuses an `out` whose files a new run would overwrite, or that `resume` does not fit.

    Raises:
        TrainingError: it holds a checkpoint, a stopped run that `resume` does not ask for, or files of something else.
        OutputError: it is no folder, or cannot be read.
    """
    try:
        if not stat.S_ISDIR(out.stat().st_mode):
            raise OutputError(f"{out} is there already and not a folder")
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{out}: cannot be read or made: {error.strerror}") from None
    work = out / WORK_FOLDER
    if (out / WEIGHTS_FILE).exists():
        if not work.exists():
            raise TrainingError(f"{out} already holds a checkpoint; choose another folder")
        if not resume:
            raise TrainingError(f"{out} already holds a checkpoint; remove what is left of its run with --resume")
    elif (work / STATE_FILE).exists():
        if not resume:
            raise TrainingError(f"{out} holds a stopped run; go on with --resume, or remove {work / STATE_FILE}")
    elif not work.exists():  # a run makes its work folder first: whatever stands beside one is a run's own
        for name in (CONFIG_FILE, CARD_FILE, TOKENIZER_FILE, LOG_FILE):
            if (out / name).exists():
                raise TrainingError(f"{out / name} is there already, of no stopped run; choose another folder")


def make_folder(work: Path) -> None:
    """Makes the work folder, and with it `out`.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{work.parent}: cannot be made or written to: {error.strerror}") from None


def digest_of(*splits: Examples) -> str:
    """Changes with the clips of any split: their order, names, ratings and prompts, and what the teachers read."""
    clips = [[[Path(r.clip.path).name, r.clip.prompt, dict(r.ratings)] for r in split.clips] for split in splits]
    causes = [
        None if column is None else column.tolist()
        for split in splits
        for column in (split.heard, split.asked, split.causes)
    ]
    return hashlib.sha256(json.dumps([clips, causes], sort_keys=True).encode()).hexdigest()


def write_log(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """Writes the log, one line an epoch, with a column for whatever any epoch has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def save_state(
    path: Path,
    recipe: Recipe,
    digest: str,
    state: State,
    predictor: Predictor,
    teachers: Teachers,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Writes everything a resumed run needs, whole or not at all; tensors of any device."""
    partial = path.with_suffix(".partial")
    content = {
        "recipe": recipe_text(recipe),
        "data": digest,
        "state": vars(state),
        "predictor": predictor.state_dict(),
        "teachers": teachers.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(content, partial)
    partial.replace(path)


def read_state(path: Path, recipe: Recipe, digest: str) -> Mapping[str, Any]:
    """What `save_state` wrote, of this recipe and these clips, on the CPU wherever it was written.

    Stages that have not begun may differ: nothing of them is in the state, so the run ends as if it had always been of
    this recipe.

    Raises:
        TrainingError: it is torn, not such a state, or of another recipe or other clips.
    """
    try:
        content: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # an unpickler raises whatever torn bytes make it raise
        raise TrainingError(f"{path} cannot be read ({type(error).__name__}); remove it to start over") from error
    if not _is_state(content):
        raise foreign_state(path)
    stages = content["state"]["stage"] + 1
    if _begun(content["recipe"], stages) != _begun(recipe_text(recipe), stages):
        raise TrainingError(f"{path} is of a run with another recipe; remove it to start over")
    if stages > len(recipe.stage):
        raise foreign_state(path)
    if content["data"] != digest:
        differs = "other clips, ratings or prompts, or other causes"
        raise TrainingError(f"{path} is of a run on {differs}; remove it to start over")
    return content


def foreign_state(path: Path) -> TrainingError:
    """The error for a readable file that `save_state` of this version did not write."""
    return TrainingError(f"{path} is not a state of this version of drasp; remove it to start over")


def _is_state(content: Any) -> bool:
    """Whether `content` has the shape of what `save_state` writes; tensors are compared when they are loaded."""
    if not _has_keys(content, _CONTENT):
        return False
    if not all(isinstance(content[name], kind) for name, kind in _CONTENT.items()):
        return False
    state = content["state"]
    if not _has_keys(state, {f.name: f for f in fields(State)}):
        return False
    counts = (state["stage"], state["epoch"], state["stale"])
    return (
        all(type(count) is int and count >= 0 for count in counts)
        and isinstance(state["best_loss"], float)
        and (state["best"] is None or _has_keys(state["best"], content["predictor"]))
        and isinstance(state["log"], list)
        and all(isinstance(row, dict) for row in state["log"])
        and isinstance(content["recipe"].get("stage"), list)
    )


def _has_keys(value: Any, like: Mapping[str, Any]) -> bool:
    return isinstance(value, dict) and value.keys() == like.keys()
