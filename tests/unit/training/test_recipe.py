from __future__ import annotations

from pathlib import Path

import pytest

from drasp_cli.checkpoints.registry import SHIPPED, shipped_folder
from drasp_cli.errors import ConfigError
from drasp_cli.training.recipe import load_recipe

SHIPPED_RECIPE = shipped_folder("clap-drasp.mini") / "recipe.toml"


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_recipe_is_valid(name: str) -> None:
    assert load_recipe(shipped_folder(name) / "recipe.toml").predictor.name == name


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("batch_size = 16", "batch_size = 0", "data.batch_size"),
        ("vocab_size = 800\nroll", "vocab_size = 0\nroll", "data.vocab_size"),
        ('optimizer = "adamw"', 'optimizer = "adam"', r"stage\[0\].optimizer"),
        ("epochs = ", "epoch = ", r"stage\[0\].epoch"),
        ("losses = { causes", "losses = { colour", r"stage\[0\].losses.colour"),
        ('fill = "repeat"', 'fill = "mirror"', "audio.fill"),
        ("seed = 1", 'seed = "one"', "seed"),
        ("seed = 1", "seed = ", "file"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    text = SHIPPED_RECIPE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=key) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        load_recipe(tmp_path / "recipe.toml")
