"""What the audio tower of a CLAP checkpoint must compute for one window, and the rate of this machine.

    python -m tests.benchmarks.clap_floor MODEL

Prints a JSON object: operations of a window, and operations a second of a large matrix product.
"""

from __future__ import annotations

import json
import sys

import torch

from drasp_cli import load_predictor
from drasp_cli.models.predictor import ClapPredictor
from tests.benchmarks.floor import count_flops, matmul_rate


def main() -> None:
    predictor = load_predictor(sys.argv[1]).predictor
    assert isinstance(predictor, ClapPredictor)
    samples = torch.zeros(1, predictor.config.audio.window_samples)
    operations = count_flops(lambda: predictor.embed_audio(predictor.logmel(samples)))
    print(json.dumps({"operations": operations, "rate": matmul_rate()}))


if __name__ == "__main__":
    main()
