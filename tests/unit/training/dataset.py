"""Rated data sets of a few short clips, in either layout, whose ratings follow from what can be heard in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from drasp_cli.datasets.aes_causes import AesCauses, Source, write_aes_causes
from drasp_cli.datasets.aes_natural import COLUMNS, list_name

PROMPTS = {"P001": "a high tone, calm", "P002": "a low tone, loud", "P003": "a high tone with noise"}


def make_dataset(folder: Path, clips: int = 12, causes: bool = True) -> Path:
    """Tones, high or low, with more or less noise; MI falls with the noise, TA says whether the height is as asked."""
    rng = np.random.default_rng(0)
    (folder / "wav").mkdir(parents=True)
    (folder / "sets").mkdir()
    t = np.arange(8000) / 8000
    rows = [
        "name,system,prompt_id,split,prompt_height,heard_height,cause_noise,agreement,latent_MI,latent_TA,MI,TA,defects"
    ]
    lists: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
    for i in range(3 * clips):
        split = ("train", "dev", "test")[i // clips]
        prompt = ("P001", "P002", "P003")[i % 3]
        asked = "low" if prompt == "P002" else "high"
        heard = "low" if rng.random() < 0.5 else "high"
        noise = float(rng.uniform())
        name = f"audiomos2025-track1-S{i:03d}_{prompt}.wav"
        sound = 0.3 * np.sin(2 * np.pi * (200 if heard == "low" else 1500) * t)
        soundfile.write(folder / "wav" / name, sound + 0.3 * noise * rng.standard_normal(8000), 8000)
        mi, ta = 5 - 4 * noise, 5.0 if heard == asked else 1.0
        lists[split].append(f"{name},{mi:.2f},{ta:.2f}")
        rows.append(
            f"{name},S{i:03d},{prompt},{split},{asked},{heard},{noise:.3f},{float(heard == asked)},{mi},{ta},{mi},{ta},"
        )
    for split, lines in lists.items():
        (folder / "sets" / f"{split}_mos_list.txt").write_text("\n".join(lines) + "\n")
    (folder / "prompt_info.txt").write_text("id\ttext\n" + "".join(f"{k}\t{v}\n" for k, v in PROMPTS.items()))
    if causes:
        (folder / "causes.csv").write_text("\n".join(rows) + "\n")
    return folder


def make_aes_dataset(folder: Path, clips: int = 12, causes: bool = True) -> Path:
    """One or two tones with more or less noise, half a second to one long; PQ falls with the noise, PC counts tones."""
    rng = np.random.default_rng(0)
    (folder / "wav").mkdir(parents=True)
    (folder / "sets").mkdir()
    rows: list[AesCauses] = []
    for i in range(3 * clips):
        t = np.arange(int(rng.integers(4000, 8001))) / 8000
        voices = [("low", 300), ("high", 1500)] if rng.random() < 0.5 else [("low", 300)]
        noise = float(rng.uniform())
        name = f"audiomos2025-track2-sys{i:03d}-utt0001.wav"
        sound = sum(0.2 * np.sin(2 * np.pi * hertz * t) for _, hertz in voices)
        soundfile.write(folder / "wav" / name, sound + 0.2 * noise * rng.standard_normal(len(t)), 8000)
        ratings = {"PQ": 10 - 9 * noise, "PC": 4.0 * len(voices), "CE": 5.0 + len(voices), "CU": 9 - 4 * noise}
        sources = tuple(Source(kind, kind, 1, 0.0, len(t) / 8000, 0.0) for kind, _ in voices)
        split = ("train", "dev", "test")[i // clips]
        rows.append(AesCauses(name, f"sys{i:03d}", split, sources, {"noise": noise}, ratings, ratings))
    for split in ("train", "dev", "test"):
        lines = [",".join(("sample_id", "data_path", *COLUMNS.values()))]
        for row in rows:
            if row.split == split:
                lines.append(
                    ",".join((row.name[:-4], f"wav/{row.name}", *(f"{row.ratings[axis]:.1f}" for axis in COLUMNS)))
                )
        (folder / "sets" / list_name(split)).write_text("\n".join(lines) + "\n")
    if causes:
        write_aes_causes(folder / "causes.csv", rows, ("noise",))
    return folder
