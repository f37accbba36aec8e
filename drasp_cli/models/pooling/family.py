"""The pooling that a configuration names. The only place that knows all ten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from drasp_cli.errors import ConfigError
from drasp_cli.models.pooling.attention import AttentiveStatistics, SelfAttentive
from drasp_cli.models.pooling.fusion import DualResolutionAttentive, DualResolutionAttentiveStatistics
from drasp_cli.models.pooling.interface import Pooling
from drasp_cli.models.pooling.multihead import NUM_HEADS, MultiHeadAttentive, MultiResolutionMultiHeadAttentive
from drasp_cli.models.pooling.segments import (
    MASKED,
    SEGMENT_SIZE,
    ZERO,
    SegmentalAttentive,
    SegmentalAttentiveStatistics,
)
from drasp_cli.models.pooling.statistics import EPS, TemporalAverage, TemporalStatistics


@dataclass(frozen=True)
class PoolingConfig:
    """Which pooling, and its sizes. A size that the named pooling does not use is ignored by it.

    Attributes:
        name: a key of `POOLINGS`, such as "DualResolutionAttentiveStatistics" (DRASP).
        segment_size: frames in a segment; at least 1.
        partial_segment: mean of a segment with missing frames: "masked", over its real frames, or "zero", as if the
            missing ones were zeros (research checkpoints of Track 1).
        num_heads: attention heads of the multi-head poolings; at least 1.
        eps: smallest variance; above 0.

    Raises:
        ConfigError: a value is impossible. Its `key` is the field's name.
    """

    name: str
    segment_size: int = SEGMENT_SIZE
    partial_segment: str = MASKED
    num_heads: int = NUM_HEADS
    eps: float = EPS

    @property
    def frames_of_segment(self) -> int | None:
        """Frames in a segment; None for a pooling without segments."""
        return self.segment_size if self.name in _SEGMENTAL else None

    def __post_init__(self) -> None:
        if self.name not in POOLINGS:
            _refuse("name", f"no pooling is called {self.name!r} (known: {', '.join(POOLINGS)})")
        if self.segment_size < 1:
            _refuse("segment_size", f"must be at least 1, not {self.segment_size}")
        if self.partial_segment not in (MASKED, ZERO):
            _refuse("partial_segment", f"must be '{MASKED}' or '{ZERO}', not {self.partial_segment!r}")
        if self.num_heads < 1:
            _refuse("num_heads", f"must be at least 1, not {self.num_heads}")
        if not 0 < self.eps < float("inf"):
            _refuse("eps", f"must be above 0 and finite, not {self.eps}")


_SEGMENTAL = frozenset(
    (
        *("SegmentalAttentive", "SegmentalAttentiveStatistics"),
        *("DualResolutionAttentive", "DualResolutionAttentiveStatistics"),
    )
)


def build_pooling(config: PoolingConfig, dim: int) -> Pooling:
    """The pooling that `config` names, for frames `dim` wide, with fresh weights.

    Raises:
        ConfigError: `dim` cannot be split among the heads.
    """
    return POOLINGS[config.name](config, dim)


def _multi_head(config: PoolingConfig, dim: int) -> Pooling:
    if dim % config.num_heads:
        _refuse("num_heads", f"must divide the {dim} features of a frame, and {config.num_heads} does not")
    return MultiHeadAttentive(dim, config.num_heads)


def _refuse(key: str, reason: str) -> NoReturn:
    raise ConfigError(source="pooling", key=key, reason=reason)


POOLINGS: Mapping[str, Callable[[PoolingConfig, int], Pooling]] = {
    "TemporalAverage": lambda c, dim: TemporalAverage(dim),
    "TemporalStatistics": lambda c, dim: TemporalStatistics(dim, c.eps),
    "SelfAttentive": lambda c, dim: SelfAttentive(dim),
    "AttentiveStatistics": lambda c, dim: AttentiveStatistics(dim, c.eps),
    "SegmentalAttentive": lambda c, dim: SegmentalAttentive(dim, c.segment_size, c.partial_segment),
    "SegmentalAttentiveStatistics": lambda c, dim: SegmentalAttentiveStatistics(
        dim, c.segment_size, c.partial_segment, c.eps
    ),
    "DualResolutionAttentive": lambda c, dim: DualResolutionAttentive(dim, c.segment_size, c.partial_segment),
    "DualResolutionAttentiveStatistics": lambda c, dim: DualResolutionAttentiveStatistics(
        dim, c.segment_size, c.partial_segment, c.eps
    ),
    "MultiHeadAttentive": _multi_head,
    "MultiResolutionMultiHeadAttentive": lambda c, dim: MultiResolutionMultiHeadAttentive(dim, c.num_heads),
}
"""Name, as configurations spell it and design.md lists it, to a builder for frames of a given width."""
