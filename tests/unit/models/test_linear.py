from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from drasp_cli.models import linear as module
from drasp_cli.models.linear import Linear, LinearGelu, linear


class Calls(TorchDispatchMode):
    """The names of the operations that run inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))

    @property
    def by_onednn(self) -> bool:
        return "mkldnn._linear_pointwise.default" in self.names


@pytest.fixture(params=[True, False], ids=["oneDNN", "MKL"])
def wide(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the CPU counts as one with AVX-512; oneDNN itself runs on any."""
    monkeypatch.setattr(module, "_IS_WIDE", request.param)
    return request.param


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7), (2, 3, 5, 7), (7,), (0, 7)])
@pytest.mark.parametrize("has_bias", [True, False])
def test_it_is_the_linear_map(wide: bool, shape: tuple[int, ...], has_bias: bool) -> None:
    x, weight, bias = numbers(*shape), numbers(4, 7, seed=1), numbers(4, seed=2) if has_bias else None
    with Calls() as calls, torch.inference_mode():
        y = linear(x, weight, bias)
    assert calls.by_onednn == wide
    expected = F.linear(x.double(), weight.double(), None if bias is None else bias.double())
    torch.testing.assert_close(y.double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("has_bias", [True, False])
def test_gelu_behind_it_is_the_exact_one(wide: bool, has_bias: bool) -> None:
    layer, x = LinearGelu(7, 4, bias=has_bias), 3.0 * numbers(50, 7)
    with Calls() as calls, torch.inference_mode():
        y = layer(x)
    assert calls.by_onednn == wide
    expected = F.gelu(F.linear(x.double(), layer.weight.double(), None if layer.bias is None else layer.bias.double()))
    torch.testing.assert_close(y.double(), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.usefixtures("wide")
def test_strided_inputs_are_read_as_they_are() -> None:
    x, weight = numbers(6, 5, 7).transpose(0, 1)[:, ::2], numbers(7, 4, seed=1).T
    with torch.inference_mode():
        torch.testing.assert_close(linear(x, weight), F.linear(x, weight), atol=1e-5, rtol=1e-5)


@pytest.mark.usefixtures("wide")
def test_a_layer_learns_as_torchs_own() -> None:
    ours, theirs = Linear(7, 4), torch.nn.Linear(7, 4)
    theirs.load_state_dict(ours.state_dict())
    x = numbers(5, 7)
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad)


@pytest.mark.usefixtures("wide")
def test_autocast_is_obeyed() -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert Linear(7, 4)(numbers(5, 7)).dtype == torch.bfloat16


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_kept(dtype: torch.dtype) -> None:
    with torch.inference_mode(), Calls() as calls:
        assert Linear(7, 4).to(dtype)(numbers(5, 7).to(dtype)).dtype == dtype
    assert not calls.by_onednn


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IS_WIDE", True)
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    with torch.inference_mode(), Calls() as calls:
        linear(numbers(5, 7), numbers(4, 7))
    assert not calls.by_onednn
