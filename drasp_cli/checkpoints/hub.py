"""Checkpoint folders on the Hugging Face Hub, through its own client and into its own cache.

    HubAddress -resolve the revision-> commit -download what is missing-> folder -complete, hold to digests-> Snapshot

Without network the client may give the folder of a download that broke off, with what had come of it. What a score
depends on and the folder lacks is therefore asked for once more, by its name: either it comes, or the Hub says that
the repository has no such file, which the cache remembers for that commit.

The client is imported inside the functions: it reads HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE when it is imported, and
nothing that needs no Hub should wait for it.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from drasp_cli import __version__
from drasp_cli.checkpoints.folder import CARD_FILE, CHECKPOINT_FILES, CONFIG_FILE, REQUIRED_FILES, TOKENIZER_FILE
from drasp_cli.checkpoints.integrity import faults, faults_since
from drasp_cli.checkpoints.registry import FileFacts, HubAddress
from drasp_cli.errors import CheckpointError, ConfigError, HubError, HubProblem, OutputError

REVISION_DIGITS = 12  # hex digits of a commit in the label of a result; the Hub resolves them, and so does the cache

_WHOLE_COMMIT = re.compile("[0-9a-f]{40}")
_PART_OF_COMMIT = re.compile(rf"[0-9a-f]{{{REVISION_DIGITS},39}}")
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Files of one commit, in the cache.

    Attributes:
        folder: never to be written to: other tools share it.
        commit: 40 hex digits.
    """

    folder: Path
    commit: str


def fetch(
    address: HubAddress, *, only: Sequence[str] = CHECKPOINT_FILES, progress: bool = False, force: bool = False
) -> Snapshot:
    """The checkpoint folder at `address`, downloaded where the cache lacks it.

    A branch or tag is looked up each time; without network it means the commit it meant last. A commit that is in the
    cache needs no network.

    Args:
        address: what to fetch.
        only: names of the files that are needed.
        progress: draw the client's progress bars on standard error, where that is a terminal.
        force: download again what the cache has.

    Raises:
        HubError: it cannot be had, is not complete, or is not what the registry says it must be.
        OutputError: the client cannot use its own folder.
    """
    from huggingface_hub import snapshot_download

    wanted = [name for name in only if not address.files or name in address.files or name == CARD_FILE]
    revision = _whole_commit(address)
    with translated(address.spelling), talking(progress):
        if _WHOLE_COMMIT.fullmatch(revision or ""):  # of a branch, the client itself asks but once
            sure = [name for name in wanted if name in REQUIRED_FILES or name in address.files]
            _ask_once(address.repo, sure, revision, force=force)
        folder = snapshot_download(
            address.repo,
            revision=revision,
            allow_patterns=wanted,
            force_download=force,
            library_name="drasp",
            library_version=__version__,
        )
    snapshot = Snapshot(Path(folder), Path(folder).name)
    missing = [name for name in REQUIRED_FILES if name in wanted and not _is_there(address, snapshot, name, progress)]
    if missing:
        raise HubError(address.spelling, HubProblem.INCOMPLETE, f"it has no {' and no '.join(missing)}")
    if TOKENIZER_FILE in wanted and _reads_prompts(snapshot.folder):
        _is_there(address, snapshot, TOKENIZER_FILE, progress)  # not having one is a repository's right
    _refuse(address.spelling, faults_since(snapshot.folder, address.files, _receipt(address.repo, snapshot.commit)))
    return snapshot


def fetch_file(address: HubAddress, name: str, *, progress: bool = False, force: bool = False) -> Path:
    """One file of a repository, whatever kind it is, in the cache; downloaded where that lacks it.

    Args:
        address: its revision is looked up as by `fetch`; where it knows the file, the file is held to that.
        name: of the file, with the folders it is in.
        progress: draw the client's progress bars on standard error, where that is a terminal.
        force: download again what the cache has.

    Raises:
        HubError: it cannot be had, or is not what it must be.
        OutputError: the client cannot use its own folder.
    """
    from huggingface_hub import hf_hub_download

    spelling = f"{address.spelling}:{name}"
    revision = _whole_commit(address)
    with translated(spelling), talking(progress):
        _ask_once(address.repo, [name], revision, force=force)
        path = Path(
            hf_hub_download(
                address.repo,
                name,
                revision=revision,
                force_download=force,
                library_name="drasp",
                library_version=__version__,
            )
        )
    snapshot = path.parents[name.count("/")]
    known = {name: address.files[name]} if name in address.files else {}
    _refuse(spelling, faults_since(snapshot, known, _receipt(address.repo, snapshot.name)))
    return path


def _ask_once(repo: str, names: Iterable[str], revision: str | None, *, force: bool) -> None:
    """Asks the Hub for the first of some files that the cache lacks, where the client would try six times over 23 s.

    Whatever the client raises where the Hub does not answer is raised here. That the repository has no such file is
    the download's to find out, which has the cache remember it.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError

    for name in names:
        if force or not isinstance(try_to_load_from_cache(repo, name, revision=revision), str):
            url = hf_hub_url(repo, name, revision=revision)
            with suppress(EntryNotFoundError):
                get_hf_file_metadata(url, library_name="drasp", library_version=__version__)
            return


def cached(address: HubAddress) -> Snapshot | None:
    """What the cache holds of a commit, named by its first digits at least, without asking the Hub.

    None where a file that is needed lacks.
    """
    commit = _whole_commit(address)
    assert commit is not None
    folder = _snapshots(address.repo) / commit
    complete = all((folder / name).exists() for name in (*REQUIRED_FILES, *address.files))
    return Snapshot(folder, commit) if complete else None


def verify(address: HubAddress, snapshot: Snapshot) -> Mapping[str, FileFacts]:
    """Hashes every file of a snapshot, and holds it to the registry or, for other repositories, to the Hub's listing.

    Returns:
        What each file was held to.

    Raises:
        HubError: a file is not what it must be, or the Hub cannot be asked.
    """
    known = address.files or _listed(address, snapshot)
    known = {name: facts for name, facts in known.items() if (snapshot.folder / name).exists()}
    _refuse(address.spelling, faults(snapshot.folder, known))
    return known


def _is_there(address: HubAddress, snapshot: Snapshot, name: str, progress: bool) -> bool:
    """Whether a commit has a file, which is downloaded now if only its copy in the cache lacks it.

    Raises:
        HubError: the Hub would have to tell, and does not.
    """
    from huggingface_hub import _CACHED_NO_EXIST, try_to_load_from_cache

    if (snapshot.folder / name).exists():
        return True
    if try_to_load_from_cache(address.repo, name, revision=snapshot.commit) is _CACHED_NO_EXIST:
        return False
    try:
        fetch_file(HubAddress(address.repo, snapshot.commit), name, progress=progress)
    except HubError as error:
        if error.problem is HubProblem.NO_FILE:
            return False
        detail = "; ".join(filter(None, (f"the copy in the cache lacks {name}", error.detail)))
        raise HubError(address.spelling, error.problem, detail) from error
    return True


def _reads_prompts(folder: Path) -> bool:
    """Whether the predictor of a folder has a text tower. A config that cannot be read is for loading to refuse."""
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and config.get("text") is not None


@contextmanager
def translated(source: str, kind: type[HubError] = HubError) -> Iterator[None]:
    """Raises what the client raises in the block as a `HubError` about `source`, or as it is where it is not the Hub's.

    Args:
        source: what cannot be had, or cannot be sent.
        kind: of the error.

    Raises:
        HubError: of that kind.
        OutputError: the client cannot use its own folder.
    """
    from huggingface_hub.errors import HfHubHTTPError

    # The base of all errors of the HTTP library, which is another one in each major version of the client.
    transport_error = HfHubHTTPError.__bases__[0]
    try:
        yield
    # RuntimeError: how the client says that an upload failed, or a transfer by Xet.
    except (transport_error, OSError, RuntimeError) as error:  # type: ignore[misc]  # a class found at run time
        problem = _problem(error)
        if problem is None:
            if isinstance(error, OSError) and _is_of_client(error.filename):
                reason = f"{error.strerror}; the Hub's client keeps its files there, and HF_HOME names another place"
                raise OutputError(f"{error.filename}: {reason}") from error
            raise
        raise kind(source, problem, "" if problem is HubProblem.OFFLINE else _detail(error)) from error


@contextmanager
def damage_of(pulled: str | None, name: str) -> Iterator[None]:
    """Raises that a file cannot be read in the block as damage of what was pulled.

    Args:
        pulled: what `drasp models pull` takes to get the file again; None for one that never was on the Hub, whose
            errors are left as they are.
        name: of the file.
    """
    try:
        yield
    except (CheckpointError, ConfigError) as error:
        if pulled is None:
            raise
        raise HubError(pulled, HubProblem.DAMAGED, f"{name} {error.reason}") from error


@contextmanager
def talking(progress: bool) -> Iterator[None]:
    """Lets the client draw its bars and say its warnings in the block, or keeps it silent.

    The bars are drawn on standard error, and only where that is a terminal; the client itself does not look, before it
    draws those of an upload. HF_HUB_DISABLE_PROGRESS_BARS is obeyed.
    """
    from huggingface_hub.constants import HF_HUB_DISABLE_PROGRESS_BARS
    from huggingface_hub.utils import logging as client_logging
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    verbosity = client_logging.get_verbosity()
    drawn = progress and sys.stderr is not None and sys.stderr.isatty()
    silenced = not drawn and HF_HUB_DISABLE_PROGRESS_BARS is None and not are_progress_bars_disabled()
    if not progress:
        client_logging.set_verbosity(logging.ERROR)
    if silenced:
        disable_progress_bars()
    try:
        yield
    finally:
        client_logging.set_verbosity(verbosity)
        if silenced:
            enable_progress_bars()


def _whole_commit(address: HubAddress) -> str | None:
    """The revision to ask for: the whole commit where the revision is the beginning of exactly one in the cache.

    So a label such as `hf-hub:owner/repo@0123456789ab` can be loaded again without network.
    """
    if address.revision is None or not _PART_OF_COMMIT.fullmatch(address.revision):
        return address.revision
    found = [folder.name for folder in _snapshots(address.repo).glob(f"{address.revision}*")]
    return found[0] if len(found) == 1 else address.revision


def _snapshots(repo: str) -> Path:
    """The folder of a repository's snapshots in the cache, whose layout the client documents."""
    return cache_folder() / f"models--{repo.replace('/', '--')}" / "snapshots"


def cache_folder() -> Path:
    """Where the client's cache is, by the environment variables that the client documents, without importing it."""
    return _folder_of_client("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "hub")


def assets_folder() -> Path:
    """Where drasp keeps what it makes of downloads: in the client's folder for other libraries' files."""
    return _folder_of_client("HF_ASSETS_CACHE", "HUGGINGFACE_ASSETS_CACHE", "assets") / "drasp"


def _folder_of_client(variable: str, older_variable: str, inside_home: str) -> Path:
    folder = os.getenv(variable, os.getenv(older_variable))
    return _home() / inside_home if folder is None else _expanded(folder)


def _home() -> Path:
    """The client's own folder."""
    return _expanded(os.getenv("HF_HOME", os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "huggingface")))  # noqa: PTH118


def _expanded(folder: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(folder)))  # noqa: PTH111


def _is_of_client(path: object) -> bool:
    """Whether a path, as an error of the system names it, is of the client's folders."""
    folders = (cache_folder(), assets_folder().parent, _home())
    return isinstance(path, str) and any(folder in (Path(path), *Path(path).parents) for folder in folders)


def _receipt(repo: str, commit: str) -> Path:
    """Where it is remembered that files of a commit were hashed."""
    return assets_folder() / "verified" / repo.replace("/", "--") / f"{commit}.json"


def _listed(address: HubAddress, snapshot: Snapshot) -> Mapping[str, FileFacts]:
    """What the Hub says that the files of a commit are."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    with translated(address.spelling):
        paths = HfApi(library_name="drasp", library_version=__version__).get_paths_info(
            address.repo, list(CHECKPOINT_FILES), revision=snapshot.commit
        )
    return {
        path.path: FileFacts(path.size, f"sha256:{path.lfs.sha256}" if path.lfs else f"git:{path.blob_id}")
        for path in paths
        if isinstance(path, RepoFile)
    }


def _refuse(source: str, found: Mapping[str, str]) -> None:
    if found:
        what = "; ".join(f"{name}: {fault}" for name, fault in found.items())
        raise HubError(source, HubProblem.DAMAGED, what)


def _problem(error: BaseException) -> HubProblem | None:
    """Which problem an error of the client is; None for an error of something else, such as a folder's permissions."""
    from huggingface_hub import errors

    by_type = (
        (errors.GatedRepoError, HubProblem.GATED),
        (errors.RevisionNotFoundError, HubProblem.NO_REVISION),
        (errors.RepositoryNotFoundError, HubProblem.NOT_FOUND),
        (errors.OfflineModeIsEnabled, HubProblem.OFFLINE),
    )
    for kind, problem in by_type:
        if isinstance(error, kind):
            return problem
    if isinstance(error, errors.LocalEntryNotFoundError):
        # Not in the cache, and not to be had: its cause says why. Without one, only the cache was to be looked at.
        return (_problem(error.__cause__) if error.__cause__ else None) or HubProblem.UNREACHABLE
    if isinstance(error, errors.EntryNotFoundError):
        return HubProblem.NO_FILE
    if isinstance(error, errors.HfHubHTTPError):
        return _problem_of_answer(error)
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return _problem(error.__cause__)
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return HubProblem.DISK_FULL
    if isinstance(error, OSError) and "onsistency check failed" in str(error):  # fewer or more bytes than announced
        return HubProblem.DAMAGED
    if isinstance(error, OSError) and error.errno is not None:
        return None
    return HubProblem.UNREACHABLE


def _problem_of_answer(error: Exception) -> HubProblem:
    """Which problem an answer of the Hub with an error status is."""
    response = error.response  # type: ignore[attr-defined]
    if response.status_code == 401:
        # Without a token, the Hub does not tell what is private from what is not there.
        return HubProblem.BAD_TOKEN if "authorization" in response.request.headers else HubProblem.NOT_FOUND
    return {403: HubProblem.FORBIDDEN, 404: HubProblem.NOT_FOUND}.get(response.status_code, HubProblem.SERVER)


def _detail(error: BaseException) -> str:
    """The first line of what the Hub or the system says."""
    said = getattr(error, "server_message", None) or getattr(error, "strerror", None)
    if not said and error.__cause__ is not None:
        return _detail(error.__cause__)
    return str(said or error).strip().partition("\n")[0]
