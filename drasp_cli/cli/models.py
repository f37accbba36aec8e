"""`drasp models`: which checkpoints there are, what one says of itself, download it, check it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from drasp_cli.checkpoints.folder import CARD_FILE, CHECKPOINT_FILES, CONFIG_FILE
from drasp_cli.checkpoints.registry import REGISTRY, Conversion, Entry, FileFacts, HubAddress, locate, shipped_folder
from drasp_cli.cli.drawing import DrawnColumn, Fit, draw, write_below
from drasp_cli.cli.errors import guarded
from drasp_cli.cli.output import Talk, counted, data_stream

_FORMATS = ("table", "json")
_CARD_LINES = 12
# What a person asks first; --format json has the whole config.
_SHOWN = (
    *("name", "architecture", "axes", "audio", "pooling", "targets"),
    *("ratings", "licence", "training_data", "format_version"),
)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="As --model of drasp score takes it.")]
Format = Annotated[
    str | None,
    typer.Option("--format", "-f", help="table or json.", show_default="table on a terminal, json in a pipe"),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]

models = typer.Typer(help="List, show, download and check checkpoints.", no_args_is_help=True)


def list_models(format: Format = None) -> None:
    """The names that --model knows: what each scores, on whose ratings it was trained, and where it is."""
    as_table = _is_table(format)
    entries = [_entry(name, entry) for name, entry in REGISTRY.items()]
    if not as_table:
        _write_json(entries)
        return
    columns = (("name", Fit.NAME), ("axes", Fit.WORDS), ("ratings", Fit.WORDS), ("size", Fit.NUMBER))
    shown = [e | {"axes": " ".join(e["axes"]), "size": f"{e['bytes'] / 1e6:.1f} MB"} for e in entries]
    draw([DrawnColumn(key, [e[key] for e in shown], fit) for key, fit in (*columns, ("where", Fit.WORDS))])


def show_model(model: Model, format: Format = None, quiet: Quiet = False) -> None:
    """What a checkpoint says of itself: its config, and how its model card begins."""
    as_table = _is_table(format)
    facts, config, card = _not_made(model) or _in_folder(model, quiet)
    if not as_table:
        _write_json(facts | {"config": config, "card": card})
        return
    rows = _flat(facts) | _flat({f"config.{key}": config[key] for key in _SHOWN if key in config})
    draw([DrawnColumn("fact", list(rows), Fit.NAME), DrawnColumn("", list(rows.values()), Fit.WORDS)])
    write_below(card)


def pull(
    model: Model,
    force: Annotated[bool, typer.Option("--force", help="Download again what the cache has.")] = False,
    quiet: Quiet = False,
) -> None:
    """Download a checkpoint into the cache that all tools for the Hugging Face Hub share; print its folder."""
    from drasp_cli.checkpoints.resolve import resolve
    from drasp_cli.cli.show import show_path

    found = resolve(model, progress=not quiet, force=force)
    if found.to_pull is None:
        Talk(quiet).notice(f"{found.name} is no name on the Hub: it is on this disk already")
    show_path(found.folder)


def verify(model: Model, format: Format = None, quiet: Quiet = False) -> None:
    """Read every byte of a checkpoint: digests of its files, names and shapes of its tensors.

    Digests are held to the registry, or to the Hub's own listing; those of a name that is converted, to what was
    written then. A folder on this disk has nothing to be held to.
    """
    as_table = _is_table(format)
    from drasp_cli.checkpoints import converted, hub
    from drasp_cli.checkpoints.integrity import digest_of
    from drasp_cli.checkpoints.resolve import resolve
    from drasp_cli.checkpoints.store import load_found

    found = resolve(model, progress=not quiet)
    known: Mapping[str, FileFacts] = {}
    judge: str | None = None
    if found.address and found.snapshot:
        known = hub.verify(found.address, found.snapshot)
        judge = "registry" if found.address.files else "Hub"
    elif found.conversion:
        known = converted.verify(found.name, found.folder)
        judge = "conversion"
    files = []
    for name in CHECKPOINT_FILES:
        if (path := found.folder / name).exists():
            digest = known[name].digest if name in known else digest_of(path, like="sha256:")
            facts = {"file": name, "bytes": path.stat().st_size, "digest": digest}
            files.append(facts | {"held_to": judge if name in known else None})
    checkpoint = load_found(found)
    tensors = len(checkpoint.predictor.state_dict())
    if not as_table:
        _write_json(_named(found.name, checkpoint.revision) | {"files": files, "tensors": tensors})
        return
    fits = {"file": Fit.NAME, "bytes": Fit.NUMBER, "digest": Fit.WORDS, "held_to": Fit.WORDS}
    draw(
        [DrawnColumn(key.replace("_", " "), [str(file[key] or "") for file in files], fit) for key, fit in fits.items()]
    )
    write_below([checkpoint.label, f"{counted(tensors, 'tensor')}, exactly those that {CONFIG_FILE} asks for"])


models.command("list")(guarded(list_models))
models.command("show")(guarded(show_model))
models.command("pull")(guarded(pull, when_interrupted="finished files are in the cache"))
models.command("verify")(guarded(verify))


def _is_table(format: str | None) -> bool:
    if format is not None and format not in _FORMATS:
        raise typer.BadParameter(f"'{format}' is not one of {', '.join(_FORMATS)}", param_hint="--format")
    return format == "table" if format else data_stream().isatty()


def _write_json(value: Any) -> None:
    print(json.dumps(value, indent=2), file=data_stream())


def _in_folder(model: str, quiet: bool) -> tuple[dict[str, Any], dict[str, Any], Sequence[str]]:
    """What to show of a checkpoint: facts about where it is, its config, how its card begins."""
    from drasp_cli.checkpoints.resolve import resolve
    from drasp_cli.checkpoints.store import found_config, revision_of
    from drasp_cli.models.config import to_plain

    found = resolve(model, only=(CONFIG_FILE, CARD_FILE), progress=not quiet)
    facts = _named(found.name, found.revision or revision_of(found.folder)) | {"folder": str(found.folder)}
    card = found.folder / CARD_FILE
    text = card.read_text(encoding="utf-8", errors="replace") if card.exists() else ""
    return facts, to_plain(found_config(found)), _beginning(text)


def _not_made(model: str) -> tuple[dict[str, Any], dict[str, Any], Sequence[str]] | None:
    """The same of a name that is converted when it is first needed, where that was not yet; None of any other."""
    place = locate(model).place
    if not isinstance(place, Conversion):
        return None
    from drasp_cli.checkpoints import converted
    from drasp_cli.checkpoints.hub import REVISION_DIGITS
    from drasp_cli.models.config import to_plain

    if converted.kept(model, place):
        return None
    config, card = converted.describe(model, place)
    facts = _named(model, str(place.source.revision)[:REVISION_DIGITS]) | {"folder": None}
    return facts, to_plain(config), _beginning(card)


def _entry(name: str, entry: Entry) -> dict[str, Any]:
    """A name of the registry, as `drasp models list` tells it."""
    facts: dict[str, Any] = {"name": name, "about": entry.about, "axes": list(entry.axes), "ratings": entry.ratings}
    if entry.conversion is not None:
        from drasp_cli.checkpoints.converted import kept

        made = kept(name, entry.conversion)
        source = entry.conversion.source
        return facts | {"bytes": entry.conversion.facts.size} | _where(made) | _address(source)
    if entry.hub is None:
        folder = shipped_folder(name)
        size = sum((folder / file).stat().st_size for file in CHECKPOINT_FILES if (folder / file).exists())
        return facts | {"bytes": size, "where": "in the package", "folder": str(folder), "repo": None, "revision": None}
    from drasp_cli.checkpoints.hub import cached

    snapshot = cached(entry.hub)
    size = sum(file.size for file in entry.hub.files.values())
    return facts | {"bytes": size} | _where(snapshot.folder if snapshot else None) | _address(entry.hub)


def _where(folder: Path | None) -> dict[str, Any]:
    """Whether what is on the Hub is on this disk too."""
    return {"where": "in the cache" if folder else "on the Hub", "folder": folder and str(folder)}


def _address(address: HubAddress) -> dict[str, Any]:
    return {"repo": address.repo, "revision": address.revision}


def _named(name: str, revision: str) -> dict[str, Any]:
    return {"name": name, "revision": revision}


def _flat(value: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Nested facts as dotted keys and text."""
    rows: dict[str, str] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            rows |= _flat(inner, f"{above}{key}.")
        else:
            rows[above + key] = " ".join(map(str, inner)) if isinstance(inner, list) else str(inner)
    return rows


def _beginning(card: str) -> Sequence[str]:
    """The first lines of a model card that say something, its metadata left out."""
    lines = card.splitlines()
    if lines and lines[0] == "---" and "---" in lines[1:]:
        lines = lines[lines.index("---", 1) + 1 :]
    return [line for line in lines if line.strip()][:_CARD_LINES]
