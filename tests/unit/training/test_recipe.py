from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drasp_cli.checkpoints.registry import SHIPPED, shipped_folder
from drasp_cli.errors import ConfigError
from drasp_cli.models.config import AudioboxConfig, load_config
from drasp_cli.training.recipe import load_recipe

SHIPPED_RECIPE = shipped_folder("clap-drasp.mini") / "recipe.toml"


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_recipe_is_that_of_its_checkpoint(name: str) -> None:
    """In all but what a recipe may leave to the run: the folder it writes and the data it reads."""
    shipped = load_config(shipped_folder(name) / "config.json")
    recipes = sorted(shipped_folder(name).glob("*.toml"))
    assert "recipe.toml" in [recipe.name for recipe in recipes]
    for recipe in recipes:
        predictor = load_recipe(recipe).predictor
        assert predictor.name in ("", name)
        assert replace(predictor, name=name, training_data=shipped.training_data) == shipped


@pytest.mark.parametrize("key", ["name", "training_data"])
def test_what_a_run_knows_itself_may_be_left_out(tmp_path: Path, key: str) -> None:
    lines = SHIPPED_RECIPE.read_text(encoding="utf-8").splitlines()
    head = lines.index("[predictor.audio]")
    others = [line for line in lines[:head] if not line.startswith(f"{key} = ")]
    path = tmp_path / "recipe.toml"
    for given, expected in (([], ""), ([f'{key} = "mine"'], "mine")):
        path.write_text("\n".join([*others, *given, *lines[head:]]), encoding="utf-8")
        assert getattr(load_recipe(path).predictor, key) == expected


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
        ("seed = 1", "seed = -1", "seed"),
        ("vocab_size = 800\nroll", "vocab_size = 259\nroll", "data.vocab_size"),
        ("gain_db = 6.0", "gain_db = -6.0", "data.gain_db"),
        ("gain_db = 6.0", "gain_db = inf", "data.gain_db"),
        ("edges = 0.5", "edges = 1.5", "data.edges"),
        ("edges = 0.5", "edges = -0.1", "data.edges"),
        ("edges = 0.5", "edges = nan", "data.edges"),
        ("worse = 2", "worse = 17", "data.worse"),
        ("worse = 2", "worse = -1", "data.worse"),
        ("worse = 2", "worse = 0", "data.worse"),
        ('order_axis = "MI"', 'order_axis = "TA"', "data.order_axis"),
        ("f_max = 16000.0", "f_max = 8000.0", "data.edges"),
        ('order_axis = "MI"', 'order_axis = "PQ"', "data.order_axis"),
        ('order_axis = "MI"', "", "data.order_axis"),
        ("losses = { prompt_attributes", "losses = { order", r"stage\[1\].losses"),
        ("losses = { causes = 20.0", "losses = { causes = -1.0", r"stage\[0\].losses.causes"),
        ("losses = { causes = 20.0", "losses = { causes = nan", r"stage\[0\].losses.causes"),
        ("epochs = 12", "epochs = 0", r"stage\[0\].epochs"),
        ("learning_rate = 5e-4", "learning_rate = 0.0", r"stage\[0\].learning_rate"),
        ("learning_rate = 5e-4", "learning_rate = nan", r"stage\[0\].learning_rate"),
        ("weight_decay = 0.05", "weight_decay = -0.05", r"stage\[0\].weight_decay"),
        ("warmup = 0.2", "warmup = -0.2", r"stage\[0\].warmup"),
        ("patience = 0", "patience = -1", r"stage\[0\].patience"),
        ("max_gradient = 1.0", "max_gradient = -1.0", r"stage\[0\].max_gradient"),
        ("max_gradient = 1.0", "max_gradient = inf", r"stage\[0\].max_gradient"),
        ("warmup = 0.2", "warmup = 0.2\nmomentum = -0.1", r"stage\[0\].momentum"),
        ("contrast = 0.5", "order_margin = 0.0", r"stage\[2\].order_margin"),
        ("contrast = 0.5", "contrast = 1.5", r"stage\[2\].contrast"),
        ("warmup = 0.2", 'warmup = 0.2\nfreeze = ["heads", ""]', r"stage\[0\].freeze\[1\]"),
        ("hop_size = 640", "hop_size = 0", "logmel.hop_size"),
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


def test_nothing_is_trained_for_claps_cosine(tmp_path: Path) -> None:
    text = SHIPPED_RECIPE.read_text(encoding="utf-8").replace('axes = ["MI", "TA"]', 'axes = ["MI", "CLAP"]', 1)
    text = text.replace("[predictor.targets]\nMI =", "[predictor.targets]\nCLAP = { mean = 0.0, std = 1.0 }\nMI =", 1)
    path = tmp_path / "recipe.toml"
    path.write_text("\n".join(line for line in text.splitlines() if not line.startswith("TA = ")), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"predictor\.axes: must not name CLAP: it is no rating"):
        load_recipe(path)


AUDIOBOX = """\
seed = 3
[predictor]
architecture = "audiobox"
axes = ["PQ", "PC"]
ratings = "simulated"
licence = "Apache-2.0"
audio = { sample_rate = 16000, frontend_sample_rate = 16000, window_samples = 160000, fill = "zero" }
backbone = { conv_dim = 8, conv_kernels = [200, 4], conv_strides = [80, 4], embed_dim = 8, num_heads = 2, \
num_layers = 1, ffn_dim = 8, pos_conv_groups = 2, num_buckets = 8, max_distance = 20 }
pooling = { name = "DualResolutionAttentiveStatistics" }
heads = {}
targets = { PQ = { mean = 6.0, std = 2.0 }, PC = { mean = 5.0, std = 2.0 } }
[data]
gain_db = 1.0
[[stage]]
name = "all"
epochs = 1
losses = { ratings = 1.0, causes = 1.0, attributes = 1.0 }
"""


def test_a_recipe_of_either_architecture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(AUDIOBOX, encoding="utf-8")
    predictor = load_recipe(path).predictor
    assert isinstance(predictor, AudioboxConfig)
    assert predictor.backbone.hop == 320
    assert predictor.pooling is not None
    path.write_text(AUDIOBOX.replace("pooling =", "# pooling ="), encoding="utf-8")
    bare = load_recipe(path).predictor
    assert isinstance(bare, AudioboxConfig)
    assert bare.pooling is None


def test_order_is_taught_to_predictors_of_samples_too(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    text = AUDIOBOX.replace("gain_db = 1.0", 'worse = 1\norder_axis = "PQ"').replace("causes = 1.0", "order = 1.0")
    path.write_text(text, encoding="utf-8")
    assert load_recipe(path).data.order_axis == "PQ"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("gain_db = 1.0", "roll = true", "data.roll"),
        ("gain_db = 1.0", "vocab_size = 300", "data.vocab_size"),
        ("gain_db = 1.0", "edges = 0.5", "data.edges"),
        ("gain_db = 1.0", "colour_db = -1.0", "data.colour_db"),
        ("gain_db = 1.0", "worse = 33", "data.worse"),
        ("gain_db = 1.0", 'order_axis = "MI"', "data.order_axis"),
        ("attributes = 1.0", "order = 1.0", "data.worse"),
        ("epochs = 1", "epochs = 1\ncontrast = 0.5", r"stage\[0\].contrast"),
        ("attributes = 1.0", "matching = 1.0", r"stage\[0\].losses.matching"),
        ("attributes = 1.0", "prompt_attributes = 1.0", r"stage\[0\].losses.prompt_attributes"),
        ("num_heads = 2", "num_heads = 3", "backbone.num_heads"),
        ("heads = {}", "heads = {}\ntext = {}", "text"),
        ("[predictor]", "[pupil]", "pupil"),
    ],
)
def test_what_a_predictor_of_samples_cannot_have_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in AUDIOBOX
    path = tmp_path / "recipe.toml"
    path.write_text(AUDIOBOX.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=key):
        load_recipe(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        load_recipe(tmp_path / "recipe.toml")
