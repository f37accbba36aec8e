"""What a reader of means should know of the clips behind them: who counts, and who counts under no name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drasp_cli.audio.flags import SHORT, SILENT
from drasp_cli.cli.output import Talk
from drasp_cli.datatypes import ClipScore

_DOUBTFUL = (SILENT, SHORT)  # a score of next to nothing says next to nothing of the system


@dataclass
class MeansWatch:
    """Counts rows on their way into the means of systems; it neither changes nor drops any.

    Attributes:
        clips: how many there were.
        systemless: how many of them have no system.
        doubtful: flag -> how many of them carry it and have a score, so that they count.
    """

    clips: int = 0
    systemless: int = 0
    doubtful: Counter[str] = field(default_factory=Counter)

    def watch(self, rows: Iterable[ClipScore]) -> Iterator[ClipScore]:
        """The same rows."""
        for row in rows:
            self.clips += 1
            self.systemless += not row.clip.system
            if any(score is not None for score in row.scores.values()):
                self.doubtful.update(flag for flag in _DOUBTFUL if flag in row.flags)
            yield row

    def tell_systemless(self, talk: Talk) -> None:
        """A notice of rows of a table that name no system."""
        if self.systemless:
            there = f"{self.systemless} of {self.clips} clips have no system, and count as one without a name"
            talk.notice(f"{there}; fill the column system to rank them")

    def tell_doubtful(self, talk: Talk) -> None:
        """A notice of clips that count as any other, though there is next to nothing to hear in them."""
        counts = [f"{self.doubtful[flag]} flagged {flag}" for flag in _DOUBTFUL if self.doubtful[flag]]
        if counts:
            talk.notice(f"the means include clips {' and '.join(counts)}; the flags of drasp score say which")
