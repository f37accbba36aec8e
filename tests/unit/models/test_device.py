"""`--device` words: what each means, and which are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from drasp_cli.errors import DeviceError
from drasp_cli.models.device import choose_device


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.mkldnn.conv.fp32_precision = "ieee"


@pytest.mark.usefixtures("_as_it_was")
@pytest.mark.parametrize("lowered", ["medium", "high"])
def test_fp32_means_fp32_on_a_cpu_too(lowered: str) -> None:
    """What a caller has set for his own network does not reach a score; "medium" is bf16 where the CPU has it."""
    a, b = torch.randn(2, 128, 128, generator=torch.Generator().manual_seed(0))
    expected = a @ b
    torch.set_float32_matmul_precision(lowered)
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    choose_device("cpu")
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.mkldnn.conv.fp32_precision == "ieee"
    assert torch.equal(a @ b, expected)


def test_fp32_means_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    """TF32 is switched off wherever CUDA is chosen."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert choose_device("auto").type == "cuda"
    assert torch.backends.cuda.matmul.allow_tf32 is False
    assert torch.backends.cudnn.allow_tf32 is False


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "meta"])
def test_unknown_devices_are_refused(device: str) -> None:
    with pytest.raises(DeviceError, match=device):
        choose_device(device)


@pytest.mark.parametrize(("word", "there"), [("cuda", 0), ("cuda:1", 1)])
def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, word: str, there: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    with pytest.raises(DeviceError, match=f"'{word}' was asked for, but torch sees {there} CUDA devices here"):
        choose_device(word)
