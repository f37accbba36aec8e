"""Scores written to a file as they come, so that a killed run can go on where it stopped.

    csv, jsonl      FILE grows row by row; it is the log of its own rows
    json, parquet   cannot grow: FILE.journal does, in JSON Lines, and FILE is made of it at the end, in one step

Scoring works in groups of rows whose batches depend on the group alone. So a resume keeps whole groups only and redoes
the rest: the file ends up with the very bytes of a run that was never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from drasp_cli.datatypes import NO_PROMPT, Clip, ClipScore
from drasp_cli.errors import OutputError, ResumeError, TableError
from drasp_cli.tables.columns import Column
from drasp_cli.tables.files import replacing
from drasp_cli.tables.formats import format_of, open_writer, require_format, storable
from drasp_cli.tables.logs import CsvLog, JsonlLog, RowLog
from drasp_cli.tables.reading import read_fields
from drasp_cli.tables.run_file import RunFacts, RunFile
from drasp_cli.tables.score_table import FLAG_SEPARATOR, score_columns, score_record

JOURNAL_ENDING = ".journal"


def check_companions(path: str) -> None:
    """Check, before the rows are there, that what lies beside the table `path` is drasp's to replace or remove.

    Raises:
        OutputError: a file of the name of its run file or journal is somebody else's, or cannot be read.
    """
    RunFile(path).require_own()
    _require_own_journal(path + JOURNAL_ENDING)


def _require_own_journal(path: str) -> None:
    opening = JsonlLog(score_columns(())).opening
    try:
        with Path(path).open("rb") as stream:
            begins = stream.read(len(opening))
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not opening.startswith(begins):  # a journal may be torn at any byte
        raise OutputError(f"{path}: is not a journal that drasp wrote; move it, or name another output")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a resumed run need not do again.

    Attributes:
        rows: how many; those of the first clips.
        is_checked: whether a run file told that they are of the same prompts and precision.
    """

    rows: int
    is_checked: bool


class ResultWriter:
    """Writes score rows to a file in order: `resume` first, if that is asked for, then `write`, `finish` last.

    Nothing on the disk changes before `write`, so that whatever is refused until then leaves an older table whole. What
    is replaced is replaced as `cp` would, together with the journal and the run file of an earlier run. Leaving the
    `with` block before `finish` keeps what was written, for `resume`.

    Args:
        path: the file; its ending says the format.
        axes: the axes of the scores.
        facts: what they depend on and the table does not show.
        with_prompts: whether there is a column `prompt`.

    Raises:
        OutputError: the ending names no format, or an axis cannot be called so.
        MissingExtraError: Parquet without pyarrow: said before the work, not after it.
    """

    def __init__(self, path: str, axes: Sequence[str], facts: RunFacts, *, with_prompts: bool = False) -> None:
        self._path = path
        self._axes = tuple(axes)
        self._facts = facts
        self._with_prompts = with_prompts
        self._format = format_of(path)
        require_format(self._format)
        self._columns = score_columns(axes, with_prompts=with_prompts)
        self._log: RowLog = CsvLog(self._columns) if self._format == "csv" else JsonlLog(self._columns)
        self._log_path = path if self._format in ("csv", "jsonl") else path + JOURNAL_ENDING
        self._run_file = RunFile(path)
        self._kept_rows = 0
        self._end_of_kept = 0  # in bytes of the log
        self._stream: IO[bytes] | None = None
        self._is_over = False

    def resume(self, clips: Sequence[Clip], model: str, group: int) -> Kept:
        """Finds the whole groups that an earlier run on the same clips wrote; `write` keeps them and cuts off the rest.

        A JSON or Parquet table that is finished takes no more rows.

        Args:
            clips: all clips of this run; the rows kept are the first of them.
            model: what the column `model` says in its rows.
            group: rows in a group.

        Raises:
            ResumeError: the file is no such table, or has other columns, other clips, or another model's scores, or
                was scored with other prompts or another precision, as far as can be told.
            OutputError: the file cannot be read.
        """
        is_checked = self._run_file.check(clips, self._facts)
        if Path(self._log_path).exists():
            self._find_cut(clips, model, group)
        elif Path(self._path).exists():
            self._kept_rows, self._is_over = self._accept_finished(clips, model), True
        return Kept(self._kept_rows, is_checked)

    def _find_cut(self, clips: Sequence[Clip], model: str, group: int) -> None:
        with self._open("rb", "read") as stream:
            for rows, (end, record) in enumerate(self._log.rows(self._log_path, stream), start=1):
                self._check(self._log_path, rows - 1, record, clips, model)
                if rows % group == 0 or rows == len(clips):
                    self._kept_rows, self._end_of_kept = rows, end

    def write(self, rows: Iterable[ClipScore]) -> None:
        """Appends rows; the operating system has each before the next is asked for, and a killed process loses none.

        The file is opened, and what is not kept of it is cut off, before the first row is asked for.

        Raises:
            OutputError: the file cannot be written, or its journal or run file would replace one of somebody else.
        """
        if self._stream is None and not self._is_over:
            self._begin()
        for row in rows:
            self._append(self._log.line(score_record(row, self._axes, with_prompts=self._with_prompts)))

    def finish(self) -> None:
        """Completes the table.

        Raises:
            OutputError: the file cannot be written; the journal stays.
        """
        was_open = self._stream is not None
        self.close()
        if self._log_path != self._path and was_open:
            self._make_of_journal()
        self._run_file.remove()

    def _make_of_journal(self) -> None:
        try:
            with Path(self._log_path).open("rb") as log, replacing(self._path) as stream:
                writer = open_writer(self._format, self._columns, stream)
                writer.write(record for _, record in self._log.rows(self._log_path, log))
                writer.close()
            Path(self._log_path).unlink()
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written: {error.strerror or error}") from None

    def close(self) -> None:
        """Closes the file; what was written stays.

        Raises:
            OutputError: what was still in memory cannot be written.
        """
        stream, self._stream = self._stream, None
        self._is_over = True
        if stream is not None:
            try:
                stream.close()
            except OSError as error:
                raise OutputError(f"{self._log_path}: cannot be written: {error.strerror or error}") from None

    def __enter__(self) -> ResultWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except OutputError:
            # A write that failed left its bytes behind, and closing tries them again: the first error is the one.
            if error is None:
                raise

    # ----------------------------------------------------------------------------------------------- the file

    def _begin(self) -> None:
        """Cuts the log behind what is kept of it, and puts the facts of this run beside it."""
        if self._log_path != self._path:
            _require_own_journal(self._log_path)
        if not self._end_of_kept:
            self._run_file.remove()  # first, so that no row ever meets the facts of another run
        if self._end_of_kept:
            self._stream = self._open("r+b", "written")
            self._stream.seek(self._end_of_kept)
            self._stream.truncate()
        else:
            self._stream = self._open("wb", "written")
            self._append(self._log.head)
        if self._kept_rows < self._facts.clips:
            self._run_file.write(self._facts)

    def _open(self, mode: str, purpose: str) -> IO[bytes]:
        try:
            return Path(self._log_path).open(mode)
        except OSError as error:
            raise OutputError(f"{self._log_path}: cannot be {purpose}: {error.strerror or error}") from None

    def _append(self, data: bytes) -> None:
        if self._stream is None:
            raise RuntimeError("nothing is written to a table that is finished or closed")
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            raise OutputError(f"{self._log_path}: cannot be written: {error.strerror or error}") from None

    # ------------------------------------------------------------------------------------------- what is there

    def _accept_finished(self, clips: Sequence[Clip], model: str) -> int:
        """The number of rows of a JSON or Parquet file, all of which must be there: it cannot grow."""
        rows = 0
        names = _names(self._columns)
        try:
            for _, fields in read_fields(self._path):
                if list(fields) != names:
                    raise ResumeError(self._path, f"its columns are {','.join(fields)}, and would be {','.join(names)}")
                self._check(self._path, rows, list(fields.values()), clips, model)
                rows += 1
        except TableError as error:
            raise ResumeError(self._path, error.reason) from None
        if rows < len(clips):
            raise ResumeError(self._path, f"it is finished with {rows} rows, and there are {len(clips)} clips now")
        return rows

    def _check(self, source: str, index: int, record: Sequence[object], clips: Sequence[Clip], model: str) -> None:
        """Refuse row `index` of the file unless this command would write it too, as far as is known beforehand."""
        if index >= len(clips):
            raise ResumeError(source, f"it has more rows than there are clips now, which is {len(clips)}")
        cells = dict(zip(_names(self._columns), record, strict=True))
        clip = clips[index]
        wanted: dict[str, object] = {
            **{"path": clip.path, "id": clip.id, "system": clip.system, "start": clip.start, "end": clip.end},
            "model": model,
        }
        if self._with_prompts:
            wanted["prompt"] = clip.prompt
        for name, value in wanted.items():
            if _comparable(cells[name]) != _comparable(value):
                raise ResumeError(source, f"row {index + 1}: '{name}' is '{cells[name]}', and would be '{value}'")
        if self._facts.prompts and not cells["error"]:
            had_prompt = NO_PROMPT not in str(cells["flags"] or "").split(FLAG_SEPARATOR)
            if had_prompt != (clip.prompt is not None):
                there, now = ("with", "none") if had_prompt else ("without", "one")
                raise ResumeError(source, f"row {index + 1}: was scored {there} a prompt, and has {now} now")


def _comparable(cell: object) -> object:
    """The cell as every format can say it: CSV has one spelling for empty and for nothing, Parquet knows UTF-8 only."""
    return None if cell == "" else storable(cell)


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
