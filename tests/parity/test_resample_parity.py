"""Resampling equals torchaudio 2.11 (golden file: make_golden_resample.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drasp_cli.audio.resample import resample

GOLDEN = np.load(Path(__file__).parent / "golden" / "resample.npz")
CASES = [tuple(map(int, name.split("_"))) for name in GOLDEN.files if name not in ("noise", "versions")]


def test_the_golden_file_holds_the_reference_this_project_names():
    assert str(GOLDEN["versions"][0]).startswith("torchaudio 2.11")
    assert len({(orig, new) for orig, new, _ in CASES}) >= 20


@pytest.mark.parametrize(("orig", "new", "length"), CASES)
def test_equals_torchaudio(orig: int, new: int, length: int):
    expected = GOLDEN[f"{orig}_{new}_{length}"]

    got = resample(GOLDEN["noise"][:length], orig, new)

    assert got.dtype == np.float32
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)
