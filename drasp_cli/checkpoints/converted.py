"""Checkpoints that are made of another program's file when they are first needed, and kept.

    Conversion -fetch-> file, held to its digest -convert, aside-> folder and record of its files -rename-> its place

Folders are kept beside the client's cache, in the part of HF_HOME that is for other libraries' files:

    assets/drasp/converted/<file, tokenizer, edition>/<name>/    the checkpoint folder
    assets/drasp/converted/<file, tokenizer, edition>/.partial/  one that is being made
    assets/drasp/converted/<file, tokenizer, edition>/.lock      held by the process that makes it

So another file, another tokenizer or another edition is another folder, and what an older drasp made stays its own. A
folder comes to its place with all its files in it, by one rename. A record among them says what each was when it was
written: a folder that lacks one, or has one of another size, is not read but made again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from drasp_cli.checkpoints.folder import CHECKPOINT_FILES, TOKENIZER_FILE
from drasp_cli.checkpoints.hub import FULL_DISK, assets_folder, fetch_file
from drasp_cli.checkpoints.integrity import digest_of, faults
from drasp_cli.checkpoints.registry import Conversion, FileFacts
from drasp_cli.errors import HubError, HubProblem, OutputError

if TYPE_CHECKING:
    from drasp_cli.models.config import PredictorConfig

_RECORD = "converted.json"
_DIGITS = 12  # hex digits of a digest or a commit in the name of a folder


def obtain(name: str, conversion: Conversion, *, progress: bool = False, force: bool = False) -> Path:
    """The checkpoint folder of a name, which is made where it is not there whole; only then is the Hub asked.

    Of two processes that need it at once, one makes it and the other waits.

    Args:
        name: in the registry.
        conversion: what the folder is made of.
        progress: draw the client's progress bars on standard error, where that is a terminal.
        force: download again what the cache has, and make it again.

    Raises:
        HubError: the file or the tokenizer cannot be had, or is not what it must be; or the disk is full.
        OutputError: the cache cannot be written.
        InputError: the file's tensors are not those that its config asks for.
    """
    folder = _folder(name, conversion)
    if force or not _is_whole(folder):
        with _locked(folder.parent):
            if force or not _is_whole(folder):  # another process may have made it meanwhile
                _make(name, conversion, folder, progress=progress, force=force)
    return folder


def kept(name: str, conversion: Conversion) -> Path | None:
    """The checkpoint folder of a name, where it is there already."""
    folder = _folder(name, conversion)
    return folder if _is_whole(folder) else None


def fetch_original(name: str, conversion: Conversion, *, progress: bool = False, force: bool = False) -> Path:
    """The file that a conversion reads, held to its digest.

    Raises:
        HubError: naming `name`: the file cannot be had, or is not what it must be.
    """
    with _needed_for(name):
        return fetch_file(conversion.source, conversion.file, progress=progress, force=force)


def verify(name: str, folder: Path) -> Mapping[str, FileFacts]:
    """Hashes every file of a folder from `obtain`, and holds it to what it was when it was written.

    Returns:
        What each file was held to.

    Raises:
        HubError: a file is not what it must be.
    """
    known = _recorded(folder)
    if found := faults(folder, known):
        what = "; ".join(f"{file}: {fault}" for file, fault in found.items())
        raise HubError(name, HubProblem.DAMAGED, what)
    return known


def describe(name: str, conversion: Conversion) -> tuple[PredictorConfig, str]:
    """Config and model card of the folder that `obtain` would make, without anything being downloaded."""
    from drasp_cli.checkpoints.convert.laion import describe_published

    return describe_published(name, conversion)


def _folder(name: str, conversion: Conversion) -> Path:
    digest = conversion.facts.digest.rpartition(":")[2]
    tokenizer = conversion.tokenizer.revision
    assert tokenizer is not None
    made_of = f"{digest[:_DIGITS]}-{tokenizer[:_DIGITS]}-{conversion.edition}"
    return assets_folder() / "converted" / made_of / name


def _is_whole(folder: Path) -> bool:
    """Whether all files are there that were written, each of its size."""
    recorded = _recorded(folder)
    return bool(recorded) and all(
        (folder / file).is_file() and (folder / file).stat().st_size == facts.size for file, facts in recorded.items()
    )


def _recorded(folder: Path) -> dict[str, FileFacts]:
    """What each file was when it was written; nothing where there is no record, or none that can be read."""
    try:
        content: Any = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return {file: FileFacts(**facts) for file, facts in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


@contextmanager
def _locked(room: Path) -> Iterator[None]:
    """Runs the block in one process at a time.

    Raises:
        OutputError: the folder of the lock cannot be written.
    """
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # exported there, but not marked so

    with ExitStack() as stack:
        try:
            room.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WeakFileLock(room / ".lock"))
        except OSError as error:
            reason = f"{error.strerror or error}; converted checkpoints are kept there, and HF_HOME names another place"
            raise OutputError(f"{room}: cannot be written: {reason}") from error
        yield


def _make(name: str, conversion: Conversion, folder: Path, *, progress: bool, force: bool) -> None:
    """Makes a folder aside and puts it in its place. Only for who holds the lock."""
    from drasp_cli.checkpoints.convert.laion import convert_laion

    with _needed_for(name):  # first, because without it the large file would be of no use
        fetch_file(conversion.tokenizer, TOKENIZER_FILE, progress=progress, force=force)
    fetch_original(name, conversion, progress=progress, force=force)
    partial = folder.parent / ".partial"
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    try:
        # From here on nothing is asked of the Hub: both files are in the cache, and pinned to their commits.
        convert_laion(name, partial / name, tokenizer=conversion.tokenizer.spelling)
        _write_record(partial / name)
        if folder.exists():
            folder.rename(partial / "replaced")
        (partial / name).rename(folder)
    except (OutputError, OSError) as error:
        if _is_full_disk(error):
            raise HubError(name, HubProblem.DISK_FULL, f"where {folder.parent} is") from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_record(folder: Path) -> None:
    files = [folder / name for name in CHECKPOINT_FILES if (folder / name).exists()]
    record = {path.name: {"size": path.stat().st_size, "digest": digest_of(path, like="sha256:")} for path in files}
    (folder / _RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def _is_full_disk(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, says so; safetensors says it in its text alone."""
    if isinstance(error, SafetensorError):
        said = re.search(r"\(os error (\d+)\)", str(error))
        return said is not None and int(said[1]) in FULL_DISK
    if isinstance(error, OSError):
        return error.errno in FULL_DISK
    return error is not None and _is_full_disk(error.__cause__)


@contextmanager
def _needed_for(name: str) -> Iterator[None]:
    """Raises what the Hub does not give in the block as an error about `name`, which a user can pull again."""
    try:
        yield
    except HubError as error:
        detail = ": ".join(filter(None, (error.source, error.detail)))
        raise HubError(name, error.problem, detail) from error
