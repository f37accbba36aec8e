"""LAION-CLAP's published towers, as they are: `music_audioset_epoch_15_esc_90.14.pt` and others of its shape.

    *.pt      {"epoch", "name", "optimizer", "state_dict"}, or a state dict alone

Its axis is CLAP, the cosine of the prompt's and the clip's embedding; and training starts from its towers. What
laion-clap computes on one window of up to 10 s at 48 kHz is what this computes. Of a longer clip laion-clap hears 10 s
from anywhere, by chance; here the embeddings of consecutive windows are averaged.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.convert.original import Original, find_source
from drasp_cli.checkpoints.convert.writing import card_of, check_out, write_converted
from drasp_cli.checkpoints.registry import CLAP_LAION, REGISTRY, Conversion
from drasp_cli.models.config import ClapConfig, HeadConfig, PredictorConfig, TargetTransform, parse_config, to_plain
from drasp_cli.models.predictor import CLAP

_ABOUT = """\
LAION-CLAP's audio tower (HTSAT-base) and text tower (RoBERTa-base), https://github.com/LAION-AI/CLAP. The tensors are
unchanged; left out is what no embedding depends on. CLAP is the cosine of the clip's and the prompt's embedding, from
-1 to 1; no listener was asked."""
_WEIGHTS = {
    True: "They are the weights that LAION published as `music_audioset_epoch_15_esc_90.14.pt`, by their SHA-256.",
    False: "Their SHA-256 is not one that is known here: state whose weights they are, what they were trained on and "
    "their licence, in `config.json` and here, before you share them.",
}
_LICENCE = {True: "CC0-1.0", False: "unknown"}
_TRAINING_DATA = {
    True: "pairs of music, sound or speech and text (LAION, 2023); no ratings",
    False: "not said by the file that was converted",
}


def convert_laion(source: str, out: Path, *, tokenizer: str | None = None, progress: bool = False) -> None:
    """Makes a checkpoint folder of LAION-CLAP's towers.

    Args:
        source: a file of `torch.save` with its state dict, also on the Hub; or `clap.laion`, the published one.
        out: a folder that is not there yet, or empty.
        tokenizer: a folder with a `tokenizer.json`, or a repository on the Hub. None takes RoBERTa's where `source` is
            on the Hub, and else none: the checkpoint then reads no prompts, so it scores nothing.
        progress: of a download, on standard error.

    Raises:
        InputError: the source cannot be understood, the tokenizer is not the tower's, or the tensors are not exactly
            those of the towers.
        CheckpointError: the tokenizer cannot be read.
        OutputError: `out` holds something, or cannot be written.
        HubError: the Hub does not give it.
    """
    check_out(out)
    found = find_source(source, progress=progress)
    expected = "laion-clap's checkpoints are files, such as music_audioset_....pt"
    file = clap.open_file(found, expected=expected, tokenizer=tokenizer, progress=progress)
    is_published = file.digest == _published().facts.digest
    original = Original(
        laion_config(is_published=is_published, source=str(found.path)),
        file.tensors,
        found,
        found.path,
        file.digest,
        _about(is_published=is_published),
        spelled=clap.laion_name,
        tokenizer=file.tokenizer,
    )
    write_converted(original, out)


def describe_published(name: str, conversion: Conversion) -> tuple[PredictorConfig, str]:
    """Config and model card of what would be made of the file that LAION published.

    Args:
        name: of the checkpoint.
        conversion: of that file.
    """
    config = dataclasses.replace(laion_config(is_published=True, source=name), name=name)
    about = _about(is_published=True)
    return config, card_of(config, conversion.file, conversion.source.spelling, conversion.facts.digest, about)


def laion_config(*, is_published: bool, source: str) -> PredictorConfig:
    """The configuration of the towers, all but its name; licence and training data are known of published ones."""
    config = ClapConfig(
        name="",
        architecture="clap",
        axes=(CLAP,),
        audio=clap.AUDIO,
        targets={CLAP: TargetTransform(mean=0.0, std=1.0)},
        ratings="none",
        licence=_LICENCE[is_published],
        training_data=_TRAINING_DATA[is_published],
        logmel=clap.LOGMEL,
        backbone=clap.TOWER,
        text=clap.TEXT,
        pooling=None,
        heads=HeadConfig(clap.EMBEDDING_DIM, (), "identity", "none", unit_variance=False),  # there are none
    )
    return parse_config(to_plain(config), source)


def _published() -> Conversion:
    """What is known of the file that LAION published."""
    conversion = REGISTRY[CLAP_LAION].conversion
    assert conversion is not None
    return conversion


def _about(*, is_published: bool) -> str:
    return f"{_ABOUT} {_WEIGHTS[is_published]}"
