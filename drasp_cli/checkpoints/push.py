"""A checkpoint folder to the Hugging Face Hub, in one commit.

    folder -load it-> valid -complete its card, let the Hub check it-> files -one commit-> hf-hub:owner/repo@commit

Nothing is sent before the folder has loaded and its card has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drasp_cli import __version__
from drasp_cli.checkpoints.card import card_metadata, plain_card
from drasp_cli.checkpoints.folder import CARD_FILE, CHECKPOINT_FILES
from drasp_cli.checkpoints.hub import talking, translated
from drasp_cli.checkpoints.registry import HUB_PREFIX, HubAddress, is_repo
from drasp_cli.checkpoints.store import Checkpoint, load_predictor
from drasp_cli.errors import CheckpointError, HubProblem, InputError, PushError
from drasp_cli.models.config import PredictorConfig


@dataclass(frozen=True, slots=True)
class Push:
    """A checkpoint folder that is ready to go to the Hub.

    Attributes:
        repo: `owner/name`.
        checkpoint: loaded, hence valid.
        files: name in the repository -> the file, or the content of the card.
    """

    repo: str
    checkpoint: Checkpoint
    files: dict[str, Path | bytes]

    def sizes(self) -> dict[str, int]:
        """File name -> bytes that will be sent."""
        return {
            name: len(file) if isinstance(file, bytes) else file.stat().st_size for name, file in self.files.items()
        }


def prepare_push(folder: Path, repo: str) -> Push:
    """Loads a checkpoint folder and has the Hub check its model card; nothing is uploaded.

    A folder without a card gets one, and what the header of a card lacks is filled in from the config. The folder
    itself stays as it is.

    Args:
        folder: a checkpoint folder.
        repo: `owner/name`, or as `--model` spells it without a revision, `hf-hub:owner/name`.

    Raises:
        InputError: `repo` is no such name.
        CheckpointError: the folder does not load, or its card is refused.
        ConfigError: its `config.json` is refused.
        PushError: the Hub cannot be asked.
    """
    repo = _named(repo)
    checkpoint = load_predictor(f"{folder}/")
    files: dict[str, Path | bytes] = {
        name: folder / name for name in CHECKPOINT_FILES if name != CARD_FILE and (folder / name).exists()
    }
    return Push(repo, checkpoint, files | {CARD_FILE: _checked_card(folder / CARD_FILE, checkpoint.config, repo)})


def push(ready: Push, *, private: bool = False, branch: str | None = None, progress: bool = False) -> HubAddress:
    """Uploads what `prepare_push` made ready, in one commit, and makes repository and branch where they are not there.

    Args:
        ready: what to upload.
        private: make the repository private. One that is there already must be so.
        branch: to commit to; None for the default one.
        progress: draw the client's progress bars on standard error, where that is a terminal.

    Returns:
        The repository, and the commit as its revision.

    Raises:
        PushError: the Hub does not take it.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(library_name="drasp", library_version=__version__)
    operations = [CommitOperationAdd(name, file) for name, file in ready.files.items()]
    spelling = HUB_PREFIX + ready.repo
    with translated(spelling, PushError), talking(progress):
        # A client of the Hub makes a public repository where private is None, unless an organisation says otherwise.
        api.create_repo(ready.repo, private=private or None, exist_ok=True)
        if private and not api.repo_info(ready.repo).private:
            raise PushError(spelling, HubProblem.PUBLIC)
        if branch is not None:
            api.create_branch(ready.repo, branch=branch, exist_ok=True)
        content = f"{ready.checkpoint.config.name}@{ready.checkpoint.revision}"  # and nothing of the folder's path
        message = f"{content}, pushed by drasp {__version__}"
        commit = api.create_commit(ready.repo, operations, commit_message=message, revision=branch)
    return HubAddress(ready.repo, commit.oid)


def _named(repo: str) -> str:
    """The name of a repository without the prefix that `--model` wants.

    Raises:
        InputError: it is none.
    """
    name = repo.removeprefix(HUB_PREFIX)
    if not is_repo(name):
        letters = "the owner, a slash, and a name of letters, digits, -, _ and ., at most 96 characters in all"
        branch = "; a branch is named with --revision" if "@" in name else ""
        raise InputError(repo, f"is no name of a repository on the Hub: that is owner/name, {letters}{branch}")
    return name


def _checked_card(path: Path, config: PredictorConfig, repo: str) -> bytes:
    """The model card in `path`, or a plain one, its header completed and passed by the Hub.

    Args:
        path: of a card that may not be there.
        config: of its checkpoint.
        repo: which the card is for.

    Raises:
        CheckpointError: its header cannot be read, or the Hub refuses it.
        PushError: the Hub cannot be asked.
    """
    import yaml  # type: ignore[import-untyped]  # the client's own, which lets its errors through
    from huggingface_hub import ModelCard

    text = path.read_text(encoding="utf-8") if path.exists() else plain_card(config)
    with translated(HUB_PREFIX + repo, PushError), talking(False):
        try:
            card = ModelCard(text)
            facts = card_metadata(config)
            if card.data.get("license") is not None:
                facts.pop("license_name", None)  # a card that names its licence names it whole
            for key, value in facts.items():
                if card.data.get(key) is None:
                    setattr(card.data, key, value)
            card.validate()
        except (ValueError, yaml.YAMLError) as error:
            said = "; ".join(map(str.strip, str(error).splitlines()))
            raise CheckpointError(str(path), f"its metadata is refused by the Hub: {said}") from error
    return str(card).encode()
