"""Clips made worse in samples: further from the clip at each step, and nothing made of silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drasp_cli.training import worse_samples
from drasp_cli.training.worse import STEPS
from drasp_cli.training.worse_samples import FAULTS, make_samples_worse

RATE = 16000
TIMES = np.arange(2 * RATE) / RATE
SOUND = (0.1 + 0.1 * np.sin(3 * TIMES)) * np.random.default_rng(0).standard_normal(len(TIMES))
CLIP = torch.from_numpy(SOUND.astype(np.float32))


@pytest.mark.parametrize("fault", sorted(set(FAULTS)))
def test_the_second_step_has_more_of_the_same_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worse_samples, "FAULTS", (fault,))
    monkeypatch.setattr(worse_samples, "_MILD", (0.3, 0.5))
    apart = []
    for seed in range(6):
        sound, counts = CLIP[None], torch.tensor([len(CLIP)])
        versions, by = make_samples_worse(sound, counts, RATE, np.random.default_rng(seed))
        assert versions.shape == (1, STEPS, len(CLIP))
        assert bool((by > 0).all())
        assert float(by.sum()) <= 1.0
        again, _ = make_samples_worse(sound, counts, RATE, np.random.default_rng(seed))
        assert torch.equal(versions, again)
        apart.append([float((version - CLIP).square().mean()) for version in versions[0]])
    first, second = np.mean(apart, axis=0)
    if fault in ("wobble", "codec"):  # a wrong phase is as far away as it can be from the first step on
        assert first > 0.0
    else:
        assert second > first > 0.0


def test_padding_and_silence_stay_as_they_are() -> None:
    sound = torch.stack([CLIP, torch.zeros(len(CLIP)), CLIP])
    sound[0, RATE:] = 0.0
    counts = torch.tensor([RATE, len(CLIP), 0])
    versions, by = make_samples_worse(sound, counts, RATE, np.random.default_rng(0))
    assert not bool(versions[0, :, RATE:].any())
    assert not torch.equal(versions[0, 0], sound[0])
    assert torch.equal(versions[1:], sound[1:, None].expand(-1, STEPS, -1))
    assert by[0].min() > 0
    assert not bool(by[1:].any())


def test_every_fault_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    met: set[str] = set()
    made = worse_samples._degraded
    monkeypatch.setattr(worse_samples, "_degraded", lambda fault: met.add(fault) or made(fault))
    sound = CLIP[:RATE].expand(80, -1)
    make_samples_worse(sound, torch.full((80,), RATE), RATE, np.random.default_rng(1))
    assert met == set(FAULTS)
