"""Changes to a batch's sound: of which a rater would say the same, and, where order is taught, of which less."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from drasp_cli.models.config import ClapConfig, PredictorConfig
from drasp_cli.simulation.recording import EDGES, USUAL_EDGES, smooth_curve
from drasp_cli.training.bands import SILENCE, Bands
from drasp_cli.training.batch import Batch
from drasp_cli.training.recipe import DataRecipe
from drasp_cli.training.worse import audible_change, loudest_around, make_worse
from drasp_cli.training.worse_samples import make_samples_worse

DEEPEST: Final = 0.6
"""By how much of itself, in dB, a valley may be deepened, see `_with_contrast`."""


class Augmentation:
    """What is done to the sound of a batch each time it is seen.

    Args:
        config: of the predictor that hears it.
        data: how much of everything.
    """

    def __init__(self, config: PredictorConfig, data: DataRecipe) -> None:
        self.data = data
        self.rate = config.audio.frontend_sample_rate
        self.bands = Bands.of(config.logmel, config.audio) if isinstance(config, ClapConfig) else None

    def __call__(self, batch: Batch, rng: np.random.Generator, *, order: bool = False, contrast: float = 0.0) -> Batch:
        """Shifts, levels, colours and cuts the sound of each clip by a random amount of its own.

        Samples are neither shifted nor cut; half of the clips are turned upside down, which nobody hears.

        Args:
            batch: clips.
            rng: the dice.
            order: make the first clips worse, too; a version of a clip is cut where the clip is.
            contrast: the share of clips whose valleys are deepened, before anything is made worse.
        """
        data, sound = self.data, batch.sound
        if data.roll:
            shifts = rng.integers(0, sound.shape[1], size=len(sound))
            sound = torch.stack([clip.roll(int(shift), dims=0) for clip, shift in zip(sound, shifts, strict=True)])
        if data.gain_db:
            gains = torch.from_numpy(rng.uniform(-data.gain_db, data.gain_db, size=len(sound)).astype(np.float32))
            in_db = batch.num_samples is None
            sound = sound + gains[:, None, None] if in_db else sound * (10.0 ** (gains / 20.0))[:, None]
        if data.colour_db:
            sound = self._coloured(sound, batch.num_samples, rng)
        if contrast:
            sound = _with_contrast(sound, contrast, rng)
        worse = worse_by = None
        if order and batch.num_samples is not None:
            some = slice(0, data.worse)
            worse, worse_by = make_samples_worse(sound[some], batch.num_samples[some], self.rate, rng)
        elif order:
            assert self.bands is not None
            worse = make_worse(sound[: data.worse], self.bands, rng)
        if data.edges:
            ceilings = self._ceilings(len(sound), rng)
            sound = sound.minimum(ceilings)
            worse = worse.minimum(ceilings[: len(worse), None]) if worse is not None else None
        if worse is not None and worse_by is None:
            versions = torch.cat([sound[: len(worse), None], worse], 1)
            steps = [audible_change(versions[:, i], versions[:, i + 1]) for i in range(worse.shape[1])]
            worse_by = torch.stack(steps, 1)
        return replace(batch, sound=sound, worse=worse, worse_by=worse_by)

    def _coloured(self, sound: Tensor, num_samples: Tensor | None, rng: np.random.Generator) -> Tensor:
        """A microphone and its place: a smooth curve over frequency for each clip."""
        spread = self.data.colour_db
        if num_samples is None:
            assert self.bands is not None
            curves = [smooth_curve(self.bands.centres, spread, rng) for _ in sound]
            return sound + torch.from_numpy(np.stack(curves).astype(np.float32))[:, None]
        frequency = np.fft.rfftfreq(sound.shape[1], 1.0 / self.rate)
        curves = [smooth_curve(frequency, spread, rng) for _ in sound]
        gains = torch.from_numpy((10.0 ** (np.stack(curves) / 20.0)).astype(np.float32))
        signs = torch.from_numpy(rng.choice(np.array([-1.0, 1.0], np.float32), len(sound)))
        coloured = torch.fft.irfft(torch.fft.rfft(sound) * gains, sound.shape[1]) * signs[:, None]
        padding = torch.arange(sound.shape[1]) >= num_samples[:, None]
        return coloured.masked_fill(padding, 0.0)

    def _ceilings(self, clips: int, rng: np.random.Generator) -> Tensor:
        """The most that is left in each band, in dB: (clips, 1, mels)."""
        assert self.bands is not None
        centres = self.bands.centres
        ceilings = np.full((clips, 1, len(centres)), np.inf, np.float32)
        for ceiling in ceilings[:, 0]:
            if rng.random() < self.data.edges:
                edge = float(rng.choice(USUAL_EDGES) if rng.random() < 0.5 else rng.uniform(*EDGES))
                ceiling[centres > edge] = float(rng.uniform(*SILENCE))
        return torch.from_numpy(ceilings)


def _with_contrast(sound: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """Some clips with deeper valleys: what lies below its neighbours in time and frequency lies up to 60 % deeper.

    Depth counts in dB. Rooms and their noise fill valleys; who has heard little but rooms takes a dry recording for a
    damaged one.
    """
    amounts = np.where(rng.random(len(sound)) < share, rng.uniform(0.0, DEEPEST, len(sound)), 0.0)
    factors = torch.from_numpy(amounts.astype(np.float32))[:, None, None]
    return (sound - factors * (loudest_around(sound) - sound)).clamp_min(SILENCE[0]).minimum(sound)
