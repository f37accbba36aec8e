r"""Change the sample rate of a signal by windowed-sinc interpolation, at once or block by block.

A signal x sampled at `orig` Hz and band-limited below B/2 Hz is known between its samples (Whittaker-Shannon):

    x(t) = sum_i x[i] (B / orig) sinc(B (t - i / orig)),        sinc(u) = sin(pi u) / (pi u)

B = 0.99 min(orig, new) keeps what both rates can carry, a little below the lower Nyquist frequency: the sum is low-pass
filter and interpolator in one. sinc never ends, so it is cut after its 6th zero crossing by a Hann window,

    h(u) = sinc(u) cos^2(pi u / 12)   for |u| < 6, else 0,       y[j] = (B / orig) sum_i x[i] h(B (j / new - i / orig)).

With both rates divided by their greatest common divisor, output j + new needs the weights of output j on inputs moved
by `orig`: the weights repeat with a period of `new` outputs. Output j touches only the 12 orig / B inputs around
j orig / new, a narrow band that walks to the right:

    input    0 1 2 3 4 5 6 7 8 9 ...          16 neighbouring outputs share one run of inputs (a stripe), so a stripe
    out 0    . # # # .                        is one small dense matrix, a period is a stack of stripes, and many
    out 1        . # # # .                    periods are one batched matrix product. A dense (new, orig) kernel, which
    out 2            . # # # .                takes gigabytes for coprime rates, never exists.

The numbers are those of `torchaudio.functional.resample` 2.11 with its defaults (`sinc_interp_hann`, width 6, rolloff
0.99) on float32 input, within 1e-6. torchaudio computes B (j / new - i / orig) in float32 there, which moves the
sampling instants a little: its output differs from the equation above by 1e-5 to 4e-5 for 44,100 Hz sources and by
about 1e-3 for coprime rates. The reference systems were run that way, so the weights here are rounded at the same
steps. One difference is deliberate: the length is exactly ceil(n new / orig), where torchaudio rounds that quotient to
float32 first and comes out a sample or more away for some long signals.

See also julius (Defossez, `julius/resample.py`), which torchaudio's function comes from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

ZERO_CROSSINGS = 6
ROLLOFF = 0.99

_STRIPE = 16  # outputs that share one run of inputs; 8 and 32 measured slower
_SMALLEST_PERIOD = 256  # outputs; short periods are repeated up to this, so that each product stays small and in cache
_CHUNK = 8192  # outputs computed at once, unless one period is longer


def resample(samples: np.ndarray, orig_rate: int, new_rate: int) -> np.ndarray:
    """The signal at another sample rate.

    Args:
        samples: (num_samples,) float32.
        orig_rate: its sample rate, in Hz.
        new_rate: the sample rate wanted, in Hz.

    Returns:
        (ceil(num_samples * new_rate / orig_rate),) float32.

    Raises:
        ValueError: a rate is below 1 Hz.

    >>> resample(np.ones(3, dtype=np.float32), 16000, 32000).shape
    (6,)
    """
    resampler = Resampler(orig_rate, new_rate)
    return np.concatenate([resampler.push(samples), resampler.flush()])


class Resampler:
    """`resample` for a signal that comes in blocks: what it returns, joined, is bit for bit what `resample` returns.

    Work is done in chunks at fixed places of the signal, so block sizes cannot change a single bit, and memory does
    not grow with the length of the signal.

    Args:
        orig_rate: sample rate of the blocks, in Hz.
        new_rate: sample rate wanted, in Hz.

    Raises:
        ValueError: a rate is below 1 Hz.
    """

    def __init__(self, orig_rate: int, new_rate: int) -> None:
        if orig_rate < 1 or new_rate < 1:
            raise ValueError(f"sample rates are positive integers in Hz, got {orig_rate} and {new_rate}")
        divisor = math.gcd(orig_rate, new_rate)
        self._orig, self._new = orig_rate // divisor, new_rate // divisor
        if self._orig != self._new:
            self._stripes = _stripes(self._orig, self._new)
            self._reset()

    def push(self, block: np.ndarray) -> np.ndarray:
        """The outputs that become known with these inputs; often more or fewer than the block has, or none.

        Args:
            block: (any,) float32, the next samples.

        Returns:
            (any,) float32.
        """
        block = np.asarray(block, dtype=np.float32)
        if self._orig == self._new:
            return block
        self._received += len(block)
        outputs = [np.empty(0, dtype=np.float32)]
        done = 0
        while done < len(block):
            taken = min(len(block) - done, len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + taken] = block[done : done + taken]
            self._filled += taken
            done += taken
            if self._filled == len(self._buffer):
                outputs.append(self._next_chunk())
        return np.concatenate(outputs)

    def flush(self) -> np.ndarray:
        """The last outputs, computed as if silence followed; the resampler is then ready for another signal.

        Returns:
            (any,) float32.
        """
        if self._orig == self._new:
            return np.empty(0, dtype=np.float32)
        missing = -(-self._received * self._new // self._orig) - self._returned
        outputs = [np.empty(0, dtype=np.float32)]
        while missing > 0:
            self._buffer[self._filled :] = 0.0
            outputs.append(self._next_chunk()[:missing])
            missing -= len(outputs[-1])
        self._reset()
        return np.concatenate(outputs)

    def _reset(self) -> None:
        stripes = self._stripes
        self._buffer = np.zeros(stripes.before + stripes.chunk_inputs + stripes.after, dtype=np.float32)
        self._filled = stripes.before  # the signal begins behind that much silence
        self._received = 0
        self._returned = 0

    def _next_chunk(self) -> np.ndarray:
        outputs = self._stripes.apply(self._buffer)
        kept = len(self._buffer) - self._stripes.chunk_inputs
        self._buffer[:kept] = self._buffer[-kept:]
        self._filled = max(self._filled - self._stripes.chunk_inputs, 0)
        self._returned += len(outputs)
        return outputs


@dataclass(frozen=True, slots=True)
class _Stripes:
    """The banded kernel of one pair of rates, and the chunk of signal it is applied to.

    Attributes:
        weights: (stripes, taps, _STRIPE) float32, inputs by outputs for each stripe of a period.
        starts: (stripes, periods) first input of each stripe, counted from the start of the buffer.
        period: outputs in one period.
        before: inputs needed before the chunk.
        chunk_inputs: inputs the chunk moves on by.
        after: inputs needed after the chunk.
    """

    weights: np.ndarray
    starts: np.ndarray
    period: int
    before: int
    chunk_inputs: int
    after: int

    def apply(self, buffer: np.ndarray) -> np.ndarray:
        """(before + chunk_inputs + after,) inputs -> (periods * period,) outputs. numpy gives the GIL away in it."""
        runs: np.ndarray = sliding_window_view(buffer, self.weights.shape[1])[self.starts]  # (stripes, periods, taps)
        outputs = runs @ self.weights  # (stripes, periods, _STRIPE)
        by_period: np.ndarray = outputs.transpose(1, 0, 2).reshape(self.starts.shape[1], -1)
        return by_period[:, : self.period].reshape(-1)  # the last stripe may reach beyond the period


@lru_cache(maxsize=8)  # the common pairs take 50 kB to 1 MB, coprime ones about 5 MB
def _stripes(orig: int, new: int) -> _Stripes:
    """The kernel from `orig` to `new`, two rates without a common divisor."""
    repeats = -(-_SMALLEST_PERIOD // new)
    period = new * repeats
    periods = max(1, _CHUNK // period)
    reach = ZERO_CROSSINGS * orig / (ROLLOFF * min(orig, new))  # inputs on each side of an output
    taps = math.ceil((_STRIPE - 1) * orig / new + 2 * reach) + 1
    first = np.arange(0, period, _STRIPE) * orig / new - reach
    starts = np.floor(first).astype(np.int64) + 1
    weights = np.stack([_weights(start, stripe * _STRIPE, taps, orig, new) for stripe, start in enumerate(starts)])
    before = -int(starts[0])
    chunk_inputs = orig * repeats * periods
    return _Stripes(
        weights=weights,
        starts=starts[:, None] + before + np.arange(periods) * orig * repeats,
        period=period,
        before=before,
        chunk_inputs=chunk_inputs,
        after=max(int(starts[-1]) + taps - orig * repeats, 0),
    )


def _weights(first_input: int, first_output: int, taps: int, orig: int, new: int) -> np.ndarray:
    """(B / orig) h(B (j / new - i / orig)) for a run of inputs i and a stripe of outputs j, rounded as torchaudio does.

    Returns:
        (taps, _STRIPE) float32.
    """
    periods, phases = np.divmod(np.arange(first_output, first_output + _STRIPE), new)
    inputs = np.arange(first_input, first_input + taps)[:, None] - periods * orig
    bandwidth = ROLLOFF * min(orig, new)
    # float32 from here on: these are torchaudio's steps, in its order
    u = -phases.astype(np.float32) / np.float32(new) + inputs.astype(np.float32) / np.float32(orig)
    u *= np.float32(bandwidth)
    u = np.clip(u, -ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(u * np.float32(math.pi) / np.float32(ZERO_CROSSINGS) / np.float32(2)) ** 2
    u *= np.float32(math.pi)
    at_centre = u == 0
    sinc = np.where(at_centre, np.float32(1), np.sin(u) / np.where(at_centre, np.float32(1), u))
    weights: np.ndarray = sinc * (window * np.float32(bandwidth / orig))
    return weights
