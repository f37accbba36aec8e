"""Meta's folder and `checkpoint.pt` to a checkpoint folder, and what all conversions share: OUT."""

from __future__ import annotations

import dataclasses
import hashlib
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from drasp_cli.checkpoints import meta, registry
from drasp_cli.checkpoints.convert import writing
from drasp_cli.checkpoints.convert.audiobox import convert_audiobox
from drasp_cli.checkpoints.registry import REGISTRY, FileFacts
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.datatypes import WindowBatch
from drasp_cli.errors import ConfigError, InputError, OutputError
from tests.meta_folder import SMALL, meta_files, meta_plain, meta_tensors
from tests.research_folder import pickled, research_files, research_tensors
from tests.tiny import tiny_audiobox_folder


@pytest.fixture
def tensors(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    monkeypatch.setattr(meta, "TOWER", SMALL)
    return meta_tensors()


@pytest.fixture
def folder(tensors: dict[str, Tensor], tmp_path: Path) -> Path:
    """A folder of Meta's kind with a small tower."""
    (tmp_path / "meta").mkdir()
    for name, content in meta_files(tensors).items():
        (tmp_path / "meta" / name).write_bytes(content)
    return tmp_path / "meta"


def meta_pickle(tensors: dict[str, Tensor], **changes: Any) -> dict[str, Any]:
    """What `checkpoint.pt` holds: all settings of the training run, of which the class takes some."""
    settings = meta_plain()
    targets = settings.pop("target_transform")
    settings |= {"audio_encoder": "wavlm", "losses": ["mse", "mae"]}
    named = {f"model.{name}": tensor for name, tensor in tensors.items()}
    return {"model_cfg": settings, "target_transform": targets, "state_dict": named} | changes


def save_pickle(path: Path, content: object) -> str:
    path.write_bytes(pickled(content))
    return str(path)


def window() -> WindowBatch:
    samples = torch.zeros(1, 160_000)
    samples[0, :20_000] = 0.1 * torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    return WindowBatch(samples, torch.tensor([20_000]))


def test_a_converted_folder_is_ours_and_scores_as_the_original(folder: Path, tmp_path: Path) -> None:
    convert_audiobox(str(folder), tmp_path / "new" / "ours")
    theirs, ours = load_predictor(f"{folder}/"), load_predictor(f"{tmp_path}/new/ours")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["ours"]
    names = sorted(path.name for path in (tmp_path / "new" / "ours").iterdir())
    assert names == ["README.md", "config.json", "model.safetensors"]
    assert ours.config == dataclasses.replace(theirs.config, name="ours")
    with torch.inference_mode():
        assert ours.predictor(window()) == theirs.predictor(window())


@pytest.mark.parametrize("prefix", ["model.", "module.model.", ""])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, float])
def test_checkpoint_pt_is_the_same_as_the_folder(
    tensors: dict[str, Tensor], folder: Path, tmp_path: Path, prefix: str, dtype: type
) -> None:
    targets = meta_plain()["target_transform"]
    targets = {axis: {key: dtype(value) for key, value in target.items()} for axis, target in targets.items()}
    named = {prefix + name: tensor for name, tensor in tensors.items()}
    source = save_pickle(tmp_path / "checkpoint.pt", meta_pickle(named, state_dict=named, target_transform=targets))
    convert_audiobox(source, tmp_path / "pickle" / "ours")
    convert_audiobox(str(folder), tmp_path / "folder" / "ours")
    ours, expected = load_predictor(f"{tmp_path}/pickle/ours"), load_predictor(f"{tmp_path}/folder/ours")
    if dtype is np.float32:
        for axis, target in ours.config.targets.items():
            assert target.mean == pytest.approx(expected.config.targets[axis].mean, rel=1e-6)
    else:
        assert ours.config == expected.config
    weights = [load_file(tmp_path / place / "ours" / "model.safetensors") for place in ("pickle", "folder")]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_the_card_says_where_the_weights_are_from(folder: Path, tmp_path: Path) -> None:
    convert_audiobox(str(folder), tmp_path / "ours")
    card = (tmp_path / "ours" / "README.md").read_text()
    assert card.startswith("---\nlicense: cc-by-4.0\nlibrary_name: drasp\n")
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() in card
    assert "Licence of the weights: CC-BY-4.0." in card
    assert "Their SHA-256 is not that of the weights that Meta published" in card
    assert str(tmp_path) not in card


def test_the_published_weights_are_known_by_their_digest(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = REGISTRY["audiobox.meta"]
    assert entry.hub is not None
    digest = f"sha256:{hashlib.sha256((folder / 'model.safetensors').read_bytes()).hexdigest()}"
    known = dataclasses.replace(entry.hub, files={"model.safetensors": FileFacts(1, digest)})
    monkeypatch.setitem(registry.REGISTRY, "audiobox.meta", dataclasses.replace(entry, hub=known))
    convert_audiobox(str(folder), tmp_path / "ours")
    card = (tmp_path / "ours" / "README.md").read_text()
    assert "They are the weights that Meta published" in card
    assert "not that of" not in card


# ------------------------------------------------------------------------------------------- what is not understood


def test_a_research_folder_is_told_from_metas(tensors: dict[str, Tensor], folder: Path, tmp_path: Path) -> None:
    for name, content in research_files(research_tensors(tensors, "drsp"), "drsp").items():
        (folder / name).write_bytes(content)
    told = r"config\.json: pooling_type: is of the DRASP research code; drasp convert drasp-track2"
    with pytest.raises(ConfigError, match=told):
        convert_audiobox(str(folder), tmp_path / "out")


def test_a_folder_of_ours_needs_no_conversion(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json: is not of Meta's audiobox-aesthetics"):
        convert_audiobox(str(tiny_audiobox_folder(tmp_path / "tiny")), tmp_path / "out")


@pytest.mark.parametrize("missing", ["model_cfg", "target_transform", "state_dict"])
def test_a_pickle_of_something_else_is_refused(tensors: dict[str, Tensor], tmp_path: Path, missing: str) -> None:
    content = meta_pickle(tensors)
    del content[missing]
    with pytest.raises(InputError, match=r"some\.pt: is no checkpoint\.pt of Meta's: expected model_cfg, "):
        convert_audiobox(save_pickle(tmp_path / "some.pt", content), tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"model_cfg": 3}, InputError, "its model_cfg is no table"),
        ({"model_cfg": {"proj_num_layer": "5"}}, ConfigError, "proj_num_layer: must be int"),
        ({"model_cfg": meta_plain(proj_num_layer=10**6, nth_layer=3)}, ConfigError, "must be at most"),
        ({"target_transform": {"PQ": {"mean": 1.0, "std": 1.0}}}, ConfigError, "must hold exactly the axes"),
        ({"target_transform": 3}, ConfigError, "target_transform: must be a table"),
    ],
)
def test_settings_of_a_pickle_are_checked(
    tensors: dict[str, Tensor], tmp_path: Path, changes: dict[str, Any], error: type[Exception], reason: str
) -> None:
    source = save_pickle(tmp_path / "checkpoint.pt", meta_pickle(tensors, **changes))
    with pytest.raises(error, match=rf"checkpoint\.pt: .*{reason}"):
        convert_audiobox(source, tmp_path / "out")


def changed(tensors: dict[str, Tensor], change: str) -> dict[str, Tensor]:
    if change == "missing":
        return {name: tensor for name, tensor in tensors.items() if name != "layer_weights.PQ"}
    if change == "extra":
        return tensors | {"stray.weight": torch.ones(3)}
    return tensors | {"proj_layer.CE.0.bias": torch.ones(3)}


REASONS = {
    "missing": r"1 tensor is missing: layer_weights\.PQ",
    "extra": r"1 tensor is not part of this predictor: stray\.weight",
    "shape": r"tensors of the wrong shape: proj_layer\.CE\.0\.bias is \(3,\), expected \(24,\)",
}


@pytest.mark.parametrize("change", REASONS)
@pytest.mark.parametrize("kind", ["folder", "pickle"])
def test_tensors_must_be_exactly_the_predictors(
    tensors: dict[str, Tensor], folder: Path, tmp_path: Path, kind: str, change: str
) -> None:
    wrong, source = changed(tensors, change), str(folder)
    if kind == "folder":
        save_file(wrong, folder / "model.safetensors")
    else:
        source = save_pickle(tmp_path / "checkpoint.pt", meta_pickle(wrong))
    with pytest.raises(InputError, match=rf"(model\.safetensors|checkpoint\.pt): {REASONS[change]}$"):
        convert_audiobox(source, tmp_path / "out" / "ours")
    assert not (tmp_path / "out").exists()


def test_of_many_tensors_a_few_are_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    few = {name: tensor for name, tensor in tensors.items() if "proj_layer" not in name}
    source = save_pickle(tmp_path / "checkpoint.pt", meta_pickle(few))
    with pytest.raises(InputError, match=r"72 tensors are missing: (proj_layer\.CE\.[\w.]+, ){8}and 64 more$"):
        convert_audiobox(source, tmp_path / "out")


@pytest.mark.parametrize(("source", "hint"), [("met", "; did you mean meta?"), ("elsewhere/x", "")])
def test_a_source_that_is_not_there_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        convert_audiobox(source, tmp_path / "out")
    assert str(caught.value) == f"{source}: there is no such file or folder{hint}"


# ---------------------------------------------------------------------------------------------------------- OUT


@pytest.mark.parametrize("place", [".", "out"])
def test_an_empty_folder_is_filled_and_stays_the_same_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """It may be a mount or the current folder, which nothing can take the place of."""
    out = tmp_path / "out"
    out.mkdir()
    before = out.stat().st_ino
    monkeypatch.chdir(out if place == "." else tmp_path)
    convert_audiobox(str(folder), Path(place))
    assert out.stat().st_ino == before
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert load_predictor(f"{out}/").config.name == "out"


@pytest.mark.parametrize(("content", "reason"), [("file", "out is a file"), ("folder", "out is not empty")])
def test_what_is_there_is_left_alone(tmp_path: Path, content: str, reason: str) -> None:
    """And told before anything is read: this source is not there."""
    out = tmp_path / "out"
    mine = out if content == "file" else out / "mine"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(OutputError, match=f"{reason}; expected an empty or a new folder"):
        convert_audiobox("nowhere", out)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_full_disk_leaves_nothing_behind(folder: Path, tmp_path: Path, is_there: bool) -> None:
    """No file may become larger than 20 kB here; the weights would be."""
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError, match="out: cannot be written: "):
            convert_audiobox(str(folder), out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert out.exists() == is_there
    assert {path.name for path in tmp_path.rglob("*") if path.parent != folder} == {"meta"} | (
        {"out"} if is_there else set()
    )


def test_an_interrupted_conversion_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(place: Path, *arguments: object) -> None:
        (place / "config.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "save_checkpoint", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert_audiobox(str(folder), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["meta"]
