from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.errors import CheckpointError, ConfigError, UnknownModelError
from drasp_cli.models.build import build_predictor
from tests.tiny import tiny_audiobox_checkpoint, tiny_audiobox_folder, tiny_checkpoint, tiny_folder


def rewrite(folder: Path, change: object) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)  # type: ignore[operator]
    save_file(tensors, folder / "model.safetensors")


def test_a_saved_checkpoint_reads_back_equal(tmp_path: Path) -> None:
    first, again = tiny_checkpoint(tmp_path / "a", seed=3), load_predictor(f"{tmp_path}/a")
    assert first.config == again.config
    assert first.revision == again.revision
    assert first.tokenizer is not None
    ours, theirs = first.predictor.state_dict(), again.predictor.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_whoever_may_read_the_config_may_read_the_weights(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = tiny_folder(tmp_path / "a")
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}
    assert modes["model.safetensors"] == modes["config.json"] == 0o666 & ~umask


@pytest.mark.parametrize("pooling", [None, {"name": "DualResolutionAttentiveStatistics"}])
def test_a_saved_wavlm_checkpoint_reads_back_equal(tmp_path: Path, pooling: dict[str, str] | None) -> None:
    first = tiny_audiobox_checkpoint(tmp_path / "a", seed=3, pooling=pooling)
    again = load_predictor(f"{tmp_path}/a")
    assert (first.config, first.revision, first.tokenizer) == (again.config, again.revision, None)
    ours, theirs = first.predictor.state_dict(), again.predictor.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_another_content_is_another_revision(tmp_path: Path) -> None:
    assert tiny_checkpoint(tmp_path / "a", 0).revision != tiny_checkpoint(tmp_path / "b", 1).revision


def test_the_card_is_no_part_of_the_revision(tmp_path: Path) -> None:
    before = tiny_checkpoint(tmp_path / "a").revision
    (tmp_path / "a" / "README.md").write_text("# another\n")
    assert load_predictor(f"{tmp_path}/a").revision == before


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    rewrite(tiny_folder(tmp_path), lambda tensors: tensors.pop("pooling.alpha"))
    with pytest.raises(CheckpointError, match=r"1 tensor is missing: pooling\.alpha"):
        load_predictor(f"{tmp_path}/")


def test_an_unexpected_tensor_is_named(tmp_path: Path) -> None:
    rewrite(tiny_folder(tmp_path), lambda tensors: tensors.update(stray=torch.zeros(1)))
    with pytest.raises(CheckpointError, match="not part of this predictor: stray"):
        load_predictor(f"{tmp_path}/")


def test_a_tensor_by_another_name_is_named_with_the_name_that_is_missing(tmp_path: Path) -> None:
    rewrite(tiny_folder(tmp_path), lambda tensors: tensors.update(stray=tensors.pop("pooling.alpha")))
    reason = r"1 tensor is missing: pooling\.alpha; 1 tensor is not part of this predictor: stray$"
    with pytest.raises(CheckpointError, match=reason):
        load_predictor(f"{tmp_path}/")


def test_a_tensor_of_the_wrong_shape_is_named(tmp_path: Path) -> None:
    rewrite(tiny_folder(tmp_path), lambda tensors: tensors.update({"pooling_proj.bias": torch.zeros(3)}))
    with pytest.raises(CheckpointError, match=r"pooling_proj\.bias is \(3,\), expected \(16,\)"):
        load_predictor(f"{tmp_path}/")


def test_a_constant_may_be_there_if_it_equals_ours(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path)
    filters = checkpoint.predictor.logmel.filters
    rewrite(tmp_path, lambda tensors: tensors.update({"logmel.filters": filters.clone()}))
    load_predictor(f"{tmp_path}/")
    rewrite(tmp_path, lambda tensors: tensors.update({"logmel.filters": 1.01 * filters}))
    with pytest.raises(CheckpointError, match=r"constant differs .*: logmel\.filters"):
        load_predictor(f"{tmp_path}/")


def test_half_precision_weights_are_widened(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    save_file({n: t.half() if t.is_floating_point() else t for n, t in tensors.items()}, folder / "model.safetensors")
    assert {p.dtype for p in load_predictor(f"{tmp_path}/").predictor.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    (tiny_folder(tmp_path) / name).write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match=name):
        load_predictor(f"{tmp_path}/")


def test_a_missing_weights_file_is_named(tmp_path: Path) -> None:
    (tiny_folder(tmp_path) / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors: is not there"):
        load_predictor(f"{tmp_path}/")


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    path = tiny_folder(tmp_path) / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"flavour": "plum"}))
    with pytest.raises(ConfigError, match="flavour"):
        load_predictor(f"{tmp_path}/")


def test_a_tokenizer_too_large_for_the_tower_is_refused(tmp_path: Path) -> None:
    path = tiny_folder(tmp_path) / "config.json"
    plain = json.loads(path.read_text())
    plain["text"]["vocab_size"] = 10
    path.write_text(json.dumps(plain))
    rewrite(tmp_path, lambda t: t.update({"text_branch.embeddings.word_embeddings.weight": torch.zeros(10, 16)}))
    with pytest.raises(CheckpointError, match="only 10"):
        load_predictor(f"{tmp_path}/")


def test_a_folder_without_a_tokenizer_loads_and_says_so(tmp_path: Path) -> None:
    (tiny_folder(tmp_path) / "tokenizer.json").unlink()
    assert load_predictor(f"{tmp_path}/").tokenizer is None


def test_a_bare_word_is_never_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_folder(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModelError) as caught:
        load_predictor("mine")
    assert caught.value.hint == "for the folder, write ./mine"
    assert "clap-drasp.mini" in caught.value.known
    assert load_predictor("./mine").name == "./mine"


@pytest.mark.parametrize("name", ["clap-drasp", "clap-drasp.full", "hf-hub:owner"])
def test_names_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(UnknownModelError, match="no model is called"):
        load_predictor(name)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("clap-drasp.mini@e659b9c560b5", "is named without it: clap-drasp.mini"),
        ("CLAP-drasp.mini", "did you mean clap-drasp.mini?"),
        ("clap-drasp", "did you mean clap-drasp.mini?"),
    ],
)
def test_a_name_near_one_that_exists_is_told(word: str, hint: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        load_predictor(word)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith(hint)


def test_another_programs_file_is_told_what_makes_a_folder_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("music.pt").write_bytes(b"towers")
    with pytest.raises(CheckpointError, match=r"music\.pt: is not a folder; it is a file; drasp convert makes a "):
        load_predictor("./music.pt")
    with pytest.raises(UnknownModelError) as caught:
        load_predictor("music.pt")
    assert str(caught.value.hint).startswith("it is a file; drasp convert makes a checkpoint folder")


def test_a_name_near_none_has_no_hint() -> None:
    with pytest.raises(UnknownModelError) as caught:
        load_predictor("whisper")
    assert caught.value.hint is None


def test_a_folder_with_its_revision_is_told_without_it(tmp_path: Path) -> None:
    label = tiny_checkpoint(tmp_path / "mine").label
    with pytest.raises(CheckpointError, match=r"mine is one: leave its revision out"):
        load_predictor(label)


def test_a_path_that_is_no_folder_is_named() -> None:
    with pytest.raises(CheckpointError, match="nowhere"):
        load_predictor("./nowhere")


@pytest.mark.parametrize("make", [tiny_folder, tiny_audiobox_folder])
def test_loading_leaves_nothing_unfilled(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    folder = make(tmp_path / "model")
    predictor = load_predictor(f"{folder}/").predictor
    assert not any(tensor.is_meta for tensor in (*predictor.parameters(), *predictor.buffers()))
    assert all(parameter.requires_grad for parameter in predictor.parameters())
    fresh = build_predictor(predictor.config)
    for (name, ours), (_, theirs) in zip(predictor.named_buffers(), fresh.named_buffers(), strict=True):
        assert name in fresh.state_dict() or torch.equal(ours, theirs), name


def test_a_loaded_predictor_is_not_its_file(tmp_path: Path) -> None:
    """Somebody may write over the file while a predictor scores."""
    folder = tiny_folder(tmp_path / "model")
    predictor = load_predictor(f"{folder}/").predictor
    before = {name: tensor.clone() for name, tensor in predictor.state_dict().items()}
    weights = folder / "model.safetensors"
    with weights.open("r+b") as file:  # in place: the same inode
        file.write(bytes(weights.stat().st_size))
    assert all(torch.equal(tensor, before[name]) for name, tensor in predictor.state_dict().items())
