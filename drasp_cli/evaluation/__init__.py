"""Scores against human ratings.

ScoreTable x ratings -> join -> pairs -> agreement at clip and system level, beside the listeners' own
"""

from drasp_cli.evaluation.agreement import (
    Agreement,
    Evaluation,
    agreement,
    evaluate,
    evaluate_ratings,
    evaluate_systems,
)
from drasp_cli.evaluation.join import JoinReport

__all__ = [
    "Agreement",
    "Evaluation",
    "JoinReport",
    "agreement",
    "evaluate",
    "evaluate_ratings",
    "evaluate_systems",
]
