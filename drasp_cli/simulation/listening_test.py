"""A whole simulated listening test: systems, prompts, clips, ratings, and the files that hold them.

systems x prompts -plan-> ClipPlan* -render-> clip + causes -rate-> ratings -write-> folder -> Ceiling
"""

from __future__ import annotations

import csv
import multiprocessing
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from drasp_cli.datasets.causes import Causes, write_causes
from drasp_cli.errors import OutputError, SimulationError
from drasp_cli.simulation.attributes import ATTRIBUTES
from drasp_cli.simulation.ceiling import Ceiling, measure_ceiling
from drasp_cli.simulation.composer import MUSICAL_FAULTS, audible_faults, compose
from drasp_cli.simulation.instruments import play
from drasp_cli.simulation.prompts import Prompt, draw_prompts
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import (
    AXES,
    CAUSES,
    agreement,
    draw_biases,
    musical_impression,
    rate,
    textual_alignment,
)
from drasp_cli.simulation.recording import record
from drasp_cli.simulation.sound_chain import run_chain
from drasp_cli.simulation.systems import System, draw_heard, draw_severities, draw_systems

LAYOUTS: Final = ("musiceval",)
SAMPLE_RATES: Final = (16000, 22050, 24000, 32000, 44100, 48000)
SPLITS: Final = {"train": 0.70, "dev": 0.12, "test": 0.18}
"""Split -> its share of the systems, and of the prompts."""
SECONDS: Final = (2.0, 60.0)
"""Shortest and longest clips that can be asked for."""
SHORTEST: Final = 1.0
SHORTER: Final = (0.35, 0.15)
"""The share of clips that are shorter than asked for, and how short they may be, as a share of the full length."""


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
class RenderedClip:
    """A clip and why it is as it is (ratings still missing: they equal the latents).

    Attributes:
        samples: (num_samples,) float64 within [-1, 1].
        causes: its row of `causes.csv`.
    """

    samples: NDArray[np.float64]
    causes: Causes


def simulate(
    out: Path,
    *,
    clips: int,
    systems: int = 31,
    prompts: int = 384,
    seed: int,
    layout: str = "musiceval",
    sample_rate: int = 32000,
    seconds: float = 10.0,
    workers: int,
    on_clip: Callable[[], None],
) -> Ceiling:
    """Make a simulated listening test in the folder `out`.

    Args:
        out: a folder that is empty or does not exist.
        clips: number of clips in all splits together.
        systems: number of simulated generators; at least 3, one per split.
        prompts: number of prompts; at least 3.
        seed: of everything, 0 or more. The same arguments give the same bytes, whatever `workers` is.
        layout: "musiceval".
        sample_rate: in Hz, one of `SAMPLE_RATES`.
        seconds: length of the clips, within `SECONDS`; some are shorter, see `SHORTER`.
        workers: number of processes; 1 works in this one.
        on_clip: called after each finished clip, here.

    Returns:
        The correlation of the latent scores with the mean ratings.

    Raises:
        SimulationError: an argument is impossible, or `out` holds something already.
        OutputError: `out` cannot be written.
    """
    _check(out, clips, systems, prompts, seed, layout, sample_rate, seconds, workers)
    plans = plan_clips(clips, systems, prompts, seed)
    try:
        (out / "wav").mkdir(parents=True, exist_ok=True)
        made: list[Causes] = []
        with closing(_render_all(plans, out / "wav", seed, sample_rate, seconds, workers)) as rendered:
            for causes in rendered:
                made.append(causes)
                on_clip()
        rated, ratings = rate_clips(made, seed)
        command = (
            f"drasp simulate OUT --clips {clips} --systems {systems} --prompts {prompts} --seed {seed} "
            f"--layout {layout} --sample-rate {sample_rate} --seconds {seconds:g}"
        )
        _write_lists(out, rated, ratings, draw_prompts(prompts, seed), command, seed)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error
    return measure_ceiling(rated)


def _check(
    out: Path,
    clips: int,
    systems: int,
    prompts: int,
    seed: int,
    layout: str,
    sample_rate: int,
    seconds: float,
    workers: int,
) -> None:
    if layout not in LAYOUTS:
        raise SimulationError(f"layout is '{layout}'; expected one of: {', '.join(LAYOUTS)}")
    if sample_rate not in SAMPLE_RATES:
        expected = ", ".join(str(rate) for rate in SAMPLE_RATES)
        raise SimulationError(f"sample rate is {sample_rate} Hz; expected one of: {expected}")
    if not SECONDS[0] <= seconds <= SECONDS[1]:
        raise SimulationError(f"clips of {seconds:g} s; expected {SECONDS[0]:g} to {SECONDS[1]:g} s")
    for what, count in (("systems", systems), ("prompts", prompts)):
        if count < len(SPLITS):
            raise SimulationError(
                f"{count} {what}; expected at least {len(SPLITS)}, one for each of train, dev and test"
            )
    if clips < systems:
        raise SimulationError(f"{clips} clips for {systems} systems; expected at least one clip per system")
    if seed < 0:
        raise SimulationError(f"seed is {seed}; expected 0 or more")
    if workers < 1:
        raise SimulationError(f"{workers} workers; expected at least 1")
    if out.exists() and not out.is_dir():
        raise SimulationError(f"{out} is a file; expected an empty or a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise SimulationError(f"{out} is not empty; expected an empty or a new folder")


# --------------------------------------------------------------------------------------------------- planning


def split_sizes(count: int) -> dict[str, int]:
    """How many of `count` systems or prompts (3 or more) each split gets; at least one.

    >>> split_sizes(31)
    {'train': 21, 'dev': 4, 'test': 6}
    """
    sizes = {name: max(1, round(share * count)) for name, share in SPLITS.items() if name != "train"}
    return {"train": count - sum(sizes.values()), **sizes}


def plan_clips(clips: int, systems: int, prompts: int, seed: int) -> tuple[ClipPlan, ...]:
    """Which system answers which prompt, by name of the clip.

    Systems and prompts are dealt to the splits at random; each system has `clips / systems` clips (one more for some),
    of prompts of its own split, all different until they are used up; further takes have names that end in "_2" ...
    """
    drawn_systems = draw_systems(systems, seed)
    drawn_prompts = draw_prompts(prompts, seed)
    system_split = _deal(systems, stream(seed, "split of systems"))
    prompt_split = _deal(prompts, stream(seed, "split of prompts"))
    plans: list[ClipPlan] = []
    for split in SPLITS:
        own_prompts = [drawn_prompts[i] for i in range(prompts) if prompt_split[i] == split]
        # One shuffled round of prompts after the other, dealt out without a break: all are used equally often.
        deck: list[Prompt] = []
        for index in range(systems):
            if system_split[index] != split:
                continue
            rng = stream(seed, "prompts of system", index)
            count = clips // systems + (index < clips % systems)
            takes: dict[str, int] = {}
            for _ in range(count):
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


def _deal(count: int, rng: np.random.Generator) -> list[str]:
    names = [name for name, size in split_sizes(count).items() for _ in range(size)]
    return [names[i] for i in rng.permutation(count)]


def _fresh_prompt(prompts: Sequence[Prompt], takes: dict[str, int], fewest: int, rng: np.random.Generator) -> Prompt:
    fresh = [prompt for prompt in prompts if takes.get(prompt.id, 0) == fewest]
    return fresh[int(rng.integers(len(fresh)))]


def _clip_name(system: str, prompt: str, take: int) -> str:
    again = "" if take == 1 else f"_{take}"
    return f"audiomos2025-track1-{system}_{prompt}{again}.wav"


# -------------------------------------------------------------------------------------------------- rendering


def render_clip(plan: ClipPlan, seed: int, sample_rate: int, seconds: float) -> RenderedClip:
    """One clip of at most `seconds`, from its plan alone: the same whenever and wherever it is made."""
    rng = stream(seed, "clip", plan.index)
    choices, music, performance, recording, chain, length = rng.spawn(6)
    if length.random() < SHORTER[0]:
        seconds = max(SHORTEST, seconds * float(length.uniform(SHORTER[1], 1.0)))
    heard = draw_heard(plan.system, plan.prompt.asked, choices)
    severities = draw_severities(plan.system, choices)
    faults = audible_faults(heard, {name: severities[name] for name in MUSICAL_FAULTS})
    notes = compose(heard, faults, seconds, music)
    samples = record(play(notes, heard["timbre"], sample_rate, seconds, performance), sample_rate, recording)
    output = run_chain(samples, sample_rate, severities, plan.system.defects_first, chain)
    causes = {name: {**faults, **output.severities}[name] for name in CAUSES}
    agreed = agreement(plan.prompt.asked, heard)
    impression = musical_impression(causes)
    latent = {"MI": impression, "TA": textual_alignment(agreed, impression)}
    return RenderedClip(
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


def _render_to(task: tuple[ClipPlan, Path, int, int, float]) -> Causes:
    plan, folder, seed, sample_rate, seconds = task
    clip = render_clip(plan, seed, sample_rate, seconds)
    soundfile.write(folder / plan.name, clip.samples, sample_rate, subtype="PCM_16")
    return clip.causes


def _leave_interrupts_alone() -> None:
    """Ctrl-C goes to every process of the terminal; only the first one is to act on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render_all(
    plans: Sequence[ClipPlan], folder: Path, seed: int, sample_rate: int, seconds: float, workers: int
) -> Generator[Causes, None, None]:
    """The causes of each clip in the order of the plans, as their files are written."""
    tasks = [(plan, folder, seed, sample_rate, seconds) for plan in plans]
    if workers == 1:
        yield from map(_render_to, tasks)
        return
    # "spawn": a forked child would inherit the threads' locks of whatever progress bar the caller shows.
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)), mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts_alone
    )
    try:
        yield from pool.map(_render_to, tasks, chunksize=4)
    except BrokenProcessPool as error:
        raise SimulationError("a worker process was killed, perhaps for want of memory; try fewer workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


# -------------------------------------------------------------------------------------------------- rating


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's word on one clip: axis -> whole step of 1 to 5. `rater` counts from 1."""

    name: str
    rater: int
    steps: dict[str, int]


def rate_clips(clips: Sequence[Causes], seed: int) -> tuple[list[Causes], list[Rating]]:
    """`clips` with the mean of their ratings, and the single ratings, five a clip."""
    biases = draw_biases(stream(seed, "raters"))
    rated: list[Causes] = []
    ratings: list[Rating] = []
    for index, clip in enumerate(clips):
        raters, steps = rate(clip.latent, biases, stream(seed, "ratings", index))
        rated.append(replace(clip, ratings=dict(zip(AXES, steps.mean(axis=0).tolist(), strict=True))))
        for rater, row in zip(raters, steps, strict=True):
            ratings.append(Rating(clip.name, int(rater) + 1, dict(zip(AXES, row.tolist(), strict=True))))
    return rated, ratings


# --------------------------------------------------------------------------------------------------- writing


def _write_lists(
    out: Path, rated: Sequence[Causes], ratings: Sequence[Rating], prompts: Sequence[Prompt], command: str, seed: int
) -> None:
    """All files but the clips. The lists that make a folder a data set appear last, all at once."""
    with (out / "prompt_info.txt").open("w", encoding="utf-8", newline="\n") as file:
        file.write("id\ttext\n")
        file.writelines(f"{prompt.id}\t{prompt.text}\n" for prompt in prompts)
    write_causes(out / "causes.csv", rated, ATTRIBUTES, CAUSES)
    with (out / "ratings.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "rater", *AXES))
        writer.writerows((row.name, f"R{row.rater:02d}", *(row.steps[axis] for axis in AXES)) for row in ratings)
    (out / "README.md").write_text(_readme(command, len(rated), seed), encoding="utf-8")
    unfinished = out / "sets.unfinished"
    unfinished.mkdir()
    for split in SPLITS:
        with (unfinished / f"{split}_mos_list.txt").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(
                f"{row.name},{row.ratings['MI']:.1f},{row.ratings['TA']:.1f}\n" for row in rated if row.split == split
            )
    unfinished.rename(out / "sets")


def _readme(command: str, clips: int, seed: int) -> str:
    return f"""# A simulated listening test

**Nothing here was heard or rated by a person.** The {clips} clips are synthetic, and their ratings are drawn from
psychometric functions. Good for trying a predictor, for training a small one and for comparing methods; not for
publishing numbers about real generators.

Made by

    {command}

(seed {seed}; the same command with the same version of drasp, numpy, scipy and libsndfile makes the same bytes).

| file | what it is |
|---|---|
| `wav/` | the clips, 16-bit mono; `S002_P044` is system 2 on prompt 44, `_2` at the end its second take |
| `sets/{{train,dev,test}}_mos_list.txt` | `name,MI,TA`, means of five raters; no system or prompt is in two sets |
| `prompt_info.txt` | the prompts |
| `ratings.csv` | each single rating |
| `causes.csv` | why: what was asked, what is heard, severity of each cause, latent scores, places of local defects |

The layout is that of MusicEval. How it was simulated: docs/simulator.md of drasp.
"""
