"""A full-size network on one device: clips a second, share of the floor, drift under autocast.

The network of Audiobox-Aesthetics (`audiobox.meta`), or the audio tower of LAION-CLAP (`clap.laion`): all of its
windows are full, and it answers with embeddings of length 1, so its drift is that of their elements. Seeded weights,
and windows of noise that are on the device already: decoding is not in these figures. The floor is the number of
operations (matrix products and convolutions) at the rate that a large matrix product reaches here in the same
precision; the drift is from what fp32 gives.

    .venv/bin/python -m tests.benchmarks.full_size_device --network audiobox.meta --device cuda --batch-sizes 8 32 64
    .venv/bin/python -m tests.benchmarks.full_size_device --network clap.laion --device cuda --batch-sizes 8 32 64
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from drasp_cli.checkpoints.convert.laion import laion_config
from drasp_cli.checkpoints.meta import parse_meta_config
from drasp_cli.datatypes import WindowBatch
from drasp_cli.models.build import seeded_predictor
from drasp_cli.models.config import PredictorConfig
from drasp_cli.models.device import choose_device
from drasp_cli.models.interface import Predictor
from tests.benchmarks.floor import count_flops, fastest, matmul_rate
from tests.benchmarks.report import Cell, Report, parser
from tests.meta_folder import meta_plain
from tests.tiny import lively

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
CONFIGS: dict[str, Callable[[], PredictorConfig]] = {
    "audiobox.meta": lambda: parse_meta_config(meta_plain(), "seeded"),
    "clap.laion": lambda: laion_config(is_published=True, source="seeded"),
}
SECONDS = {"audiobox.meta": (10.0, 3.0), "clap.laion": (10.0,)}  # CLAP fills its windows


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--network", choices=list(CONFIGS), default="audiobox.meta")
    options.add_argument("--device", default="auto")
    options.add_argument("--batch-sizes", type=int, nargs="+", default=[8])
    options.add_argument("--precisions", nargs="+", choices=list(PRECISIONS), default=["fp32", "bf16"])
    options.add_argument("--repeats", type=int, default=5)
    given = options.parse_args()

    device = choose_device(given.device)
    predictor = seeded_predictor(CONFIGS[given.network](), 0)
    lively(predictor).to(device).eval()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    report = Report(f"{given.network} at full size on one device", {"weights": "seeded", "device": name})
    rows: list[list[Cell]] = []
    for seconds in SECONDS[given.network]:
        for batch_size in given.batch_sizes:
            batch = noise(predictor, batch_size, seconds, device)
            exact = scores(predictor, batch, None)
            for precision in given.precisions:
                rows.append([f"{seconds:g} s", batch_size, precision])
                rows[-1] += measure(predictor, batch, PRECISIONS[precision], exact, given.repeats)
    columns = ["windows", "batch", "precision", "clips a second", "share of the floor", "largest drift"]
    report.table("Network", columns, rows)
    report.save(given.json)


def noise(predictor: Predictor, batch_size: int, seconds: float, device: torch.device) -> WindowBatch:
    """Windows of `seconds` of noise each, padded as the decoder would pad them."""
    audio = predictor.config.audio
    count = min(round(seconds * audio.sample_rate), audio.window_samples)
    samples = torch.zeros(batch_size, audio.window_samples)
    samples[:, :count] = 0.1 * torch.randn(batch_size, count, generator=torch.Generator().manual_seed(0))
    return WindowBatch(samples.to(device), torch.full((batch_size,), count, device=device))


def scores(predictor: Predictor, batch: WindowBatch, autocast: torch.dtype | None) -> torch.Tensor:
    """(axes, batch) or (1, batch, embedding_dim), on the CPU, so that the device has finished."""
    text = torch.zeros(
        len(batch.samples), 1, device=batch.samples.device
    )  # what stands in for prompts, and is not read
    with torch.inference_mode(), torch.autocast(batch.samples.device.type, autocast, enabled=autocast is not None):
        return torch.stack(list(predictor(batch, text).values())).float().cpu()


def measure(
    predictor: Predictor, batch: WindowBatch, autocast: torch.dtype | None, exact: torch.Tensor, repeats: int
) -> list[Cell]:
    """Clips a second, the time of the floor as a share of the time taken, and the largest drift from `exact`."""
    device = batch.samples.device
    took = fastest(lambda: scores(predictor, batch, autocast), repeats)
    floor = count_flops(lambda: scores(predictor, batch, None)) / matmul_rate(device, autocast or torch.float32)
    drift = float((scores(predictor, batch, autocast) - exact).abs().max())
    return [len(batch.samples) / took, floor / took, drift]


if __name__ == "__main__":
    main()
