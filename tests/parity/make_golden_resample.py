"""Make golden/resample.npz with the real torchaudio. Run with torch and torchaudio 2.11, not by the tests:

python tests/parity/make_golden_resample.py
"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import torch
import torchaudio
from torchaudio.functional import functional as reference
from torchaudio.functional import resample

SEED = 20261121
LENGTHS = (1, 2, 3, 7, 10, 37, 100)
LONG = {  # (orig, new): number of samples
    (44100, 48000): 2000,
    (44100, 32000): 4410,
    (44100, 16000): 2000,
    (48000, 16000): 2000,
    (48000, 32000): 2000,
    (48000, 44100): 2000,
    (8000, 32000): 800,
    (11025, 32000): 1103,
    (16000, 32000): 800,
    (16000, 48000): 800,
    (22050, 16000): 2000,
    (22050, 48000): 1000,
    (24000, 32000): 1000,
    (32000, 16000): 2000,
    (88200, 32000): 3000,
    (96000, 16000): 3000,
    (192000, 32000): 4000,
    (37, 41): 1500,
    (41, 37): 1500,
    (8001, 6400): 9000,
}
COPRIME = {(44101, 32000): 1500, (32000, 44101): 1000}  # too big for one dense kernel


def resample_by_rows(samples: torch.Tensor, orig: int, new: int, rows: int = 500) -> torch.Tensor:
    """`resample` for coprime rates, whose kernel takes 5.6 GB and several times that to make: some phases at a time.

    torchaudio's own code makes each part of the kernel; only the range of phases it is asked for is narrowed.
    """
    arange, parts = torch.arange, []
    for first in range(0, new, rows):
        last = min(first + rows, new)

        def phases(start, end, step=1, first=first, last=last, **kwargs):
            return arange(-first, -last, -1, **kwargs) if step == -1 else arange(start, end, step, **kwargs)

        with mock.patch.object(torch, "arange", phases):
            kernel, width = reference._get_sinc_resample_kernel(orig, new, 1, dtype=samples.dtype)
        padded = torch.nn.functional.pad(samples, (width, width + orig))
        parts.append(torch.nn.functional.conv1d(padded[None, None], kernel, stride=orig)[0])
    outputs = torch.cat(parts).T.reshape(-1)
    return outputs[: -(-len(samples) * new // orig)]


def main() -> None:
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.rand(max(*LONG.values(), *COPRIME.values()), generator=generator) * 2 - 1
    check = resample_by_rows(noise[:500], 37, 41, rows=10)
    torch.testing.assert_close(check, resample(noise[:500], 37, 41), rtol=0, atol=3e-7)  # the order of sums may differ

    arrays = {"noise": noise.numpy()}
    for (orig, new), length in LONG.items():
        arrays[f"{orig}_{new}_{length}"] = resample(noise[:length], orig, new).numpy()
        for short in LENGTHS:
            arrays[f"{orig}_{new}_{short}"] = resample(noise[:short], orig, new).numpy()
    for (orig, new), length in COPRIME.items():
        arrays[f"{orig}_{new}_{length}"] = resample_by_rows(noise[:length], orig, new).numpy()
    arrays["versions"] = np.array([f"torchaudio {torchaudio.__version__}", f"torch {torch.__version__}"])
    np.savez_compressed(Path(__file__).parent / "golden" / "resample.npz", **arrays)


if __name__ == "__main__":
    main()
