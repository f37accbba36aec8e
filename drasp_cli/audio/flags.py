"""The closed list of flags a scored clip can carry, and the thresholds of those that come from its audio."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING

from drasp_cli.datatypes import NO_PROMPT as NO_PROMPT  # written so, it is one of this module's names too

if TYPE_CHECKING:
    from drasp_cli.audio.decode import DecodeFacts

SILENT = "silent"
CLIPPED = "clipped"
UPSAMPLED = "upsampled"
SHORT = "short"
PHASE_CANCELLED = "phase-cancelled"
TRUNCATED = "truncated"
PROMPT_CUT = "prompt-cut"
NO_TOKENIZER = "no-tokenizer"
SIMULATED_RATINGS = "simulated-ratings"
HALF_PRECISION = "half-precision"

FLAGS = MappingProxyType(
    {
        SILENT: "no sample of any channel reaches -60 dB of full scale",
        CLIPPED: "one flat top at full scale or more per second: 4 or more equal samples in a row, at 0.98 or beyond",
        UPSAMPLED: "the file's sample rate is below the model's, so the top of the spectrum is empty",
        SHORT: "under one second long",
        PHASE_CANCELLED: "the channels cancel each other: averaged to mono, less than a tenth of the energy that "
        "unrelated channels would keep is left",
        TRUNCATED: "the file, or the time range, ends earlier than it says; what could be decoded was scored",
        NO_PROMPT: "there is no prompt for this clip, so its text-dependent axes are empty",
        PROMPT_CUT: "the prompt is longer than the text tower reads; its beginning was used",
        NO_TOKENIZER: "the checkpoint has no tokenizer, so text-dependent axes are empty",
        SIMULATED_RATINGS: "the model was trained on simulated listening tests, not on human ratings",
        HALF_PRECISION: "computed in bf16 or fp16, as --precision asked for, and less exact than in fp32",
    }
)
"""Every flag and what it means, in the order in which they are written."""

SILENT_PEAK = 1e-3  # of full scale: -60 dB
CLIPPED_RUNS_PER_SECOND = 1.0
SHORT_SECONDS = 1.0
CANCELLED_FRACTION = 0.1  # of the mono energy of unrelated channels: -10 dB


def is_silent(facts: DecodeFacts) -> bool:
    """No sample of any channel reaches SILENT_PEAK."""
    return facts.peak < SILENT_PEAK


def is_clipped(facts: DecodeFacts) -> bool:
    """CLIPPED_RUNS_PER_SECOND flat tops or more, over all channels and the whole duration."""
    return facts.clipped_runs > 0 and facts.clipped_runs >= CLIPPED_RUNS_PER_SECOND * facts.seconds


def is_upsampled(facts: DecodeFacts, sample_rate: int) -> bool:
    """The predictor hears at `sample_rate` Hz, and the file has less."""
    return facts.sample_rate < sample_rate


def is_short(facts: DecodeFacts) -> bool:
    """Under SHORT_SECONDS were decoded."""
    return facts.seconds < SHORT_SECONDS


def is_phase_cancelled(facts: DecodeFacts) -> bool:
    """The mean over channels has lost most of their energy.

    The mean of C unrelated channels with energies E_c has the energy sum_c E_c / C^2, so does a sound in one channel
    alone; the mean of equal channels has C times that, and the mean of a channel and its inverse none.
    """
    unrelated = facts.channel_energy / facts.channels**2
    return facts.mono_energy < CANCELLED_FRACTION * unrelated


def audio_flags(facts: DecodeFacts, sample_rate: int) -> tuple[str, ...]:
    """The flags of a decoded file for a predictor that hears at `sample_rate` Hz, in the order of FLAGS."""
    raised = {
        SILENT: is_silent(facts),
        CLIPPED: is_clipped(facts),
        UPSAMPLED: is_upsampled(facts, sample_rate),
        SHORT: is_short(facts),
        PHASE_CANCELLED: is_phase_cancelled(facts),
        TRUNCATED: facts.truncated,
    }
    return in_order(flag for flag, is_raised in raised.items() if is_raised)


def in_order(flags: Iterable[str]) -> tuple[str, ...]:
    """The same flags, each once, in the order of FLAGS.

    Raises:
        KeyError: one is not in FLAGS.
    """
    order = {flag: place for place, flag in enumerate(FLAGS)}
    return tuple(sorted(set(flags), key=order.__getitem__))
