"""Results as pictures: what is said above them, and how strangers' names are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from drasp_cli.audio.flags import SIMULATED_RATINGS
from drasp_cli.cli.printable import printable
from drasp_cli.tables.score_table import named_models

if TYPE_CHECKING:
    from drasp_cli.audio.spectrogram import Spectrogram
    from drasp_cli.cli.means import MeansWatch
    from drasp_cli.evaluation import Evaluation
    from drasp_cli.evaluation.segment_sizes import SizedEvaluation
    from drasp_cli.explaining import ClipExplanation
    from drasp_cli.tables.sample import ClipSample
    from drasp_cli.tables.systems import SystemTable


def picture_ranking(
    table: SystemTable, sample: ClipSample, results: Sequence[str], *, is_simulated: bool, path: str
) -> None:
    """Writes the picture of a ranked table.

    Args:
        table: ranked.
        sample: the clips behind it.
        results: what was ranked, as typed.
        is_simulated: whether a model behind it was trained on simulated ratings.
        path: of the picture.

    Raises:
        OutputError: it cannot be written.
    """
    from drasp_cli.plots.ranking import save_ranking

    facts = _facts(table.models, is_simulated=is_simulated)
    save_ranking(table, sample.scores, title=_title(results), facts=facts, spell=printable, path=path)


def picture_agreement(
    results: Sequence[Evaluation], scores: Sequence[str], ratings: str, means: MeansWatch, *, path: str
) -> None:
    """Writes the picture of scores against ratings.

    Args:
        results: axes against their ratings.
        scores: where the scores were read, as typed.
        ratings: likewise the ratings.
        means: what watched the rows.
        path: of the picture.

    Raises:
        OutputError: it cannot be written.
    """
    from drasp_cli.plots.agreement import save_agreement

    title = f"{_title(scores)} against {printable(ratings)}"
    facts = _facts(named_models(means.models), is_simulated=bool(means.simulated))
    save_agreement(results, title=title, facts=facts, spell=printable, path=path)


def picture_segment_sizes(
    found: Sequence[SizedEvaluation],
    scores: Sequence[str],
    ratings: str,
    watches: Sequence[MeansWatch],
    *,
    path: str,
) -> None:
    """Writes the picture of agreement over segment sizes.

    Args:
        found: each checkpoint on each axis.
        scores: where the scores were read, as typed.
        ratings: likewise the ratings.
        watches: what watched the rows.
        path: of the picture.

    Raises:
        OutputError: it cannot be written.
    """
    from drasp_cli.plots.segment_sizes import save_segment_sizes

    title = f"{_title(scores)} against {printable(ratings)}"
    models = named_models(cell for watch in watches for cell in watch.models)
    facts = _facts(models, is_simulated=any(watch.simulated for watch in watches))
    save_segment_sizes(found, title=title, facts=facts, path=path)


def picture_explanation(explanation: ClipExplanation, sound: Spectrogram, *, path: str) -> None:
    """Writes the picture of an explanation.

    Args:
        explanation: of at least one axis.
        sound: what was heard.
        path: of the picture.

    Raises:
        OutputError: it cannot be written.
    """
    from drasp_cli.cli.explanation_view import facts
    from drasp_cli.plots.explanation import save_explanation

    scored_by = _facts([explanation.model], is_simulated=SIMULATED_RATINGS in explanation.flags)
    name = printable(explanation.clip.path)
    save_explanation(explanation, sound, name=name, facts=f"{facts(explanation)}\n{scored_by}", path=path)


def _title(files: Sequence[str]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{printable(files[0])}{more}"


def _facts(models: Sequence[str], *, is_simulated: bool) -> str:
    """What scored the clips; of a model trained on simulated ratings a picture says so, since pictures travel alone."""
    warning = ["simulated ratings: not for publishing"] if is_simulated else []
    return "; ".join([*warning, printable(", ".join(models))] if models else warning)
