from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest
import torch

from drasp_cli.models.layer_mix import LayerMix


def outputs(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 2, 5, 4, generator=torch.Generator().manual_seed(1))


def lively_mix(count: int = 3) -> LayerMix:
    mix = LayerMix(("PQ", "CE"), count)
    with torch.no_grad():
        mix.get_parameter("PQ").copy_(torch.arange(count) * 0.7)
        mix.get_parameter("CE").copy_(torch.tensor([0.0, 100.0, 0.0]))
    return mix


def test_each_axis_gets_its_own_weighted_sum() -> None:
    mixes = lively_mix()(outputs())
    assert mixes.shape == (2, 2, 5, 4)
    weights = torch.tensor([0.0, 0.7, 1.4]).exp()
    expected = ((weights / weights.sum())[:, None, None, None] * outputs()).sum(dim=0)
    torch.testing.assert_close(mixes[0], expected)
    torch.testing.assert_close(mixes[1], outputs()[1])  # all weight on the middle layer


def test_it_starts_with_equal_weights() -> None:
    torch.testing.assert_close(LayerMix(("PQ",), 3)(outputs())[0], outputs().mean(dim=0))


def test_parameters_are_named_as_the_axes() -> None:
    assert {name: p.shape for name, p in lively_mix().named_parameters()} == {"PQ": (3,), "CE": (3,)}


def test_no_output_is_kept_or_changed() -> None:
    """Outputs are taken one by one, as they are made, and let go."""
    living: list[weakref.ref[torch.Tensor]] = []

    def tower() -> Iterator[torch.Tensor]:
        for i in range(3):
            assert sum(reference() is not None for reference in living) <= 1  # the one before, at most
            output = outputs()[i].clone()
            living.append(weakref.ref(output))
            yield output
            assert torch.equal(output, outputs()[i])
            del output

    with torch.no_grad():
        lively_mix()(tower())
    assert len(living) == 3


@pytest.mark.parametrize("count", [2, 4])
def test_a_tower_of_another_depth_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="zip"):
        lively_mix()(outputs(count))


def test_gradients_are_those_of_the_sum() -> None:
    mix, stack = lively_mix(), outputs().requires_grad_()
    mix(stack).square().sum().backward()
    ours = stack.grad.clone(), mix.get_parameter("PQ").grad.clone()
    stack.grad = None
    mix.zero_grad()
    (mix.weights()[:, :, None, None, None] * stack).sum(dim=1).square().sum().backward()
    torch.testing.assert_close(ours[0], stack.grad)
    torch.testing.assert_close(ours[1], mix.get_parameter("PQ").grad)
    assert ours[1].abs().min() > 0
