"""Prompts: which attributes each asks for, and the sentence that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from drasp_cli.errors import SimulationError
from drasp_cli.simulation.attributes import ATTRIBUTES, DRAWN, SPOKEN, SPOKEN_ALONE, UNSPOKEN, VALUES
from drasp_cli.simulation.random_streams import stream

_MENTIONED = (3, 7)
_TIMBRE_SHARE = 0.95
_SENTENCES = (
    "{a} {adjectives} {noun} piece{phrases}.",
    "{a} {adjectives} {noun} tune{phrases}.",
    "Please compose {a} {adjectives} piece of {noun} music{phrases}.",
    "Generate {adjectives} {noun} music{phrases}.",
    "I want to hear {a} {adjectives} {noun} track{phrases}.",
    "This is {a} {adjectives} {noun} recording{phrases}.",
    "{adjectives} {noun} music{phrases}",
    "Background music: {adjectives} {noun}{phrases}.",
)
_TAGS_SHARE = 0.2
_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text given to the systems.

    Attributes:
        id: "P001" and so on.
        text: one line.
        asked: attribute -> value, for the 3 to 7 attributes that the text mentions.
    """

    id: str
    text: str
    asked: Mapping[str, str]


def draw_prompts(count: int, seed: int) -> tuple[Prompt, ...]:
    """`count` prompts, no two with the same text.

    Raises:
        SimulationError: so many different texts were not found.
    """
    width = max(3, len(str(count)))
    prompts: list[Prompt] = []
    seen: set[str] = set()
    for index in range(count):
        rng = stream(seed, "prompt", index)
        for _ in range(_ATTEMPTS):
            asked = _draw_asked(rng)
            text = write_prompt(asked, rng)
            if text.casefold() not in seen:
                break
        else:
            raise SimulationError(f"cannot word {count} different prompts: found {index}; ask for fewer")
        seen.add(text.casefold())
        prompts.append(Prompt(f"P{index + 1:0{width}d}", text, asked))
    return tuple(prompts)


def write_prompt(asked: Mapping[str, str], rng: np.random.Generator) -> str:
    """A text that mentions exactly the attributes in `asked`, in words drawn from their synonyms."""
    if rng.random() < _TAGS_SHARE:
        words = [_pick(rng, ATTRIBUTES[name][value].adjectives) for name, value in asked.items()]
        return ", ".join(words[i] for i in rng.permutation(len(words)))
    noun = ""
    adjectives: list[str] = []
    phrases: list[str] = []
    for name, value in asked.items():
        wording = ATTRIBUTES[name][value]
        if name == "timbre" and rng.random() < 0.8:
            noun = _pick(rng, wording.adjectives)
        elif name != "timbre" and len(adjectives) < 3 and rng.random() < 0.5:
            adjectives.append(_pick(rng, wording.adjectives))
        else:
            phrases.append(_pick(rng, wording.phrases))
    rng.shuffle(adjectives)
    rng.shuffle(phrases)
    sentence = _pick(rng, _SENTENCES)
    first = " ".join([*adjectives, noun]).strip() or "piece"
    text = sentence.format(
        a="an" if first[0].lower() in "aeiou" else "a",
        adjectives=", ".join(adjectives),
        noun=noun,
        phrases=_join(phrases),
    )
    text = " ".join(text.split())
    return text[0].upper() + text[1:]


def _draw_asked(rng: np.random.Generator) -> dict[str, str]:
    count = int(rng.integers(_MENTIONED[0], _MENTIONED[1] + 1))
    asked = {name: _pick(rng, values) for name, values in DRAWN.items()}
    if rng.random() < SPOKEN_ALONE and asked["timbre"] == SPOKEN:
        asked["texture"] = "solo"
    others = [name for name in VALUES if name != "timbre" and (asked["timbre"] != SPOKEN or name not in UNSPOKEN)]
    chosen = {"timbre"} if rng.random() < _TIMBRE_SHARE or count > len(others) else set[str]()
    chosen |= {others[i] for i in rng.permutation(len(others))[: count - len(chosen)]}
    return {name: value for name, value in asked.items() if name in chosen}


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _join(phrases: list[str]) -> str:
    if not phrases:
        return ""
    if len(phrases) == 1:
        return f" {phrases[0]}"
    return f" {', '.join(phrases[:-1])} and {phrases[-1]}"
