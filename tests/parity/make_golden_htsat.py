"""Makes golden/htsat.npz: log-mels and time steps of laion-clap's own HTSAT-base on seeded weights.

    python -m venv ref && export PIP_CONSTRAINT=$PWD/tests/parity/reference-constraints.txt
    ref/bin/pip install torch torchaudio torchvision torchlibrosa librosa
    ref/bin/pip install --no-deps laion-clap
    ref/bin/python tests/parity/make_golden_htsat.py

The weights are regenerated from their names (seeded_weights.py), so the file holds outputs only.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from seeded_weights import seeded_tensor, seeded_waveform

SEED = 20261121


def load_htsat() -> types.ModuleType:
    """laion_clap.clap_module.htsat without the package's own imports, which ask the Hub for tokenizers."""
    root = Path(importlib.util.find_spec("laion_clap").origin).parent  # type: ignore[union-attr, arg-type]
    for name, path in (("laion_clap", root), ("laion_clap.clap_module", root / "clap_module")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("laion_clap.clap_module.htsat")


def main() -> None:
    audio = types.SimpleNamespace(
        audio_length=1024, clip_samples=480000, mel_bins=64, sample_rate=48000, window_size=1024, hop_size=480,
        fmin=50, fmax=14000, class_num=527, model_type="HTSAT", model_name="base",
    )  # fmt: skip
    tower = load_htsat().create_htsat_model(audio, enable_fusion=False).eval()
    names = []
    for name, tensor in tower.state_dict().items():
        if "stft" in name or name.endswith(("melW", "relative_position_index", "attn_mask", "num_batches_tracked")):
            continue
        tensor.copy_(torch.from_numpy(seeded_tensor(name, tuple(tensor.shape), SEED)))
        names.append(name)
    waveform = torch.from_numpy(np.stack([seeded_waveform(480000, 48000, seed) for seed in (1, 2)]))
    with torch.inference_mode():
        logmel = tower.logmel_extractor(tower.spectrogram_extractor(waveform))[:, 0]
        frames = tower({"waveform": waveform}, device="cpu")["fine_grained_embedding"][:, ::32]
    np.savez_compressed(
        Path(__file__).parent / "golden" / "htsat.npz",
        logmel=logmel[:, ::50].numpy(),
        frames=frames[:, :, ::16].numpy(),
        names=np.array(sorted(names)),
        melw=tower.logmel_extractor.melW.T.numpy()[:, ::3],
        versions=np.array([f"{m} {importlib.metadata.version(m)}" for m in ("torch", "laion-clap", "torchlibrosa")]),
    )


if __name__ == "__main__":
    main()
