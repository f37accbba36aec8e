"""Options that are seen to be wrong before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from drasp_cli.cli.options import PRECISIONS, check_computation, check_output
from drasp_cli.scoring import network


def test_precisions_are_those_of_scoring() -> None:
    assert tuple(network.PRECISIONS) == PRECISIONS


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_well_formed_words_pass_wherever_they_run(device: str, precision: str) -> None:
    check_computation(device, precision)


@pytest.mark.parametrize(
    ("device", "precision", "hint"),
    [
        *(
            (device, "fp32", "--device")
            for device in ("foo", "", "CPU", "cuda:", "cuda:x", "cuda:1\n", "cuda:-1", "meta")
        ),
        *(("cpu", precision, "--precision") for precision in ("fp8", "", "FP32")),
    ],
)
def test_malformed_words_are_refused(device: str, precision: str, hint: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not one of") as caught:
        check_computation(device, precision)
    assert caught.value.param_hint == hint


@pytest.mark.parametrize("ending", ["", ".run", ".journal"])
@pytest.mark.parametrize("read", ["{}", "alias", "*{}"])
def test_what_is_read_is_not_written_for_a_time_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, read: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"out.csv{ending}"
    check_output("out.csv", [name])  # which is not there
    Path(name).write_text("mine")
    Path("alias").symlink_to(name)
    with pytest.raises(typer.BadParameter, match="is also read") as caught:
        check_output("out.csv", [None, read.format(name)])
    assert not ending or name in str(caught.value)
    check_output("other.csv", [name])
