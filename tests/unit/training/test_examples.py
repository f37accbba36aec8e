from __future__ import annotations

from pathlib import Path

import pytest

from drasp_cli.errors import InputError
from drasp_cli.training.examples import load_examples
from tests.unit.training.dataset import make_dataset


def test_causes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    path = make_dataset(tmp_path / "data") / "causes.csv"
    path.write_bytes(path.read_bytes() + "caf\u00e9".encode("latin-1"))
    with pytest.raises(InputError, match=r"causes\.csv: is not UTF-8"):
        load_examples(tmp_path / "data", ("MI", "TA"))
