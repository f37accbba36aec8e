from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from drasp_cli.reporting.png import png

COLORS = ("#000000", "#ff0000", "#00ff80")


@pytest.mark.parametrize("columns", [1, 4, 5])
def test_another_reader_sees_the_same_pixels(columns: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 3, (3, columns))
    seen = np.round(255 * imread(io.BytesIO(png(pixels, COLORS)), format="png"))[..., :3]
    wanted = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS])[pixels]
    assert np.array_equal(seen, wanted)
