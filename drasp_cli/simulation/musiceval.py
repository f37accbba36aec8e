"""The MusicEval layout: systems answer prompts with music, and raters judge its impression and how well it fits.

    systems x prompts -plan-> ClipPlan* -render-> clip + causes -rate-> ratings -write-> folder

The folder is read by `drasp_cli.datasets.musiceval`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drasp_cli.datasets.causes import Causes, write_causes
from drasp_cli.simulation.attributes import ATTRIBUTES, SPEAKERS_OWN, SPOKEN
from drasp_cli.simulation.composer import MUSICAL_FAULTS, audible_faults, compose, speaks_alone
from drasp_cli.simulation.data_readme import data_readme
from drasp_cli.simulation.instruments import play
from drasp_cli.simulation.layout import SHORTER, SPLITS, Rendered, Wish, clips_of, deal, draw_seconds, lists_at_last
from drasp_cli.simulation.prompts import Prompt, draw_prompts
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import (
    CAUSES,
    MUSICEVAL_PANEL,
    Panel,
    agreement,
    musical_impression,
    textual_alignment,
)
from drasp_cli.simulation.rating import Rating, write_ratings
from drasp_cli.simulation.recording import record
from drasp_cli.simulation.recordings import RECORDED, libraries_of, play_recordings
from drasp_cli.simulation.sound_chain import run_chain
from drasp_cli.simulation.systems import System, draw_heard, draw_severities, draw_systems

_PROMPTS = 384
_SHORTER_SPEECH = 0.8  # the share of clips of speech alone that are shorter than asked for: a sentence is

_FILES = """\
| file | what it is |
|---|---|
| `wav/` | the clips, 16-bit mono; `S002_P044` is system 2 on prompt 44, `_2` at the end its second take |
| `sets/{train,dev,test}_mos_list.txt` | `name,MI,TA`, means of five raters; no system or prompt is in two sets |
| `prompt_info.txt` | the prompts |
| `ratings.csv` | each single rating |
| `causes.csv` | why: what was asked, what is heard, severity of each cause, latent scores, places of local defects |

The layout is that of MusicEval. How it was simulated: docs/simulator.md of drasp.
"""


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip to be made: everything but the dice, which its index keys.

    Attributes:
        index: 0-based, in the order of the plan.
        name: its file name.
        split: "train", "dev" or "test".
        system: the generator.
        prompt: what it was asked.
    """

    index: int
    name: str
    split: str
    system: System
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class MusicEvalLayout:
    """Text-to-music systems, rated by five of fourteen raters from 1 to 5 on MI and TA."""

    panel: Panel = MUSICEVAL_PANEL
    sample_rate: int = 32000
    prompts: int | None = _PROMPTS

    def plan(self, wish: Wish) -> tuple[ClipPlan, ...]:
        """Which system answers which prompt."""
        return plan_clips(wish.clips, wish.systems, wish.prompts or _PROMPTS, wish.seed)

    def render(self, plan: ClipPlan, wish: Wish) -> Rendered[Causes]:
        """One clip, see `render_clip`."""
        return render_clip(plan, wish)

    def write(self, out: Path, rated: Sequence[Causes], ratings: Sequence[Rating], wish: Wish, command: str) -> None:
        """`prompt_info.txt`, `causes.csv`, `ratings.csv`, `README.md` and, last, `sets`."""
        with (out / "prompt_info.txt").open("w", encoding="utf-8", newline="\n") as file:
            file.write("id\ttext\n")
            file.writelines(
                f"{prompt.id}\t{prompt.text}\n" for prompt in draw_prompts(wish.prompts or _PROMPTS, wish.seed)
            )
        write_causes(out / "causes.csv", rated, ATTRIBUTES, CAUSES)
        write_ratings(out / "ratings.csv", ratings, self.panel.axes)
        (out / "README.md").write_text(data_readme(_FILES, command, len(rated), wish), encoding="utf-8")
        with lists_at_last(out) as sets:
            for split in SPLITS:
                with (sets / f"{split}_mos_list.txt").open("w", encoding="utf-8", newline="\n") as file:
                    file.writelines(
                        f"{row.name},{row.ratings['MI']:.1f},{row.ratings['TA']:.1f}\n"
                        for row in rated
                        if row.split == split
                    )


def plan_clips(clips: int, systems: int, prompts: int, seed: int) -> tuple[ClipPlan, ...]:
    """Which system answers which prompt, by name of the clip.

    Systems and prompts are dealt to the splits at random; each system has `clips / systems` clips (one more for some),
    of prompts of its own split, all different until they are used up; further takes have names that end in "_2" ...
    """
    drawn_systems = draw_systems(systems, seed)
    drawn_prompts = draw_prompts(prompts, seed)
    system_split = deal(systems, stream(seed, "split of systems"))
    prompt_split = deal(prompts, stream(seed, "split of prompts"))
    plans: list[ClipPlan] = []
    for split in SPLITS:
        own_prompts = [drawn_prompts[i] for i in range(prompts) if prompt_split[i] == split]
        # One shuffled round of prompts after the other, dealt out without a break: all are used equally often.
        deck: list[Prompt] = []
        for index in range(systems):
            if system_split[index] != split:
                continue
            rng = stream(seed, "prompts of system", index)
            takes: dict[str, int] = {}
            for _ in range(clips_of(index, clips, systems)):
                if not deck:
                    deck = [own_prompts[i] for i in rng.permutation(len(own_prompts))]
                fewest = min(takes.get(prompt.id, 0) for prompt in own_prompts)
                fresh = next((i for i, prompt in enumerate(deck) if takes.get(prompt.id, 0) == fewest), None)
                prompt = deck.pop(fresh) if fresh is not None else _fresh_prompt(own_prompts, takes, fewest, rng)
                takes[prompt.id] = takes.get(prompt.id, 0) + 1
                name = _clip_name(drawn_systems[index].id, prompt.id, takes[prompt.id])
                plans.append(ClipPlan(0, name, split, drawn_systems[index], prompt))
    plans.sort(key=lambda plan: plan.name)
    return tuple(replace(plan, index=index) for index, plan in enumerate(plans))


def _fresh_prompt(prompts: Sequence[Prompt], takes: dict[str, int], fewest: int, rng: np.random.Generator) -> Prompt:
    fresh = [prompt for prompt in prompts if takes.get(prompt.id, 0) == fewest]
    return fresh[int(rng.integers(len(fresh)))]


def _clip_name(system: str, prompt: str, take: int) -> str:
    again = "" if take == 1 else f"_{take}"
    return f"audiomos2025-track1-{system}_{prompt}{again}.wav"


def render_clip(plan: ClipPlan, wish: Wish) -> Rendered[Causes]:
    """One clip of at most `wish.seconds`, from its plan and the seed: the same whenever and wherever it is made."""
    rng = stream(wish.seed, "clip", plan.index)
    choices, music, performance, recording, chain, length, speaker = rng.spawn(7)
    sample_rate = wish.sample_rate
    heard = draw_heard(plan.system, plan.prompt.asked, choices)
    seconds = draw_seconds(wish.seconds, length, _SHORTER_SPEECH if speaks_alone(heard) else SHORTER)
    asked, voice = plan.prompt.asked, None
    speech = libraries_of(wish, plan.split).get("speech")
    if speech is not None and heard["timbre"] == SPOKEN and speaker.random() < RECORDED:
        voice = play_recordings(speech, sample_rate, seconds, speaker)
    severities = draw_severities(plan.system, choices)
    faults = audible_faults(heard, {name: severities[name] for name in MUSICAL_FAULTS})
    notes = compose(heard, faults, seconds, music)
    if voice is not None and speaks_alone(heard):
        # Nobody measured these of a recording: they are neither taught nor held against the clip.
        heard = {name: "" if name in SPEAKERS_OWN else value for name, value in heard.items()}
        asked = {name: value for name, value in asked.items() if name not in SPEAKERS_OWN} or asked
    played = play(notes, heard["timbre"], sample_rate, seconds, performance, None if voice is None else voice.samples)
    made_at = voice.made_at if voice is not None and speaks_alone(heard) else None
    samples = record(played, sample_rate, recording, recorded=made_at is not None)
    output = run_chain(samples, sample_rate, severities, plan.system.defects_first, chain, made_at)
    found = {**faults, **output.severities}
    causes = {name: found[name] for name in CAUSES}
    agreed = agreement(asked, heard)
    impression = musical_impression(causes)
    latent = {"MI": impression, "TA": textual_alignment(agreed, impression)}
    return Rendered(
        output.samples,
        Causes(
            name=plan.name,
            system=plan.system.id,
            prompt_id=plan.prompt.id,
            split=plan.split,
            prompt=plan.prompt.asked,
            heard=heard,
            causes=causes,
            agreement=agreed,
            latent=latent,
            ratings=latent,
            defects=output.defects,
        ),
    )
