"""`fit`: a recipe and a data set in, a checkpoint folder out.

Everything random in an epoch is drawn from (seed, stage, epoch), and the whole state is written after each epoch, so a
run that was stopped and resumed on the same device ends with the same weights as one that was not. Decoding,
features, augmentation and the weights that training starts from are made on the CPU, whatever device trains.

    OUT/config.json model.safetensors tokenizer.json README.md training-log.csv     the checkpoint
    OUT/.training/state.pt  features/                                               until it is finished
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from drasp_cli import metrics
from drasp_cli.checkpoints.card import training_card
from drasp_cli.checkpoints.store import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, Checkpoint, save_checkpoint
from drasp_cli.datasets.rated import describe, layout_of
from drasp_cli.errors import TrainingError
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import ClapConfig, PredictorConfig, TextConfig, load_config
from drasp_cli.models.device import choose_device, within_memory
from drasp_cli.models.interface import Predictor
from drasp_cli.models.tokenizer import PromptTokenizer
from drasp_cli.training.ahead import one_ahead
from drasp_cli.training.augment import Augmentation
from drasp_cli.training.batch import Batch
from drasp_cli.training.examples import Examples, load_examples
from drasp_cli.training.features import FeatureStore, feature_store
from drasp_cli.training.going_on import check_start, take_over
from drasp_cli.training.hearing import set_training
from drasp_cli.training.recipe import OF_CAUSES, DataRecipe, Recipe, StageRecipe
from drasp_cli.training.start import prepare
from drasp_cli.training.state import (
    LOG_FILE,
    STATE_FILE,
    WORK_FOLDER,
    State,
    check_folder,
    digest_of,
    foreign_state,
    make_folder,
    read_state,
    recipe_text,
    save_state,
    write_log,
)
from drasp_cli.training.teachers import Teachers
from drasp_cli.training.tokenizer import train_tokenizer


class Monitor(Protocol):
    """Someone who watches the training; the loop itself says nothing."""

    def start(self, what: str, total: int) -> None:
        """A stretch of `total` steps begins."""

    def advance(self) -> None:
        """One step of it is done."""

    def epoch(self, row: Mapping[str, object]) -> None:
        """An epoch is done; `row` is its line of the log."""


@dataclass(frozen=True)
class Split:
    """Examples with their features and, where prompts are read, their tokens."""

    examples: Examples
    features: FeatureStore
    tokens: Tensor | None

    def batch(self, clips: np.ndarray, windows: np.ndarray) -> Batch:
        """The given clips, each heard through the given window; on the CPU."""
        rows = torch.from_numpy(clips)
        e = self.examples

        def pick(column: Tensor | None) -> Tensor | None:
            return None if column is None else column[rows]

        return Batch(
            self.features.batch(windows),
            pick(self.tokens),
            e.ratings[rows],
            pick(e.heard),
            pick(e.asked),
            pick(e.causes),
            self.features.real(windows),
        )


def fit(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    start: Checkpoint | None = None,
    resume: bool,
    features: Path | None,
    device: str,
    monitor: Monitor,
) -> Path:
    """Trains the recipe's predictor on `data` and writes the checkpoint folder `out`.

    Args:
        recipe: what to train and how.
        data: folder whose clips are rated on the predictor's axes (`datasets/rated.py`), with or without `causes.csv`.
        out: checkpoint folder; must not hold a checkpoint yet.
        start: go on from its weights, see `going_on.py`, and read prompts with its tokenizer; None starts from nothing.
        resume: go on from the last finished epoch of a stopped run in `out`.
        features: folder to keep the features in for other runs; None keeps them in `out` until it is finished.
        device: "auto", "cpu", "cuda", "cuda:1", "mps"; a run may be resumed on another one.
        monitor: told of progress.

    Returns:
        `out`.

    Raises:
        DeviceError: the device is not available here.
        TrainingError: `out` holds a checkpoint, files of something else, or a stopped run that `resume` does not ask
            for or does not fit; `start` has other towers than the recipe; a loss lacks its data; simulated ratings that
            the recipe calls human; a stage freezes what is not there.
        OutputError: `out` cannot be made.
        InputError: the data set is malformed, or rated on other axes.
        AudioError: one of its clips cannot be decoded.
    """
    where = choose_device(device)
    work = out / WORK_FOLDER
    saved = work / STATE_FILE
    check_folder(out, resume)
    if start is not None:
        check_start(start, recipe.predictor)
    config = _named(recipe.predictor, data, out)
    if (out / WEIGHTS_FILE).exists():  # stopped after its last file was written: only the cleaning up is left
        if load_config(out / CONFIG_FILE) != config:
            reason = "holds a finished checkpoint of another recipe or other data"
            raise TrainingError(f"{out} {reason}; choose another folder")
        shutil.rmtree(work)
        return out
    train, dev, vocabulary = load_examples(data, config.axes)
    if vocabulary is not None and config.ratings != "simulated":
        raise TrainingError(
            f'{data} has a causes.csv: its ratings are simulated, and the recipe must say so: ratings = "simulated"'
        )
    if vocabulary is None:
        for stage in recipe.stage:
            if extra := [name for name in stage.losses if name in OF_CAUSES]:
                raise TrainingError(f"stage '{stage.name}' wants {', '.join(extra)}, but {data} has no causes.csv")
    predictor = seeded_predictor(config, recipe.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        teachers = Teachers(config, vocabulary, recipe.data.order_axis)
    _check_freezes(recipe, predictor, teachers)
    digest = digest_of(train, dev) + (f" {start.revision}" if start else "")
    content = read_state(saved, recipe, digest) if saved.exists() else None
    make_folder(work)
    text = config.text if isinstance(config, ClapConfig) else None
    given = take_over(start, predictor) if start else frozenset()
    tokenizer = _tokenizer(text, recipe.data.vocab_size, train, out, start) if text else None
    train_split = _split("train", train, predictor, tokenizer, features or work / "features", monitor)
    dev_split = _split("dev", dev, predictor, tokenizer, features or work / "features", monitor)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        prepare(predictor, teachers, train, train_split.features, given)
    predictor.to(where)
    teachers.to(where)

    state = State()
    optimizer: torch.optim.Optimizer | None = None
    if content is not None:
        try:
            state, optimizer = _restore(content, recipe, predictor, teachers)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:  # torch's, for other tensors
            raise foreign_state(saved) from error
    while state.stage < len(recipe.stage):
        stage = recipe.stage[state.stage]
        optimizer = optimizer or _optimizer(stage, predictor, teachers)
        while state.epoch < stage.epochs and not (stage.patience and state.stale >= stage.patience):
            monitor.start(f"{stage.name} {state.epoch + 1}/{stage.epochs}", _steps(train_split, recipe.data))
            monitor.epoch(_run_epoch(recipe, state, predictor, teachers, optimizer, train_split, dev_split, monitor))
            save_state(saved, recipe, digest, state, predictor, teachers, optimizer)
            write_log(state.log, out / LOG_FILE)
        if stage.keep == "best" and state.best is not None:
            predictor.load_state_dict(state.best)
        state = State(stage=state.stage + 1, log=state.log)
        optimizer = None
    write_log(state.log, out / LOG_FILE)  # a run that was stopped between its last state and its log has no last row
    begun = start.label if start else ""
    card = training_card(config, recipe_text(recipe), state.log, len(train), len(dev), begun)
    save_checkpoint(out, predictor.eval(), out / TOKENIZER_FILE if tokenizer else None, card)
    shutil.rmtree(work)
    return out


def _named(config: PredictorConfig, data: Path, out: Path) -> PredictorConfig:
    """`config` with what its recipe left out: called like the folder `out`, trained on what `data` says it is."""
    return replace(
        config,
        name=config.name or out.resolve().name,
        training_data=config.training_data or describe(data, layout_of(data, config.axes)),
    )


def _run_epoch(
    recipe: Recipe,
    state: State,
    predictor: Predictor,
    teachers: Teachers,
    optimizer: torch.optim.Optimizer,
    train: Split,
    dev: Split,
    monitor: Monitor,
) -> Mapping[str, object]:
    """Trains and validates once, moves `state` on, and returns the epoch's line of the log."""
    stage, begun = recipe.stage[state.stage], time.monotonic()
    taught = _train_epoch(recipe, state, predictor, teachers, optimizer, train, monitor)
    checked, correlations = validate(stage, predictor, teachers, dev, recipe.data.batch_size)
    total = sum(stage.losses[name] * value for name, value in checked.items())
    state.epoch += 1
    state.stale += 1
    if total < state.best_loss:
        state.best_loss, state.stale = total, 0
        state.best = {name: tensor.clone() for name, tensor in predictor.state_dict().items()}
    row = {
        "stage": stage.name,
        "epoch": state.epoch,
        "seconds": round(time.monotonic() - begun, 1),
        **{f"train_{name}": round(value, 5) for name, value in taught.items()},
        **{f"dev_{name}": round(value, 5) for name, value in checked.items()},
        **{f"dev_srcc_{axis}": round(value, 4) for axis, value in correlations.items()},
        "dev": round(total, 5),
    }
    state.log.append(row)
    return row


@torch.inference_mode()
def validate(
    stage: StageRecipe, predictor: Predictor, teachers: Teachers, split: Split, batch_size: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Mean of each of a stage's losses over a split, and the clip-level SRCC of each axis; always in fp32.

    Clips longer than a window are heard through their first one. Nothing is made worse, so there is no `order`.
    """
    predictor.eval()
    where = teachers.match.device
    wanted = [name for name in stage.losses if name != "order"]
    sums: dict[str, float] = {}
    scores: dict[str, list[Tensor]] = {}
    order = np.arange(len(split.examples))
    for clips in np.array_split(order, math.ceil(len(order) / batch_size)):
        batch = split.batch(clips, split.features.first[clips]).to(where)
        losses, predicted = teachers.losses(predictor, batch, wanted, stage.rating_loss)
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + float(loss) * len(clips)
        for axis, values in predicted.items():
            scores.setdefault(axis, []).append(values.cpu())
    correlations = {}
    for i, axis in enumerate(predictor.config.axes):
        if axis in scores:
            rating = split.examples.ratings[:, i]
            known = ~rating.isnan()
            correlations[axis] = metrics.srcc(rating[known].numpy(), torch.cat(scores[axis])[known].numpy())
    return {name: total / len(order) for name, total in sums.items()}, correlations


def _train_epoch(
    recipe: Recipe,
    state: State,
    predictor: Predictor,
    teachers: Teachers,
    optimizer: torch.optim.Optimizer,
    split: Split,
    monitor: Monitor,
) -> dict[str, float]:
    """One pass over the training clips; returns the mean of each loss."""
    stage, where = recipe.stage[state.stage], teachers.match.device
    rng = np.random.default_rng([recipe.seed, state.stage, state.epoch])
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    steps = _steps(split, recipe.data)
    sums: dict[str, float] = {}
    augment = Augmentation(predictor.config, recipe.data)
    set_training(predictor)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))  # dropout
        for step, batch in enumerate(one_ahead(_batches(split, recipe.data, stage, augment, rng))):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(stage, state.epoch * steps + step, steps)
            optimizer.zero_grad(set_to_none=True)
            with within_memory(where):
                heard = batch.to(where)
                losses, _ = teachers.losses(
                    predictor, heard, list(stage.losses), stage.rating_loss, stage.precision, stage.order_margin
                )
                total = torch.stack([stage.losses[name] * loss for name, loss in losses.items()]).sum()
                total.backward()  # type: ignore[no-untyped-call]
            norm = torch.nn.utils.clip_grad_norm_(trained, stage.max_gradient or math.inf)
            if not bool(norm.isfinite()):
                raise TrainingError(f"stage '{stage.name}', epoch {state.epoch + 1}: the gradient is not finite")
            optimizer.step()
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + float(loss.detach())
            monitor.advance()
    return {name: total / steps for name, total in sums.items()}


def learning_rate(stage: StageRecipe, step: int, steps_per_epoch: int) -> float:
    """Rate at a step: a linear rise over the warm-up, then constant or half a cosine down to zero."""
    warmup, total = stage.warmup * steps_per_epoch, stage.epochs * steps_per_epoch
    if step < warmup:
        return stage.learning_rate * (step + 1) / (warmup + 1)
    if stage.schedule == "constant":
        return stage.learning_rate
    return stage.learning_rate * 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / max(1.0, total - warmup)))


def _steps(split: Split, data: DataRecipe) -> int:
    return max(1, len(split.examples) // data.batch_size)


def _batches(
    split: Split, data: DataRecipe, stage: StageRecipe, augment: Augmentation, rng: np.random.Generator
) -> Iterator[Batch]:
    """What each step hears. The last, incomplete batch is left out; another order leaves out others next time."""
    order = rng.permutation(len(split.examples))
    for step in range(_steps(split, data)):
        clips = order[step * data.batch_size : (step + 1) * data.batch_size]
        batch = split.batch(clips, split.features.draw_windows(clips, rng))
        yield augment(batch, rng, order="order" in stage.losses, contrast=stage.contrast)


def _optimizer(stage: StageRecipe, predictor: Predictor, teachers: Teachers) -> torch.optim.Optimizer:
    """The stage's optimiser; frozen parameters are left out of it."""
    named = _named_parameters(predictor, teachers)
    for name, parameter in named:
        parameter.requires_grad_(not name.startswith(stage.freeze) if stage.freeze else True)
    trained = [(name, p) for name, p in named if p.requires_grad]
    if stage.optimizer == "sgd":
        return torch.optim.SGD([p for _, p in trained], lr=stage.learning_rate, momentum=stage.momentum)
    # Decay is for weight matrices: norms, biases, bias tables and the fusion scalars are not pulled to zero.
    decayed = [p for name, p in trained if p.ndim > 1 and "bias" not in name]
    others = [p for name, p in trained if not (p.ndim > 1 and "bias" not in name)]
    groups = [{"params": decayed, "weight_decay": stage.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=stage.learning_rate)


def _named_parameters(predictor: Predictor, teachers: Teachers) -> list[tuple[str, torch.nn.Parameter]]:
    """Everything that a stage may train or freeze; the readouts' names begin with "teachers."."""
    return [*predictor.named_parameters(), *teachers.named_parameters("teachers")]


def _tokenizer(
    text: TextConfig, vocab_size: int, train: Examples, out: Path, start: Checkpoint | None
) -> PromptTokenizer:
    path = out / TOKENIZER_FILE
    if start is None:
        prompts = [rated.clip.prompt for rated in train.clips if rated.clip.prompt is not None]
        train_tokenizer(prompts, vocab_size, path)
    else:
        assert start.tokenizer is not None  # `check_start`
        path.write_text(start.tokenizer.tokenizer.to_str(pretty=True) + "\n", encoding="utf-8")
    tokenizer = PromptTokenizer(path, text.max_tokens, text.pad_token)
    if tokenizer.vocab_size > text.vocab_size:
        raise TrainingError(f"the tokenizer has {tokenizer.vocab_size} tokens, predictor.text.vocab_size is smaller")
    return tokenizer


def _split(
    name: str,
    examples: Examples,
    predictor: Predictor,
    tokenizer: PromptTokenizer | None,
    folder: Path,
    monitor: Monitor,
) -> Split:
    monitor.start(f"{name} features", len(examples))
    features = feature_store(folder, name, [rated.clip for rated in examples.clips], predictor, monitor.advance)
    tokens = tokenizer.batch([rated.clip.prompt or "" for rated in examples.clips]) if tokenizer else None
    return Split(examples, features, tokens)


def _check_freezes(recipe: Recipe, predictor: Predictor, teachers: Teachers) -> None:
    names = [name for name, _ in _named_parameters(predictor, teachers)]
    for stage in recipe.stage:
        for prefix in stage.freeze:
            if not any(name.startswith(prefix) for name in names):
                raise TrainingError(f"stage '{stage.name}' freezes '{prefix}', with which no parameter's name begins")


def _restore(
    content: Mapping[str, Any], recipe: Recipe, predictor: Predictor, teachers: Teachers
) -> tuple[State, torch.optim.Optimizer]:
    """Where the run stood, and everything else as it was: `predictor` and `teachers` are filled.

    Raises:
        AttributeError, KeyError, RuntimeError, TypeError, ValueError: torch's, where the tensors are not theirs.
    """
    state = State(**content["state"])
    predictor.load_state_dict(content["predictor"])
    teachers.load_state_dict(content["teachers"])
    optimizer = _optimizer(recipe.stage[state.stage], predictor, teachers)
    optimizer.load_state_dict(content["optimizer"])
    return state, optimizer
