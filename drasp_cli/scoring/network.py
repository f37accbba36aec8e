"""One checkpoint on its device: prompts read, batches of windows scored, averaged for each clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from drasp_cli.audio.flags import HALF_PRECISION, NO_PROMPT, NO_TOKENIZER, PROMPT_CUT, SIMULATED_RATINGS
from drasp_cli.checkpoints.store import Checkpoint
from drasp_cli.datatypes import Clip, Window, WindowBatch
from drasp_cli.errors import DeviceError
from drasp_cli.models.average import WindowAverage
from drasp_cli.models.device import within_memory
from drasp_cli.models.interface import Predictor
from drasp_cli.scoring.prompt_cache import PromptCache

PRECISIONS = {"auto": None, "fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def autocast_type(precision: str) -> torch.dtype | None:
    """The type that the towers compute in under autocast, or None for fp32 without it.

    Raises:
        DeviceError: the word is no precision.
    """
    if precision not in PRECISIONS:
        raise DeviceError(f"'{precision}' is not a precision; use {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


@dataclass
class Hearing:
    """What one model makes of one clip.

    Attributes:
        text: embedding (embedding_dim,) of the prompt; None where the model reads none, or there is none.
        flags: what is known before the clip is decoded.
        averages: axis -> mean of what the windows scored so far gave.
        waiting: windows that are not scored yet.
    """

    text: Tensor | None
    flags: tuple[str, ...]
    averages: dict[str, WindowAverage] = field(default_factory=dict)
    waiting: int = 0


class Network:
    """The predictor on its device, with the prompts it has already read.

    Args:
        checkpoint: whose predictor is moved to the device.
        columns: axis -> what its scores are called.
        device: where it computes.
        autocast: the type that its towers compute in, or None for fp32.
    """

    def __init__(
        self, checkpoint: Checkpoint, columns: Mapping[str, str], device: torch.device, autocast: torch.dtype | None
    ) -> None:
        self.checkpoint = checkpoint
        self.columns = columns
        self.device = device
        self.autocast = autocast
        self.predictor: Predictor = checkpoint.predictor.to(device).eval()
        self._prompts = PromptCache()

    def hearing(self, clip: Clip) -> Hearing:
        """A fresh one, with what is known of the clip before it is decoded."""
        flags, text = [], None
        if self.predictor.reads_prompts:
            if self.checkpoint.tokenizer is None:
                flags.append(NO_TOKENIZER)
            elif clip.prompt is None or not clip.prompt.strip():
                flags.append(NO_PROMPT)
            else:
                text, cut = self._read(clip.prompt)
                if cut:
                    flags.append(PROMPT_CUT)
        if self.checkpoint.config.ratings == "simulated":
            flags.append(SIMULATED_RATINGS)
        if self.autocast is not None:
            flags.append(HALF_PRECISION)
        return Hearing(text, tuple(flags))

    def score(self, batch: Sequence[tuple[Hearing, Window]]) -> None:
        """Counts the scores of a batch into its hearings; axes that read prompts are left out where there was none.

        Raises:
            DeviceMemoryError: the device has no memory left for it.
        """
        texts = [hearing.text for hearing, _ in batch]
        known = next((text for text in texts if text is not None), None)
        text = None
        if known is not None:  # a window without a prompt is computed with zeros, and its score is not given out
            text = torch.stack([torch.zeros_like(known) if t is None else t for t in texts])
        with within_memory(self.device), torch.inference_mode(), self.precision():
            windows = WindowBatch(
                torch.stack([torch.from_numpy(window.samples) for _, window in batch]).to(self.device),
                torch.tensor([window.num_samples for _, window in batch]).to(self.device),
            )
            scores = self.predictor(windows, text)
        text_axes = self.predictor.text_axes
        for axis, column in scores.items():
            for (hearing, window), value in zip(batch, column.double().cpu().numpy(), strict=True):
                if axis not in text_axes or hearing.text is not None:
                    hearing.averages.setdefault(axis, WindowAverage()).add(value, window.num_samples)
        for hearing, _ in batch:
            hearing.waiting -= 1

    def scores(self, hearing: Hearing) -> tuple[dict[str, float | None], str]:
        """Column -> score of a clip all of whose windows are scored, and what is wrong with them, or ""."""
        scores: dict[str, float | None] = dict.fromkeys(self.columns.values())
        error = ""
        for axis, average in hearing.averages.items():
            score = self.predictor.clip_score(axis, average.mean, hearing.text)
            if math.isfinite(score):
                scores[self.columns[axis]] = score
            else:
                remedy = "; try --precision fp32" if self.autocast else ""
                error = f"the {self.columns[axis]} score is not a finite number{remedy}"
        return scores, error

    def _read(self, prompt: str) -> tuple[Tensor, bool]:
        """Embedding (embedding_dim,) of a prompt, and whether it was cut; each prompt is read alone, and once."""
        if (read := self._prompts.get(prompt)) is not None:
            return read
        tokenizer = self.checkpoint.tokenizer
        assert tokenizer is not None
        ids, cut = tokenizer.encode(prompt)
        with torch.inference_mode(), self.precision():
            text = self.predictor.embed_text(torch.tensor([ids], device=self.device))[0].float()
        self._prompts.put(prompt, text, cut)
        return text, cut

    def precision(self) -> torch.autocast:
        """The context that its towers compute in."""
        return torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None)
