"""Tables of the pages against what they are tables of: recipes, config.json, dependencies."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from drasp_cli.checkpoints.convert.laion import laion_config
from drasp_cli.checkpoints.registry import SHIPPED
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.models.build import unfilled_predictor
from drasp_cli.models.config import ARCHITECTURES, ClapConfig, to_plain
from drasp_cli.training.going_on import check_start
from drasp_cli.training.recipe import LOSSES, DataRecipe, StageRecipe, load_recipe
from tests.docs.pages import ROOT, fenced, table
from tests.tiny import tiny_checkpoint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TRAINING = ROOT / "docs/training.md"
CHECKPOINTS = ROOT / "docs/checkpoints.md"


def default_of(field: dataclasses.Field[Any]) -> Any:
    return None if field.default is dataclasses.MISSING else to_plain(field.default)


@pytest.mark.parametrize(("heading", "recipe"), [("`[data]`:", DataRecipe), ("`[[stage]]`:", StageRecipe)])
def test_recipe_keys_and_defaults(heading: str, recipe: Any) -> None:
    shown = {key: json.loads(cells[0] or "null") for key, cells in table(TRAINING, heading, "key").items()}
    assert shown == {field.name: default_of(field) for field in dataclasses.fields(recipe)}


def test_the_recipe_from_laions_towers_is_whole_and_fits_them(tmp_path: Path) -> None:
    (text,) = fenced(TRAINING, "toml")
    (tmp_path / "drasp.toml").write_text(text, encoding="utf-8")
    recipe = load_recipe(tmp_path / "drasp.toml")
    towers = unfilled_predictor(laion_config(is_published=True, source="-"))
    check_start(
        Checkpoint("clap.laion", "0" * 12, towers, tiny_checkpoint(tmp_path / "tiny").tokenizer), recipe.predictor
    )
    assert recipe.predictor.audio == towers.config.audio  # the correct rate policy, as the page says
    # What is left out of it has to be what the towers do by default; the embeddings' width is theirs, so that the
    # projections are taken over, too.
    assert isinstance(recipe.predictor, ClapConfig)
    assert isinstance(towers.config, ClapConfig)
    assert recipe.predictor.heads.embedding_dim == towers.config.heads.embedding_dim
    (stage,) = recipe.stage
    assert recipe.data.batch_size == 64  # the paper's section IV
    assert (stage.optimizer, stage.learning_rate, stage.rating_loss, stage.patience) == ("sgd", 5e-4, "l1", 20)


def test_losses() -> None:
    assert tuple(table(TRAINING, "`losses` gives each loss a weight:", "loss")) == LOSSES


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_config_keys(architecture: str) -> None:
    """Each key of config.json has its row, and each nested one its name in it."""
    others = "|".join(name for name in ARCHITECTURES if name != architecture)
    rows_of_all = table(CHECKPOINTS, "## `config.json`", "key")
    shown = {key: cells for key, cells in rows_of_all.items() if not re.search(rf"of `({others})`", key)}
    kind = ARCHITECTURES[architecture].config
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        rows = [(key, cells) for key, cells in shown.items() if re.search(rf"\b{field.name}\b", key)]
        assert rows, field.name
        kinds = [kind for kind in (hints[field.name], *get_args(hints[field.name])) if dataclasses.is_dataclass(kind)]
        words = {word for key, cells in rows for word in re.findall(r"\w+", " ".join([key, *cells]))}
        for kind in kinds:
            assert {nested.name for nested in dataclasses.fields(kind)} <= words


def test_shipped_names() -> None:
    text = CHECKPOINTS.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in SHIPPED)


def test_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[^\w-]", requirement)[0] for requirement in project["dependencies"]}
    page = ROOT / "docs/dependencies.md"
    shown = table(page, "At run time drasp needs:", "package")
    assert {name for names in shown for name in names.split(", ")} == needed
    extras = set(re.findall(r"`drasp\[(\w+)\]`", page.read_text(encoding="utf-8")))
    assert extras == set(project["optional-dependencies"])
