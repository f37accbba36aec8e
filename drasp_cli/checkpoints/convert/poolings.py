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

BASELINE = "none"
"""In place of a name: a checkpoint of the MusicEval baseline, which has no pooling of its own."""

TRACK1_POOLINGS = (*RESEARCH_POOLINGS, BASELINE)
"""What a checkpoint of Track 1 may have."""
