"""Makes golden/wavlm.npz: layer outputs and clip scores of audiobox-aesthetics' own pipeline on seeded weights.

    python -m venv ref
    ref/bin/pip install -c tests/parity/reference-constraints.txt torch torchaudio soundfile audiobox-aesthetics
    git clone https://github.com/jerryyang1231/DRASP && git -C DRASP checkout 5df1780
    ref/bin/python -m tests.parity.make_golden_wavlm DRASP

Run from the root of the repository. The published size with the published heads on a few clips, and a narrow WavLM of
the same classes on all of them, both with the original mean and with each of the research code's poolings (its Track 2
modules run inside the installed package, whose WavLM they share). Weights and clips are regenerated from their names
(audiobox_case.py), so the file holds outputs only. Audio is read by soundfile, as torchaudio 2.11 needs torchcodec.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile
import torch
import torchaudio
from audiobox_aesthetics import infer
from audiobox_aesthetics.model import aes
from audiobox_aesthetics.model.wavlm import WavLMConfig

from tests.parity.audiobox_case import (
    FULL_SIZE,
    RESEARCH_POOLINGS,
    SEGMENT_SIZE,
    SMALL,
    SMALL_CONVS,
    SMALL_SIZE,
    TARGETS,
    Sound,
    seeded_audiobox_tensor,
)

GOLDEN = Path(__file__).parent / "golden" / "wavlm.npz"
HEAD = {"proj_num_layer": 5, "proj_ln": True, "target_transform": TARGETS}
FULL = aes.DEFAULT_AUDIO_CFG
NARROW = WavLMConfig(
    {
        **vars(FULL),
        "conv_feature_layers": str([(SMALL["conv_dim"], *conv) for conv in SMALL_CONVS]),
        "encoder_layers": SMALL["num_layers"],
        "encoder_embed_dim": SMALL["embed_dim"],
        "encoder_ffn_embed_dim": SMALL["ffn_dim"],
        "encoder_attention_heads": SMALL["num_heads"],
        "conv_pos": SMALL["pos_conv_kernel"],
        "conv_pos_groups": SMALL["pos_conv_groups"],
        "num_buckets": SMALL["num_buckets"],
        "max_distance": SMALL["max_distance"],
    }
)


def load_research(clone: Path) -> ModuleType:
    """The research code's `aes` module, run as a neighbour of the installed package's."""
    for name in ("pooling", "aes"):
        path = clone / "track2" / "audiobox_aesthetics" / "model" / f"{name}.py"
        full_name = f"audiobox_aesthetics.model.{'pooling' if name == 'pooling' else 'research_aes'}"
        spec = importlib.util.spec_from_file_location(full_name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[full_name] = module
        spec.loader.exec_module(module)
    return module


def seeded(model: torch.nn.Module) -> torch.nn.Module:
    for name, tensor in model.state_dict().items():
        tensor.copy_(torch.from_numpy(np.asarray(seeded_audiobox_tensor(name, tuple(tensor.shape)))))
    return model.eval()


def predictor_with(model: torch.nn.Module) -> infer.AesPredictor:
    """The published pipeline around a model of ours, without its download."""
    predictor = infer.AesPredictor.__new__(infer.AesPredictor)
    predictor.data_col, predictor.sample_rate = "path", 16000
    predictor.device, predictor.model = torch.device("cpu"), model
    predictor.target_transform = {axis: infer.Normalize(**target) for axis, target in model.target_transform.items()}
    return predictor


def scores(model: torch.nn.Module, sounds: tuple[Sound, ...], folder: Path) -> np.ndarray:
    """(clips, axes), one clip at a time."""
    predictor = predictor_with(model)
    rows = [predictor.forward([{"path": sound.write(folder)}])[0] for sound in sounds]
    return np.array([[row[axis] for axis in aes.AXES_NAME] for row in rows])


def layers(model: torch.nn.Module, sound: Sound, folder: Path) -> np.ndarray:
    """(outputs, real frames, dim) of the clip's first window."""
    predictor = predictor_with(model)
    wavs = predictor.audio_resample_mono([{"path": sound.write(folder)}])
    wavs, masks, _, _ = infer.make_inference_batch(wavs)
    with torch.inference_mode():
        (_, outputs), padding = model.wavlm_model.extract_features(
            source=wavs[0], padding_mask=~masks[0], output_layer=model.nth_layer, ret_layer_results=True
        )
    return torch.stack([output[:, 0] for output, _ in outputs])[:, ~padding[0]].numpy()


def load_with_soundfile(path: str) -> tuple[torch.Tensor, int]:
    samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(samples.T.copy()), sample_rate


def main() -> None:
    torchaudio.load = load_with_soundfile
    research = load_research(Path(sys.argv[1]))
    golden: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = seeded(aes.AesMultiOutput(**HEAD))
        golden["names"] = np.array([f"{key} {tuple(value.shape)}" for key, value in model.state_dict().items()])
        golden["full/mean"] = scores(model, FULL_SIZE, folder)
        for sound in FULL_SIZE[:2]:
            golden[f"full/layers/{sound.name}"] = layers(model, sound, folder)[:, ::12, ::24]
        for pooling in RESEARCH_POOLINGS:
            model = seeded(research.AesMultiOutput(**HEAD, pooling_type=pooling, segment_size=SEGMENT_SIZE))
            golden[f"full/{pooling}"] = scores(model, FULL_SIZE[:2], folder)

        aes.DEFAULT_AUDIO_CFG = research.DEFAULT_AUDIO_CFG = NARROW
        small = {**HEAD, "nth_layer": SMALL["num_layers"] + 1}
        model = seeded(aes.AesMultiOutput(**small))
        golden["small/mean"] = scores(model, SMALL_SIZE, folder)
        for sound in SMALL_SIZE:
            golden[f"small/layers/{sound.name}"] = layers(model, sound, folder)[:, ::25, ::8]
        for pooling in RESEARCH_POOLINGS:
            model = seeded(research.AesMultiOutput(**small, pooling_type=pooling, segment_size=SEGMENT_SIZE))
            golden[f"small/{pooling}"] = scores(model, SMALL_SIZE, folder)
    packages = ("torch", "torchaudio", "audiobox-aesthetics")
    golden["versions"] = np.array([f"{package} {importlib.metadata.version(package)}" for package in packages])
    np.savez_compressed(GOLDEN, **golden)
    for key, value in golden.items():
        print(key, value.shape, value if key.startswith("full/") and value.ndim == 2 else "")


if __name__ == "__main__":
    main()
