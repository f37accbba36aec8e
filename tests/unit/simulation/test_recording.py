"""What good recordings differ in: their rooms and floors, and the rate of the file they are kept in."""

from __future__ import annotations

import numpy as np
import pytest

from drasp_cli.audio.resample import resample
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.recording import KEPT_RATES, keep, record
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES, run_chain

RATE = 32000
DICE = 40
WHITE = stream(0, "white").standard_normal(RATE)


def share_above(samples: np.ndarray, frequency: float) -> float:
    """Of the power, what lies above `frequency` in Hz."""
    power = np.square(np.abs(np.fft.rfft(samples)))
    return float(power[round(frequency * len(samples) / RATE) :].sum() / power.sum())


def test_half_of_all_clips_are_kept_at_a_lower_rate_and_end_there() -> None:
    kept = [keep(WHITE, RATE, stream(seed, "file")) for seed in range(DICE)]
    assert all(samples.shape == WHITE.shape for samples in kept)
    lower = [samples for samples in kept if not np.array_equal(samples, WHITE)]
    assert 0.3 * DICE < len(lower) < 0.7 * DICE
    for samples in lower:
        assert share_above(samples, 0.55 * max(KEPT_RATES)) < 8e-3
        assert share_above(samples, 0.4 * min(KEPT_RATES)) > 0.05


def test_what_is_kept_is_heard_as_drasp_hears_a_file() -> None:
    """Images above half of the rate, which common resamplers leave there, are those of our own."""
    tone = np.sin(2 * np.pi * 11800 * np.arange(RATE) / RATE)
    levels, gone = set(), 0
    for seed in range(DICE):
        kept = keep(tone, RATE, stream(seed, "file"))
        spectrum = np.abs(np.fft.rfft(kept)) / (RATE / 2)
        gone += spectrum[11800] < 0.1  # 22.05 kHz cannot hold it
        if spectrum[12200] > 1e-4:
            levels.add(round(float(spectrum[12200] / spectrum[11800]), 3))
    own = resample(np.sin(2 * np.pi * 11800 * np.arange(24000) / 24000).astype(np.float32), 24000, RATE)
    image = np.abs(np.fft.rfft(own))
    assert levels == {round(float(image[12200] / image[11800]), 3)}
    assert 0.1 * DICE < gone < 0.4 * DICE


def test_no_clip_is_kept_at_more_than_it_was_made_at() -> None:
    """Else sound above what a recording can hold would tell of noise, and only of noise."""
    for seed in range(DICE):
        kept = keep(WHITE, RATE, stream(seed, "file"), made_at=16000)
        assert share_above(kept, 8800) < 8e-3
        chained = run_chain(WHITE, RATE, dict.fromkeys(CHAIN_CAUSES, 0.0), False, stream(seed, "chain"), 16000)
        assert share_above(chained.samples, 8800) < 8e-3


@pytest.mark.parametrize("rate", [16000, 22050])
def test_files_of_low_rates_stay_as_they_are(rate: int) -> None:
    for seed in range(10):
        assert keep(WHITE, rate, stream(seed, "file")) is WHITE


def test_a_clean_chain_keeps_clips_too_and_calls_it_no_cause() -> None:
    clean = dict.fromkeys(CHAIN_CAUSES, 0.0)
    made = [run_chain(WHITE, RATE, clean, False, stream(seed, "chain")) for seed in range(DICE)]
    assert all(value == 0.0 for output in made for value in output.severities.values())
    lower = sum(share_above(output.samples, 13500) < 8e-3 for output in made)
    assert 0.3 * DICE < lower < 0.7 * DICE


def test_what_is_a_recording_already_gets_no_room_and_no_floor() -> None:
    """A click in digital silence: what lies before it is the floor, what lies behind it the room."""
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    quiet = slice(RATE // 8, RATE // 4)
    shares = []
    for recorded in (False, True):
        heard = [record(click, RATE, stream(seed, "recording"), recorded=recorded) for seed in range(DICE)]
        loud = [np.sqrt(np.mean(np.square(samples[quiet]))) > 1e-6 * np.abs(samples).max() for samples in heard]
        shares.append(np.mean(loud))
    assert shares[0] == 1.0
    assert shares[1] < 0.15  # some codings have echoes before what they code
