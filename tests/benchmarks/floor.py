"""What a network must compute and move, and how fast this machine can: the time that no better code could beat."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from drasp_cli.models.linear import linear


def count_flops(compute: Callable[[], object]) -> int:
    """Floating-point operations of all matrix products and convolutions in it; a multiply-add is two."""
    counted = {  # what torch's own counter does not know
        torch.ops.mkldnn._linear_pointwise: _flops_of_linear,  # `drasp_cli.models.linear`
        torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _flops_of_attention,
    }
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=counted) as counter:
        compute()
    return counter.get_total_flops()


def _flops_of_linear(x: tuple[int, ...], weight: tuple[int, ...], *_: object, **__: object) -> int:
    return 2 * math.prod(x) * weight[0]


def _flops_of_attention(query: tuple[int, ...], key: tuple[int, ...], *_: object, **__: object) -> int:
    """Logits and their product with the values; (batch, heads, tokens, width), values as wide as keys."""
    return 4 * math.prod(query) * key[2]


def count_bytes(compute: Callable[[], object]) -> int:
    """Bytes that its operations read and write, each by itself as eager torch runs them. Views move nothing."""
    with torch.no_grad(), _Traffic() as traffic:
        compute()
    return traffic.bytes


class _Traffic(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.bytes += sum(tensor.nbytes for tensor in (*_tensors(args), *_tensors(result)))
        return result


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from _tensors(value)


def matmul_rate(device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> float:
    """Floating-point operations per second of a large square product on a device, torch's threads and fastest library.

    The side is 2048 on a CPU and 8192 elsewhere, where less would be over before the device is full.
    """
    side = 2048 if torch.device(device).type == "cpu" else 8192
    x = torch.randn(side, side, device=device).to(dtype)

    def multiply(product: Callable[[Tensor, Tensor], Tensor]) -> float:
        return float(product(x, x)[0, 0])  # read back, so that the device has finished

    with torch.inference_mode():
        return 2 * side**3 / min(fastest(partial(multiply, product), 7) for product in (torch.mm, linear))


def copy_rate() -> float:
    """Bytes per second, read and written, of a copy far larger than any cache."""
    source = torch.zeros(1 << 26)  # 256 MiB
    target = torch.empty_like(source)
    return 2 * source.nbytes / fastest(lambda: target.copy_(source), 7)


def fastest(compute: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of `repeats` runs, after one to warm up."""
    compute()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        compute()
        times.append(time.perf_counter() - begun)
    return min(times)
