"""Score tables put together by the model that scored them, so that models can be held side by side."""

from __future__ import annotations

from collections.abc import Sequence

from drasp_cli.errors import TableError
from drasp_cli.tables.reading import read_fields, table_files


def tables_by_model(paths: Sequence[str]) -> dict[str, list[str]]:
    """What the column `model` says in a table's first row -> the tables of which that is so, in the order given.

    Whether all rows of a table say the same is looked at by whoever reads them.

    Args:
        paths: score tables, and folders of them.

    Raises:
        TableError: a table cannot be read, is empty, or does not say its model; a folder holds none.
    """
    found: dict[str, list[str]] = {}
    for file in table_files(paths):
        line, first = next(read_fields(file), (0, None))
        if first is None:
            raise TableError(file, "has no rows")
        model = first.get("model")
        if not isinstance(model, str) or not model:
            raise TableError(file, "does not say which model scored its rows", line)
        found.setdefault(model, []).append(file)
    return found
