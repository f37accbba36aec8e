from __future__ import annotations

import numpy as np
import pytest
import torch

from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.build import seeded_predictor
from tests.tiny import tiny_config, tiny_plain


def windows(count: int = 3) -> WindowBatch:
    samples = 0.1 * torch.randn(count, 8000, generator=torch.Generator().manual_seed(1))
    return WindowBatch(samples, torch.full((count,), 8000))


def texts(count: int = 3) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(count, 16, generator=torch.Generator().manual_seed(2)), dim=-1)


def test_one_score_for_each_axis_and_window() -> None:
    with torch.inference_mode():
        scores = seeded_predictor(tiny_config(), 0)(windows(), texts())
    assert list(scores) == ["MI", "TA"]
    assert all(column.shape == (3,) for column in scores.values())


def test_without_a_text_the_axes_that_read_it_are_left_out() -> None:
    with torch.inference_mode():
        predictor = seeded_predictor(tiny_config(), 0)
        assert list(predictor(windows())) == ["MI"]
        torch.testing.assert_close(predictor(windows())["MI"], predictor(windows(), texts())["MI"])


def test_front_end_and_heads_stay_in_full_precision_under_autocast() -> None:
    predictor, loud = seeded_predictor(tiny_config(), 0), WindowBatch(2e4 * windows().samples, windows().num_samples)
    with torch.inference_mode():
        logmel = predictor.frontend(loud)
        with torch.autocast("cpu", dtype=torch.float16):
            audio, scores = predictor.embed_audio(logmel), predictor(loud, texts())
        expected = predictor.score(audio.float(), texts())
    assert audio.dtype == torch.float16
    assert all(torch.equal(scores[axis], expected[axis]) for axis in ("MI", "TA"))


def test_the_target_transform_puts_scores_on_the_rating_scale() -> None:
    plain = seeded_predictor(tiny_config(targets={a: {"mean": 0.0, "std": 1.0} for a in ("MI", "TA")}), 0)
    scaled = seeded_predictor(tiny_config(targets={a: {"mean": 5.0, "std": 2.0} for a in ("MI", "TA")}), 0)
    with torch.inference_mode():
        torch.testing.assert_close(scaled(windows())["MI"], 2.0 * plain(windows())["MI"] + 5.0)


def test_seeds_make_weights_and_leave_the_random_state_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (seeded_predictor(tiny_config(), seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    name = "audio_projection.0.weight"
    assert torch.equal(one[name], same[name])
    assert not torch.equal(one[name], other[name])


@pytest.mark.parametrize(("interaction", "additive"), [("none", True), ("product", False)])
def test_only_an_interaction_can_express_a_match(interaction: str, additive: bool) -> None:
    """With linear heads on [a; t], swapping partners between two pairs never changes the summed TA."""
    heads = tiny_plain()["heads"] | {"interaction": interaction, "activation": "identity"}
    predictor = seeded_predictor(tiny_config(heads=heads), 0)
    with torch.inference_mode():
        audio, text = predictor.embed_audio(predictor.frontend(windows(2))), texts(2)
        right = predictor.score(audio, text)["TA"].sum()
        swapped = predictor.score(audio, text.flip(0))["TA"].sum()
    assert bool((right - swapped).abs() < 1e-5) is additive


def test_fusion_starts_with_the_global_branch() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    assert predictor.pooling.get_parameter("alpha").item() == 1.0
    assert predictor.pooling.get_parameter("beta").item() == 0.0


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_a_windows_scores_do_not_depend_on_its_batch(batch: int) -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    all_windows, all_texts = windows(8), texts(8)
    with torch.inference_mode():
        whole = predictor(all_windows, all_texts)
        for first in range(0, 8, batch):
            part = slice(first, first + batch)
            some = predictor(WindowBatch(all_windows.samples[part], all_windows.num_samples[part]), all_texts[part])
            for axis in whole:
                torch.testing.assert_close(some[axis], whole[axis][part], atol=1e-5, rtol=0)


# ------------------------------------------------------------------------------------------------ no pooling, and CLAP

CLAP = {"axes": ["CLAP"], "targets": {"CLAP": {"mean": 0.0, "std": 1.0}}, "pooling": None}


def test_without_a_pooling_the_mean_of_the_time_steps_is_projected() -> None:
    predictor = seeded_predictor(tiny_config(**CLAP), 0)
    with torch.inference_mode():
        logmel = predictor.frontend(windows())
        mean = predictor.audio_branch(logmel).frames.mean(dim=1)
        expected = torch.nn.functional.normalize(predictor.audio_projection(mean), dim=-1)
        torch.testing.assert_close(predictor.embed_audio(logmel), expected)
    assert not [name for name in predictor.state_dict() if name.startswith(("pooling", "heads"))]


def test_heads_need_no_pooling() -> None:
    with torch.inference_mode():
        scores = seeded_predictor(tiny_config(pooling=None), 0)(windows(), texts())
    assert {axis: column.shape for axis, column in scores.items()} == {"MI": (3,), "TA": (3,)}


def test_clap_gives_embeddings_of_windows_and_reads_prompts() -> None:
    predictor = seeded_predictor(tiny_config(**CLAP), 0)
    assert predictor.text_axes == {"CLAP"}
    with torch.inference_mode():
        assert list(predictor(windows())) == []
        found = predictor(windows(), texts())["CLAP"]
        torch.testing.assert_close(found, predictor.embed_audio(predictor.frontend(windows())))


@pytest.mark.parametrize(("text", "cosine"), [([1.0, 0.0], 0.6), ([0.0, -2.0], -0.8), ([3.0, 4.0], 1.0)])
def test_clap_is_the_cosine_of_the_mean_embedding_and_the_prompts(text: list[float], cosine: float) -> None:
    """[3, 4] is of length 5, whatever the lengths of the two vectors are."""
    predictor = seeded_predictor(tiny_config(**CLAP), 0)
    assert predictor.clip_score("CLAP", np.array([0.3, 0.4]), torch.tensor(text)) == pytest.approx(cosine)


def test_of_every_other_axis_the_mean_is_the_score() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    assert predictor.clip_score("MI", 3.25, None) == 3.25
    assert predictor.clip_score("TA", 3.25, torch.ones(16)) == 3.25
