"""What `--model` accepts, and what each spelling means.

    audiobox.meta                 a name: one of `REGISTRY`, inside the package or pinned on the Hugging Face Hub, there
                                  as a checkpoint folder or as another program's file
    ./folder  /folder             a path: always with a slash that says so
    hf-hub:owner/repo[@revision]  a checkpoint folder on the Hugging Face Hub

The three can never be confused, and none of them is guessed: a bare word that is no name is refused even where a
folder is called so, and the message offers the spelling that would mean the folder. Nothing here touches the network.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from drasp_cli.errors import CheckpointError, UnknownModelError

HUB_PREFIX = "hf-hub:"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file must be.

    Attributes:
        size: in bytes.
        digest: `sha256:` and the SHA-256 of its content, or `git:` and the object id that git gives it; hex digits.
    """

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A checkpoint folder on the Hugging Face Hub.

    Attributes:
        repo: `owner/name`.
        revision: a branch, tag or commit; None for the default branch.
        files: what is known of its files before any of them is there; empty for a repository that nobody has vouched
            for. Where it is not empty, no other file is read.
    """

    repo: str
    revision: str | None = None
    files: Mapping[str, FileFacts] = field(default_factory=dict)

    @property
    def spelling(self) -> str:
        """As `--model` takes it."""
        return f"{HUB_PREFIX}{self.repo}" + (f"@{self.revision}" if self.revision else "")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A checkpoint folder that is made of another program's file when it is first needed, and kept.

    Attributes:
        source: repository, commit, and the facts of the one file that is read.
        tokenizer: the repository and commit whose `tokenizer.json` goes into the folder.
        edition: raised whenever what is made of the same file changes, so that no drasp reads what another one made.
    """

    source: HubAddress
    tokenizer: HubAddress
    edition: int

    @property
    def file(self) -> str:
        """What the one file is called in its repository."""
        (name,) = self.source.files
        return name

    @property
    def facts(self) -> FileFacts:
        """What the one file must be."""
        return self.source.files[self.file]

    @property
    def spelling(self) -> str:
        """The file, as `drasp convert` takes it."""
        return f"{self.source.spelling}:{self.file}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that exists.

    Attributes:
        about: one line on what it is.
        axes: what it scores, in column order.
        ratings: what it was trained on, as in its `config.json`.
        hub: where it is downloaded from, its revision a commit and the facts of all its files known; None for a
            checkpoint that is no folder there.
        conversion: what it is made of, where it is no folder anywhere before.
    """

    about: str
    axes: tuple[str, ...]
    ratings: str
    hub: HubAddress | None = None
    conversion: Conversion | None = None

    @property
    def kind(self) -> str:
        """`shipped`, `hub` or `converted`."""
        return "hub" if self.hub else "converted" if self.conversion else "shipped"


@dataclass(frozen=True, slots=True)
class Location:
    """Where the checkpoint is that a spelling means.

    Attributes:
        name: to show with its results, without revision.
        place: a folder on this disk, an address on the Hub, or what there a folder is made of.
    """

    name: str
    place: Path | HubAddress | Conversion


AUDIOBOX_META = "audiobox.meta"
AUDIOBOX_AXES = ("PQ", "PC", "CE", "CU")
CLAP_LAION = "clap.laion"

ROBERTA = HubAddress("FacebookAI/roberta-base", "e2da8e2f811d1448a5b465c236feacd80ffbac7b")
"""Whose tokenizer LAION-CLAP's prompts are read with."""

# Every name that exists. Nothing is listed that cannot be loaded.
REGISTRY: dict[str, Entry] = {
    "clap-drasp.mini": Entry(
        "small CLAP-shaped towers with DRASP pooling, trained on simulated listening tests",
        axes=("MI", "TA"),
        ratings="simulated",
    ),
    "audiobox-drasp.mini": Entry(
        "a small WavLM with DRASP pooling, trained on a simulated listening test",
        axes=AUDIOBOX_AXES,
        ratings="simulated",
    ),
    AUDIOBOX_META: Entry(
        "Meta's Audiobox Aesthetics as published (CC-BY-4.0): WavLM-base, mean pooling",
        axes=AUDIOBOX_AXES,
        ratings="human",
        hub=HubAddress(
            "facebook/audiobox-aesthetics",
            "9b1dd8e5df9af7216e836a98974fe3b82c56ded6",
            {
                "config.json": FileFacts(
                    492, "sha256:0b8eabc5ced92cefed116a3aca8f1e59d2a33dc4d376b9e86dfb9c072e1d280d"
                ),
                "model.safetensors": FileFacts(
                    415_472_992, "sha256:a5a3c2412649cc2384ec525ffd5180ce6c4778f43bed6108e0a1303de04d014e"
                ),
            },
        ),
    ),
    CLAP_LAION: Entry(
        "LAION-CLAP's towers as published (CC0): HTSAT-base and RoBERTa-base, the cosine of clip and prompt",
        axes=("CLAP",),
        ratings="none",
        conversion=Conversion(
            HubAddress(
                "lukewys/laion_clap",
                "b3708341862f581175dba5c356a4ebf74a9b6651",
                {
                    "music_audioset_epoch_15_esc_90.14.pt": FileFacts(
                        2_352_471_003, "sha256:fae3e9c087f2909c28a09dc31c8dfcdacbc42ba44c70e972b58c1bd1caf6dedd"
                    ),
                },
            ),
            ROBERTA,
            edition=1,
        ),
    ),
}
SHIPPED = tuple(name for name, entry in REGISTRY.items() if entry.kind == "shipped")
DEFAULT_MODEL = "clap-drasp.mini"

_PACKAGE = Path(__file__).resolve().parent.parent
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
# As a browser or another tool spells a repository: https://huggingface.co/owner/name/tree/v1, hf://owner/name.
_OTHER_SPELLING = re.compile(
    r"(?i:hf-hub:|hf://|(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/)"
    r"(?P<repo>[^/@]+/[^/@]+)(?:/tree/(?P<branch>[^/]+)|@(?P<revision>[^/]+))?/?"
)
_LONGEST_REPO = 96  # characters that the Hub takes
_OF_A_FILE = "it is a file; drasp convert makes a checkpoint folder of another program's"


def shipped_folder(name: str) -> Path:
    """The folder of a shipped checkpoint: package data in an installed wheel, `checkpoints/` in a source tree."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / "checkpoints" / name


def locate(model: str) -> Location:
    """What a `--model` spelling means.

    Raises:
        UnknownModelError: the spelling names nothing; `hint` holds one that would, where there is one.
        CheckpointError: a path that is not a folder.
    """
    if model in REGISTRY:
        entry = REGISTRY[model]
        return Location(model, entry.hub or entry.conversion or shipped_folder(model))
    if model.startswith(HUB_PREFIX):
        address = hub_address(model)
        return Location(HUB_PREFIX + address.repo, address)
    if "/" in model or "\\" in model or model in (".", ".."):
        folder = Path(model)
        if not folder.is_dir():
            raise CheckpointError(model, f"is not a folder{_remedy(model)}")
        return Location(model.rstrip("/"), folder)
    raise UnknownModelError(model, tuple(REGISTRY), _hint(model))


def hub_address(model: str) -> HubAddress:
    """The address in a spelling such as `hf-hub:owner/repo@revision`.

    Raises:
        UnknownModelError: it is no such spelling.
    """
    repo, at, revision = model.removeprefix(HUB_PREFIX).partition("@")
    if not is_repo(repo) or bool(at) != bool(revision):
        hint = f"on the Hub, a model is {HUB_PREFIX}owner/repo or {HUB_PREFIX}owner/repo@revision"
        raise UnknownModelError(model, tuple(REGISTRY), hint)
    return HubAddress(repo, revision or None)


def hub_file(spelling: str) -> tuple[HubAddress, str] | None:
    """Repository and file in a spelling such as `hf-hub:owner/repo@revision:folder/file.pt`.

    None for every spelling that names no file: of something else on the Hub, or on this disk.

    Raises:
        UnknownModelError: what stands before the second colon is no repository, or what stands behind it no file.
    """
    repo, colon, name = spelling.removeprefix(HUB_PREFIX).partition(":")
    if not spelling.startswith(HUB_PREFIX) or not colon:
        return None
    if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name:
        hint = f"a file on the Hub is {HUB_PREFIX}owner/repo:file, or {HUB_PREFIX}owner/repo@revision:file"
        raise UnknownModelError(spelling, tuple(REGISTRY), hint)
    return hub_address(HUB_PREFIX + repo), name


def is_repo(word: str) -> bool:
    """Whether `word` could be the name of a repository on the Hub, `owner/name`."""
    # The Hub takes no -- or .. in a name, and no . or - at an end of one; its client would refuse it less kindly.
    forbidden = len(word) > _LONGEST_REPO or re.search(r"--|\.\.|[.-](/|$)|/[.-]|\.git$", word)
    return _REPO.fullmatch(word) is not None and not forbidden


def _remedy(path: str) -> str:
    """What a path that is no folder may have been meant for."""
    if Path(path).is_file():
        return f"; {_OF_A_FILE}"
    bare = path.rpartition("@")[0]
    if bare and Path(bare).is_dir():
        return f"; {bare} is one: leave its revision out"
    if (of_hub := _OTHER_SPELLING.fullmatch(path)) and is_repo(of_hub["repo"]):
        address = HubAddress(of_hub["repo"], of_hub["branch"] or of_hub["revision"])
        return f"; on the Hub, it would be {address.spelling}"
    return f"; on the Hub, it would be {HUB_PREFIX}{path}" if is_repo(bare or path) else ""


def _hint(word: str) -> str | None:
    """A spelling near `word`, a bare word that is no name, that would mean something."""
    if Path(word).is_dir():
        return f"for the folder, write ./{word}"
    if Path(word).is_file():
        return _OF_A_FILE
    name = word.partition("@")[0]
    if name in REGISTRY:  # as results name their model: clap-drasp.mini@e659b9c560b5
        entry = "a shipped checkpoint" if REGISTRY[name].kind == "shipped" else "a model of the registry"
        return f"{entry} has one revision and is named without it: {name}"
    near = difflib.get_close_matches(word.casefold(), REGISTRY, n=1)
    return f"did you mean {near[0]}?" if near else None
