"""Makes LAION's file with seeded weights of the published size, and a tokenizer beside it, for `clap_speed`.

    python -m tests.benchmarks.clap_speed_weights FOLDER [--optimizer]

writes `music.pt` and `tokenizer.json`, a small one that splits a prompt into more tokens than RoBERTa's would. The file
has 0.8 GB; with the optimizer's state, which LAION's has and nobody uses here, 2.4 GB.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import torch

from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.convert.laion import laion_config
from drasp_cli.models.build import build_predictor
from drasp_cli.training.tokenizer import train_tokenizer
from tests.parity.clap_case import seeded_clap_tensor
from tests.tiny import PROMPTS

GOLDEN = Path(__file__).parents[1] / "parity" / "golden" / "clap.npz"  # has every name and shape of laion-clap's own


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    predictor = build_predictor(laion_config(is_published=False, source="seeded"))
    learned = predictor.state_dict()
    constants = {clap.laion_name(name): buffer for name, buffer in predictor.named_buffers() if name not in learned}
    constants |= clap.laion_constants()
    seeded = []
    tensors = {"text_branch.embeddings.position_ids": constants["text_branch.embeddings.position_ids"]}
    for line in np.load(GOLDEN)["names"].tolist():
        name, sizes = line.split(" ", 1)
        if name in constants:
            tensors[name] = constants[name].to(torch.get_default_dtype() if "index" not in name else torch.int64)
        elif name.endswith("num_batches_tracked"):
            tensors[name] = torch.tensor(0)
        else:
            seeded.append(name)
            shape = tuple(int(size) for size in re.findall(r"[0-9]+", sizes))
            tensors[name] = torch.from_numpy(np.asarray(seeded_clap_tensor(name, shape)))
    content = {"epoch": 15, "state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()}}
    if "--optimizer" in sys.argv:
        moments = [{key: torch.zeros_like(tensors[name]) for key in ("exp_avg", "exp_avg_sq")} for name in seeded]
        content["optimizer"] = {"state": dict(enumerate(moments))}
    torch.save(content, folder / "music.pt")
    train_tokenizer(PROMPTS, 300, folder / "tokenizer.json")


if __name__ == "__main__":
    main()
