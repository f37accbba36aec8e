"""One run of the scoring pipeline, as a terminal sees it: notices, progress, counts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from drasp_cli.cli import options
from drasp_cli.cli.imports import uncollected
from drasp_cli.cli.means import SIMULATED, MeansWatch, tell_failed, tell_simulated
from drasp_cli.cli.output import Talk, counted
from drasp_cli.errors import AudioError, InputError

if TYPE_CHECKING:
    from drasp_cli.checkpoints.store import Checkpoint
    from drasp_cli.datasets.manifest import ClipList
    from drasp_cli.datatypes import ClipScore
    from drasp_cli.scoring import SideBySide
    from drasp_cli.tables.calibration import Calibrator


def read_calibrator(path: str | None) -> Calibrator | None:
    """What adds the calibrated scores of a map; None without one.

    Raises:
        InputError: the file cannot be read, or is no map.
    """
    if path is None:
        return None
    from drasp_cli.tables.calibration import Calibrator, read_calibration

    return Calibrator(read_calibration(path))


@dataclass
class ScoringJob:
    """Checkpoints and how to run them, and what has come of it so far.

    Attributes:
        models: as `--model` named them.
        calibrator: adds calibrated scores, if there is one.
        failed: clips that could not be scored, so far.
    """

    models: Sequence[str]
    device: str
    precision: str
    batch_size: int
    workers: int | None
    strict: bool
    talk: Talk
    calibrator: Calibrator | None = None
    failed: int = 0
    scored: int = 0
    audio_seconds: float = 0.0
    wall_seconds: float = 0.0

    @cached_property
    def checkpoints(self) -> Sequence[Checkpoint]:
        """The checkpoints, loaded when first asked for, with the notices their ratings call for."""
        from drasp_cli.checkpoints.content import read_ahead
        from drasp_cli.checkpoints.resolve import resolve

        found = [resolve(model, progress=not self.talk.quiet) for model in self.models]
        contents = [read_ahead(one) for one in found]
        with uncollected("torch"):  # it is behind this import; the threads read meanwhile
            from drasp_cli.checkpoints.store import load_found
        loaded = [load_found(*pair) for pair in zip(found, contents, strict=True)]
        options.check_distinct([checkpoint.label for checkpoint in loaded], self.models)
        for checkpoint in loaded:
            if checkpoint.config.ratings == SIMULATED:
                tell_simulated(checkpoint.name, self.talk)
            if checkpoint.predictor.reads_prompts and checkpoint.tokenizer is None:
                self.talk.notice(f"{checkpoint.name} has no tokenizer.json, so axes that read prompts stay empty")
        return loaded

    @cached_property
    def named(self) -> SideBySide:
        """The columns of their scores."""
        checkpoints = self.checkpoints  # first: it knows how best to import what the next line imports
        from drasp_cli.scoring import side_by_side

        return side_by_side(checkpoints)

    @property
    def reading(self) -> list[str]:
        """The columns of scores that a prompt is read for, by models that can read one."""
        pairs = zip(self.checkpoints, self.named.columns, strict=True)
        able = [(one.predictor.text_axes, columns) for one, columns in pairs if one.tokenizer is not None]
        return [column for axes, columns in able for axis, column in columns.items() if axis in axes]

    @property
    def simulated(self) -> list[str]:
        """Labels of the checkpoints that were trained on simulated ratings."""
        return [checkpoint.label for checkpoint in self.checkpoints if checkpoint.config.ratings == SIMULATED]

    @property
    def axes(self) -> tuple[str, ...]:
        """The columns of scores, calibrated ones last.

        Raises:
            InputError: the map is for the scores of another model.
        """
        if self.calibrator is None:
            return self.named.axes
        calibration = self.calibrator.calibration
        if calibration.model != self.named.label:
            reason = f"is for scores of {calibration.model}, and these are of {self.named.label}"
            raise InputError("--calibration", f"{reason}; calibrate that model, or score with the other")
        return (*self.named.axes, *calibration.axes)

    def axes_to_score(self, clips: ClipList) -> tuple[str, ...]:
        """The columns that `clips` may have scores in: where no prompt is read, those that need one stay empty."""
        has_prompts = any(clip.prompt is not None for clip in clips)
        return tuple(
            column
            for checkpoint, columns in zip(self.checkpoints, self.named.columns, strict=True)
            for axis, column in columns.items()
            if axis not in checkpoint.predictor.text_axes or (has_prompts and checkpoint.tokenizer is not None)
        )

    def rows(self, clips: ClipList, already: int = 0) -> Iterator[ClipScore]:
        """Scores of `clips` from number `already` on, as they come; whatever forbids to begin is raised at once."""
        checkpoints = self.checkpoints
        from drasp_cli.scoring import score_clips

        if self.reading and not any(clip.prompt for clip in clips):
            verb = "stays" if len(self.reading) == 1 else "stay"
            empty = f"{' and '.join(self.reading)} {verb} empty"
            self.talk.notice(f"no clip has a prompt, so {empty}; --prompts FILE gives them prompts")
        rows = score_clips(
            checkpoints,
            clips[already:],
            batch_size=self.batch_size,
            workers=self.workers,
            device=self.device,
            precision=self.precision,
        )
        watched = self._watched(rows, len(clips) - already)
        return watched if self.calibrator is None else self.calibrator.watch(watched)

    def _watched(self, rows: Iterator[ClipScore], total: int) -> Iterator[ClipScore]:
        """The same rows, counted, under a progress bar."""
        begun = time.monotonic()
        with self.talk.progress("score", total) as advance:
            for row in rows:
                if row.error and self.strict:
                    raise AudioError(row.clip.path, row.error)
                self.failed += bool(row.error)
                self.scored += not row.error
                self.audio_seconds += row.seconds or 0.0
                advance()
                yield row
        self.wall_seconds += time.monotonic() - begun

    def to_file(self, clips: ClipList, output: str, *, resume: bool, with_prompts: bool) -> None:
        """Writes rows to `output` as they come."""
        from drasp_cli.tables.journal import ResultWriter
        from drasp_cli.tables.reading import read_score_tables
        from drasp_cli.tables.run_file import run_facts

        reads_prompts = any(
            checkpoint.predictor.reads_prompts and checkpoint.tokenizer is not None for checkpoint in self.checkpoints
        )
        precision = "fp32" if self.precision == "auto" else self.precision
        facts = run_facts(clips, precision, reads_prompts=reads_prompts)
        with ResultWriter(output, self.axes, facts, with_prompts=with_prompts) as writer:
            already = 0
            if resume:
                from drasp_cli.scoring import group_rows

                kept = writer.resume(clips, self.named.label, group_rows(self.batch_size))
                already = kept.rows
                doubt = "; a finished table does not say of which prompts and --precision its rows are: not compared"
                unknown = doubt if already and not kept.is_checked else ""
                self.talk.notice(f"{already} of {len(clips)} rows are in {output} already{unknown}")
            rows = self.rows(clips, already)
            if not resume and Path(output).exists():
                self.talk.notice(f"{output} was there, and is replaced")
            writer.write(rows)
            writer.finish()
        if already:
            self.failed = sum(bool(row.error) for row in read_score_tables([output]))

    def to_screen(
        self, clips: ClipList, *, format: str | None, output: str | None, by_system: bool, with_prompts: bool
    ) -> None:
        """Rows, or the means of their systems, on standard output; the means also in a file."""
        from drasp_cli.cli.show import show_scores, show_systems
        from drasp_cli.tables.systems import average_clips

        axes = self.axes
        rows: Iterable[ClipScore] = self.rows(clips)
        if by_system:
            means = MeansWatch()
            table = average_clips(means.watch(rows), axes)
            show_systems(table, format=format, output=output, simulated=self.simulated)
            means.tell_doubtful(self.talk)
        else:
            show_scores(rows, axes, format=format, with_prompts=with_prompts, simulated=self.simulated)

    def report(self) -> None:
        """One line on what was done, and one on what was not."""
        if self.wall_seconds > 0 and self.audio_seconds > 0:
            speed = self.audio_seconds / self.wall_seconds
            self.talk.notice(
                f"{counted(self.scored, 'clip')} in {self.wall_seconds:.1f} s, {speed:.0f} times real time"
            )
        if self.calibrator is not None:
            for axis, count in self.calibrator.beyond.items():
                used = next(one for one in self.calibrator.calibration.maps if one.axis == axis)
                self.talk.notice(
                    f"{counted(count, 'clip')} scored outside of the {used.low:.2f} to {used.high:.2f} that the map of "
                    f"{axis} was made from: calibrated scores there are a guess"
                )
        tell_failed(self.failed, self.talk)
