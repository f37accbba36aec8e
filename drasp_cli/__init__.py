"""drasp predicts what a listening test would say about generated audio.

    from drasp_cli import load_predictor, score_clips, rank_systems

gives the same results as the commands. The names are imported on first use, so that `import drasp_cli` stays free of
torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["__version__", "load_predictor", "rank_systems", "score_clips"]

if TYPE_CHECKING:
    from drasp_cli.checkpoints.store import load_predictor
    from drasp_cli.scoring import score_clips
    from drasp_cli.tables.ranking import rank_systems

_HOME = {
    "load_predictor": "drasp_cli.checkpoints.store",
    "score_clips": "drasp_cli.scoring",
    "rank_systems": "drasp_cli.tables.ranking",
}


def __getattr__(name: str) -> Any:
    """Imports a public function on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
