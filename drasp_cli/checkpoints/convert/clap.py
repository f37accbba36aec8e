"""LAION-CLAP's towers as its state dicts hold them: HTSAT-base and RoBERTa-base, without fusion.

Such a state dict has every learned tensor of our own predictor's towers under the same name, and beside them

    *.pt -open_file-> ClapFile: its tensors, its digest, and the tokenizer that its text tower reads

    constants       STFT and mel matrices, attention masks, indices: there or not, by release; held to ours where there
    what we lack    the classifier of HTSAT's pre-training, and what only the contrastive loss reads: passed over

Sizes, names and constants are those of laion-clap 1.1.7 (LAION-AI/CLAP at 1fd4c37), `amodel="HTSAT-base"`. A checkpoint
with fusion, or of another size, has tensors of other names or shapes and is refused by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from drasp_cli.checkpoints.convert.original import Source
from drasp_cli.checkpoints.convert.pickles import read_pickle
from drasp_cli.checkpoints.convert.state_dict import state_dict_of
from drasp_cli.checkpoints.convert.tokenizer import find_tokenizer
from drasp_cli.checkpoints.integrity import digest_of
from drasp_cli.checkpoints.store import check_constants
from drasp_cli.errors import CheckpointError, InputError
from drasp_cli.models.config import AudioConfig, HTSATConfig, LogMelConfig, TextConfig

TOWER = HTSATConfig()
TEXT = TextConfig()
LOGMEL = LogMelConfig(fft_size=1024, hop_size=480, num_mels=64, f_min=50.0, f_max=14_000.0)
AUDIO = AudioConfig(sample_rate=48_000, frontend_sample_rate=48_000, window_samples=480_000, fill="repeat")
EMBEDDING_DIM = 512

LEFT_OUT = frozenset(
    (
        *(f"audio_branch.{part}.{kind}" for part in ("tscam_conv", "head") for kind in ("weight", "bias")),
        *(
            f"{side}_transform.sequential.{layer}.{kind}"
            for side in ("audio", "text")
            for layer in (0, 3)
            for kind in ("weight", "bias")
        ),
        *("logit_scale_a", "logit_scale_t"),
    )
)
"""Learned tensors of such a state dict that no embedding depends on."""

_MEL = "audio_branch.logmel_extractor.melW"
_COUNT = "audio_branch.bn0.num_batches_tracked"


@dataclass(frozen=True)
class ClapFile:
    """A file of `torch.save` with LAION-CLAP's towers in it.

    Attributes:
        tensors: by the file's own names; what our predictor lacks is left out.
        digest: of the file, as `integrity.digest_of` gives it.
        tokenizer: a `tokenizer.json` that the text tower can read, or None.
    """

    tensors: Mapping[str, Tensor]
    digest: str
    tokenizer: Path | None


def open_file(
    source: Source, *, expected: str, prefix: str = "", tokenizer: str | None = None, progress: bool = False
) -> ClapFile:
    """Reads a file with the towers in it, and finds its tokenizer.

    Args:
        source: where it is.
        expected: what it would be that is a folder, for the message that refuses one.
        prefix: in front of LAION-CLAP's own names.
        tokenizer: a folder with a `tokenizer.json`, or a repository on the Hub. None takes RoBERTa's where `source` is
            on the Hub, and else none.
        progress: of a download, on standard error.

    Raises:
        InputError: it is a folder, cannot be understood, or has constants that are not ours; or the tokenizer is not
            the tower's.
        CheckpointError: the tokenizer cannot be read.
        HubError: the Hub does not give the tokenizer.
    """
    name = str(source.path)
    if source.path.is_dir():
        raise InputError(name, f"is a folder; {expected}")
    tensors = without_extras(state_dict_of(read_pickle(source.path), name), name, prefix)
    tokens = find_tokenizer(tokenizer, TEXT, on_hub=source.address is not None, progress=progress)
    return ClapFile(tensors, source.digest or digest_of(source.path, like="sha256:"), tokens)


def laion_name(ours: str) -> str:
    """What LAION-CLAP calls a tensor of the towers, their projections or the front end of our predictor."""
    return _MEL if ours == "logmel.filters" else ours


def without_extras(tensors: Mapping[str, Tensor], source: str, prefix: str = "") -> dict[str, Tensor]:
    """A state dict of theirs without what our predictor lacks, and with what only some releases write.

    Constants that our predictor has as well stay in it, to be held to ours when it is loaded.

    Args:
        tensors: by their names.
        source: their file, for messages.
        prefix: in front of LAION-CLAP's own names.

    Raises:
        InputError: one of the constants that our predictor lacks is not what it must be.
    """
    constants = {prefix + name: tensor for name, tensor in laion_constants().items()}
    try:
        check_constants(constants, tensors, source)
    except CheckpointError as error:
        raise InputError(source, str(error).removeprefix(f"{source}: ")) from error
    passed_over = constants.keys() | {prefix + name for name in LEFT_OUT}
    kept = {name: tensor for name, tensor in tensors.items() if name not in passed_over}
    # How many batches the norm has seen is written since torch 0.4.1, and read in training alone.
    return {prefix + _COUNT: torch.tensor(0), **kept}


def laion_constants() -> dict[str, Tensor]:
    """Theirs that our predictor computes otherwise, or not at all.

    The STFT is a convolution there: w[k, n] = hann[n] exp(-2 pi i k n / N), its real and its imaginary part.
    """
    size = LOGMEL.fft_size
    k, n = torch.arange(size // 2 + 1)[:, None], torch.arange(size)[None, :]
    angle = (2.0 * math.pi / size) * (k * n % size).double()
    window = torch.hann_window(size, dtype=torch.float64)
    stft = "audio_branch.spectrogram_extractor.stft"
    return {
        f"{stft}.conv_real.weight": (window * angle.cos())[:, None],
        f"{stft}.conv_imag.weight": (-window * angle.sin())[:, None],
        "text_branch.embeddings.position_ids": torch.arange(TEXT.max_positions)[None],
    }
