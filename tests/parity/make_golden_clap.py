"""Makes golden/clap.npz: laion-clap's own embeddings, and the research code's scores on them, on seeded weights.

    python -m venv ref && export PIP_CONSTRAINT=$PWD/tests/parity/reference-constraints.txt
    ref/bin/pip install torch torchaudio torchvision torchlibrosa librosa soundfile transformers
    ref/bin/pip install --no-deps laion-clap
    git clone https://github.com/jerryyang1231/DRASP && git -C DRASP checkout 5df1780
    git clone https://github.com/NKU-HLT/MusicEval-baseline
    HF_HUB_OFFLINE=1 ref/bin/python -m tests.parity.make_golden_clap DRASP MusicEval-baseline

Run from the root of the repository. The two clones may hold nothing but the modules that are loaded here, cut down to
their classes; that is how the file was made, without a way to GitHub. Both towers have their full published size;
RoBERTa is built from its config, and prompts are token ids, so nothing is downloaded. Weights and clips are regenerated
from their names (clap_case.py), so the file holds outputs only. What the programs import and these functions do not use
(wandb, webdataset, ...) is replaced by empty modules. Two things are ours, because nobody published them: the patch of
laion-clap that gives frames in place of one embedding (here its own `fine_grained_embedding`, or every 32nd of it), and
bringing a file to 16 kHz mono, which MusicEval's already are (here the mean over channels, then torchaudio's
resampling).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import sys
import tempfile
import types
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import soundfile
import torch
import torchaudio
from transformers import (
    BartModel,
    BartTokenizer,
    BertModel,
    BertTokenizer,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizer,
)

from tests.parity.clap_case import (
    BASELINE,
    CASES,
    FRAME_REPEAT,
    MAX_TOKENS,
    SOUNDS,
    VOCAB_SIZE,
    sampling,
    seeded_clap_tensor,
    token_ids,
)

GOLDEN = Path(__file__).parent / "golden" / "clap.npz"
UNUSED = ("wandb", "wget", "webdataset", "h5py", "braceexpand", "pandas")
CONSTANTS = ("stft", "melW", "relative_position_index", "attn_mask", "num_batches_tracked")


def load_laion() -> tuple[types.ModuleType, types.ModuleType, dict[str, Any]]:
    """laion-clap's model and its audio preparation, without the packages' own imports, which ask the Hub."""
    root = Path(importlib.util.find_spec("laion_clap").origin).parent
    assert BartModel
    assert BertModel  # transformers' lazy imports look for the modules that are replaced next
    for name in UNUSED:
        sys.modules[name] = MagicMock()
    for name, path in (
        ("laion_clap", root),
        ("laion_clap.clap_module", root / "clap_module"),
        ("laion_clap.training", root / "training"),
    ):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    # The package puts its own folder on the path, and then calls a module by two names.
    sys.modules["clap_module"] = MagicMock()
    sys.modules["clap_module.utils"] = MagicMock()
    for tokenizer in (BertTokenizer, RobertaTokenizer, BartTokenizer):
        tokenizer.from_pretrained = MagicMock()
    model = importlib.import_module("laion_clap.clap_module.model")
    data = importlib.import_module("laion_clap.training.data")
    return model, data, json.loads((root / "clap_module" / "model_configs" / "HTSAT-base.json").read_text())


def build_clap(model: types.ModuleType, sizes: dict[str, Any]) -> torch.nn.Module:
    config = RobertaConfig(vocab_size=VOCAB_SIZE, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
    RobertaModel.from_pretrained = classmethod(lambda cls, name: cls(config))
    sizes["text_cfg"]["model_type"] = "roberta"
    return model.CLAP(**sizes)


class Upstream(torch.nn.Module):
    """As the research code calls its patched `CLAP_Module`: frames in place of one embedding."""

    def __init__(self, clap: torch.nn.Module, data: types.ModuleType, sizes: dict[str, Any]) -> None:
        super().__init__()
        self.model = clap
        self.data, self.sizes = data, sizes
        self.frame_repeat = FRAME_REPEAT
        self.heard: dict[bytes, torch.Tensor] = {}

    def prepared(self, samples: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.data.get_audio_features(
            {}, samples, 480000, "rand_trunc", "repeatpad", self.sizes["audio_cfg"], require_grad=False
        )

    def get_audio_embedding_from_data(self, x: torch.Tensor, use_tensor: bool) -> torch.Tensor:
        assert use_tensor
        key = x.numpy().tobytes()  # eight poolings hear the same clips
        if key not in self.heard:
            waveforms = torch.stack([self.prepared(samples)["waveform"] for samples in x])
            found = self.model.encode_audio({"waveform": waveforms, "longer": torch.tensor([False])}, device="cpu")
            self.heard[key] = found["fine_grained_embedding"]
        return self.heard[key][:, :: FRAME_REPEAT // self.frame_repeat]

    def get_text_embedding(self, x: list[list[int]], use_tensor: bool) -> torch.Tensor:
        """Prompts are ids here; padded to 77 as its tokenizer pads."""
        assert use_tensor
        ids = torch.tensor([[*prompt, *[1] * (MAX_TOKENS - len(prompt))] for prompt in x])
        return self.model.get_text_embedding({"input_ids": ids, "attention_mask": (ids != 1).long()})


class Unpatched(Upstream):
    """As the MusicEval baseline calls laion-clap's own `CLAP_Module`."""

    def get_audio_embedding_from_data(self, x: torch.Tensor, use_tensor: bool) -> torch.Tensor:
        assert use_tensor
        return self.model.get_audio_embedding([self.prepared(samples) for samples in x])


def read(path: str, sample_rate: int) -> torch.Tensor:
    """(1, num_samples), as torchaudio loads a mono file."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torchaudio.functional.resample(torch.from_numpy(samples.mean(axis=1)), rate, sample_rate)[None]


def seeded(module: torch.nn.Module, done: frozenset[str] = frozenset()) -> torch.nn.Module:
    """Every learned tensor from its name in LAION-CLAP or, beside the towers, in the research code."""
    for name, tensor in module.state_dict().items():
        if name not in done and not any(part in name for part in CONSTANTS):
            own = name.removeprefix("upstream_model.model.")
            tensor.copy_(torch.from_numpy(np.asarray(seeded_clap_tensor(own, tuple(tensor.shape)))))
    return module.eval()


def sampled_constants(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """Some values of everything in a state dict that is computed and not learned, by name."""
    return {
        f"constant/{name}": tensor.flatten()[:: sampling(tensor.numel())].numpy()
        for name, tensor in module.state_dict().items()
        if any(part in name for part in CONSTANTS) and "num_batches_tracked" not in name
    }


def load_research(drasp: Path, baseline: Path) -> tuple[types.ModuleType, types.ModuleType]:
    """The DRASP research code's module of Track 1, and the MusicEval baseline's, which has the same name."""
    sys.path.insert(0, str(drasp / "track1"))
    research = importlib.import_module("mos_track1")
    spec = importlib.util.spec_from_file_location("musiceval_baseline", baseline / "code" / "mos_track1.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return research, module


def scores(predictor: torch.nn.Module, paths: list[str]) -> np.ndarray:
    """(clips, 2): MI and TA; each clip alone, with one of the prompts in turn."""
    towers = frozenset(name for name in predictor.state_dict() if name.startswith("upstream_model."))
    seeded(predictor, towers)
    prompts = token_ids()
    rows = []
    for i, path in enumerate(paths):
        wav = read(path, 16000)[:, :480000]
        rows.append([float(score) for score in predictor(wav, [prompts[i % len(prompts)]])])
    return np.array(rows)


@torch.no_grad()
def main() -> None:
    model, data, sizes = load_laion()
    research, baseline = load_research(*map(Path, sys.argv[1:]))
    clap = seeded(build_clap(model, sizes))
    upstream = Upstream(clap, data, sizes).eval()
    tower = clap.audio_branch
    state = clap.state_dict()
    golden: dict[str, Any] = {"names": np.array([f"{name} {tuple(tensor.shape)}" for name, tensor in state.items()])}
    golden |= sampled_constants(clap)
    golden["text"] = upstream.get_text_embedding(token_ids(), use_tensor=True).numpy()
    with tempfile.TemporaryDirectory() as name:
        paths = {sound: sound.write(Path(name)) for sound in SOUNDS}
        for sound, path in paths.items():
            waveform = upstream.prepared(read(path, 16000)[0])["waveform"][None]
            logmel = tower.logmel_extractor(tower.spectrogram_extractor(waveform))[0, 0]
            golden[f"logmel/{sound.name}"] = logmel[::50, ::2].numpy()
            frames = upstream.get_audio_embedding_from_data(read(path, 16000), use_tensor=True)[0]
            golden[f"steps/{sound.name}"] = frames[:: 4 * FRAME_REPEAT, ::16].numpy()
            windows = read(path, 48000)[0].split(480000)
            golden[f"audio/{sound.name}"] = clap.get_audio_embedding([upstream.prepared(w) for w in windows]).numpy()
        for case in CASES:
            upstream.frame_repeat = case.frame_repeat
            predictor = research.MosPredictor(upstream, 512, case.pooling, case.segment_size)
            golden[f"scores/{case.name}"] = scores(predictor, list(paths.values()))
        predictor = baseline.MosPredictor(Unpatched(clap, data, sizes), 512)
        golden[f"scores/{BASELINE}"] = scores(predictor, list(paths.values()))
    packages = ("torch", "torchaudio", "torchlibrosa", "transformers", "laion-clap")
    golden["versions"] = np.array([f"{package} {importlib.metadata.version(package)}" for package in packages])
    np.savez_compressed(GOLDEN, **golden)
    for key, value in golden.items():
        print(key, value.shape, value.round(4).tolist() if key.startswith("scores/") else "")


if __name__ == "__main__":
    main()
