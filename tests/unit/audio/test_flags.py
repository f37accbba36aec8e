from __future__ import annotations

from dataclasses import replace

import pytest

from drasp_cli.audio import flags
from drasp_cli.audio.decode import DecodeFacts

GOOD = DecodeFacts(
    sample_rate=32000,
    channels=2,
    num_samples=320000,
    declared_samples=320000,
    peak=0.5,
    clipped_runs=0,
    channel_energy=200.0,
    mono_energy=100.0,
    truncated=False,
)


def test_a_good_clip_has_no_flags():
    assert flags.audio_flags(GOOD, 32000) == ()


@pytest.mark.parametrize(
    ("flag", "just_raised", "just_not"),
    [
        ("silent", {"peak": 0.00099}, {"peak": 0.001}),
        ("clipped", {"clipped_runs": 10}, {"clipped_runs": 9}),  # in ten seconds
        ("upsampled", {"sample_rate": 31999}, {"sample_rate": 32000}),
        ("short", {"num_samples": 31999}, {"num_samples": 32000}),
        ("phase-cancelled", {"mono_energy": 4.99}, {"mono_energy": 5.0}),  # 200 / 4 / 10
        ("truncated", {"truncated": True}, {"truncated": False}),
    ],
)
def test_both_sides_of_each_threshold(flag: str, just_raised: dict, just_not: dict):
    assert flags.audio_flags(replace(GOOD, **just_raised), 32000) == (flag,)
    assert flags.audio_flags(replace(GOOD, **just_not), 32000) == ()


def test_a_single_flat_top_counts_only_in_the_shortest_clips():
    assert flags.is_clipped(replace(GOOD, clipped_runs=1, num_samples=32000))
    assert not flags.is_clipped(replace(GOOD, clipped_runs=1, num_samples=32001))
    assert not flags.is_clipped(replace(GOOD, clipped_runs=0, num_samples=1))


@pytest.mark.parametrize("channels", [2, 6])
def test_sound_in_one_channel_alone_is_not_cancelled(channels: int):
    # energy 1 in one channel: its mean over C channels has energy 1 / C^2
    assert not flags.is_phase_cancelled(
        replace(GOOD, channels=channels, channel_energy=1.0, mono_energy=1.0 / channels**2)
    )


def test_digital_silence_is_silent_and_not_cancelled():
    nothing = replace(GOOD, peak=0.0, channel_energy=0.0, mono_energy=0.0)
    assert flags.audio_flags(nothing, 32000) == ("silent",)


def test_all_flags_come_in_the_order_of_the_list():
    bad = replace(GOOD, sample_rate=8000, num_samples=10, peak=0.0, clipped_runs=3, mono_energy=0.0, truncated=True)
    assert flags.audio_flags(bad, 32000) == tuple(flags.FLAGS)[:6]


def test_in_order_sorts_drops_doubles_and_refuses_strangers():
    assert flags.in_order(["no-prompt", "silent", "no-prompt"]) == ("silent", "no-prompt")
    with pytest.raises(KeyError, match="loud"):
        flags.in_order(["loud"])


def test_the_list_is_closed_and_every_constant_is_in_it():
    named = {
        flags.SILENT, flags.CLIPPED, flags.UPSAMPLED, flags.SHORT, flags.PHASE_CANCELLED, flags.TRUNCATED,
        flags.NO_PROMPT, flags.PROMPT_CUT, flags.NO_TOKENIZER, flags.SIMULATED_RATINGS,
        flags.HALF_PRECISION,
    }  # fmt: skip
    assert set(flags.FLAGS) == named
    assert all(meaning and ";" not in flag and "\n" not in meaning for flag, meaning in flags.FLAGS.items())
    with pytest.raises(TypeError):
        flags.FLAGS["new"] = "x"
