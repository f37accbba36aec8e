"""`torch.nn.Linear` by the faster of the two matrix libraries that torch carries on a CPU.

torch gives products of float32 matrices to MKL and those of bfloat16 to oneDNN. On AMD's processors MKL leaves half of
each 512-bit unit idle: here (one EPYC core, torch 2.13) it computes the products of a transformer at 93 to 97 GFLOP/s,
and oneDNN at 199 to 225. Both are float32 throughout and add up in different orders: against float64, the error of a
product of 768 terms is 3.7e-7 of its spread by oneDNN and 2.5e-7 by MKL.

oneDNN's product is the one that torch's own compiler calls. It is taken where it was measured, on CPUs with AVX-512,
and where nothing is learned, since it has no gradient. `torch.backends.mkldnn.enabled = False` switches it off.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_PRODUCT = getattr(torch.ops.mkldnn, "_linear_pointwise", None)  # None where torch was built without oneDNN
_IS_WIDE = _PRODUCT is not None and torch.backends.cpu.get_cpu_capability() == "AVX512"


class Linear(nn.Linear):
    """The same layer, with the same parameters."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        return linear(input, self.weight, self.bias)


class LinearGelu(Linear):
    """The same with GELU behind it, applied while each piece of the product is still in the cache."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        if not _is_for_onednn(input, self.weight):
            return F.gelu(F.linear(input, self.weight, self.bias))
        return _product(input, self.weight, self.bias, "gelu")


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The map x W^T + b: (..., in), (out, in), (out,) or None -> (..., out)."""
    if not _is_for_onednn(x, weight):
        return F.linear(x, weight, bias)
    return _product(x, weight, bias, "none")


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, activation: str) -> Tensor:
    assert _PRODUCT is not None
    product: Tensor = _PRODUCT(x, weight, bias, activation, [], "none")  # "none": GELU by erf, and not by tanh
    return product


def _is_for_onednn(x: Tensor, weight: Tensor) -> bool:
    return (
        _IS_WIDE
        and bool(torch.backends.mkldnn.enabled)
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not (torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad))
    )
