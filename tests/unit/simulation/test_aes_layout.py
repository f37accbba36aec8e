"""A small listening test in the AES-Natural layout, made for real: its files, its splits, its bytes."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import soundfile

from drasp_cli.datasets.aes_causes import read_aes_causes
from drasp_cli.datasets.aes_natural import AXES, read_aes_natural
from drasp_cli.errors import SimulationError
from drasp_cli.simulation import simulate
from drasp_cli.simulation.aes_natural import plan_scenes, render_scene
from drasp_cli.simulation.aes_raters import AES_CAUSES, aesthetics
from drasp_cli.simulation.layout import Wish, split_sizes

SMALL = {"clips": 16, "systems": 12, "seed": 5, "seconds": 2.0, "layout": "aes-natural"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "set"
    return out, simulate(out, **SMALL, workers=1, on_clip=lambda: None)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_workers_make_the_same_bytes_as_one(made, tmp_path):
    out, ceiling = made
    again = simulate(tmp_path / "set", **SMALL, workers=2, on_clip=lambda: None)
    assert contents(tmp_path / "set") == contents(out)
    assert again == ceiling


def test_files_are_complete_and_agree(made):
    out, _ = made
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "causes.csv", "ratings.csv", "sets", "wav"]
    causes = read_aes_causes(out / "causes.csv")
    assert list(causes) == sorted(path.name for path in (out / "wav").iterdir())
    assert len(causes) == SMALL["clips"]
    with (out / "ratings.csv").open() as file:
        single = list(csv.DictReader(file))
    listed = []
    for split in ("train", "dev", "test"):
        for rated in read_aes_natural(out, split):
            row = causes[f"{rated.clip.id}.wav"]
            assert (row.split, row.system) == (split, rated.clip.system)
            own = [r for r in single if r["name"] == row.name]
            assert [r["rater"] for r in own] == [f"R{number:02d}" for number in range(1, 11)]
            for axis in AXES:
                mean = np.mean([int(r[axis]) for r in own])
                assert rated.ratings[axis] == pytest.approx(mean) == pytest.approx(row.ratings[axis])
            listed.append(row.name)
    assert sorted(listed) == list(causes)


def test_latents_follow_from_the_causes_written(made):
    for row in read_aes_causes(made[0] / "causes.csv").values():
        assert tuple(row.causes) == AES_CAUSES
        assert row.latent == pytest.approx(aesthetics(row.causes), abs=1e-4)


def test_clips_are_16_khz_mono_unless_asked_otherwise(made):
    infos = [soundfile.info(path) for path in (made[0] / "wav").iterdir()]
    assert {(info.samplerate, info.channels, info.subtype) for info in infos} == {(16000, 1, "PCM_16")}
    assert max(info.frames for info in infos) == 32000


def test_a_clip_can_be_made_again_alone(made, tmp_path):
    plan = plan_scenes(SMALL["clips"], SMALL["systems"], SMALL["seed"])[7]
    path = tmp_path / "one.wav"
    clip = render_scene(plan, Wish(SMALL["clips"], SMALL["systems"], None, SMALL["seed"], 16000, 2.0))
    soundfile.write(path, clip.samples, 16000, subtype="PCM_16")
    assert path.read_bytes() == (made[0] / "wav" / plan.name).read_bytes()


def test_the_ceiling_has_four_axes_at_both_levels(made):
    rows = made[1].rows
    assert [(row.clips, row.level, row.axis) for row in rows] == [
        (clips, level, axis) for clips in ("all", "test") for level in ("clip", "system") for axis in AXES
    ]
    assert all(row.lcc > 0.8 for row in rows if (row.clips, row.level) == ("all", "clip"))


@pytest.mark.parametrize(("clips", "systems"), [(300, 31), (64, 31), (7, 3)])
def test_plan_is_even_and_systems_are_in_one_split(clips, systems):
    plans = plan_scenes(clips, systems, 2)
    assert len({plan.name for plan in plans}) == len(plans) == clips
    assert [plan.index for plan in plans] == list(range(clips))
    owner, count = {}, {}
    for plan in plans:
        assert owner.setdefault(plan.generator.id, plan.split) == plan.split
        count[plan.generator.id] = count.get(plan.generator.id, 0) + 1
    assert len(owner) == systems
    assert max(count.values()) - min(count.values()) <= 1
    assert {split: list(owner.values()).count(split) for split in ("train", "dev", "test")} == split_sizes(systems)


def test_prompts_are_refused_because_there_are_none(tmp_path):
    with pytest.raises(SimulationError, match="5 prompts; the layout aes-natural has none"):
        simulate(tmp_path / "set", **SMALL, prompts=5, workers=1, on_clip=lambda: None)
    assert not (tmp_path / "set").exists()


def test_readme_says_that_it_is_simulated(made):
    text = (made[0] / "README.md").read_text()
    assert "Nothing here was heard or rated by a person" in text
    command = "drasp simulate OUT --clips 16 --systems 12 --seed 5 --layout aes-natural --sample-rate 16000 --seconds 2"
    assert f"    {command}\n" in text
