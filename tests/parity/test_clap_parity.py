"""The full-size CLAP predictor against laion-clap and the research code on seeded weights (make_golden_clap.py).

A research checkpoint and LAION's own are written as those programs write them, and go through `drasp convert` and
`drasp score`. The weights are two hundred million numbers, so this happens once for each; the poolings are exchanged.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Replace
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn
from typer.testing import CliRunner

from drasp_cli.audio.stream import open_clip
from drasp_cli.checkpoints.convert import clap
from drasp_cli.checkpoints.convert.track1 import research_name, track1_config
from drasp_cli.checkpoints.store import Checkpoint, load_predictor
from drasp_cli.cli.app import app
from drasp_cli.datatypes import Clip
from drasp_cli.models.build import unfilled_predictor
from drasp_cli.models.config import AudioConfig, ClapConfig
from drasp_cli.models.pooling import build_pooling
from drasp_cli.models.predictor import ClapPredictor
from tests.parity.audiobox_case import Sound
from tests.parity.clap_case import BASELINE, CASES, SOUNDS, Case, sampling, seeded_clap_tensor, token_ids

GOLDEN = np.load(Path(__file__).parent / "golden" / "clap.npz")
PREFIX = "upstream_model.model."
DRASP = next(case for case in CASES if case.name == "drsp/5x1")
COMPUTED = ("stft", "melW", "relative_position_index", "attn_mask", "num_batches_tracked")
CONSTANT = "constant/"
NOTHING = "nothing"  # read as no token between <s> and </s>


def prompts() -> list[str]:
    """As `write_tokenizer` reads them: the ids of `token_ids`."""
    return [" ".join(f"w{token}" for token in ids[1:-1]) or NOTHING for ids in token_ids()]


def write_tokenizer(folder: Path) -> Path:
    """A `tokenizer.json` with RoBERTa's special tokens, and a word for each token that the prompts have."""
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    words |= {f"w{token}": token for ids in token_ids() for token in ids[1:-1]}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<unk>"))
    tokenizer.normalizer = Replace(NOTHING, "")
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def drasp(*words: object) -> str:
    run = CliRunner().invoke(app, [str(word) for word in words])
    assert run.exit_code == 0, run.stderr
    return run.stdout


def scored(model: Path, clips: Path) -> list[dict[str, str]]:
    """The rows that `drasp score` gives to the clips and prompts of the fixture `clips`, in the order of `SOUNDS`."""
    told = ("--prompts", clips.parent / "prompts.tsv", "--model", f"{model}/", "--format", "csv")
    found = {Path(row["path"]).stem: row for row in csv.DictReader(io.StringIO(drasp("score", clips, *told)))}
    return [found[sound.name] for sound in SOUNDS]


def config_of(case: Case) -> ClapConfig:
    config = track1_config(case.pooling, case.segment_size, case.frame_repeat, "seeded")
    assert isinstance(config, ClapConfig)
    return config


def seeded(name: str, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(np.asarray(seeded_clap_tensor(name, shape)))


@pytest.fixture(scope="module")
def laions() -> dict[str, Tensor]:
    """Every learned tensor of LAION-CLAP, by the names and shapes that its own state dict has."""
    tensors = {}
    for line in GOLDEN["names"].tolist():
        name, sizes = line.split(" ", 1)
        if not any(part in name for part in COMPUTED):
            shape = tuple(int(size) for size in re.findall(r"[0-9]+", sizes))
            tensors[name] = seeded(name, shape)
    return tensors


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For files of a gigabyte, which no later run should find."""
    folder = tmp_path_factory.mktemp("full-size")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def tokens(room: Path) -> Path:
    return write_tokenizer(room / "tokens")


@pytest.fixture(scope="module")
def clips(room: Path) -> Path:
    """A folder of the clips; beside it `prompts.tsv`, with one of the prompts in turn for each."""
    folder = room / "clips"
    folder.mkdir()
    for sound in SOUNDS:
        sound.write(folder)
    lines = [f"{sound.name}.wav\t{prompts()[i % len(prompts())]}\n" for i, sound in enumerate(SOUNDS)]
    (room / "prompts.tsv").write_text("id\tprompt\n" + "".join(lines))
    return folder


@pytest.fixture(scope="module")
def converted(laions: dict[str, Tensor], room: Path, tokens: Path) -> Path:
    """What `drasp convert` makes of a research checkpoint with the pooling of `DRASP`."""
    tensors = {PREFIX + name: tensor for name, tensor in laions.items()}
    for name, tensor in unfilled_predictor(config_of(DRASP)).state_dict().items():  # what is not LAION's: our shapes
        if not (theirs := research_name(name)).startswith(PREFIX):
            tensors[theirs] = seeded(theirs, tuple(tensor.shape))
    constants = {PREFIX + name: tensor.float() for name, tensor in clap.laion_constants().items()}
    torch.save({f"module.{name}": tensor for name, tensor in (tensors | constants).items()}, room / "best_ckpt_7")
    told = ("--pooling", DRASP.pooling, "--segment-size", DRASP.segment_size, "--frame-repeat", DRASP.frame_repeat)
    drasp("convert", "drasp-track1", room / "best_ckpt_7", room / "ours", *told, "--tokenizer", tokens)
    (room / "best_ckpt_7").unlink()
    return room / "ours"


@pytest.fixture(scope="module")
def loaded(converted: Path) -> Checkpoint:
    return load_predictor(f"{converted}/")


@pytest.fixture(scope="module")
def towers(loaded: Checkpoint) -> ClapPredictor:
    assert isinstance(loaded.predictor, ClapPredictor)
    return loaded.predictor


@pytest.fixture(scope="module")
def laion_converted(laions: dict[str, Tensor], room: Path, tokens: Path) -> Path:
    """What `drasp convert` makes of a checkpoint of LAION's, with the constants that are in a published one."""
    constants = {name: tensor.float() for name, tensor in clap.laion_constants().items()}
    torch.save({"epoch": 15, "name": "seeded", "state_dict": laions | constants}, room / "laion.pt")
    drasp("convert", "laion-clap", room / "laion.pt", room / "laion", "--tokenizer", tokens)
    (room / "laion.pt").unlink()
    return room / "laion"


@pytest.fixture(scope="module")
def laion(laion_converted: Path) -> ClapPredictor:
    predictor = load_predictor(f"{laion_converted}/").predictor
    assert isinstance(predictor, ClapPredictor)
    return predictor


def windows(sound: Sound, folder: Path, audio: AudioConfig) -> list[Tensor]:
    """(1, window_samples) each: the windows of a clip."""
    how = {"sample_rate": audio.sample_rate, "window_samples": audio.window_samples, "fill": audio.fill}
    with open_clip(Clip(sound.write(folder)), **how) as found:
        return [torch.from_numpy(window.samples)[None] for window in found]


@pytest.fixture(scope="module")
def heard(towers: ClapPredictor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Tensor, Tensor]]:
    """Clip -> its log-mel (1, frames, mels) and its time steps (1, 32, dim), as a research checkpoint hears it."""
    folder = tmp_path_factory.mktemp("clips")
    found = {}
    with torch.inference_mode():
        for sound in SOUNDS:
            (window,) = windows(sound, folder, towers.config.audio)
            logmel = towers.logmel(window)
            found[sound.name] = logmel, towers.audio_branch(logmel).frames
    return found


@pytest.fixture(scope="module")
def texts(towers: ClapPredictor) -> Tensor:
    """(prompts, embedding_dim): each prompt alone, as it is scored."""
    with torch.inference_mode():
        return torch.cat([towers.embed_text(torch.tensor([ids])) for ids in token_ids()])


def assert_close(ours: Tensor | np.ndarray, golden: np.ndarray, tolerance: float) -> None:
    difference = np.abs(np.asarray(ours) - golden).max()
    print(f"largest difference {difference:.2e}, allowed {tolerance:.2e}")
    assert np.asarray(ours).shape == golden.shape
    assert difference < tolerance


def test_the_golden_file_holds_the_reference_this_project_names() -> None:
    versions = dict(line.split(" ") for line in GOLDEN["versions"].tolist())
    assert versions["laion-clap"] == "1.1.7"
    assert versions.keys() == {"torch", "torchaudio", "torchlibrosa", "transformers", "laion-clap"}


def test_every_tensor_of_laions_is_read_or_known_to_be_left_out(
    towers: ClapPredictor, laions: dict[str, Tensor]
) -> None:
    ours = {research_name(name).removeprefix(PREFIX) for name in towers.state_dict()}
    assert laions.keys() - ours == clap.LEFT_OUT


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.name)
def test_logmels_are_laions(heard: dict[str, tuple[Tensor, Tensor]], sound: Sound) -> None:
    # dB of values down to -100; float32 sums of another order move them by some 1e-5
    assert_close(heard[sound.name][0][0, ::50, ::2], GOLDEN[f"logmel/{sound.name}"], 1e-4)


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.name)
def test_time_steps_are_laions(heard: dict[str, tuple[Tensor, Tensor]], sound: Sound) -> None:
    golden = GOLDEN[f"steps/{sound.name}"]
    assert_close(heard[sound.name][1][0, ::4, ::16], golden, 1e-5 * np.abs(golden).max())


def test_text_embeddings_are_laions(texts: Tensor) -> None:
    """Without padding to 77 tokens, which laion-clap does."""
    assert_close(texts, GOLDEN["text"], 1e-5)


@pytest.mark.parametrize("constant", [name for name in GOLDEN if name.startswith(CONSTANT)])
def test_constants_are_laions(towers: ClapPredictor, constant: str) -> None:
    """As closely as a file's are held to ours, so that a file of LAION's is not refused for them."""
    buffers = {clap.laion_name(name): buffer for name, buffer in towers.named_buffers()} | clap.laion_constants()
    ours = buffers[constant.removeprefix(CONSTANT)]
    every = sampling(ours.numel())
    assert np.abs(GOLDEN[constant]).max() > 0
    np.testing.assert_allclose(ours.flatten()[::every], GOLDEN[constant], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("sound", SOUNDS, ids=lambda sound: sound.name)
def test_audio_embeddings_are_laions(laion: ClapPredictor, tmp_path: Path, sound: Sound) -> None:
    """Of each of a clip's consecutive windows of 10 s."""
    with torch.inference_mode():
        ours = [laion.embed_audio(laion.logmel(window)) for window in windows(sound, tmp_path, laion.config.audio)]
    assert_close(torch.cat(ours), GOLDEN[f"audio/{sound.name}"], 1e-5)


def test_drasp_score_prints_the_cosine_of_laions_embeddings(laion_converted: Path, clips: Path) -> None:
    """From LAION's file and the clips' to numbers: of the prompt's embedding, and of the mean of the windows', each by
    its real length."""
    rows = scored(laion_converted, clips)
    golden = []
    for i, (sound, row) in enumerate(zip(SOUNDS, rows, strict=True)):
        embeddings = GOLDEN[f"audio/{sound.name}"].astype(np.float64)
        seconds = sound.num_samples / sound.sample_rate
        weights = [min(10.0, seconds - start) for start in np.arange(0, seconds, 10.0)]
        mean = np.average(embeddings, axis=0, weights=weights)
        text = GOLDEN["text"][i % len(prompts())].astype(np.float64)
        golden.append(mean @ text / (np.linalg.norm(mean) * np.linalg.norm(text)))
        assert int(row["windows"]) == len(embeddings)
    assert {row["windows"] for row in rows} == {"1", "2", "3"}
    assert np.std(golden) > 0.01  # a spread that the tolerance is small against
    assert_close(np.array([float(row["CLAP"]) for row in rows]), np.array(golden), 1e-5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scores_are_the_research_codes(
    towers: ClapPredictor, heard: dict[str, tuple[Tensor, Tensor]], texts: Tensor, case: Case
) -> None:
    config, golden = config_of(case), GOLDEN[f"scores/{case.name}"]
    assert config.pooling is not None
    pooling = build_pooling(config.pooling, towers.audio_branch.dim)
    projection = nn.Linear(pooling.out_dim, towers.audio_branch.dim)
    with torch.inference_mode():
        for below, part in (("pooling", pooling), ("pooling_proj", projection)):
            for name, tensor in part.state_dict().items():
                tensor.copy_(seeded(f"{below}.{name}", tuple(tensor.shape)))
        ours = []
        for i, (_, steps) in enumerate(heard.values()):
            frames = steps.repeat_interleave(config.backbone.frame_repeat, dim=1)
            audio = towers.embed_summary(projection(pooling(frames).embedding))
            scores = towers.score(audio, texts[i % len(texts)][None])
            ours.append([float(scores["MI"]), float(scores["TA"])])
    assert golden.std(axis=0).min() > 0.01  # a spread that the tolerance is small against
    assert_close(np.array(ours), golden, 1e-5)


def test_scores_are_the_musiceval_baselines(
    towers: ClapPredictor, heard: dict[str, tuple[Tensor, Tensor]], texts: Tensor
) -> None:
    """Its heads on LAION-CLAP's own embedding of the same windows."""
    predictor = unfilled_predictor(track1_config(BASELINE, None, 1, "seeded"))
    assert isinstance(predictor, ClapPredictor)
    state = towers.state_dict()
    predictor.load_state_dict({name: state[name] for name in predictor.state_dict()}, assign=True)
    with torch.inference_mode():
        ours = []
        for i, (logmel, _) in enumerate(heard.values()):
            scores = predictor.eval().score(predictor.embed_audio(logmel), texts[i % len(texts)][None])
            ours.append([float(scores["MI"]), float(scores["TA"])])
    golden = GOLDEN[f"scores/{BASELINE}"]
    assert golden.std(axis=0).min() > 0.01
    assert_close(np.array(ours), golden, 1e-5)


def test_drasp_score_prints_what_the_research_code_computes(converted: Path, clips: Path) -> None:
    """From files to numbers; in one batch, where the research code takes each clip alone."""
    rows = scored(converted, clips)
    assert [row["windows"] for row in rows] == ["1"] * len(SOUNDS)
    ours = np.array([[float(row["MI"]), float(row["TA"])] for row in rows])
    assert_close(ours, GOLDEN[f"scores/{DRASP.name}"], 1e-5)
