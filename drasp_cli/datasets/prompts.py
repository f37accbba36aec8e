"""Prompts from a file, given to the clips they made.

A prompt finds its clips by an id (a path, a file name, a stem, or what a pattern takes out of the path), or by
the position of its line in a plain text file.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drasp_cli.datasets.lines import csv_records, jsonl_records, numbered_lines
from drasp_cli.datasets.listings import listing_ending
from drasp_cli.datasets.manifest import NO_SYSTEM_ADVICE, ClipList, compile_pattern, first_group
from drasp_cli.datasets.near_names import perhaps_meant
from drasp_cli.datatypes import Clip
from drasp_cli.encodable import why_no_name, why_no_text
from drasp_cli.errors import InputError

_ID_NAMES = ("id", "path")
_PROMPT_NAMES = ("prompt", "text")


@dataclass(frozen=True, slots=True)
class PromptReport:
    """What became of a prompt file: facts to tell the user, since nothing is lost in silence.

    Attributes:
        clips: how many clips there are.
        without_prompt: how many of them have no prompt now.
        kept: how many kept the prompt that their manifest gave; the file was not asked for those.
        unused_ids: ids of the file that belong to no clip, in its order; empty for plain text.
        number_order: two file names such as ("10.wav", "2.wav") that plain text lines were given to in this order,
            code point by code point, though counting would turn it round; None where both orders are the same.
    """

    clips: int
    without_prompt: int
    kept: int = 0
    unused_ids: tuple[str, ...] = ()
    number_order: tuple[str, str] | None = None


def attach_prompts(
    clips: ClipList, prompts_file: str, prompt_pattern: str | None = None
) -> tuple[ClipList, PromptReport]:
    """The clips with the prompts of `prompts_file`, and what became of it.

    The format is `id<TAB>prompt` when every line has exactly one tab, plain text when none has any, CSV or JSONL by
    the ending. An empty prompt is no prompt.

    Args:
        clips: all clips, before any `--limit`: plain text is counted against them.
        prompts_file: the file, as the user named it.
        prompt_pattern: regular expression whose group 1, found in the path below INPUT, is an id.

    Raises:
        InputError: the file is not there or cannot be understood, two of its lines claim one clip, no id belongs to
            any clip, or the number of its lines is neither that of all clips nor that of the clips of every system.
    """
    if not os.path.exists(prompts_file):  # noqa: PTH110 - the file stays as typed
        raise InputError(prompts_file, f"there is no such file of prompts{perhaps_meant(prompts_file)}")
    pattern = compile_pattern(prompt_pattern) if prompt_pattern is not None else None
    ending = listing_ending(prompts_file)
    if ending == ".csv":
        return _attach_by_id(clips, prompts_file, _csv_prompts(prompts_file), pattern)
    if ending == ".jsonl":
        return _attach_by_id(clips, prompts_file, _jsonl_prompts(prompts_file), pattern)
    if ending == ".json":
        raise InputError(prompts_file, "prompts are read from id<TAB>prompt, CSV, JSONL or plain text, not from JSON")
    lines = list(numbered_lines(prompts_file, "strict"))
    if _is_tab_separated(prompts_file, lines):
        return _attach_by_id(clips, prompts_file, _tsv_prompts(lines), pattern)
    if pattern is not None:
        raise InputError(prompts_file, "is plain text without ids, so there is nothing for a prompt pattern to find")
    return _attach_by_position(clips, prompts_file, lines)


# -------------------------------------------------------------------------------------------------- formats


def _is_tab_separated(source: str, lines: list[tuple[int, str]]) -> bool:
    """Whether all lines are `id<TAB>prompt`; a mix of both kinds is refused."""
    if not lines:
        raise InputError(source, "holds no prompt")
    first_line, first = lines[0]
    for number, line in lines:
        tabs = line.count("\t")
        if tabs > 1 or bool(tabs) != bool(first.count("\t")):
            kind = "id<TAB>prompt" if "\t" in first else "a prompt without a tab"
            reason = f"{tabs} tabs, where line {first_line} is {kind}; each line has one tab, or none has any"
            raise InputError(source, reason, number)
    return "\t" in first


def _tsv_prompts(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    for index, (number, line) in enumerate(lines):
        name, _, prompt = line.partition("\t")
        name, prompt = name.strip(), prompt.strip()
        is_header = index == 0 and name.lower() in _ID_NAMES and prompt.lower() in _PROMPT_NAMES
        if not is_header:
            yield number, name, _unquoted(prompt)


def _unquoted(prompt: str) -> str:
    """The prompt without the quotes that a spreadsheet puts round a cell, where they are put round all of it."""
    if re.fullmatch(r'"(?:[^"]|"")*"', prompt):
        return prompt[1:-1].replace('""', '"').strip()
    return prompt


def _csv_prompts(source: str) -> Iterator[tuple[int, str, str]]:
    for number, cells in csv_records(source, "strict"):
        id_name, prompt_name = _names_in(source, 1, cells)
        yield number, cells[id_name].strip(), cells[prompt_name].strip()


def _jsonl_prompts(source: str) -> Iterator[tuple[int, str, str]]:
    for number, record in jsonl_records(source, "strict"):
        id_name, prompt_name = _names_in(source, number, record)
        name, prompt = record[id_name], record[prompt_name]
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(name, str) or not isinstance(prompt, (str, type(None))):
            raise InputError(source, f"'{id_name}' and '{prompt_name}' are to be text", number)
        for column, reason in ((id_name, why_no_name(name)), (prompt_name, why_no_text(prompt or ""))):
            if reason is not None:
                raise InputError(source, f"'{column}' {reason}", number)
        yield number, name.strip(), (prompt or "").strip()


def _names_in(source: str, line: int, record: Mapping[str, object]) -> tuple[str, str]:
    """Which column holds the ids and which the prompts."""
    chosen = []
    for names in (_ID_NAMES, _PROMPT_NAMES):
        there = [name for name in names if name in record]
        if len(there) != 1:
            has = " and ".join(f"'{name}'" for name in there) or f"only {', '.join(record) or 'nothing'}"
            raise InputError(source, f"one column '{names[0]}' or '{names[1]}' is expected; there is {has}", line)
        chosen.append(there[0])
    return chosen[0], chosen[1]


# ---------------------------------------------------------------------------------------------------- by id


def _attach_by_id(
    clips: ClipList, source: str, rows: Iterator[tuple[int, str, str]], pattern: re.Pattern[str] | None
) -> tuple[ClipList, PromptReport]:
    prompts: dict[str, tuple[str, int]] = {}  # id -> prompt, line
    for line, name, prompt in rows:
        if not name:
            raise InputError(source, "a prompt without an id", line)
        known, known_line = prompts.setdefault(_key(name), (prompt, line))
        if known != prompt:
            raise InputError(source, f"'{name}' has another prompt on line {known_line}", line)
    if not prompts:
        raise InputError(source, "holds no prompt")

    used: set[str] = set()
    found: list[str | None] = []
    kept = pattern_hits = 0
    for index, clip in enumerate(clips):
        below = clips.below(index)
        taken = first_group(pattern, below) if pattern else None
        pattern_hits += taken is not None
        keys = [key for key in _keys_of(clip, below, taken) if key in prompts]
        used.update(keys)
        claims = {prompts[key] for key in keys}
        if len({prompt for prompt, _ in claims}) > 1:
            (_, one), (_, other) = sorted(claims, key=lambda claim: claim[1])[:2]
            raise InputError(source, f"'{clip.path}' has another prompt on line {one}", other)
        kept += clip.prompt is not None
        found.append(clip.prompt if clip.prompt is not None else (prompts[keys[0]][0] or None) if keys else None)

    example = f"its first id is '{next(iter(prompts))}', the first clip '{clips.below(0)}'"
    if pattern and not pattern_hits:
        raise InputError(source, f"the prompt pattern '{pattern.pattern}' matches no clip; {example}")
    if not used:
        raise InputError(source, f"no id belongs to any clip; {example}")
    unused = tuple(name for name in prompts if name not in used)
    return clips.with_prompts(found), PromptReport(len(clips), found.count(None), kept, unused)


def _keys_of(clip: Clip, below: str, taken: str | None) -> list[str]:
    """The ids that `clip` answers to."""
    name = os.path.basename(clip.path)  # noqa: PTH119 - a Path for each of 10 M clips is slow
    stem = os.path.splitext(name)[0]  # noqa: PTH122
    names = [clip.path, below, name, stem]
    if clip.id:
        names.append(clip.id)
    if taken is not None:
        names.append(taken)
    return list(dict.fromkeys(map(_key, names)))


def _key(name: str) -> str:
    """Spellings of one id made equal: './a//b.wav' is 'a/b.wav', and a letter with its accent is one character."""
    return unicodedata.normalize("NFC", os.path.normpath(name))


# ---------------------------------------------------------------------------------------------- by position


def _attach_by_position(clips: ClipList, source: str, lines: list[tuple[int, str]]) -> tuple[ClipList, PromptReport]:
    for position, (number, _) in enumerate(lines, start=1):
        if number != position:  # numbered_lines passes over blank lines; at the end they do no harm
            raise InputError(source, "is blank; a clip without a prompt needs a file with ids", position)
    count = len(lines)
    sizes = Counter(clip.system for clip in clips)
    if count == len(clips):
        positions: Iterator[int] = iter(range(count))
    elif all(size == count for size in sizes.values()):
        positions = _positions_in_system(clips)
    else:
        raise InputError(source, _wrong_count(count, len(clips), sizes))
    found = [
        clip.prompt if clip.prompt is not None else lines[position][1].strip()
        for clip, position in zip(clips, positions, strict=True)
    ]
    kept = sum(clip.prompt is not None for clip in clips)
    return clips.with_prompts(found), PromptReport(len(clips), 0, kept, number_order=_number_order(clips))


def _positions_in_system(clips: ClipList) -> Iterator[int]:
    seen: Counter[str] = Counter()
    for clip in clips:
        yield seen[clip.system]
        seen[clip.system] += 1


def _wrong_count(count: int, clips: int, sizes: Counter[str]) -> str:
    if clips == 1:
        return f"{count} prompts for one clip, and nothing says which is its own; write id<TAB>prompt on every line"
    reason = f"{count} prompts for {clips} clips"
    expected = "one line for each clip, or for each clip of every system, is expected"
    if set(sizes) == {""}:
        return f"{reason} without a system; {expected}; {NO_SYSTEM_ADVICE}"
    if len(sizes) > 1:
        listed = ", ".join(f"'{name}' {size}" for name, size in list(sizes.items())[:4])
        reason += f" of {len(sizes)} systems ({listed}{', ...' if len(sizes) > 4 else ''})"
    return f"{reason}; {expected}"


def _number_order(clips: ClipList) -> tuple[str, str] | None:
    """The first neighbours of one folder that counting would put the other way round."""
    before: tuple[str, str] = ("", "")
    for clip in clips:
        folder, name = os.path.split(clip.path)
        if folder == before[0] and name > before[1] and _counted(name) < _counted(before[1]):
            return before[1], name
        before = (folder, name)
    return None


def _counted(name: str) -> list[tuple[int, int, str]]:
    """A key that puts '2.wav' before '10.wav'."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
