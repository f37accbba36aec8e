"""Writes the generated part of docs/commands.md from the real app: `python -m tests.docs.make_reference`.

What stands above the marker is written by hand and kept.
"""

from __future__ import annotations

import types
import typing
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from drasp_cli.cli.app import app

PAGE = Path(__file__).parents[2] / "docs/commands.md"
MARKER = "<!-- Below this line: python -m tests.docs.make_reference -->\n"

# What a value is called, by the type in the command's signature. Typer's own names for types change between versions.
_VALUES = {str: "TEXT", int: "N", float: "X", Path: "PATH"}


def reference() -> str:
    """Every command with its arguments, options, defaults and help, as Markdown."""
    group: Any = get_command(app)
    functions = {info.name: info.callback for info in app.registered_commands}
    for sub in app.registered_groups:
        assert sub.typer_instance is not None
        functions |= {f"{sub.name} {info.name}": info.callback for info in sub.typer_instance.registered_commands}
    parts = ["## `drasp`\n", "    drasp COMMAND ...\n", f"{group.help}\n", _options(group, {})]
    for name, command in commands(group).items():
        hints = typing.get_type_hints(functions[name])
        parts += [f"## `drasp {name}`\n", f"    {_usage(name, command)}\n", f"{command.help}\n"]
        parts += [part for part in (_arguments(command), _options(command, hints)) if part]
    return "\n".join(parts)


def commands(group: Any, above: str = "") -> dict[str, Any]:
    """Every command by the words that call it: those of a group within the group come in its place."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        words = f"{above}{name}"
        found |= commands(command, f"{words} ") if hasattr(command, "commands") else {words: command}
    return found


def page(current: str) -> str:
    """The whole page with its generated part renewed."""
    by_hand, marker, _ = current.partition(MARKER)
    if not marker:
        raise ValueError(f"{PAGE} has no line {MARKER!r}")
    return by_hand + MARKER + "\n" + reference()


def _usage(name: str, command: Any) -> str:
    needed = [f"{p.opts[0]} {_metavar(p, Path)}" for p in _of_kind(command, "option") if p.required]
    return " ".join(["drasp", name, *(_argument_name(p) for p in _of_kind(command, "argument")), *needed, "[OPTIONS]"])


def _arguments(command: Any) -> str:
    rows = [f"| `{_argument_name(p)}` | {_cell(p.help)} |" for p in _of_kind(command, "argument")]
    if not rows:
        return ""
    return "\n".join(["| argument | |", "|---|---|", *rows, ""])


def _options(command: Any, hints: dict[str, Any]) -> str:
    options = [p for p in _of_kind(command, "option") if not p.hidden]
    panels = [p.rich_help_panel or "" for p in options]
    order = list(dict.fromkeys(panels))
    options.sort(key=lambda p: order.index(p.rich_help_panel or ""))
    parts = []
    for panel, members in groupby(options, key=lambda p: p.rich_help_panel or ""):
        heading = f"option: {panel[0].lower()}{panel[1:]}" if panel else "option"
        parts += [f"| {heading} | default | |", "|---|---|---|"]
        parts += [f"| {_option_name(p, hints)} | {_default(p)} | {_cell(p.help)} |" for p in members]
        parts.append("")
    return "\n".join(parts)


def _of_kind(command: Any, kind: str) -> list[Any]:
    return [p for p in command.params if p.param_type_name == kind]


def _argument_name(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _option_name(parameter: Any, hints: dict[str, Any]) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} `{_metavar(parameter, hints[parameter.name])}`"


def _metavar(parameter: Any, hint: Any) -> str:
    inner = [t for t in typing.get_args(hint) if t is not types.NoneType]
    return str(parameter.metavar or _VALUES[inner[0] if inner else hint])


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    return "" if parameter.default is None or parameter.is_flag else f"`{parameter.default}`"


def _cell(text: str | None) -> str:
    """Help as a cell of a table: no bar that would end it, no angle bracket that would be taken for HTML."""
    return (text or "").replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    typer.echo(PAGE)
