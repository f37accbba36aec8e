"""Rated data sets of any layout: which axes each rates, how a folder is recognised, and what is known of its clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drasp_cli.datasets import aes_natural, musiceval
from drasp_cli.datasets.aes_causes import AesCauses, read_aes_causes
from drasp_cli.datasets.causes import read_causes
from drasp_cli.datasets.lines import whole_lines
from drasp_cli.datasets.musiceval import RatedClip
from drasp_cli.errors import InputError

CAUSES_FILE: Final = "causes.csv"


@dataclass(frozen=True, slots=True)
class Known:
    """What a simulated listening test knows of one clip beside its ratings.

    Attributes:
        heard: attribute -> value that the sound has; attributes it has none of are left out.
        asked: attribute -> value, for the attributes that the prompt mentions.
        causes: cause -> severity, 0 (absent) to 1 (gross).
    """

    heard: Mapping[str, str]
    asked: Mapping[str, str]
    causes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to lay out a rated data set in a folder.

    Attributes:
        name: as in "a data set in MusicEval's layout".
        option: of `drasp simulate --layout`.
        axes: what its clips are rated on.
        lists: where the list of its training clips may lie, below the folder.
        has_prompts: whether its clips were made from prompts.
        read: folder and split -> rated clips.
        read_known: its `causes.csv` -> file name of a clip -> what is known of it.
    """

    name: str
    option: str
    axes: tuple[str, ...]
    lists: tuple[str, ...]
    has_prompts: bool
    read: Callable[[Path, str], list[RatedClip]]
    read_known: Callable[[Path], dict[str, Known]]

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` holds a list of this layout's training clips."""
        return any((folder / place).is_file() for place in self.lists)


def layout_of(folder: Path, axes: Sequence[str]) -> Layout:
    """The layout in which the clips of `folder` are rated on `axes`.

    Raises:
        InputError: the folder is in another layout, or in none.
    """
    rates = [layout for layout in LAYOUTS if set(axes) <= set(layout.axes)]
    wanted = next((layout for layout in rates if layout.is_in(folder)), None)
    if wanted is not None:
        return wanted
    found = next((layout for layout in LAYOUTS if layout.is_in(folder)), None)
    if found is not None:
        reason = f"is in {found.name} layout, rated on {', '.join(found.axes)}, and not on {', '.join(axes)}"
        advice = " or ".join(f"{layout.name} (drasp simulate --layout {layout.option})" for layout in rates)
        raise InputError(str(folder), f"{reason}; expected {advice or 'other axes'}")
    places = " or ".join(f"{layout.lists[0]} ({layout.name} layout)" for layout in rates or LAYOUTS)
    raise InputError(str(folder), f"is no rated data set: expected {places} in it")


def describe(folder: Path, layout: Layout) -> str:
    """One line that says what a data set is, by its own record: for a checkpoint that was trained on it.

    A folder with a `causes.csv` is a simulated listening test, whose `README.md` holds the command that made it. Of
    any other, only the folder's name is known.

    Raises:
        InputError: the `README.md` of a simulated listening test cannot be read.
    """
    name = folder.resolve().name
    if not (folder / CAUSES_FILE).exists():
        return f"rated clips in {layout.name} layout, folder '{name}'"
    readme = folder / "README.md"
    lines = (line.strip() for line in (whole_lines(readme) if readme.exists() else ()))
    command = next((line for line in lines if line.startswith("drasp simulate ")), None)
    if command is None:
        return f"simulated listening test, folder '{name}', which does not say by which command it was made"
    return f"simulated listening test: {command}"


def _known_music(path: Path) -> dict[str, Known]:
    return {name: Known(row.heard, row.prompt, row.causes) for name, row in read_causes(path).items()}


def _known_scenes(path: Path) -> dict[str, Known]:
    """Attributes of a scene: which kinds of source it has, what music and the foreground are, and how many sound."""
    rows = read_aes_causes(path)
    kinds = sorted({source.kind for row in rows.values() for source in row.sources})
    return {name: Known(_scene(row, kinds), {}, row.causes) for name, row in rows.items()}


def _scene(row: AesCauses, kinds: Sequence[str]) -> dict[str, str]:
    heard = {f"has {kind}": "no" for kind in kinds} | {f"has {source.kind}": "yes" for source in row.sources}
    music = next((source for source in row.sources if source.kind == "music"), None)
    if music is not None:
        heard |= {"timbre": music.main, "parts": str(music.parts)}
    if row.sources:
        heard["foreground"] = row.sources[0].kind
    return heard | {"sources": str(sum(source.parts for source in row.sources))}


LAYOUTS: Final = (
    Layout(
        "MusicEval's",
        "musiceval",
        musiceval.AXES,
        ("sets/train_mos_list.txt",),
        True,
        musiceval.read_musiceval,
        _known_music,
    ),
    Layout(
        "AES-Natural's",
        "aes-natural",
        aes_natural.AXES,
        (f"sets/{aes_natural.list_name('train')}", aes_natural.list_name("train")),
        False,
        aes_natural.read_aes_natural,
        _known_scenes,
    ),
)
"""Every layout, each with axes of its own."""
