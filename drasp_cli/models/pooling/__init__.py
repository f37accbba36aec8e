"""Poolings: (batch, frames, dim) to one vector per clip window.

All ten are weighted sums, and differ in three choices: what is summed (frames, or segments of consecutive frames), who
sets the weights (all equal, or learned attention), and which moments are kept (mean, or mean and standard deviation).

    frames --(segment means)--> units --(equal | attention)--> weights --(mean | mean, std)--> embedding

    interface.py    what every pooling takes and gives
    statistics.py   the moments; TemporalAverage, TemporalStatistics
    attention.py    the learned weights; SelfAttentive, AttentiveStatistics
    segments.py     the segments; SegmentalAttentive, SegmentalAttentiveStatistics
    fusion.py       both resolutions; DualResolutionAttentive, DualResolutionAttentiveStatistics (= DRASP)
    multihead.py    several weightings; MultiHeadAttentive, MultiResolutionMultiHeadAttentive
    family.py       PoolingConfig, and the pooling it names

Equations, sources, widths, and parameter counts side by side: docs/poolings.md.
"""

from drasp_cli.models.pooling.attention import AttentiveStatistics, SelfAttentive
from drasp_cli.models.pooling.family import POOLINGS, PoolingConfig, build_pooling
from drasp_cli.models.pooling.fusion import DualResolutionAttentive, DualResolutionAttentiveStatistics
from drasp_cli.models.pooling.interface import Pooled, Pooling
from drasp_cli.models.pooling.multihead import MultiHeadAttentive, MultiResolutionMultiHeadAttentive
from drasp_cli.models.pooling.segments import SegmentalAttentive, SegmentalAttentiveStatistics
from drasp_cli.models.pooling.statistics import TemporalAverage, TemporalStatistics

__all__ = [
    "POOLINGS",
    "AttentiveStatistics",
    "DualResolutionAttentive",
    "DualResolutionAttentiveStatistics",
    "MultiHeadAttentive",
    "MultiResolutionMultiHeadAttentive",
    "Pooled",
    "Pooling",
    "PoolingConfig",
    "SegmentalAttentive",
    "SegmentalAttentiveStatistics",
    "SelfAttentive",
    "TemporalAverage",
    "TemporalStatistics",
    "build_pooling",
]
