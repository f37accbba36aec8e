"""The DRASP research code's names for the poolings, as its options and configs spell them."""

from __future__ import annotations

from collections.abc import Mapping

RESEARCH_POOLINGS: Mapping[str, str] = {
    "tap": "TemporalAverage",
    "tsp": "TemporalStatistics",
    "sap": "SelfAttentive",
    "asp": "AttentiveStatistics",
    "gsap": "SegmentalAttentive",
    "gasp": "SegmentalAttentiveStatistics",
    "drap": "DualResolutionAttentive",
    "drsp": "DualResolutionAttentiveStatistics",
}
"""Its name to ours, which is a key of `drasp_cli.models.pooling.POOLINGS`."""

SEGMENTAL = frozenset({"gsap", "gasp", "drap", "drsp"})
"""Those that average frames in segments, and so need to know how long one is."""
