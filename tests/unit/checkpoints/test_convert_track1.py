"""Checkpoints of the research code's Track 1, against a re-statement of its equations on the same tensors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor

from drasp_cli.checkpoints.convert.poolings import RESEARCH_POOLINGS, SEGMENTAL
from drasp_cli.checkpoints.convert.track1 import convert_track1
from drasp_cli.checkpoints.store import load_predictor
from drasp_cli.datatypes import WindowBatch
from drasp_cli.errors import ConfigError, InputError
from drasp_cli.models.config import ClapConfig
from drasp_cli.models.predictor import ClapPredictor
from tests.clap_file import PREFIX, baseline_tensors, laion_constants, shrink, tokenizer_folder, track1_tensors
from tests.research_folder import pickled
from tests.unit.checkpoints.test_convert_track2 import pooled


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def bare(folder: Path, tensors: dict[str, Tensor], prefix: str = "", name: str = "best_ckpt_7") -> str:
    (folder / name).write_bytes(pickled({prefix + key: value for key, value in tensors.items()}))
    return str(folder / name)


def with_constants(tensors: dict[str, Tensor], without: str = "") -> dict[str, Tensor]:
    constants = {PREFIX + name: tensor for name, tensor in laion_constants().items()}
    return tensors | {name: tensor for name, tensor in constants.items() if not without or without not in name}


def loaded(out: Path) -> ClapPredictor:
    predictor = load_predictor(f"{out}/").predictor
    assert isinstance(predictor, ClapPredictor)
    return predictor


def windows() -> WindowBatch:
    """Noise that comes and goes, and a tone that rises."""
    t = torch.arange(480_000, dtype=torch.float64) / 16_000
    noise = 0.1 * torch.randn(480_000, generator=torch.Generator().manual_seed(0)) * torch.sin(t).square()
    tone = 0.5 * torch.sin(2 * torch.pi * (100.0 + 50.0 * t) * t)
    return WindowBatch(torch.stack([noise, tone]), torch.tensor([480_000, 480_000]))


def prompts() -> Tensor:
    return torch.tensor([[0, 50, 60, 70, 2], [0, 80, 2, 1, 1]])


# ------------------------------------------------------------------------------------- the code's equations, restated


def mlp(x: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    """Three linear layers with nothing between them."""
    for layer in (1, 2, 3):
        x = tensors[f"{name}{layer}.weight"] @ x + tensors[f"{name}{layer}.bias"]
    return x[0]


def research_scores(
    predictor: ClapPredictor, tensors: dict[str, Tensor], pooling: str, size: int, repeat: int
) -> Tensor:
    """(axes, batch) of `windows` and `prompts`. The towers are the predictor's own, which have golden files."""
    precise = {name: tensor.double() for name, tensor in tensors.items()}
    with torch.inference_mode():
        steps = predictor.audio_branch(predictor.frontend(windows())).frames[:, ::repeat]
        texts = predictor.embed_text(prompts())
    assert steps.shape[1] == 32
    scores = []
    for frames, text in zip(steps, texts, strict=True):
        vector = pooled(frames.repeat_interleave(repeat, dim=0), precise, pooling, size, fill=True)
        x = precise["pooling_proj.weight"] @ vector + precise["pooling_proj.bias"]
        name = f"{PREFIX}audio_projection"
        x = torch.relu(precise[f"{name}.0.weight"] @ x + precise[f"{name}.0.bias"])
        x = precise[f"{name}.2.weight"] @ x + precise[f"{name}.2.bias"]
        audio = x / x.norm()
        of_both = torch.cat([audio, text])
        scores.append(
            torch.stack([mlp(audio, precise, "overall_mlp_layer"), mlp(of_both, precise, "textual_mlp_layer")])
        )
    return torch.stack(scores, dim=1)


@pytest.mark.parametrize(("segment_size", "repeat"), [(4, 1), (7, 1), (48, 32)])
@pytest.mark.parametrize("pooling", RESEARCH_POOLINGS)
def test_scores_are_the_research_codes(tmp_path: Path, pooling: str, segment_size: int, repeat: int) -> None:
    """In float64, so that equations are compared and no rounding.

    7 does not divide the 32 steps, and 48 not the 1,024 that they become: the last segment is partial.
    """
    tensors = track1_tensors(pooling)
    source = bare(tmp_path, tensors)
    convert_track1(source, tmp_path / "out", pooling=pooling, segment_size=segment_size, frame_repeat=repeat)
    predictor = loaded(tmp_path / "out").double()
    with torch.inference_mode():
        found = predictor(windows(), predictor.embed_text(prompts()))
    ours = torch.stack([found["MI"], found["TA"]])
    expected = research_scores(predictor, tensors, pooling, segment_size, repeat)
    assert expected.std(dim=1).min() > 1e-5  # else there would be little to compare
    torch.testing.assert_close(ours, expected, atol=1e-11, rtol=0)


def test_scores_are_the_musiceval_baselines(tmp_path: Path) -> None:
    """Its heads are on LAION-CLAP's own embedding: the mean of the tower's steps, projected, of length 1."""
    tensors = baseline_tensors()
    convert_track1(bare(tmp_path, tensors), tmp_path / "out", pooling="none")
    predictor = loaded(tmp_path / "out").double()
    precise = {name: tensor.double() for name, tensor in tensors.items()}
    name = f"{PREFIX}audio_projection"
    with torch.inference_mode():
        texts = predictor.embed_text(prompts())
        found = predictor(windows(), texts)
        x = predictor.audio_branch(predictor.frontend(windows())).frames.mean(dim=1)
        x = torch.relu(x @ precise[f"{name}.0.weight"].T + precise[f"{name}.0.bias"])
        x = x @ precise[f"{name}.2.weight"].T + precise[f"{name}.2.bias"]
        audio = x / x.norm(dim=1, keepdim=True)
        of_both = torch.cat([audio, texts], dim=1)
        expected = [
            torch.stack([mlp(one, precise, head) for one in inputs])
            for head, inputs in (("overall_mlp_layer", audio), ("textual_mlp_layer", of_both))
        ]
    assert min(float(scores.std()) for scores in expected) > 1e-5
    torch.testing.assert_close(torch.stack([found["MI"], found["TA"]]), torch.stack(expected), atol=1e-11, rtol=0)


def test_a_baseline_is_not_taken_for_the_research_code_nor_the_other_way_round(tmp_path: Path) -> None:
    for tensors, pooling, reason in (
        (baseline_tensors(), "tap", r"2 tensors are missing: pooling_proj\.bias, pooling_proj\.weight"),
        (track1_tensors("tap"), "none", r"2 tensors are not part of this predictor: pooling_proj\.bias, pooling_proj"),
    ):
        with pytest.raises(InputError, match=reason):
            convert_track1(bare(tmp_path, tensors), tmp_path / "out", pooling=pooling)


def test_the_folder_of_a_baseline_says_what_it_is(tmp_path: Path) -> None:
    convert_track1(bare(tmp_path, baseline_tensors()), tmp_path / "out", pooling="none")
    config = load_predictor(f"{tmp_path}/out").config
    assert isinstance(config, ClapConfig)
    assert (config.pooling, config.axes, config.audio.window_seconds) == (None, ("MI", "TA"), 30.0)
    assert "A checkpoint of the MusicEval baseline" in (tmp_path / "out" / "README.md").read_text()


def test_the_segment_size_and_the_repetition_decide_the_score(tmp_path: Path) -> None:
    """Neither is in the file, and a wrong one is no error."""
    source, found = bare(tmp_path, track1_tensors("drsp")), []
    for size, repeat in ((4, 1), (2, 1), (4, 32)):
        out = tmp_path / f"{size}-{repeat}"
        convert_track1(source, out, pooling="drsp", segment_size=size, frame_repeat=repeat)
        with torch.inference_mode():
            found.append(loaded(out).double()(windows())["MI"])
    assert (found[0] - found[1]).abs().min() > 1e-5
    assert (found[0] - found[2]).abs().min() > 1e-5


# ------------------------------------------------------------------------------------------------- what is in the file


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize(
    "without", ["none", "position_ids", "melW", "stft", "attn_mask", "relative_position_index", ""]
)
def test_wrappers_and_constants_may_be_there_or_not(tmp_path: Path, prefix: str, without: str) -> None:
    tensors = track1_tensors("drsp")
    convert_track1(bare(tmp_path, tensors), tmp_path / "a" / "out", pooling="drsp", segment_size=4)
    full = with_constants(tensors, without) if without else tensors
    assert len(full) > len(tensors) or not without
    source = bare(tmp_path, full, prefix, name="full")
    convert_track1(source, tmp_path / "b" / "out", pooling="drsp", segment_size=4)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "a/out" / name).read_bytes() == (tmp_path / "b/out" / name).read_bytes()


def test_every_learned_tensor_of_the_towers_pooling_and_heads_is_taken(tmp_path: Path) -> None:
    tensors = track1_tensors("drsp")
    convert_track1(bare(tmp_path, tensors), tmp_path / "out", pooling="drsp", segment_size=4)
    state = loaded(tmp_path / "out").state_dict()
    left_out = ("tscam_conv", "head.", "_transform.", "logit_scale")
    kept = [tensor for name, tensor in tensors.items() if not any(part in name for part in left_out)]
    assert len(kept) == len(state)
    assert sum(tensor.double().sum() for tensor in kept) == pytest.approx(
        float(sum(t.double().sum() for t in state.values()))
    )


def test_the_count_of_batches_may_be_missing(tmp_path: Path) -> None:
    tensors = track1_tensors("tap")
    del tensors[f"{PREFIX}audio_branch.bn0.num_batches_tracked"]
    convert_track1(bare(tmp_path, tensors), tmp_path / "out", pooling="tap")
    assert loaded(tmp_path / "out").audio_branch.bn0.num_batches_tracked == 0


@pytest.mark.parametrize("constant", laion_constants())
def test_a_constant_that_differs_is_refused_by_name(tmp_path: Path, constant: str) -> None:
    tensors = with_constants(track1_tensors("tap"))
    changed = tensors[PREFIX + constant].clone()
    changed[(-1,) * changed.ndim] += 1
    source = bare(tmp_path, tensors | {PREFIX + constant: changed})
    with pytest.raises(InputError) as caught:
        convert_track1(source, tmp_path / "out", pooling="tap")
    assert str(caught.value) == f"{source}: a constant differs from the one the config implies: {PREFIX}{constant}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_checkpoint_in_half_precision_may_hold_constants_too(tmp_path: Path, dtype: torch.dtype) -> None:
    halved = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in with_constants(track1_tensors("tap")).items()
    }
    convert_track1(bare(tmp_path, halved), tmp_path / "out", pooling="tap")
    assert all(tensor.dtype != dtype for tensor in loaded(tmp_path / "out").state_dict().values())
    name = f"{PREFIX}audio_branch.logmel_extractor.melW"
    source = bare(tmp_path, halved | {name: halved[name] * 1.02})
    with pytest.raises(InputError, match=r"a constant differs from the one the config implies: .*melW"):
        convert_track1(source, tmp_path / "other", pooling="tap")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"overall_mlp_layer2.bias": None}, "1 tensor is missing: overall_mlp_layer2.bias"),
        (
            {f"{PREFIX}audio_branch.norm.bias": None, f"{PREFIX}text_projection.2.weight": None},
            f"2 tensors are missing: {PREFIX}audio_branch.norm.bias, {PREFIX}text_projection.2.weight",
        ),
        ({"pooling.beta": None}, "1 tensor is missing: pooling.beta"),
        ({"stray": torch.ones(1)}, "1 tensor is not part of this predictor: stray"),
        ({"audio_branch.norm.bias": torch.ones(64)}, "1 tensor is not part of this predictor: audio_branch.norm.bias"),
        (
            {"textual_mlp_layer3.weight": torch.ones(1, 65)},
            "tensors of the wrong shape: textual_mlp_layer3.weight is (1, 65), expected (1, 64)",
        ),
    ],
)  # fmt: skip
def test_tensors_must_be_exactly_the_predictors_and_are_named_as_in_the_file(
    tmp_path: Path, change: dict[str, Tensor | None], reason: str
) -> None:
    tensors = {**track1_tensors("drsp"), **change}
    source = bare(tmp_path, {name: tensor for name, tensor in tensors.items() if tensor is not None})
    with pytest.raises(InputError) as caught:
        convert_track1(source, tmp_path / "out", pooling="drsp", segment_size=4)
    assert str(caught.value) == f"{source}: {reason}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"pooling": "gasp"}, "does not say how many frames a segment of gasp has; give it as --segment-size"),
        ({"pooling": "drasp", "segment_size": 4}, "no pooling is called 'drasp'; known: tap, tsp, "),
        ({"pooling": "tap"}, "3 tensors are not part of this predictor: pooling.attention, "),
    ],
)
def test_what_the_file_does_not_say_must_be_told_and_fit(tmp_path: Path, told: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        convert_track1(bare(tmp_path, track1_tensors("gasp")), tmp_path / "out", **told)


def test_a_segment_size_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="segment_size: must be at least 1, not 0"):
        convert_track1(bare(tmp_path, track1_tensors("drsp")), tmp_path / "out", pooling="drsp", segment_size=0)


def test_a_folder_is_none_of_its_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; the research code's Track 1 saves a file"):
        convert_track1(str(tmp_path), tmp_path / "out", pooling="tap")


# ------------------------------------------------------------------------------------------------ what the folder says


def test_the_config_says_what_the_research_code_does(tmp_path: Path) -> None:
    source = bare(tmp_path, track1_tensors("drsp"))
    convert_track1(source, tmp_path / "out", pooling="drsp", segment_size=6, frame_repeat=32)
    config = load_predictor(f"{tmp_path}/out").config
    assert isinstance(config, ClapConfig)
    assert (config.name, config.axes, config.ratings) == ("out", ("MI", "TA"), "human")
    assert (config.audio.sample_rate, config.audio.frontend_sample_rate) == (16_000, 48_000)
    assert (config.audio.window_seconds, config.audio.fill) == (30.0, "repeat")
    assert config.pooling is not None
    assert config.pooling.name == "DualResolutionAttentiveStatistics"
    assert (config.pooling.segment_size, config.pooling.partial_segment, config.pooling.eps) == (6, "zero", 1e-5)
    assert config.backbone.frame_repeat == 32
    assert (config.heads.activation, config.heads.interaction) == ("identity", "none")
    assert (config.licence, config.targets["TA"].mean, config.targets["TA"].std) == ("unknown", 0.0, 1.0)


def test_the_card_says_how_it_hears_and_claims_no_licence(tmp_path: Path) -> None:
    convert_track1(bare(tmp_path, track1_tensors("drsp")), tmp_path / "out", pooling="drsp", segment_size=4)
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith("---\nlicense: other\nlicense_name: unknown\n")
    assert "(its name of the pooling: `drsp`)" in card
    assert 'Audio: 30 s windows at 16000 Hz, heard as if they were 48000 Hz, short clips filled by "repeat".' in card
    assert str(tmp_path) not in card


def test_a_size_of_segments_is_not_asked_of_a_pooling_without_them(tmp_path: Path) -> None:
    for pooling in RESEARCH_POOLINGS.keys() - SEGMENTAL:
        convert_track1(bare(tmp_path, track1_tensors(pooling)), tmp_path / pooling, pooling=pooling)
        assert loaded(tmp_path / pooling).config.pooling.name == RESEARCH_POOLINGS[pooling]


# ---------------------------------------------------------------------------------------------------------- tokenizer


def test_the_tokenizer_travels_with_the_checkpoint(tmp_path: Path) -> None:
    tokens = tokenizer_folder(tmp_path / "tokens")
    source = bare(tmp_path, track1_tensors("tap"))
    convert_track1(source, tmp_path / "out", pooling="tap", tokenizer=str(tokens))
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (tokens / "tokenizer.json").read_bytes()
    assert load_predictor(f"{tmp_path}/out").tokenizer is not None


def test_without_one_the_checkpoint_reads_no_prompts(tmp_path: Path) -> None:
    convert_track1(bare(tmp_path, track1_tensors("tap")), tmp_path / "out", pooling="tap")
    assert load_predictor(f"{tmp_path}/out").tokenizer is None


def word_level(folder: Path, words: dict[str, int]) -> str:
    folder.mkdir()
    Tokenizer(WordLevel(words, unk_token="<unk>")).save(str(folder / "tokenizer.json"))
    return str(folder)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"<unk>": 0, "[PAD]": 1}, "2 tokens, <pad> is none"),
        ({"<pad>": 0, "<unk>": 1}, "2 tokens, <pad> the id 0"),
        ({"<unk>": 0, "<pad>": 1} | {f"w{i}": i for i in range(2, 301)}, "301 tokens, <pad> the id 1"),
    ],
    ids=["bert", "t5", "large"],
)
def test_a_tokenizer_of_another_tower_is_refused(tmp_path: Path, words: dict[str, int], found: str) -> None:
    tokens, source = word_level(tmp_path / "tokens", words), bare(tmp_path, track1_tensors("tap"))
    with pytest.raises(InputError, match=f"is not of RoBERTa: it has {found}; expected at most 300, and the id 1"):
        convert_track1(source, tmp_path / "out", pooling="tap", tokenizer=tokens)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    source = bare(tmp_path, track1_tensors("tap"))
    for told, reason in (
        (str(tmp_path), "holds no tokenizer.json; on the Hub"),
        ("nowhere", "there is no such folder"),
    ):
        with pytest.raises(InputError, match=reason):
            convert_track1(source, tmp_path / "out", pooling="tap", tokenizer=told)
