from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from drasp_cli.models.build import seeded_predictor
from drasp_cli.training.batch import Batch
from drasp_cli.training.examples import NOT_MENTIONED, Vocabulary
from drasp_cli.training.recipe import LOSSES
from drasp_cli.training.teachers import Teachers, _order, agreement
from tests.tiny import tiny_config

VOCABULARY = Vocabulary({"tempo": ("fast", "slow"), "timbre": ("bell", "flute", "piano")}, ("hum", "noise"))


def batch(rows: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        sound=(torch.randn(4, 63, 16, generator=generator) * 10 - 40)[:rows],
        tokens=torch.randint(4, 300, (4, 7), generator=generator)[:rows],
        ratings=torch.tensor([[1.0, 2.0], [3.0, float("nan")], [5.0, 4.0], [2.0, 2.0]])[:rows],
        heard=torch.tensor([[0, 1], [1, 2], [NOT_MENTIONED, 0], [0, 0]])[:rows],
        asked=torch.tensor([[0, NOT_MENTIONED], [1, 2], [0, 1], [NOT_MENTIONED, NOT_MENTIONED]])[:rows],
        causes=torch.rand(4, 2, generator=generator)[:rows],
    )


def worse_versions() -> torch.Tensor:
    """Two steps of the first two clips."""
    return torch.randn(2, 2, 63, 16, generator=torch.Generator().manual_seed(1)) * 10 - 40


def test_a_batch_is_moved_whole() -> None:
    meta = torch.device("meta")
    more = {"worse": torch.zeros(1, 2, 63, 16), "worse_by": torch.zeros(1, 2)}
    whole = replace(batch(), num_samples=torch.ones(4).long(), **more)
    bare = Batch(batch().sound, None, batch().ratings)
    moved = whole.to(meta)
    for name, column in vars(whole).items():
        there = getattr(moved, name)
        assert (there.device, there.shape, there.dtype) == (meta, column.shape, column.dtype)
    assert {name for name, column in vars(bare.to(meta)).items() if column is not None} == {"sound", "ratings"}


def test_agreement_by_hand() -> None:
    expected = [[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.5, 1.0]]
    b = batch()
    assert b.heard is not None
    assert b.asked is not None
    assert agreement(b.heard, b.asked).tolist() == expected


def test_l1_and_mse_by_hand() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    teachers = Teachers(predictor.config, None)
    with torch.inference_mode():
        losses, scores = teachers.losses(predictor, batch(), ["ratings"], "l1")
        combined, _ = teachers.losses(predictor, batch(), ["ratings"], "mse+l1")
    mi = scores["MI"] - torch.tensor([1.0, 3.0, 5.0, 2.0])
    ta = scores["TA"][[0, 2, 3]] - torch.tensor([2.0, 4.0, 2.0])  # the second clip has no TA rating
    torch.testing.assert_close(losses["ratings"], (mi.abs().mean() + ta.abs().mean()) / 2)
    expected = (mi.abs().mean() + mi.square().mean() + ta.abs().mean() + ta.square().mean()) / 2
    torch.testing.assert_close(combined["ratings"], expected)


@pytest.mark.parametrize("rating_loss", ["l1", "mse+l1"])
@pytest.mark.parametrize("name", ["ratings", "attributes", "prompt_attributes"])
@pytest.mark.parametrize("frozen", [False, True])
def test_a_batch_of_which_nothing_is_known_has_no_say(name: str, rating_loss: str, frozen: bool) -> None:
    """A loss of zero that can be taken back, with zero gradients; also where only the readouts are trained."""
    predictor = seeded_predictor(tiny_config(), 0)
    teachers = Teachers(predictor.config, VOCABULARY)
    if frozen and name != "ratings":
        predictor.requires_grad_(False)
    unknown = replace(
        batch(),
        ratings=torch.full((4, 2), float("nan")),
        heard=torch.full((4, 2), NOT_MENTIONED),
        asked=torch.full((4, 2), NOT_MENTIONED),
    )
    losses, _ = teachers.losses(predictor, unknown, [name], rating_loss)
    assert losses[name].shape == ()
    assert float(losses[name].detach()) == 0.0
    losses[name].backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad for p in (*predictor.parameters(), *teachers.parameters()) if p.grad is not None]
    assert gradients
    assert not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_teaches(name: str) -> None:
    """A few steps on one batch bring each loss down, and only gradients that it may reach are there."""
    predictor = seeded_predictor(tiny_config(), 0)
    torch.manual_seed(0)
    teachers = Teachers(predictor.config, VOCABULARY, "MI")
    clips = replace(batch(), worse=worse_versions(), worse_by=torch.ones(2, 2))
    optimizer = torch.optim.AdamW([*predictor.parameters(), *teachers.parameters()], lr=3e-3)
    values = []
    for _ in range(20):
        losses, _ = teachers.losses(predictor, clips, [name], "l1")
        assert list(losses) == [name]
        optimizer.zero_grad()
        losses[name].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        values.append(float(losses[name].detach()))
    assert values[-1] < 0.8 * values[0]
    reads_audio = predictor.audio_branch.patch_embed.proj.weight.grad is not None
    assert reads_audio is (name != "prompt_attributes")


def test_a_clips_losses_do_not_depend_on_its_batch_mates() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    torch.manual_seed(0)
    teachers = Teachers(predictor.config, VOCABULARY)
    predictor.train()
    predictor.audio_branch.bn0.eval()
    with torch.no_grad():
        _, together = teachers.losses(predictor, batch(4), ["ratings"], "l1")
        _, alone = teachers.losses(predictor, batch(1), ["ratings"], "l1")
    for axis in together:
        torch.testing.assert_close(together[axis][:1], alone[axis], atol=1e-5, rtol=0)


def test_the_order_of_versions_by_hand() -> None:
    worse_by = torch.tensor([[0.5, 1.0], [0.5, 1.0]])
    # the first clip falls by 0.2 and rises by 0.3; the second falls by 0.01 and by 0.1
    scores = torch.tensor([3.0, 4.0, 5.0, 2.8, 3.1, 3.99, 3.89])
    torch.testing.assert_close(_order(scores, 3, worse_by, 0.1), torch.tensor((0.0 + 0.4 + 0.04 + 0.0) / 4))
    torch.testing.assert_close(_order(scores, 3, worse_by, 1.0), torch.tensor((0.3 + 1.3 + 0.49 + 0.9) / 4))


def test_order_is_taught_on_its_axis_and_leaves_the_other_losses_alone() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    teachers = Teachers(predictor.config, VOCABULARY, "MI")
    wanted = ["ratings", "causes", "attributes", "prompt_attributes", "matching"]
    with_worse = replace(batch(), worse=worse_versions(), worse_by=torch.ones(2, 2))
    plain, scores = teachers.losses(predictor, batch(), wanted, "l1")
    losses, again = teachers.losses(predictor, with_worse, [*wanted, "order"], "l1")
    assert set(losses) == {*plain, "order"}
    for name in wanted:
        torch.testing.assert_close(losses[name], plain[name])
    for axis in scores:
        torch.testing.assert_close(again[axis], scores[axis])
    assert losses["order"] > 0
    losses["order"].backward()
    touched = {name for name, p in predictor.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert any(name.startswith("heads.MI") for name in touched)
    assert not any(name.startswith(("heads.TA", "text")) for name in touched)


def test_causes_are_taught_as_the_root_of_their_severity() -> None:
    predictor = seeded_predictor(tiny_config(), 0)
    teachers = Teachers(predictor.config, VOCABULARY)
    assert teachers.causes is not None
    with torch.no_grad():
        teachers.causes.weight.zero_()
        teachers.causes.bias.fill_(0.5)
    quarter = replace(batch(), causes=torch.full((4, 2), 0.25))
    with torch.inference_mode():
        assert float(teachers.losses(predictor, quarter, ["causes"], "l1")[0]["causes"]) == 0.0
