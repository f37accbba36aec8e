"""All ten poolings against an independent implementation of their equations: make_golden_pooling.py."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from drasp_cli.models.masks import zero_padding
from drasp_cli.models.pooling import POOLINGS, PoolingConfig, build_pooling
from drasp_cli.models.pooling.segments import segment_means

GOLDEN = Path(__file__).parent / "golden" / "pooling.safetensors"
TOLERANCES = {torch.float64: 1e-10, torch.float32: 1e-5}

with safe_open(GOLDEN, framework="pt") as file:
    TENSORS = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - a safetensors file is no mapping
    ABOUT = json.loads(file.metadata()["about"])

CONFIGS = ABOUT["configs"]


def under(prefix, dtype):
    """Golden tensors below a prefix, without it."""
    return {key.removeprefix(prefix): value.to(dtype) for key, value in TENSORS.items() if key.startswith(prefix)}


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("case", CONFIGS)
@pytest.mark.parametrize("name", POOLINGS)
def test_equals_the_equations(name, case, dtype):
    config = PoolingConfig(name, eps=ABOUT["eps"], **CONFIGS[case])
    pooling = build_pooling(config, ABOUT["dim"]).to(dtype)
    pooling.load_state_dict(under(f"{name}/{case}/parameter/", dtype))
    pooled = pooling(TENSORS["frames"].to(dtype), TENSORS["mask"])

    expected = under(f"{name}/{case}/", dtype)
    assert pooled.embedding.dtype == dtype
    tolerance = TOLERANCES[dtype]
    torch.testing.assert_close(pooled.embedding, expected["embedding"], rtol=tolerance, atol=tolerance)
    if "weights" in expected:
        torch.testing.assert_close(pooled.weights, expected["weights"], rtol=tolerance, atol=tolerance)
    else:
        assert pooled.weights is None


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("case", CONFIGS)
def test_segment_means_equal_the_equation(case, dtype):
    expected = TENSORS[f"SegmentalAttentive/{case}/segments"].to(dtype)
    frames, mask = TENSORS["frames"].to(dtype), TENSORS["mask"]
    config = CONFIGS[case]
    means, real = segment_means(zero_padding(frames, mask), mask, config["segment_size"], config["partial_segment"])
    assert torch.equal(real, ~expected.isnan().any(dim=-1))
    torch.testing.assert_close(means[real], expected[real], rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])
