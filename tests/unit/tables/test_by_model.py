from __future__ import annotations

from pathlib import Path

import pytest

from drasp_cli.errors import TableError
from drasp_cli.tables.by_model import tables_by_model

HEAD = "path,system,model,error,MI\n"


def test_tables_of_one_model_are_together_in_their_order(tmp_path: Path) -> None:
    for name, model in (("c", "m@1"), ("a", "m@2"), ("b", "m@1")):
        (tmp_path / f"{name}.csv").write_text(f"{HEAD}1.wav,A,{model},,3\n")
    assert tables_by_model([str(tmp_path)]) == {
        "m@2": [str(tmp_path / "a.csv")],
        "m@1": [str(tmp_path / "b.csv"), str(tmp_path / "c.csv")],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [(HEAD, "has no rows"), (f"{HEAD}1.wav,A,,,3\n", r"2: does not say"), ("path,MI\n1,2\n", "2: does")],
)
def test_a_table_that_names_no_model_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(TableError, match=said):
        tables_by_model([str(tmp_path / "a.csv")])


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no score table"):
        tables_by_model([str(tmp_path)])
