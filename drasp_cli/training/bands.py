"""The mel bands of a front end, for whatever is done to its log-mels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drasp_cli.models.config import AudioConfig, LogMelConfig
from drasp_cli.models.logmel import band_edges

SILENCE: Final = (-100.0, -80.0)
"""What is in a band where there is no sound, in dB: from the least that a log-mel holds to the noise of 16 bits."""


@dataclass(frozen=True)
class Bands:
    """Mel bands.

    Attributes:
        centres: (mels,) in Hz.
        widths: (mels,) in Hz, of the rectangles of the same area.
        independent: (mels,) about how many independent values a band of noise is the mean of.
    """

    centres: NDArray[np.float64]
    widths: NDArray[np.float64]
    independent: NDArray[np.float64]

    @classmethod
    def of(cls, logmel: LogMelConfig, audio: AudioConfig) -> Bands:
        """Those of a front end."""
        edges = band_edges(logmel.num_mels, logmel.f_min, logmel.f_max)
        widths = (edges[2:] - edges[:-2]) / 2
        # The equivalent noise bandwidth of a Hann window is 1.5 bins (Harris, Proceedings of the IEEE 66(1), 1978).
        bins = widths / (audio.frontend_sample_rate / logmel.fft_size)
        return cls(edges[1:-1], widths, np.maximum(1.0, bins / 1.5))
