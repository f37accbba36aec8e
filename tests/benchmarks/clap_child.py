"""One side of `clap_speed`, in a process of its own.

    python -m tests.benchmarks.clap_child SIDE PART MODEL TOKENIZER BATCH_SIZE FOLDER

SIDE is `drasp` (MODEL: a checkpoint folder) or `reference` (MODEL: LAION's file; run by an interpreter that has
laion-clap 1.1.7). PART is

    tower   seconds for all windows of FOLDER, from samples at 48 kHz to embeddings of length 1
    job     seconds for all clips of FOLDER, from files to their cosines with one prompt
    first   nothing is timed: the first clip is scored, and the process ends

Prints a JSON object: seconds; scores, one for each clip (`job`, `first`).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROMPT = "a slow piano over soft strings, recorded in a large hall"
WINDOW = 480_000  # samples, 10 s
MAX_TOKENS = 77
VOCAB_SIZE = 50265
Side = tuple[Callable[[Any], Any], Callable[[list[str]], list[float]]]


def drasp(model: str, tokenizer: str, batch_size: int) -> Side:
    """drasp's own pipeline: decoding, resampling, network; the tokenizer is in the checkpoint folder."""
    from drasp_cli import load_predictor, score_clips
    from drasp_cli.datatypes import Clip
    from drasp_cli.models.predictor import ClapPredictor

    checkpoint = load_predictor(model)
    predictor = checkpoint.predictor
    assert isinstance(predictor, ClapPredictor)

    def score(paths: list[str]) -> list[float]:
        rows = score_clips(checkpoint, [Clip(path, prompt=PROMPT) for path in paths], batch_size=batch_size)
        return [float(row.scores["CLAP"] or "nan") for row in rows]

    return lambda samples: predictor.eval().embed_audio(predictor.logmel(samples)), score


def reference(model: str, tokenizer: str, batch_size: int) -> Side:
    """laion-clap as its users call it, but for the Hub.

    RoBERTa is built of its config, without drawing the weights that are read next, and the prompt's tokens come from
    the file that drasp reads, padded to 77 as laion-clap pads. Both take less time than the Hub, or its cache, would.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    import transformers
    from transformers.modeling_utils import no_init_weights

    for name in ("BertTokenizer", "RobertaTokenizer", "BartTokenizer"):
        setattr(getattr(transformers, name), "from_pretrained", lambda *words, **more: None)  # noqa: B010
    config = transformers.RobertaConfig(
        vocab_size=VOCAB_SIZE, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
    )

    def roberta(cls: Any, name: str) -> Any:
        with no_init_weights():
            return cls(config)

    transformers.RobertaModel.from_pretrained = classmethod(roberta)
    import laion_clap
    from tokenizers import Tokenizer

    read = Tokenizer.from_file(tokenizer)

    def tokenized(texts: list[str]) -> dict[str, torch.Tensor]:
        ids = [read.encode(text).ids for text in texts]
        padded = torch.tensor([[*one, *[1] * (MAX_TOKENS - len(one))] for one in ids])
        return {"input_ids": padded, "attention_mask": (padded != 1).long()}

    clap = laion_clap.CLAP_Module(enable_fusion=False, amodel="HTSAT-base", device="cpu")
    clap.load_ckpt(model, verbose=False)
    clap.eval()

    def score(paths: list[str]) -> list[float]:
        batches = [paths[first : first + batch_size] for first in range(0, len(paths), batch_size)]
        audio = torch.cat([clap.get_audio_embedding_from_filelist(batch, use_tensor=True) for batch in batches])
        text = clap.get_text_embedding([PROMPT], tokenizer=tokenized, use_tensor=True)
        return (audio @ text[0]).tolist()

    def embed(samples: torch.Tensor) -> torch.Tensor:
        inputs = {"waveform": samples, "longer": torch.zeros(len(samples), 1, dtype=torch.bool)}
        encoded = clap.model.encode_audio(inputs, device="cpu")["embedding"]
        return torch.nn.functional.normalize(clap.model.audio_projection(encoded), dim=-1)

    return embed, score


def seconds_of_tower(embed: Callable[[Any], Any], windows: int, batch_size: int) -> float:
    """Of all windows, after one batch to warm up."""
    import torch

    generator = torch.Generator().manual_seed(0)
    samples = 0.1 * torch.randn(batch_size, WINDOW, generator=generator)
    embed(samples)
    begun = time.perf_counter()
    for first in range(0, windows, batch_size):
        embed(samples[: windows - first])
    return time.perf_counter() - begun


def main() -> None:
    side, part, model, tokenizer, batch_size, folder = sys.argv[1:]
    import torch

    paths = sorted(str(path) for path in Path(folder).iterdir())
    told: dict[str, Any] = {}
    with torch.inference_mode(), contextlib.redirect_stdout(sys.stderr):  # laion-clap prints what it loads
        embed, score = {"drasp": drasp, "reference": reference}[side](model, tokenizer, int(batch_size))
        if part == "tower":
            told["seconds"] = seconds_of_tower(embed, len(paths), int(batch_size))
        elif part == "job":
            score(paths[:1])
            begun = time.perf_counter()
            told["scores"] = score(paths)
            told["seconds"] = time.perf_counter() - begun
        else:
            told["scores"] = score(paths[:1])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
