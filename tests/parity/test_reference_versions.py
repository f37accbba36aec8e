"""The golden files and the environment that their scripts ask for are of the same versions."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
PINNED = dict(re.findall(r"^([\w-]+)==(.+)$", (HERE / "reference-constraints.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("golden", ["clap", "htsat", "resample", "wavlm"])
def test_a_golden_file_was_made_with_the_pinned_packages(golden: str) -> None:
    made_with = [line.split() for line in np.load(HERE / "golden" / f"{golden}.npz")["versions"].tolist()]
    assert "torch" in dict(made_with)
    for package, version in made_with:
        assert PINNED[package.replace("audiobox-", "audiobox_")] == version.partition("+")[0]
