"""Recipes: everything that decides what is trained and how, in one TOML file.

    [predictor]     the checkpoint's config.json, as TOML; `name` and `training_data` may be left out
    [data]          batch size, augmentation, tokenizer size
    [[stage]]       one or more, run in order: optimiser, epochs, patience, and the weight of each loss

A stage's losses are named: `ratings` (the axes themselves), `order` (a clip made worse is worse), and, where the data
has a `causes.csv`, `causes`, `attributes`, `prompt_attributes` and `matching` (see `teachers.py`). The loop does not
know which recipe it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drasp_cli.errors import ConfigError
from drasp_cli.models.config import AudioboxConfig, ClapConfig, PredictorConfig, from_plain, parse_config
from drasp_cli.models.predictor import CLAP, TEXT_AXES
from drasp_cli.simulation.recording import EDGES
from drasp_cli.training.tokenizer import SMALLEST_VOCABULARY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OF_CAUSES = ("causes", "attributes", "prompt_attributes", "matching")
"""The losses that read `causes.csv`."""
LOSSES = ("ratings", "order", *OF_CAUSES)
OF_PROMPTS = ("prompt_attributes", "matching")
"""The losses that read prompts."""

# The tables of a predictor that may be left out, by architecture.
_NULLABLE: Mapping[str, tuple[str, ...]] = {"clap": ("text",), "audiobox": ("pooling",)}


@dataclass(frozen=True)
class DataRecipe:
    """How clips become batches.

    Attributes:
        batch_size: clips in a step.
        vocab_size: size of the byte-level BPE tokenizer that is trained on the training prompts; 0 for a predictor
            that reads none.
        roll: shift a clip's frames round by a random amount each time it is seen; not for a predictor of samples.
        gain_db: add a level drawn uniformly from plus or minus this each time it is seen.
        colour_db: add a smooth curve over frequency each time it is seen, with this SD at points 1.5 octaves apart.
        edges: the share of clips that end between 9 and 16 kHz each time they are seen, as recordings of lower sampling
            rates do; for predictors of log-mels.
        worse: clips of a batch that are heard again, made worse by two steps, where the loss `order` is wanted.
        order_axis: the axis on which they are less; one that reads no prompt.
    """

    batch_size: int = 32
    vocab_size: int = 0
    roll: bool = False
    gain_db: float = 0.0
    colour_db: float = 0.0
    edges: float = 0.0
    worse: int = 0
    order_axis: str = ""


@dataclass(frozen=True)
class StageRecipe:
    """One stretch of training.

    Attributes:
        name: for the log.
        epochs: at most this many.
        losses: weight of each loss; those not named are not computed.
        rating_loss: "l1" or "mse+l1", on targets standardised by the predictor's target transform for "mse+l1",
            on the rating scale for "l1".
        optimizer: "adamw" or "sgd".
        learning_rate: highest rate.
        weight_decay: AdamW's decoupled decay.
        momentum: SGD's.
        schedule: "constant", or "cosine" down to zero over `epochs`.
        warmup: epochs of linear rise to `learning_rate`, fractions allowed.
        patience: stop after this many epochs without a lower validation loss; 0 runs all epochs.
        keep: "best" ends the stage with the epoch of lowest validation loss, "last" with the last one.
        max_gradient: gradients are scaled down to this norm; 0 leaves them.
        freeze: prefixes of parameter names that stay as they are.
        precision: "fp32" or "bf16" (autocast in the towers; weights and losses stay fp32).
        order_margin: how much less a clip has to score where all that can be heard of it was made worse, in points of
            the rating scale.
        contrast: the share of clips whose valleys are deepened each time they are seen, by up to 60 % (in dB), as in a
            drier recording; for predictors of log-mels.
    """

    name: str
    epochs: int
    losses: Mapping[str, float]
    rating_loss: str = "l1"
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.9
    schedule: str = "constant"
    warmup: float = 0.0
    patience: int = 20
    keep: str = "best"
    max_gradient: float = 0.0
    freeze: tuple[str, ...] = ()
    precision: str = "fp32"
    order_margin: float = 0.1
    contrast: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """A whole recipe.

    Attributes:
        seed: of weights, order and augmentation.
        predictor: what is trained; its `name` and `training_data` are empty where the recipe leaves them out, because
            they are then those of a run: the folder it writes and the data it reads.
        data: batches.
        stage: stages, in order.
    """

    seed: int
    predictor: PredictorConfig
    data: DataRecipe
    stage: tuple[StageRecipe, ...]


def load_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file, checked.

    Raises:
        ConfigError: with the dotted path of the key at fault.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "file", "is not there") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), "file", f"is not readable as TOML ({error})") from error
    source = str(path)
    if isinstance(data.get("predictor"), dict):
        # TOML cannot say null, so absence does: no text tower, no pooling beyond the mean.
        for key in _NULLABLE.get(str(data["predictor"].get("architecture")), ()):
            data["predictor"].setdefault(key, None)
        for key in ("name", "training_data"):
            data["predictor"].setdefault(key, "")
        data["predictor"] = parse_config(data["predictor"], f"{source}: predictor")
        if CLAP in data["predictor"].axes:
            reason = f"must not name {CLAP}: it is no rating, and has no head that could be trained"
            raise ConfigError(source, "predictor.axes", reason)
    recipe = from_plain(Recipe, data, source)
    if not 0 <= recipe.seed < 2**63:
        raise ConfigError(source, "seed", "must lie between 0 and 2**63 - 1")
    if not recipe.stage:
        raise ConfigError(source, "stage", "must hold at least one stage")
    if recipe.data.batch_size < 1:
        raise ConfigError(source, "data.batch_size", "must be positive")
    text = recipe.predictor.text if isinstance(recipe.predictor, ClapConfig) else None
    if (text is None) != (recipe.data.vocab_size == 0):
        raise ConfigError(source, "data.vocab_size", "must be given if, and only if, there is a predictor.text")
    if text is not None and recipe.data.vocab_size < SMALLEST_VOCABULARY:
        reason = f"must be at least {SMALLEST_VOCABULARY}: every byte and the special tokens"
        raise ConfigError(source, "data.vocab_size", reason)
    _check_order(recipe, source)
    if recipe.data.roll and isinstance(recipe.predictor, AudioboxConfig):
        reason = "must be false for a predictor that hears samples: it would hear a click where end and start meet"
        raise ConfigError(source, "data.roll", reason)
    for name in ("gain_db", "colour_db"):
        if getattr(recipe.data, name) < 0:
            raise ConfigError(source, f"data.{name}", "must not be negative")
    for i, stage in enumerate(recipe.stage):
        _check_stage(stage, source, f"stage[{i}]")
        for name in stage.losses:
            if name in OF_PROMPTS and text is None:
                raise ConfigError(source, f"stage[{i}].losses.{name}", "needs a predictor that reads prompts")
    return recipe


def _check_order(recipe: Recipe, source: str) -> None:
    """Checks what the loss `order` needs, and what is done to log-mels and only to them."""
    data, predictor = recipe.data, recipe.predictor
    taught = [i for i, stage in enumerate(recipe.stage) if "order" in stage.losses]
    if isinstance(predictor, ClapConfig):
        if not 0 <= data.edges <= 1:
            raise ConfigError(source, "data.edges", "must lie between 0 and 1")
        if data.edges and predictor.logmel.f_max <= EDGES[0]:
            highest = f"{predictor.logmel.f_max:g} Hz"
            reason = f"does nothing: predictor.logmel.f_max is {highest}, clips end above {EDGES[0]:g} Hz"
            raise ConfigError(source, "data.edges", reason)
    else:
        reason = "is for a predictor that hears log-mels"
        if data.edges:
            raise ConfigError(source, "data.edges", reason)
        for i, stage in enumerate(recipe.stage):
            if stage.contrast:
                raise ConfigError(source, f"stage[{i}].contrast", reason)
    if not 0 <= data.worse <= data.batch_size:
        raise ConfigError(source, "data.worse", "must lie between 0 and data.batch_size")
    if taught and not data.worse:
        raise ConfigError(source, "data.worse", f"must be positive: stage[{taught[0]}] has the loss 'order'")
    choices = [axis for axis in predictor.axes if axis not in TEXT_AXES]
    if (data.order_axis or taught) and data.order_axis not in choices:
        known = ", ".join(map(repr, choices))
        raise ConfigError(source, "data.order_axis", f"must be an axis that reads no prompt: {known}")


def _check_stage(stage: StageRecipe, source: str, key: str) -> None:
    choices = {
        "rating_loss": ("l1", "mse+l1"),
        "optimizer": ("adamw", "sgd"),
        "schedule": ("constant", "cosine"),
        "keep": ("best", "last"),
        "precision": ("fp32", "bf16"),
    }
    for name, allowed in choices.items():
        if getattr(stage, name) not in allowed:
            raise ConfigError(source, f"{key}.{name}", f"must be one of {', '.join(map(repr, allowed))}")
    for name, weight in stage.losses.items():
        if name not in LOSSES:
            raise ConfigError(source, f"{key}.losses.{name}", f"is not a loss (known: {', '.join(LOSSES)})")
        if weight < 0:
            raise ConfigError(source, f"{key}.losses.{name}", "must not be negative")
    if not any(weight > 0 for name, weight in stage.losses.items() if name != "order"):
        raise ConfigError(source, f"{key}.losses", "must give a loss other than 'order' a positive weight")
    for name in ("epochs", "learning_rate", "order_margin"):
        if getattr(stage, name) <= 0:
            raise ConfigError(source, f"{key}.{name}", "must be positive")
    for name in ("weight_decay", "momentum", "warmup", "patience", "max_gradient"):
        if getattr(stage, name) < 0:
            raise ConfigError(source, f"{key}.{name}", "must not be negative")
    if not 0 <= stage.contrast <= 1:
        raise ConfigError(source, f"{key}.contrast", "must lie between 0 and 1")
    for i, prefix in enumerate(stage.freeze):
        if not prefix:
            raise ConfigError(source, f"{key}.freeze[{i}]", "is empty, which would freeze every parameter")
