"""Checkpoints of the research code's Track 2, against a re-statement of its equations on the same tensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.convert.poolings import RESEARCH_POOLINGS, SEGMENTAL
from drasp_cli.checkpoints.convert.track2 import convert_track2
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.datatypes import WindowBatch
from drasp_cli.errors import ConfigError, InputError
from drasp_cli.models.aes_heads import AesHeadConfig
from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import AudioboxConfig
from drasp_cli.models.pooling import POOLINGS
from tests.meta_folder import SMALL, meta_files, meta_plain, meta_tensors
from tests.research_folder import AXES, pickled, research_files, research_plain, research_tensors

TARGETS = meta_plain()["target_transform"]


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """Tower, mixes and heads of a small checkpoint."""
    monkeypatch.setattr(meta, "TOWER", SMALL)
    tensors = meta_tensors(seed=1)
    for i, axis in enumerate(AXES):  # heads and mixes that make unlike axes
        tensors[f"layer_weights.{axis}"] = torch.tensor([0.0, 2.0, -1.0]).roll(i)
    return tensors


@pytest.fixture
def targets(tmp_path: Path) -> str:
    (tmp_path / "targets.json").write_text(json.dumps(TARGETS))
    return str(tmp_path / "targets.json")


def bare(folder: Path, tensors: dict[str, Tensor], prefix: str = "", name: str = "best_model_3.pt") -> str:
    (folder / name).write_bytes(pickled({"state_dict": {prefix + key: value for key, value in tensors.items()}}))
    return str(folder / name)


def saved(folder: Path, tensors: dict[str, Tensor], pooling: str, segment_size: int = 4) -> str:
    (folder / "research").mkdir()
    for name, content in research_files(tensors, pooling, segment_size).items():
        (folder / "research" / name).write_bytes(content)
    return str(folder / "research")


def loaded(out: Path) -> AudioboxPredictor:
    predictor = load_predictor(f"{out}/").predictor
    assert isinstance(predictor, AudioboxPredictor)
    return predictor


def windows() -> WindowBatch:
    """One full window, one whose last segment is partial, and one of a single frame."""
    samples = torch.zeros(3, 160_000)
    lengths = torch.tensor([160_000, 21_000, 400])
    for i, length in enumerate(lengths.tolist()):
        samples[i, :length] = 0.1 * torch.randn(length, generator=torch.Generator().manual_seed(i))
    return WindowBatch(samples, lengths)


# ------------------------------------------------------------------------------------- the code's equations, restated


def statistics(units: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Mean, and square root of E[x^2] - mean^2, which is at least 1e-5; units (units, dim), weights (units,)."""
    mean = sum(weight * unit for weight, unit in zip(weights, units, strict=True))
    square = sum(weight * unit**2 for weight, unit in zip(weights, units, strict=True))
    return mean, (square - mean**2).clamp(min=1e-5).sqrt()


def attention(units: Tensor, tensors: dict[str, Tensor], below: str) -> Tensor:
    hidden = torch.tanh(units @ tensors[f"{below}sap_linear.weight"].T + tensors[f"{below}sap_linear.bias"])
    return torch.softmax(hidden @ tensors[f"{below}attention"][:, 0], dim=0)


def pooled(frames: Tensor, tensors: dict[str, Tensor], pooling: str, size: int, *, fill: bool = False) -> Tensor:
    """The real frames (frames, dim) of one clip, by the pooling's name in the research code.

    A partial segment is averaged over the frames it has, or `fill`ed with zeros first.
    """
    segments = torch.stack(
        [
            frames[i : i + size].sum(dim=0) / (size if fill else min(size, len(frames) - i))
            for i in range(0, len(frames), size)
        ]
    )
    equal = torch.full((len(frames),), 1 / len(frames), dtype=frames.dtype)
    below = {"drap": "pooling.gsap.", "drsp": "pooling.gasp."}.get(pooling, "pooling.")
    whole_mean, whole_std = statistics(frames, equal)
    if pooling == "tap":
        return whole_mean
    if pooling == "tsp":
        return torch.cat([whole_mean, whole_std])
    units = frames if pooling in ("sap", "asp") else segments
    mean, std = statistics(units, attention(units, tensors, below))
    if pooling in ("sap", "gsap"):
        return mean
    if pooling in ("asp", "gasp"):
        return torch.cat([mean, std])
    alpha, beta = tensors["pooling.alpha"], tensors["pooling.beta"]
    if pooling == "drap":
        return alpha * whole_mean + beta * mean
    return alpha * torch.cat([whole_mean, whole_std]) + beta * torch.cat([mean, std])


def head(x: Tensor, tensors: dict[str, Tensor], axis: str) -> Tensor:
    for part in range(0, 12, 3):
        linear, norm = f"proj_layer.{axis}.{part}", f"proj_layer.{axis}.{part + 1}"
        x = tensors[f"{linear}.weight"] @ x + tensors[f"{linear}.bias"]
        x = F.gelu(F.layer_norm(x, x.shape, tensors[f"{norm}.weight"], tensors[f"{norm}.bias"]))
    return tensors[f"proj_layer.{axis}.12.weight"][0] @ x + tensors[f"proj_layer.{axis}.12.bias"][0]


def research_scores(predictor: AudioboxPredictor, tensors: dict[str, Tensor], pooling: str, size: int) -> Tensor:
    """(axes, batch) of `windows` in float64. The tower is the predictor's own: it has golden files for itself."""
    precise = {name: tensor.double() for name, tensor in tensors.items()}
    with torch.inference_mode():
        outputs, mask = predictor.wavlm_model(windows())
        layers = torch.stack(list(outputs)).double()
    scores = torch.empty(len(AXES), layers.shape[1], dtype=torch.float64)
    for i, axis in enumerate(AXES):
        mix = torch.einsum("lbtd,l->btd", layers, precise[f"layer_weights.{axis}"].softmax(dim=0))
        for row, frames in enumerate(mix):
            real = frames if mask is None else frames[mask[row]]
            vector = pooled(real, precise, pooling, size)
            projected = precise["pooling_proj.weight"] @ vector + precise["pooling_proj.bias"]
            target = TARGETS[axis]
            scores[i, row] = head(projected / projected.norm(), precise, axis) * target["std"] + target["mean"]
    return scores


@pytest.mark.parametrize("segment_size", [1, 4, 7])
@pytest.mark.parametrize("pooling", RESEARCH_POOLINGS)
def test_scores_are_the_research_codes(
    base: dict[str, Tensor], targets: str, tmp_path: Path, pooling: str, segment_size: int
) -> None:
    tensors = research_tensors(base, pooling)
    convert_track2(
        bare(tmp_path, tensors),
        tmp_path / "out",
        pooling=pooling,
        segment_size=segment_size,
        target_transform=targets,
    )
    predictor = loaded(tmp_path / "out")
    with torch.inference_mode():
        found = predictor(windows())
    ours = torch.stack([found[axis] for axis in AXES]).double()
    expected = research_scores(predictor, tensors, pooling, segment_size)
    assert expected.std(dim=1).min() > 0.01  # else there would be little to compare
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)


# ------------------------------------------------------------------------------------------------- where it is from


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("pooling", RESEARCH_POOLINGS)
def test_folder_and_bare_file_are_the_same(
    base: dict[str, Tensor], targets: str, tmp_path: Path, pooling: str, prefix: str
) -> None:
    """The file with and without a parallel wrapper; of a folder nothing needs to be told."""
    tensors = research_tensors(base, pooling)
    source = bare(tmp_path, tensors, prefix)
    convert_track2(saved(tmp_path, tensors, pooling), tmp_path / "a" / "out")
    size = 4 if pooling in SEGMENTAL else None
    convert_track2(source, tmp_path / "b" / "out", pooling=pooling, segment_size=size, target_transform=targets)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "a/out" / name).read_bytes() == (tmp_path / "b/out" / name).read_bytes()
    state = loaded(tmp_path / "a/out").state_dict()
    assert state.keys() == tensors.keys() - {"wavlm_model.mask_emb"}
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in state.items())


def test_the_config_says_what_the_research_code_does(base: dict[str, Tensor], tmp_path: Path) -> None:
    convert_track2(saved(tmp_path, research_tensors(base, "drsp"), "drsp", segment_size=6), tmp_path / "out")
    config = load_predictor(f"{tmp_path}/out").config
    assert isinstance(config, AudioboxConfig)
    assert config.name == "out"
    assert config.axes == ("PQ", "PC", "CE", "CU")
    assert config.pooling is not None
    assert config.pooling.name == "DualResolutionAttentiveStatistics"
    assert (config.pooling.segment_size, config.pooling.partial_segment, config.pooling.eps) == (6, "masked", 1e-5)
    assert {axis: {"mean": t.mean, "std": t.std} for axis, t in config.targets.items()} == TARGETS
    assert config.audio == meta.AUDIO
    assert config.licence == "unknown"


def test_the_card_claims_no_licence(base: dict[str, Tensor], tmp_path: Path) -> None:
    convert_track2(saved(tmp_path, research_tensors(base, "drsp"), "drsp"), tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("---\nlicense: other\nlicense_name: unknown\n")
    assert "(its name of the pooling: `drsp`)" in card
    assert str(tmp_path) not in card


def test_every_name_of_the_research_code_is_one_of_our_poolings() -> None:
    assert set(RESEARCH_POOLINGS.values()) <= set(POOLINGS)
    assert len(set(RESEARCH_POOLINGS.values())) == len(RESEARCH_POOLINGS) == 8
    assert RESEARCH_POOLINGS.keys() > SEGMENTAL


# --------------------------------------------------------------------------------------- heads of a bare state dict


@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("layer_norm", [True, False])
@pytest.mark.parametrize("num_layers", [1, 2, 5])
def test_heads_of_any_published_shape_are_read_from_their_tensors(
    base: dict[str, Tensor], targets: str, tmp_path: Path, num_layers: int, layer_norm: bool, dropout: float
) -> None:
    """A folder says its heads' shape, a bare file does not: both score alike."""
    dim = SMALL.dim
    tensors = {name: tensor for name, tensor in research_tensors(base, "tap").items() if "proj_layer" not in name}
    generator = torch.Generator().manual_seed(5)
    for axis in AXES:
        number = 0
        for _ in range(num_layers - 1):
            shapes = [(dim, dim), (dim,)] if layer_norm else [(dim, dim)]
            for shape in shapes:
                tensors[f"proj_layer.{axis}.{number}.weight"] = torch.randn(shape, generator=generator) / dim**0.5
                tensors[f"proj_layer.{axis}.{number}.bias"] = torch.randn(dim, generator=generator)
                number += 1
            number += 1 + (dropout > 0)  # what holds no tensor takes a number, too
        tensors[f"proj_layer.{axis}.{number}.weight"] = torch.randn((1, dim), generator=generator)
        tensors[f"proj_layer.{axis}.{number}.bias"] = torch.randn(1, generator=generator)
    convert_track2(bare(tmp_path, tensors), tmp_path / "bare", pooling="tap", target_transform=targets)
    plain = research_plain("tap", 1, proj_num_layer=num_layers, proj_ln=layer_norm, proj_dropout=dropout)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.json").write_text(json.dumps(plain))
    save_file(tensors, tmp_path / "folder" / "model.safetensors")
    convert_track2(str(tmp_path / "folder"), tmp_path / "whole")
    ours, expected = loaded(tmp_path / "bare"), loaded(tmp_path / "whole")
    has_norm = layer_norm and num_layers > 1
    assert ours.config.heads == AesHeadConfig(num_layers, has_norm, 0.0)
    batch = windows()
    short = WindowBatch(batch.samples[1:2], batch.num_samples[1:2])  # one score an axis, so that == is yes or no
    with torch.inference_mode():
        assert ours(short) == expected(short)


def test_a_state_dict_without_heads_is_told(base: dict[str, Tensor], targets: str, tmp_path: Path) -> None:
    tensors = {name: tensor for name, tensor in research_tensors(base, "tap").items() if "proj_layer" not in name}
    with pytest.raises(InputError, match=r"8 tensors are missing: proj_layer\.CE\.0\.bias, "):
        convert_track2(bare(tmp_path, tensors), tmp_path / "out", pooling="tap", target_transform=targets)


# --------------------------------------------------------------------------------------------------- target transform


@pytest.mark.parametrize("content", [TARGETS, meta_plain()], ids=["targets", "config"])
def test_targets_are_read_from_a_file_of_them_or_a_config(
    base: dict[str, Tensor], tmp_path: Path, content: dict[str, Any]
) -> None:
    (tmp_path / "t.json").write_text(json.dumps(content))
    source = bare(tmp_path, research_tensors(base, "tsp"))
    convert_track2(source, tmp_path / "out", pooling="tsp", target_transform=str(tmp_path / "t.json"))
    assert load_predictor(f"{tmp_path}/out").config.targets["PQ"].std == TARGETS["PQ"]["std"]


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        ("{", ConfigError, "is not readable as JSON"),
        ("[]", InputError, "expected mean and std of exactly PQ, PC, CE, CU, as JSON"),
        (json.dumps({"PQ": TARGETS["PQ"]}), InputError, "expected mean and std of exactly PQ, PC, CE, CU, as JSON"),
        (json.dumps(TARGETS | {"PQ": {"mean": 3.0}}), ConfigError, r"target_transform\.PQ\.std: is missing"),
        (json.dumps(TARGETS | {"PQ": {"mean": 3.0, "std": 0}}), ConfigError, r"targets\.PQ\.std: must be positive"),
    ],
)
def test_targets_that_are_none_are_refused(
    base: dict[str, Tensor], tmp_path: Path, content: str, error: type[Exception], reason: str
) -> None:
    (tmp_path / "t.json").write_text(content)
    source = bare(tmp_path, research_tensors(base, "tsp"))
    with pytest.raises(error, match=reason):
        convert_track2(source, tmp_path / "out", pooling="tsp", target_transform=str(tmp_path / "t.json"))


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"pooling": "drsp", "segment_size": 4}, "has no target transform; name one with --target-transform"),
        ({"segment_size": 4, "target_transform": "t"}, "does not say its pooling; name it with --pooling: tap, tsp, "),
        ({"pooling": "drsp", "target_transform": "t"}, "frames a segment of drsp has; give it as --segment-size"),
        ({"pooling": "drasp", "target_transform": "t"}, "no pooling is called 'drasp'; known: tap, tsp, "),
    ],
)
def test_what_a_bare_file_does_not_say_must_be_told(
    base: dict[str, Tensor], targets: str, tmp_path: Path, told: dict[str, Any], reason: str
) -> None:
    if "target_transform" in told:
        told = told | {"target_transform": targets}
    with pytest.raises(InputError, match=rf"best_model_3\.pt: .*{reason}"):
        convert_track2(bare(tmp_path, research_tensors(base, "drsp")), tmp_path / "out", **told)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"pooling": "tsp"}, "says pooling_type 'drsp', not 'tsp'"),
        ({"segment_size": 8}, "says segment_size 4, not 8"),
        ({"target_transform": "t.json"}, "has the target transform; leave --target-transform out"),
    ],
)
def test_what_a_folder_says_is_not_contradicted(
    base: dict[str, Tensor], tmp_path: Path, told: dict[str, Any], reason: str
) -> None:
    source = saved(tmp_path, research_tensors(base, "drsp"), "drsp")
    with pytest.raises(InputError, match=reason):
        convert_track2(source, tmp_path / "out", **told)
    convert_track2(source, tmp_path / "out", pooling="drsp", segment_size=4)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"pooling_type": "max"}, InputError, "no pooling is called 'max'"),
        ({"pooling_type": 3}, ConfigError, "pooling_type: must be str"),
        ({"segment_size": 0}, ConfigError, r"pooling\.segment_size: must be at least 1"),
        ({"segment_size": 10**9}, ConfigError, r"pooling\.segment_size: must be at most"),
        ({"flavour": "plum"}, ConfigError, "flavour: is not a key"),
        ({"normalize_embed": False}, ConfigError, "normalize_embed: must be True"),
    ],
)
def test_a_config_is_checked(
    base: dict[str, Tensor], tmp_path: Path, changes: dict[str, Any], error: type[Exception], reason: str
) -> None:
    source = saved(tmp_path, research_tensors(base, "drsp"), "drsp")
    Path(source, "config.json").write_text(json.dumps(research_plain("drsp", 4) | changes))
    with pytest.raises(error, match=rf"config\.json: {reason}"):
        convert_track2(source, tmp_path / "out")


def test_a_folder_of_metas_says_no_pooling(base: dict[str, Tensor], tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    for name, content in meta_files(base).items():
        (tmp_path / "meta" / name).write_bytes(content)
    with pytest.raises(InputError, match=r"config\.json: does not say its pooling"):
        convert_track2(str(tmp_path / "meta"), tmp_path / "out")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("tsp", "5 tensors are not part of this predictor: pooling.alpha, pooling.beta, pooling.gasp.attention, "),
        ("gasp", "3 tensors are missing: pooling.attention, pooling.sap_linear.bias, pooling.sap_linear.weight"),
        ("drap", "3 tensors are missing: pooling.gsap.attention, "),
    ],
)
def test_another_pooling_is_told_by_its_tensors(
    base: dict[str, Tensor], targets: str, tmp_path: Path, told: str, reason: str
) -> None:
    source = bare(tmp_path, research_tensors(base, "drsp"))
    with pytest.raises(InputError) as caught:
        convert_track2(source, tmp_path / "out", pooling=told, segment_size=4, target_transform=targets)
    assert str(caught.value).startswith(f"{source}: {reason}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pooling.beta": None}, "1 tensor is missing: pooling.beta"),
        ({"stray": torch.ones(1)}, "1 tensor is not part of this predictor: stray"),
        (
            {"pooling_proj.bias": torch.ones(2)},
            "tensors of the wrong shape: pooling_proj.bias is (2,), expected (24,)",
        ),
    ],
)
def test_tensors_must_be_exactly_the_predictors(
    base: dict[str, Tensor], targets: str, tmp_path: Path, change: dict[str, Tensor | None], reason: str
) -> None:
    tensors = {**research_tensors(base, "drsp"), **change}
    source = bare(tmp_path, {name: tensor for name, tensor in tensors.items() if tensor is not None})
    with pytest.raises(InputError) as caught:
        convert_track2(source, tmp_path / "out", pooling="drsp", segment_size=4, target_transform=targets)
    assert str(caught.value) == f"{source}: {reason}"
