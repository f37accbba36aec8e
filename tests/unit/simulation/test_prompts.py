"""Prompts mention what they ask for, in words of their own, and no text comes twice."""

from __future__ import annotations

import pytest

from drasp_cli.errors import SimulationError
from drasp_cli.simulation.attributes import ATTRIBUTES, SPOKEN, UNSPOKEN
from drasp_cli.simulation.prompts import draw_prompts


@pytest.fixture(scope="module")
def prompts():
    return draw_prompts(384, 1)


def test_texts_and_ids_are_unique_lines(prompts):
    assert len({prompt.text.casefold() for prompt in prompts}) == len(prompts) == len({p.id for p in prompts})
    assert prompts[0].id == "P001"
    for prompt in prompts:
        assert prompt.text == " ".join(prompt.text.split())
        assert "{" not in prompt.text


def test_each_asks_for_three_to_seven_things_and_the_timbre_almost_always(prompts):
    counts = [len(prompt.asked) for prompt in prompts]
    assert (min(counts), max(counts)) == (3, 7)
    assert 0.9 < sum("timbre" in prompt.asked for prompt in prompts) / len(prompts) < 1.0


def test_text_holds_a_wording_of_everything_asked(prompts):
    for prompt in prompts:
        for name, value in prompt.asked.items():
            wording = ATTRIBUTES[name][value]
            words = (*wording.adjectives, *wording.phrases)
            assert any(word.casefold() in prompt.text.casefold() for word in words), (prompt.text, name)


def test_nobody_asks_speech_for_a_key(prompts):
    spoken = [prompt for prompt in prompts if prompt.asked.get("timbre") == SPOKEN]
    assert spoken
    assert not any(name in prompt.asked for prompt in spoken for name in UNSPOKEN)


def test_all_values_come_up(prompts):
    for name, values in ATTRIBUTES.items():
        assert {prompt.asked[name] for prompt in prompts if name in prompt.asked} == set(values)


def test_running_out_of_wordings_is_an_error(monkeypatch):
    monkeypatch.setattr("drasp_cli.simulation.prompts.write_prompt", lambda asked, rng: "always the same")
    with pytest.raises(SimulationError, match="cannot word 5 different prompts: found 1"):
        draw_prompts(5, 0)
