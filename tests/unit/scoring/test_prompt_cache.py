from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor

from drasp_cli.datatypes import Clip
from drasp_cli.scoring.network import Network
from drasp_cli.scoring.prompt_cache import ROOM, PromptCache
from tests.tiny import tiny_checkpoint


def test_each_of_thousands_of_prompts_is_embedded_once_though_systems_come_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6,000 prompts in 3 systems, with embeddings as long as those of the full-size towers."""
    checkpoint = tiny_checkpoint(tmp_path / "model")
    embedded = 0

    def embed(tokens: Tensor) -> Tensor:
        nonlocal embedded
        embedded += 1
        return torch.full((1, 512), float(embedded))

    monkeypatch.setattr(checkpoint.predictor, "embed_text", embed)
    network = Network(checkpoint, {"MI": "MI", "TA": "TA"}, torch.device("cpu"), None)
    prompts = [f"slow piano, and {i} drums that enter one by one until the band is loud" for i in range(6000)]
    for system in ("a", "b", "c"):
        for number, prompt in enumerate(prompts, start=1):
            text = network.hearing(Clip(f"{system}/{number}.wav", system=system, prompt=prompt)).text
            assert text is not None
            assert text[0] == number
    assert embedded == 6000


def test_there_is_room_for_the_prompts_of_any_test_set_in_bounded_memory() -> None:
    """Captions of 200 characters: more of them than the largest sets of captions hold, and no end of them is kept."""
    cache = PromptCache()
    text = torch.zeros(512)
    for i in range(60_000):
        cache.put(f"{i:<200}", text, False)
    kept = Counter(cache.get(f"{i:<200}") is not None for i in range(60_000))
    assert 40_000 <= kept[True] <= ROOM / 2048
    assert cache.get(f"{59_999:<200}") is not None
    assert cache.get(f"{0:<200}") is None


def test_what_was_not_wanted_for_longest_is_let_go() -> None:
    cache = PromptCache(room=2500)
    for prompt in ("a", "b", "c"):
        cache.put(prompt, torch.zeros(16), False)
    assert cache.get("a") is not None
    cache.put("d", torch.zeros(16), True)
    assert cache.get("b") is None
    assert all(cache.get(prompt) is not None for prompt in ("a", "c", "d"))


def test_a_prompt_larger_than_the_room_is_not_kept() -> None:
    cache = PromptCache(room=2500)
    cache.put("x" * 3000, torch.zeros(16), True)
    assert cache.get("x" * 3000) is None
    cache.put("a", torch.zeros(16), False)
    assert cache.get("a") is not None
