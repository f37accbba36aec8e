"""A rated data set of a few one-second clips, in MusicEval's layout, whose ratings follow from one audible cause."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

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
