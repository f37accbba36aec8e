"""The DRASP research code's Track 1: LAION-CLAP's towers, fine-tuned, one of its eight poolings, and two linear heads.

    best_ckpt_N     a bare state dict: pooling, segment size and rates are the user's to tell, or the code's
    upstream_model.model.*                towers and projections, by LAION-CLAP's names
    pooling.*  pooling_proj.*             by our own
    overall_mlp_layer1..3                 the layers of the head of MI
    textual_mlp_layer1..3                 and of TA

The MusicEval baseline, which this code grew from, saves the same without pooling and projection: its heads are on
LAION-CLAP's own embedding. It hears and pads as this code does.

What its published inference does, the converted checkpoint does: no activation between the layers of a head, a partial
segment is filled with zeros, and 16 kHz sound is given to a front end that takes it for 48 kHz, 30 s at once. One thing
it does not: of a longer clip, that inference hears the first 30 s alone. Source: github.com/jerryyang1231/DRASP at
5df1780, `track1`; and github.com/NKU-HLT/MusicEval-baseline, `code/mos_track1.py`.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.convert.fitting import told_pooling
from drasp_cli.checkpoints.convert.original import Original, find_source
from drasp_cli.checkpoints.convert.poolings import BASELINE, RESEARCH_POOLINGS, SEGMENTAL, TRACK1_POOLINGS
from drasp_cli.checkpoints.convert.writing import check_out, write_converted
from drasp_cli.errors import InputError
from drasp_cli.models.config import (
    AudioConfig,
    ClapConfig,
    HeadConfig,
    PredictorConfig,
    TargetTransform,
    parse_config,
    to_plain,
)
from drasp_cli.models.pooling import PoolingConfig
from drasp_cli.models.pooling.segments import SEGMENT_SIZE, ZERO

# What the code's loader does: MusicEval's 16 kHz samples, up to 480,000 of them, go to CLAP as they are.
AUDIO = AudioConfig(sample_rate=16_000, frontend_sample_rate=48_000, window_samples=480_000, fill="repeat")

_HEADS = HeadConfig(
    embedding_dim=clap.EMBEDDING_DIM,
    hidden=(256, 64),
    activation="identity",
    interaction="none",
    unit_variance=False,
)
_CODES = {
    False: "the DRASP research code, Track 1 (its name of the pooling: `{pooling}`)",
    True: "the MusicEval baseline, whose heads are on LAION-CLAP's own embedding",
}
_ABOUT = """\
A checkpoint of {code}.
It was trained on 16 kHz sound that its front end took for 48 kHz, and hears every clip so. Its head of TA is linear in
prompt and clip: it says which prompts and which clips score well, not which match. The file does not say what the
weights were trained on, nor their licence; the towers come from LAION-CLAP (CC0). State both in `config.json` and here
before you share it."""
_TRAINING_DATA = "not said by the file that was converted; its code trains on MusicEval"

_CLAP = "upstream_model.model."  # in front of LAION-CLAP's own names
_OF_CLAP = ("audio_branch.", "text_branch.", "audio_projection.", "text_projection.", "logmel.")
_MLPS = {"MI": "overall_mlp_layer", "TA": "textual_mlp_layer"}
_HEAD = re.compile(r"heads\.(?P<axis>MI|TA)\.layers\.(?P<layer>[0-9]+)\.(?P<kind>weight|bias)")


def convert_track1(
    source: str,
    out: Path,
    *,
    pooling: str,
    segment_size: int | None = None,
    frame_repeat: int = 1,
    tokenizer: str | None = None,
    progress: bool = False,
) -> None:
    """Makes a checkpoint folder of a research checkpoint, which scores as the research code does.

    Args:
        source: a file of `torch.save` with a state dict, also on the Hub.
        out: a folder that is not there yet, or empty.
        pooling: one of `TRACK1_POOLINGS`.
        segment_size: frames in a segment; may be None for a pooling without segments.
        frame_repeat: how often the code's tower repeated each of its 32 time steps before the pooling.
        tokenizer: a folder with a `tokenizer.json`, or a repository on the Hub. None takes RoBERTa's where `source` is
            on the Hub, and else none: the checkpoint then scores MI alone.
        progress: of a download, on standard error.

    Raises:
        InputError: the source cannot be understood, the pooling is none or lacks its segment size, the tokenizer is
            not the tower's, or the tensors are not exactly those of the predictor.
        ConfigError: a size is impossible.
        CheckpointError: the tokenizer cannot be read.
        OutputError: `out` holds something, or cannot be written.
        HubError: the Hub does not give it.
    """
    check_out(out)
    found = find_source(source, progress=progress)
    config = track1_config(pooling, segment_size, frame_repeat, str(found.path))
    expected = "the research code's Track 1 saves a file, best_ckpt_N"
    file = clap.open_file(found, expected=expected, prefix=_CLAP, tokenizer=tokenizer, progress=progress)
    original = Original(
        config,
        file.tensors,
        found,
        found.path,
        file.digest,
        _ABOUT.format(code=_CODES[pooling == BASELINE].format(pooling=pooling)),
        spelled=research_name,
        tokenizer=file.tokenizer,
    )
    with told_pooling(pooling, original.tensors):
        write_converted(original, out)


def track1_config(pooling: str, segment_size: int | None, frame_repeat: int, source: str) -> PredictorConfig:
    """The configuration of a research checkpoint, all but its name.

    Args:
        pooling: one of `TRACK1_POOLINGS`.
        segment_size: may be None for a pooling without segments.
        frame_repeat: of each time step.
        source: its file, for messages.

    Raises:
        InputError: the pooling is none, or lacks its segment size.
        ConfigError: a size is impossible.
    """
    if pooling not in TRACK1_POOLINGS:
        raise InputError(source, f"no pooling is called {pooling!r}; known: {', '.join(TRACK1_POOLINGS)}")
    if pooling in SEGMENTAL and segment_size is None:
        reason = f"does not say how many frames a segment of {pooling} has; give it as --segment-size"
        raise InputError(source, reason)
    size = segment_size if pooling in SEGMENTAL and segment_size is not None else SEGMENT_SIZE
    scale = TargetTransform(mean=0.0, std=1.0)  # its heads give ratings as they are
    config = ClapConfig(
        name="",
        architecture="clap",
        axes=tuple(_MLPS),
        audio=AUDIO,
        targets=dict.fromkeys(_MLPS, scale),
        ratings="human",
        licence="unknown",
        training_data=_TRAINING_DATA,
        logmel=clap.LOGMEL,
        backbone=dataclasses.replace(clap.TOWER, frame_repeat=frame_repeat),
        text=clap.TEXT,
        pooling=None if pooling == BASELINE else PoolingConfig(RESEARCH_POOLINGS[pooling], size, ZERO),
        heads=_HEADS,
    )
    return parse_config(to_plain(config), source)  # bounds on sizes


def research_name(ours: str) -> str:
    """What the research code calls a tensor of our predictor."""
    if ours.startswith(_OF_CLAP):
        return _CLAP + clap.laion_name(ours)
    if (head := _HEAD.fullmatch(ours)) is not None:
        return f"{_MLPS[head['axis']]}{int(head['layer']) + 1}.{head['kind']}"
    return ours
