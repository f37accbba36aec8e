"""Makes the example clips again: `python docs/examples/make_examples.py`.

Three simulated systems, a good one, a middling one and a poor one, answer the same four prompts. Which is which is in
`causes.csv`, not in their names. Nothing is picked by ear or by what a predictor says of it: `SEED` is that of no
training set, the systems stand at fixed places of the order of quality, and the prompts are the first four.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from drasp_cli.datasets.causes import write_causes
from drasp_cli.simulation.attributes import ATTRIBUTES
from drasp_cli.simulation.layout import Wish
from drasp_cli.simulation.musiceval import ClipPlan, render_clip
from drasp_cli.simulation.prompts import draw_prompts
from drasp_cli.simulation.raters import CAUSES, MUSICEVAL_PANEL, musical_impression
from drasp_cli.simulation.rating import rate_clips
from drasp_cli.simulation.systems import System, draw_systems

SEED = 12
SYSTEMS = 31
PLACES = {"alpha": 15, "beta": 2, "gamma": 28}
"""Name -> place among the systems, best first: the order of the names is not that of quality."""
PROMPTS = 4
SAMPLE_RATE = 32000
SECONDS = 10.0
WISH = Wish(len(PLACES) * PROMPTS, SYSTEMS, PROMPTS, SEED, SAMPLE_RATE, SECONDS)
VORBIS_LEVEL = 0.2
"""libsndfile's compression level, 0 best to 1 smallest: coding must stay far below the faults that can be heard."""


def quality(system: System) -> float:
    """MI of a clip with the system's usual faults, plus how often it does what it is asked, both from 1 to 5."""
    follows = float(np.mean(list(system.follows.values())))
    return musical_impression({name: system.severities[name] for name in CAUSES}) + 1.0 + 4.0 * follows


def plan_examples() -> list[ClipPlan]:
    """One plan for each of the twelve clips, in the order of their files."""
    ordered = sorted(draw_systems(SYSTEMS, SEED), key=quality, reverse=True)
    prompts = draw_prompts(PROMPTS, SEED)
    pairs = [(name, ordered[place], number) for name, place in PLACES.items() for number in range(PROMPTS)]
    return [
        ClipPlan(index, f"{name}/{number + 1}.ogg", "test", replace(system, id=name), prompts[number])
        for index, (name, system, number) in enumerate(pairs)
    ]


def make(out: Path) -> None:
    """Writes `clips/<system>/<number>.ogg`, `prompts.txt` and `causes.csv` in the folder `out`."""
    plans = plan_examples()
    made = []
    for plan in plans:
        clip = render_clip(plan, WISH)
        path = out / "clips" / plan.name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, clip.samples, SAMPLE_RATE, "VORBIS", format="OGG", compression_level=VORBIS_LEVEL)
        made.append(clip.causes)
    prompts = [plan.prompt.text for plan in plans[:PROMPTS]]
    (out / "prompts.txt").write_text("".join(f"{text}\n" for text in prompts), encoding="utf-8", newline="\n")
    rated, _ = rate_clips(made, MUSICEVAL_PANEL, SEED)
    write_causes(out / "causes.csv", rated, ATTRIBUTES, CAUSES)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
