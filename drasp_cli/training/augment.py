"""Changes to a batch's sound of which a rater would say the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from drasp_cli.training.batch import Batch
from drasp_cli.training.recipe import DataRecipe


def augment(batch: Batch, data: DataRecipe, rng: np.random.Generator) -> Batch:
    """Shifts and levels the sound of each clip by a random amount of its own. Samples are levelled only."""
    sound = batch.sound
    if data.roll:
        shifts = rng.integers(0, sound.shape[1], size=len(sound))
        sound = torch.stack([clip.roll(int(shift), dims=0) for clip, shift in zip(sound, shifts, strict=True)])
    if data.gain_db:
        gains = torch.from_numpy(rng.uniform(-data.gain_db, data.gain_db, size=len(sound)).astype(np.float32))
        in_db = batch.num_samples is None
        sound = sound + gains[:, None, None] if in_db else sound * (10.0 ** (gains / 20.0))[:, None]
    return replace(batch, sound=sound)
