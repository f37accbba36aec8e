"""The AES-Natural layout: generators of speech, music and any other sound, and raters who judge four of its sides.

    generators -plan-> ScenePlan* -render-> clip + causes -rate-> ratings -write-> folder

The folder is read by `drasp_cli.datasets.aes_natural`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from drasp_cli.datasets.aes_causes import AesCauses, Source, write_aes_causes
from drasp_cli.datasets.aes_natural import COLUMNS, list_name
from drasp_cli.simulation.aes_raters import AES_CAUSES, AES_PANEL, aesthetics
from drasp_cli.simulation.data_readme import data_readme
from drasp_cli.simulation.generators import Generator, draw_faults, draw_generators
from drasp_cli.simulation.layout import SPLITS, Rendered, Wish, clips_of, deal, draw_seconds, lists_at_last
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import Panel
from drasp_cli.simulation.rating import Rating, write_ratings
from drasp_cli.simulation.recording import record
from drasp_cli.simulation.recordings import libraries_of
from drasp_cli.simulation.scene_sound import sound_scene
from drasp_cli.simulation.scenes import Scene, audible_noise, draw_scene, scene_causes, with_recordings
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES, run_chain

_FILES = """\
| file | what it is |
|---|---|
| `wav/` | the clips, 16-bit mono; `sys002-utt0017` is of system 2 |
| `sets/audiomos2025-track2-{train,dev,test}_list.csv` | means of ten raters; no system is in two sets |
| `ratings.csv` | each single rating |
| `causes.csv` | why: what sounds when, severity of each cause, latent scores, places of local defects |

The layout is that of AudioMOS 2025 track 2 (AES-Natural). How it was simulated: docs/simulator.md of drasp.
"""


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """One clip to be made: everything but the dice, which its index keys.

    Attributes:
        index: 0-based, in the order of the plan.
        name: its file name.
        split: "train", "dev" or "test".
        generator: who makes it.
    """

    index: int
    name: str
    split: str
    generator: Generator


@dataclass(frozen=True, slots=True)
class Content:
    """What is heard in one clip before it has any sound.

    Attributes:
        scene: its elements in time.
        severities: each of `AES_CAUSES`, as meant: `bandwidth` may turn out to be less in sound that has less to lose.
        chain: each of `CHAIN_CAUSES` for the sound chain, inaudible noise included.
    """

    scene: Scene
    severities: dict[str, float]
    chain: dict[str, float]


@dataclass(frozen=True, slots=True)
class AesNaturalLayout:
    """Generators of any sound, rated by ten raters from 1 to 10 on PQ, PC, CE and CU."""

    panel: Panel = AES_PANEL
    sample_rate: int = 16000
    prompts: int | None = None

    def plan(self, wish: Wish) -> tuple[ScenePlan, ...]:
        """Which system makes which clip."""
        return plan_scenes(wish.clips, wish.systems, wish.seed)

    def render(self, plan: ScenePlan, wish: Wish) -> Rendered[AesCauses]:
        """One clip, see `render_scene`."""
        return render_scene(plan, wish)

    def write(self, out: Path, rated: Sequence[AesCauses], ratings: Sequence[Rating], wish: Wish, command: str) -> None:
        """`causes.csv`, `ratings.csv`, `README.md` and, last, `sets`."""
        write_aes_causes(out / "causes.csv", rated, AES_CAUSES)
        write_ratings(out / "ratings.csv", ratings, self.panel.axes)
        (out / "README.md").write_text(data_readme(_FILES, command, len(rated), wish), encoding="utf-8")
        with lists_at_last(out) as sets:
            for split in SPLITS:
                with (sets / list_name(split)).open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file, lineterminator="\n")
                    writer.writerow(("sample_id", "data_path", *COLUMNS.values()))
                    for row in rated:
                        if row.split == split:
                            means = (f"{row.ratings[axis]:.1f}" for axis in COLUMNS)
                            writer.writerow((Path(row.name).stem, f"wav/{row.name}", *means))


def plan_scenes(clips: int, systems: int, seed: int) -> tuple[ScenePlan, ...]:
    """The clips of all systems, by name.

    Systems are dealt to the splits at random; each has `clips / systems` clips, one more for some.
    """
    generators = draw_generators(systems, seed)
    splits = deal(systems, stream(seed, "split of generators"))
    width = max(4, len(str(clips)))
    plans = [
        ScenePlan(0, f"audiomos2025-track2-{generator.id}-utt{number + 1:0{width}d}.wav", splits[index], generator)
        for index, generator in enumerate(generators)
        for number in range(clips_of(index, clips, systems))
    ]
    plans.sort(key=lambda plan: plan.name)
    return tuple(replace(plan, index=index) for index, plan in enumerate(plans))


def draw_content(plan: ScenePlan, seconds: float, rng: np.random.Generator, recorded: Collection[str] = ()) -> Content:
    """What is heard in one clip of `seconds`, and what is wrong with it, without making a sound.

    `recorded`: of which kinds, "speech" and "music", there are recordings.
    """
    choices, content, recordings = rng.spawn(3)
    severities = draw_faults(plan.generator, choices)
    scene = with_recordings(draw_scene(plan.generator, severities, seconds, content), recorded, recordings)
    chain = {name: severities[name] for name in CHAIN_CAUSES}
    causes = {**chain, "noise": audible_noise(scene, chain["noise"]), **scene_causes(scene)}
    return Content(scene, {name: causes[name] for name in AES_CAUSES}, chain)


def render_scene(plan: ScenePlan, wish: Wish) -> Rendered[AesCauses]:
    """One clip of at most `wish.seconds`, from its plan and the seed: the same whenever and wherever it is made."""
    content_dice, performance, recording, chain, length = stream(wish.seed, "scene", plan.index).spawn(5)
    libraries = libraries_of(wish, plan.split)
    content = draw_content(plan, draw_seconds(wish.seconds, length), content_dice, libraries)
    sample_rate = wish.sample_rate
    scene = content.scene
    played = sound_scene(scene, sample_rate, performance, libraries)
    samples = record(played, sample_rate, recording, recorded=all(element.recorded for element in scene.elements))
    output = run_chain(samples, sample_rate, content.chain, plan.generator.base.defects_first, chain)
    causes = {**content.severities, "bandwidth": output.severities["bandwidth"]}
    latent = aesthetics(causes)
    return Rendered(
        output.samples,
        AesCauses(
            name=plan.name,
            system=plan.generator.id,
            split=plan.split,
            sources=tuple(
                Source(element.kind, element.main, element.sources, element.start, element.stop, element.decibels)
                for element in scene.elements
            ),
            causes=causes,
            latent=latent,
            ratings=latent,
            defects=output.defects,
        ),
    )
