"""Anything a user names -> Clips: files, folders, globs, standard input, lists, manifests."""

from __future__ import annotations

import glob
import os
import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, overload

from drasp_cli.datasets.folders import AUDIO_ENDINGS, find_audio
from drasp_cli.datasets.listings import check_path, is_listing_name, listing_ending, prompts_advice, read_listing
from drasp_cli.datasets.near_names import perhaps_meant
from drasp_cli.datatypes import Clip
from drasp_cli.errors import InputError

NO_SYSTEM_ADVICE = (
    "to give them systems, name the folder that holds a sub-folder for each, several folders, or a manifest, "
    "or add --system-pattern"
)
"""What to do where clips have no system: they were found directly in the one folder named, or named one by one."""


class ClipList(Sequence[Clip]):
    """Clips in the order of their rows, and how much of each path lies below the INPUT that gave it.

    Args:
        clips: the clips.
        offsets: for each clip, how many characters of its path name the INPUT and not what is below it.
        pattern_missed: how many clips `--system-pattern` was asked about and did not match: a fact for a notice.
        shared_names: systems that folders of several INPUTs gave their name to, which are the INPUTs themselves
            (`day1/out day2/out`) or lie directly in them (`day1/base day2/base` of `day1 day2`): likewise.
    """

    def __init__(
        self, clips: list[Clip], offsets: array[int], pattern_missed: int = 0, shared_names: tuple[str, ...] = ()
    ) -> None:
        self._clips = clips
        self._offsets = offsets
        self.pattern_missed = pattern_missed
        self.shared_names = shared_names

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> ClipList: ...
    def __getitem__(self, index: int | slice) -> Clip | ClipList:
        """One clip, or the clips of a slice: `clips[:10]` is what `--limit 10` scores."""
        if isinstance(index, slice):
            return ClipList(self._clips[index], self._offsets[index], self.pattern_missed, self.shared_names)
        return self._clips[index]

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._clips)

    def below(self, index: int) -> str:
        """What patterns are searched in: the path below the folder, or all of it for a clip that was named itself."""
        return self._clips[index].path[self._offsets[index] :]

    def with_prompts(self, prompts: Iterable[str | None]) -> ClipList:
        """The same clips with these prompts, one for each."""
        clips = [
            clip if clip.prompt == prompt else Clip(clip.path, clip.id, clip.system, prompt, clip.start, clip.end)
            for clip, prompt in zip(self._clips, prompts, strict=True)
        ]
        return ClipList(clips, self._offsets, self.pattern_missed, self.shared_names)


def collect_clips(
    inputs: Sequence[str],
    *,
    stdin: BinaryIO | None = None,
    null_separated: bool = False,
    system_pattern: str | None = None,
) -> ClipList:
    """The clips that `inputs` name, in the order of their rows.

    INPUTs keep their order; lists, manifests and standard input keep theirs; what is found in a folder comes in
    code-point order of the path. The system of a clip is what its manifest says, else group 1 of `system_pattern`,
    else the sub-folder directly under INPUT, else INPUT's own name when several folders are given, else empty.

    Args:
        inputs: audio files, folders, globs, `-`, `.txt` lists, `.csv` and `.jsonl` manifests, `.scp` files.
        stdin: what `-` reads paths from, as bytes.
        null_separated: paths on `stdin` end in NUL, not in a newline.
        system_pattern: regular expression with a group, searched in the path below INPUT.

    Raises:
        InputError: an INPUT does not exist, names no clip, or cannot be understood; a clip is named twice; the
            pattern is not one or matches nothing.
    """
    named = [name for given in inputs for name in _expand_glob(given)]
    if named.count("-") > 1:
        raise InputError("-", "standard input is named twice")
    pattern = compile_pattern(system_pattern) if system_pattern is not None else None
    several_folders = sum(map(os.path.isdir, named)) > 1
    clips: list[Clip] = []
    offsets = array("I")
    matched = missed = 0
    named_after: dict[str, set[str]] = {}  # system -> the INPUTs that have, or are, a folder of its name
    for name in named:
        before = len(clips)
        is_folder = name != "-" and os.path.isdir(name)  # noqa: PTH112 - INPUTs stay as typed
        prefix = _folder_prefix(name) if is_folder else ""
        own_name = _own_name(name) if is_folder and several_folders else ""
        for clip in _read_input(name, prefix, is_folder, stdin, null_separated):
            below, system = clip.path[len(prefix) :], clip.system
            if not system and pattern is not None:
                system = first_group(pattern, below) or ""
                matched, missed = matched + bool(system), missed + (not system)
            if not system and is_folder:
                folder, slash, _ = below.partition("/")
                system = folder if slash else own_name
                if system:
                    named_after.setdefault(system, set()).add(name)
            if system != clip.system:
                clip = Clip(clip.path, clip.id, sys.intern(system), clip.prompt, clip.start, clip.end)
            clips.append(clip)
            offsets.append(len(prefix))
        if len(clips) == before:
            raise InputError(*_nothing_in(name, is_folder, null_separated))
    if not clips:
        raise InputError("INPUT", "nothing is named")
    if pattern is not None and missed and not matched:
        where = ClipList(clips, offsets).below(0)
        raise InputError(str(system_pattern), f"the pattern for systems matches no clip; searched in such as '{where}'")
    _refuse_twins(clips)
    shared_names = tuple(system for system, folders in named_after.items() if len(folders) > 1)
    return ClipList(clips, offsets, missed, shared_names)


# -------------------------------------------------------------------------------------------------- patterns


def compile_pattern(text: str) -> re.Pattern[str]:
    """The regular expression `text`, which must have a group to take.

    Raises:
        InputError: it is not a regular expression, or has no group.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise InputError(text, f"is not a regular expression: {error}") from None
    if pattern.groups < 1:
        raise InputError(text, "has no group; put in parentheses what to take, as in '_(P[0-9]+)'")
    return pattern


def first_group(pattern: re.Pattern[str], below: str) -> str | None:
    """What group 1 takes out of the path below INPUT; None when there is no match, or an empty one."""
    found = pattern.search(below)
    return (found.group(1) or None) if found else None


# ---------------------------------------------------------------------------------------------------- INPUTs


def _expand_glob(given: str) -> list[str]:
    """`given` itself, or what it matches, in code-point order, where the shell did not expand it."""
    if given == "-" or not glob.has_magic(given) or os.path.lexists(given):
        return [given]
    matches = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - matches stay as typed
    if not matches:
        raise InputError(given, "matches no file")
    return matches


def _own_name(folder: str) -> str:
    """The name of a folder, also of `.` and `results/..`."""
    return os.path.basename(os.path.abspath(folder))  # noqa: PTH100, PTH119


def _folder_prefix(folder: str) -> str:
    """What stands before the path of a clip in `folder`: nothing for '.', else `folder` with one slash."""
    return "" if os.path.normpath(folder) == "." else folder.rstrip("/") + "/"


def _read_input(
    name: str, prefix: str, is_folder: bool, stdin: BinaryIO | None, null_separated: bool
) -> Iterator[Clip]:
    if name == "-":
        return _read_stdin(stdin, null_separated)
    if is_folder:
        return (Clip(prefix + below) for below in find_audio(name))
    if not os.path.exists(check_path("INPUT", None, name)):  # noqa: PTH110
        raise InputError(name, f"there is no such file or folder{perhaps_meant(name)}")
    if listing_ending(name) == ".tsv":
        raise InputError(name, f"is neither audio nor a list of clips; {prompts_advice(name)}")
    return read_listing(name) if is_listing_name(name) else iter([Clip(name)])


def _read_stdin(stdin: BinaryIO | None, null_separated: bool) -> Iterator[Clip]:
    if stdin is None:
        raise InputError("-", "there is no standard input to read")
    lines = stdin.read().split(b"\0" if null_separated else b"\n")
    for number, raw in enumerate(lines, start=1):
        path = os.fsdecode(raw if null_separated else raw.removesuffix(b"\r"))
        if path.strip():
            if "\0" in path:
                raise InputError("standard input", "NUL bytes in a path; NUL-separated paths are read with -0", number)
            yield Clip(path)


def _nothing_in(name: str, is_folder: bool, null_separated: bool) -> tuple[str, str]:
    """What an INPUT that names no clip is called, and what is wrong with it."""
    if is_folder:
        return name, f"no audio file is in it; looked, in its sub-folders too, for {' '.join(sorted(AUDIO_ENDINGS))}"
    if name == "-":
        expected = "paths that end in NUL, as find -print0 writes them," if null_separated else "one path a line"
        return "standard input", f"names no clip; {expected} {'are' if null_separated else 'is'} expected there"
    return name, "names no clip"


# ----------------------------------------------------------------------------------------------------- twins


def _refuse_twins(clips: list[Clip]) -> None:
    """Refuse a clip that is named twice: it would count twice in the mean of its system."""
    import numpy as np

    # Eight bytes a clip and not a set of keys: ten million clips must fit. Equal hashes are then looked at closely.
    hashes = np.fromiter((hash(_twin_key(clip)) for clip in clips), np.int64, len(clips))
    ordered = np.sort(hashes)
    suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not suspects:
        return
    seen: dict[tuple[str, str, float | None, float | None], int] = {}
    for index in np.flatnonzero(np.isin(hashes, list(suspects))).tolist():
        first = seen.setdefault(_twin_key(clips[index]), index)
        if first != index:
            different = "; a clip scored with several prompts needs an id for each" if clips[index].prompt else ""
            reason = f"is named twice, as clip {first + 1} and as clip {index + 1}{different}"
            raise InputError(clips[index].path, reason)


def _twin_key(clip: Clip) -> tuple[str, str, float | None, float | None]:
    return os.path.normpath(clip.path), clip.id, clip.start, clip.end
