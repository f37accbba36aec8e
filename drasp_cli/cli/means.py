"""What a reader of means should know of the clips behind them: who counts, under which system, scored by what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from drasp_cli.audio.flags import HALF_PRECISION, NO_PROMPT, SHORT, SILENT, SIMULATED_RATINGS
from drasp_cli.checkpoints.registry import REGISTRY
from drasp_cli.cli.output import Talk, counted
from drasp_cli.datatypes import ClipScore
from drasp_cli.tables.score_table import MODEL_SEPARATOR
from drasp_cli.tables.systems import SystemScore, SystemTable

SIMULATED = "simulated"  # as `ratings` of a config or of the registry says it
_MOST_NAMES = 5
_DOUBTFUL = (SILENT, SHORT)  # a score of next to nothing says next to nothing of the system


def tell_simulated(model: str, talk: Talk) -> None:
    """A notice that the scores of `model`, which was trained on simulated ratings, are not to be published."""
    talk.notice(f"{model} was trained on simulated ratings: for trying and for pipelines, not for publishing numbers")


def simulated_among(models: Sequence[str]) -> str:
    """Which of the models behind a row with the flag `simulated-ratings` it is about, as far as their names tell.

    The flag is the row's, so of several models it says only that one at least was trained so. Names of the registry
    say it of themselves; others may be either.
    """
    ratings = {model: _registered_ratings(model) for model in models}
    possible = [model for model in models if ratings[model] in (None, SIMULATED)] or list(models)
    if len(possible) == 1:
        return possible[0]
    how_many = "each" if all(ratings[model] == SIMULATED for model in possible) else "at least one"
    return f"{how_many} of {' and '.join(possible)}"


def _registered_ratings(model: str) -> str | None:
    """On what a model of the registry was trained; None of any other. It is called by name, or name and revision."""
    entry = REGISTRY.get(model.partition("@")[0])
    return entry.ratings if entry else None


def tell_systemless(missing: int, clips: int, remedy: str, talk: Talk) -> None:
    """A notice of clips without a system, which are averaged all the same."""
    have, count = ("has", "counts") if missing == 1 else ("have", "count")
    there = f"{missing} of {counted(clips, 'clip')} {have} no system, and {count} as one without a name"
    talk.notice(f"{there}; {remedy}")


def tell_failed(failed: int, talk: Talk) -> None:
    """A notice of clips that have a row and no scores."""
    if failed:
        talk.notice(f"{counted(failed, 'clip')} could not be scored; the column error says why")


def tell_evidence(table: SystemTable, means: MeansWatch, talk: Talk) -> None:
    """Notices of what paired the clips of a ranked table, of scores that are missing, and of means without interval.

    Args:
        table: ranked.
        means: what watched its rows.
        talk: for the notices.
    """
    pairing = table.pairing
    if pairing is not None and len(table.systems) > 1:
        if pairing.shared:
            shared = f"{pairing.shared} of {pairing.distinct} are shared by systems"
            talk.notice(f"clips are paired by {pairing.by}: {shared}")
        elif pairing.by:
            talk.notice(f"clips of one {pairing.by} are drawn together; systems share none, so nothing is paired")
        else:
            talk.notice("clips are not paired: systems share no prompt, id or file name")
    for axis in table.axes:
        if not any(row.scored[axis] for row in table.systems):
            talk.notice(f"no clip has a score on {axis}: no rank{means.why_empty}")
            continue
        without = [row for row in table.systems if row.scored[axis] < row.clips - row.failed]
        if without:
            missing = sum(row.clips - row.failed - row.scored[axis] for row in without)
            talk.notice(f"{counted(missing, 'clip')} of {_named(without)} that did not fail have no score on {axis}")
        bare = [row for row in table.systems if row.intervals.get(axis, ()) is None]
        few, none = [row for row in bare if row.scored[axis]], [row for row in bare if not row.scored[axis]]
        if few:
            what = "clip" if pairing is None or all(row.scored[axis] == 1 for row in few) else pairing.by
            talk.notice(f"{axis} of {_named(few)} rests on one {what}: no interval, and nothing to compare")
        if none:
            talk.notice(f"no clip of {_named(none)} has a score on {axis}: no rank")


def _named(systems: Sequence[SystemScore]) -> str:
    """A few names, and how many more there are."""
    names = [row.system or "(none)" for row in systems]
    return ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" * (len(names) > _MOST_NAMES))


@dataclass
class MeansWatch:
    """Counts rows on their way into the means of systems; it neither changes nor drops any.

    Attributes:
        clips: how many there were.
        systemless: how many of them have no system.
        doubtful: flag -> how many of them carry it and have a score, so that they count.
        scored: how many of them have a score on any axis.
        halved: how many of those were computed in half precision.
        unprompted: how many of them were scored without a prompt by a model that reads them.
        models: the models that the rows name, in order of first sight, "" for rows that name none; True for one that
            was trained on simulated ratings.
    """

    clips: int = 0
    systemless: int = 0
    doubtful: Counter[str] = field(default_factory=Counter)
    scored: int = 0
    halved: int = 0
    unprompted: int = 0
    models: dict[str, bool] = field(default_factory=dict)

    @property
    def simulated(self) -> list[str]:
        """Whose scores come of simulated ratings, as far as flags and names of models tell."""
        named = (models for models, is_simulated in self.models.items() if is_simulated)
        return [simulated_among((models or "the model of these scores").split(MODEL_SEPARATOR)) for models in named]

    @property
    def why_empty(self) -> str:
        """The end of a message about an axis without any score; empty where the rows do not tell."""
        if not self.unprompted:
            return ""
        return "; the clips were scored without prompts: drasp score --prompts FILE gives them theirs"

    @property
    def model(self) -> str:
        """The first model that a row names; empty where none does."""
        return next(filter(None, self.models), "")

    def watch(self, rows: Iterable[ClipScore]) -> Iterator[ClipScore]:
        """The same rows."""
        for row in rows:
            self.clips += 1
            self.systemless += not row.clip.system
            self.unprompted += NO_PROMPT in row.flags
            self.models[row.model] = self.models.get(row.model, False) or SIMULATED_RATINGS in row.flags
            if any(score is not None for score in row.scores.values()):
                self.scored += 1
                self.halved += HALF_PRECISION in row.flags
                self.doubtful.update(flag for flag in _DOUBTFUL if flag in row.flags)
            yield row

    def tell_systemless(self, talk: Talk) -> None:
        """A notice of rows of a table that name no system."""
        if self.systemless:
            tell_systemless(self.systemless, self.clips, "fill the column system to rank them", talk)

    def tell_doubtful(self, talk: Talk) -> None:
        """A notice of clips that count as any other, though there is next to nothing to hear in them."""
        counts = [f"{counted(self.doubtful[flag], 'clip')} flagged {flag}" for flag in _DOUBTFUL if self.doubtful[flag]]
        if counts:
            talk.notice(f"the means include {' and '.join(counts)}; the flags of drasp score say which")

    def tell_mixed(self, talk: Talk) -> None:
        """A notice of means over rows of several models or precisions, as far as the rows say."""
        if 0 < self.halved < self.scored:
            talk.notice(f"of {counted(self.scored, 'scored clip')} {self.halved} were computed in half precision")
        if len(self.models) > 1:
            names = " and ".join(model or "rows that name no model" for model in self.models)
            talk.notice(f"the means mix scores of {names}; such scores may not be on one scale")

    def tell_simulated(self, talk: Talk) -> None:
        """A notice for each model of a table, or set of models, of which one was trained on simulated ratings."""
        for model in self.simulated:
            tell_simulated(model, talk)
