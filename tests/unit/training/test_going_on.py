"""Training that goes on from a checkpoint: what is taken over, what starts fresh, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from drasp_cli.checkpoints.store import Checkpoint, load_predictor
from drasp_cli.errors import TrainingError
from drasp_cli.models.config import PoolingConfig, parse_config
from drasp_cli.training.loop import fit
from drasp_cli.training.recipe import DataRecipe, Recipe, StageRecipe
from tests.tiny import tiny_checkpoint, tiny_plain
from tests.unit.training.dataset import make_dataset
from tests.unit.training.test_loop import Silent, Stops

# At a learning rate of zero what comes out is what training started from.
STILL = StageRecipe("nothing", 1, {"ratings": 1.0}, optimizer="sgd", learning_rate=0.0, keep="last")


def recipe(*stages: StageRecipe, **sections: object) -> Recipe:
    config = parse_config(tiny_plain() | {"ratings": "simulated", "training_data": "tones"}, "tiny")
    return Recipe(7, replace(config, **sections), DataRecipe(batch_size=4, vocab_size=300), stages or (STILL,))


def go_on(
    start: Checkpoint | None, tmp_path: Path, what: Recipe | None = None, out: str = "out", resume: bool = False
) -> dict[str, torch.Tensor]:
    data = tmp_path / "data"
    if not data.exists():
        make_dataset(data)
    folder = tmp_path / out
    fit(what or recipe(), data, folder, start=start, resume=resume, features=None, device="cpu", monitor=Silent())
    return load_file(folder / "model.safetensors")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return tiny_checkpoint(tmp_path_factory.mktemp("start"), seed=3)


def test_all_weights_are_those_of_the_checkpoint(start: Checkpoint, tmp_path: Path) -> None:
    weights = go_on(start, tmp_path)
    theirs = start.predictor.state_dict()
    assert weights.keys() == theirs.keys()
    for name, tensor in weights.items():
        assert torch.equal(tensor, theirs[name]), name


def test_prompts_are_read_as_the_checkpoint_reads_them(start: Checkpoint, tmp_path: Path) -> None:
    go_on(start, tmp_path)
    made = load_predictor(f"{tmp_path / 'out'}/").tokenizer
    assert made is not None
    assert start.tokenizer is not None
    assert made.tokenizer.to_str() == start.tokenizer.tokenizer.to_str()
    assert f"Went on from the weights of {start.label}" in (tmp_path / "out" / "README.md").read_text()


def test_another_pooling_starts_fresh_in_the_same_towers(start: Checkpoint, tmp_path: Path) -> None:
    weights = go_on(start, tmp_path, recipe(pooling=PoolingConfig(name="TemporalAverage")))
    theirs = start.predictor.state_dict()
    fresh = {name for name, tensor in weights.items() if name not in theirs or not torch.equal(tensor, theirs[name])}
    assert fresh == {"pooling_proj.weight", "pooling_proj.bias"}
    assert float(weights["pooling_proj.weight"].std()) > 0.0


def test_other_heads_start_at_the_average_answer(start: Checkpoint, tmp_path: Path) -> None:
    what = recipe()
    heads = replace(what.predictor.heads, hidden=(5,))
    weights = go_on(start, tmp_path, recipe(heads=heads))
    assert torch.equal(weights["audio_projection.0.weight"], start.predictor.state_dict()["audio_projection.0.weight"])
    assert not bool(weights["heads.MI.layers.1.weight"].any())


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("logmel", "hop_size", 160), ("backbone", "depths", (1, 1)), ("audio", "fill", "zero"), ("text", "num_layers", 2)],
)
def test_other_towers_are_refused_by_the_key_that_differs(
    start: Checkpoint, tmp_path: Path, section: str, key: str, value: object
) -> None:
    what = recipe()
    changed = replace(getattr(what.predictor, section), **{key: value})
    with pytest.raises(TrainingError, match=rf"{start.label}.*predictor\.{section}\.{key} is .*the recipe's"):
        go_on(start, tmp_path, recipe(**{section: changed}))
    assert not (tmp_path / "out").exists()


def test_another_rate_policy_may_be_chosen_for_the_same_towers(start: Checkpoint, tmp_path: Path) -> None:
    """As the research code fine-tunes LAION's towers: sound of less than the rate that their front end believes in."""
    what = recipe()
    research = replace(what.predictor.audio, sample_rate=what.predictor.audio.frontend_sample_rate // 2)
    weights = go_on(start, tmp_path, recipe(audio=research))
    theirs = start.predictor.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in weights.items())
    assert load_predictor(f"{tmp_path / 'out'}/").config.audio == research
    heard = f"at {research.sample_rate} Hz, heard as if they were {research.frontend_sample_rate} Hz"
    assert heard in (tmp_path / "out" / "README.md").read_text()


def test_a_front_end_of_another_rate_is_refused(start: Checkpoint, tmp_path: Path) -> None:
    audio = recipe().predictor.audio
    changed = replace(audio, sample_rate=audio.sample_rate * 2, frontend_sample_rate=audio.frontend_sample_rate * 2)
    with pytest.raises(TrainingError, match=r"predictor\.audio\.frontend_sample_rate is .*the recipe's"):
        go_on(start, tmp_path, recipe(audio=changed))


def test_a_recipe_without_prompts_does_not_fit_a_checkpoint_that_reads_them(start: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"predictor\.text is .*the recipe's None"):
        go_on(start, tmp_path, recipe(text=None, axes=("MI",)))


def test_a_checkpoint_without_its_tokenizer_is_refused(start: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no tokenizer\.json"):
        go_on(replace(start, tokenizer=None), tmp_path)


def test_a_run_goes_on_from_its_own_start_only(start: Checkpoint, tmp_path: Path) -> None:
    what = recipe(StageRecipe("ratings", 3, {"ratings": 1.0}, learning_rate=1e-2, keep="last"))
    whole = go_on(start, tmp_path, what, "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(
            what,
            tmp_path / "data",
            tmp_path / "out",
            start=start,
            resume=False,
            features=None,
            device="cpu",
            monitor=Stops(3),
        )
    for other in (None, tiny_checkpoint(tmp_path / "other", seed=4)):
        with pytest.raises(TrainingError):
            go_on(other, tmp_path, what, resume=True)
    resumed = go_on(start, tmp_path, what, resume=True)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
