"""Names, options, and the table in docs/poolings.md."""

import re
from pathlib import Path

import pytest
import torch

from drasp_cli.errors import ConfigError
from drasp_cli.models.pooling import POOLINGS, PoolingConfig, build_pooling

DOCS = Path(__file__).parents[3] / "docs" / "poolings.md"

# design.md, section 7
NAMES = [
    "TemporalAverage",
    "TemporalStatistics",
    "SelfAttentive",
    "AttentiveStatistics",
    "SegmentalAttentive",
    "SegmentalAttentiveStatistics",
    "DualResolutionAttentive",
    "DualResolutionAttentiveStatistics",
    "MultiHeadAttentive",
    "MultiResolutionMultiHeadAttentive",
]


def test_the_family_is_the_ten_of_the_contract():
    assert list(POOLINGS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_name_builds_the_class_of_that_name(name):
    pooling = build_pooling(PoolingConfig(name), 12)
    assert type(pooling).__name__ == name
    assert pooling.dim == 12


def test_every_option_reaches_the_pooling():
    config = PoolingConfig("DualResolutionAttentiveStatistics", segment_size=3, partial_segment="zero", eps=4.0)
    embedding, weights, _ = build_pooling(config, 2)(torch.ones(1, 4, 2))
    assert weights.shape == (1, 2)
    assert embedding[0, 2:].tolist() == [2.0, 2.0]

    zero = PoolingConfig("SegmentalAttentive", segment_size=3, partial_segment="zero")
    assert (build_pooling(zero, 2)(torch.ones(1, 4, 2)).embedding < 1).all()
    masked = PoolingConfig("SegmentalAttentive", segment_size=3, partial_segment="masked")
    torch.testing.assert_close(build_pooling(masked, 2)(torch.ones(1, 4, 2)).embedding, torch.ones(1, 2))

    for name in ("MultiHeadAttentive", "MultiResolutionMultiHeadAttentive"):
        assert build_pooling(PoolingConfig(name, num_heads=3), 6)(torch.ones(1, 4, 6)).weights.shape == (1, 3, 4)


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        ({"name": "drsp"}, "name", "no pooling is called 'drsp' (known: TemporalAverage, "),
        ({"segment_size": 0}, "segment_size", "must be at least 1, not 0"),
        ({"partial_segment": "drop"}, "partial_segment", "must be 'masked' or 'zero', not 'drop'"),
        ({"num_heads": 0}, "num_heads", "must be at least 1, not 0"),
        ({"eps": 0.0}, "eps", "must be above 0 and finite, not 0.0"),
        ({"eps": float("nan")}, "eps", "must be above 0 and finite, not nan"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_an_impossible_option_is_refused_by_its_key(values, key, reason):
    with pytest.raises(ConfigError) as caught:
        PoolingConfig(**({"name": "SelfAttentive"} | values))
    assert (caught.value.source, caught.value.key) == ("pooling", key)
    assert caught.value.reason.startswith(reason)


def test_heads_that_do_not_divide_the_features_are_refused():
    config = PoolingConfig("MultiHeadAttentive", num_heads=3)
    with pytest.raises(ConfigError, match="num_heads: must divide the 8 features of a frame, and 3 does not"):
        build_pooling(config, 8)
    whole_frames = PoolingConfig("MultiResolutionMultiHeadAttentive", num_heads=3)
    assert build_pooling(whole_frames, 8).out_dim == 24


def test_the_docs_list_every_pooling_with_its_width_and_parameters():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {name: (int(width), int(parameters)) for name, width, parameters in rows}
    built = {name: build_pooling(PoolingConfig(name), 1024) for name in POOLINGS}
    assert documented == {
        name: (pooling.out_dim, sum(p.numel() for p in pooling.parameters())) for name, pooling in built.items()
    }


def test_the_docs_give_the_default_of_every_option():
    rows = re.findall(r"^\| `(\w+)` \| `?\"?([\w.-]+)\"?`? \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    defaults = PoolingConfig("SelfAttentive")
    options = {key: value for key, value in rows if key not in POOLINGS}
    assert options.keys() == vars(defaults).keys() - {"name"}
    for key, value in options.items():
        default = getattr(defaults, key)
        assert type(default)(value) == default
