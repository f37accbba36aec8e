"""A small listening test, made for real: its files, its splits, its bytes."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from drasp_cli.datasets.causes import Causes, read_causes
from drasp_cli.datasets.musiceval import read_musiceval
from drasp_cli.errors import OutputError, SimulationError
from drasp_cli.simulation import simulate
from drasp_cli.simulation.attributes import SPOKEN
from drasp_cli.simulation.ceiling import measure_ceiling
from drasp_cli.simulation.composer import MUSICAL_FAULTS
from drasp_cli.simulation.layout import SHORTEST, Wish, split_sizes
from drasp_cli.simulation.musiceval import plan_clips, render_clip
from drasp_cli.simulation.raters import agreement, musical_impression, textual_alignment

SMALL = {"clips": 36, "systems": 12, "prompts": 20, "seed": 5, "sample_rate": 16000, "seconds": 2.0}


def nothing() -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "set"
    ticks = []
    ceiling = simulate(out, **SMALL, workers=1, on_clip=lambda: ticks.append(1))
    return out, ceiling, len(ticks)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_workers_make_the_same_bytes_as_one(made, tmp_path):
    out, ceiling, ticks = made
    again = simulate(tmp_path / "set", **SMALL, workers=2, on_clip=nothing)
    assert contents(tmp_path / "set") == contents(out)
    assert again == ceiling
    assert ticks == SMALL["clips"]


def test_another_seed_makes_other_clips(made, tmp_path):
    simulate(tmp_path / "set", **{**SMALL, "seed": 6, "clips": 12}, workers=1, on_clip=nothing)
    assert not set(contents(tmp_path / "set").values()) & set(contents(made[0]).values())


def test_files_are_complete_and_agree(made):
    out, _, _ = made
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "causes.csv",
        "prompt_info.txt",
        "ratings.csv",
        "sets",
        "wav",
    ]
    causes = read_causes(out / "causes.csv")
    assert sorted(causes) == sorted(path.name for path in (out / "wav").iterdir())
    assert len(causes) == SMALL["clips"]
    with (out / "ratings.csv").open() as file:
        ratings = list(csv.DictReader(file))
    listed = []
    for split in ("train", "dev", "test"):
        for rated in read_musiceval(out, split):
            row = causes[rated.clip.id]
            assert (row.split, row.system) == (split, rated.clip.system)
            single = [r for r in ratings if r["name"] == row.name]
            assert len({r["rater"] for r in single}) == 5
            for axis in ("MI", "TA"):
                mean = np.mean([int(r[axis]) for r in single])
                assert rated.ratings[axis] == pytest.approx(mean) == pytest.approx(row.ratings[axis])
            listed.append(row.name)
    assert sorted(listed) == sorted(causes)


def test_latents_follow_from_the_causes_written(made):
    for row in read_causes(made[0] / "causes.csv").values():
        assert row.latent["MI"] == pytest.approx(musical_impression(row.causes), abs=1e-4)
        assert row.agreement == pytest.approx(agreement(row.prompt, row.heard), abs=1e-5)
        assert row.latent["TA"] == pytest.approx(textual_alignment(row.agreement, row.latent["MI"]), abs=1e-4)


def test_clips_are_16_bit_mono_and_most_of_the_length_asked(made):
    infos = [soundfile.info(path) for path in (made[0] / "wav").iterdir()]
    assert {(info.samplerate, info.channels, info.subtype) for info in infos} == {(16000, 1, "PCM_16")}
    frames = np.array([info.frames for info in infos])
    assert frames.max() == 32000
    assert frames.min() >= SHORTEST * 16000
    assert 0.1 < np.mean(frames < 32000) < 0.6


def test_systems_prompts_and_texts_are_disjoint_between_splits(made):
    rows = list(read_causes(made[0] / "causes.csv").values())
    sets = {split: read_musiceval(made[0], split) for split in ("train", "dev", "test")}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for what in ("system", "prompt_id"):
            assert not {getattr(r, what) for r in rows if r.split == one} & {
                getattr(r, what) for r in rows if r.split == other
            }
        assert not {c.clip.prompt for c in sets[one]} & {c.clip.prompt for c in sets[other]}


def test_ceiling_is_what_the_lists_say(made):
    out, ceiling, _ = made
    rows = list(read_causes(out / "causes.csv").values())
    again = measure_ceiling(rows)
    assert len(ceiling.rows) == 8
    for one, two in zip(ceiling.rows, again.rows, strict=True):
        assert (one.clips, one.level, one.axis, one.count) == (two.clips, two.level, two.axis, two.count)
        assert one.lcc == pytest.approx(two.lcc, abs=1e-5)
        assert one.srcc == pytest.approx(two.srcc, abs=1e-5)
    by_hand = np.corrcoef([row.latent["MI"] for row in rows], [row.ratings["MI"] for row in rows])[0, 1]
    assert ceiling.rows[0].lcc == pytest.approx(by_hand, abs=1e-5)
    test = [row for row in rows if row.split == "test"]
    assert [one.count for one in ceiling.rows if one.axis == "TA"] == [len(rows), 12, len(test), 2]


def test_a_constant_side_has_no_correlation():
    flat = {"MI": 3.0, "TA": 3.0}
    row = Causes("a.wav", "S001", "P001", "test", {"mode": "major"}, {}, {}, 0.0, flat, flat)
    ceiling = measure_ceiling([row, replace(row, name="b.wav", system="S002")])
    assert all(np.isnan(one.lcc) and np.isnan(one.srcc) for one in ceiling.rows)


def test_speech_is_never_charged_with_faults_that_it_cannot_have(made):
    """A label that the sound does not bear out teaches that good speech is bad: it did so once."""
    rows = [row for row in read_causes(made[0] / "causes.csv").values() if row.heard["timbre"] == SPOKEN]
    alone = [row for row in rows if row.heard["texture"] == "solo"]
    assert alone
    assert all(row.causes[name] == 0.0 for row in alone for name in MUSICAL_FAULTS)
    assert all(row.causes["no_form"] == 0.0 for row in rows)


def test_a_clip_can_be_made_again_alone(made, tmp_path):
    plan = plan_clips(SMALL["clips"], SMALL["systems"], SMALL["prompts"], SMALL["seed"])[7]
    clip = render_clip(plan, Wish(SMALL["clips"], SMALL["systems"], SMALL["prompts"], SMALL["seed"], 16000, 2.0))
    path = tmp_path / "one.wav"
    soundfile.write(path, clip.samples, 16000, subtype="PCM_16")
    assert path.read_bytes() == (made[0] / "wav" / plan.name).read_bytes()


@pytest.mark.parametrize(
    ("clips", "systems", "prompts"), [(3000, 31, 384), (310, 31, 384), (40, 31, 30), (31, 31, 384)]
)
def test_plan_is_even_and_repeats_no_pair_while_avoidable(clips, systems, prompts):
    plans = plan_clips(clips, systems, prompts, 2)
    assert len({plan.name for plan in plans}) == len(plans) == clips
    assert [plan.index for plan in plans] == list(range(clips))
    per_system = Counter(plan.system.id for plan in plans)
    assert len(per_system) == systems
    assert max(per_system.values()) - min(per_system.values()) <= 1
    pairs = Counter((plan.system.id, plan.prompt.id) for plan in plans)
    for split, available in split_sizes(prompts).items():
        for system in {plan.system.id for plan in plans if plan.split == split}:
            most = max(count for (name, _), count in pairs.items() if name == system)
            assert most == -(-per_system[system] // available)
    in_split = Counter(split for split, _ in {(plan.split, plan.system.id) for plan in plans})
    assert dict(in_split) == split_sizes(systems)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clips": 11}, "11 clips for 12 systems"),
        ({"systems": 2}, "2 systems; expected at least 3"),
        ({"prompts": 2}, "2 prompts; expected at least 3"),
        ({"sample_rate": 12345}, "sample rate is 12345 Hz; expected one of: 16000"),
        ({"seconds": 0.5}, "clips of 0.5 s; expected 2 to 60 s"),
        ({"seconds": float("nan")}, "clips of nan s"),
        ({"layout": "other"}, "layout is 'other'; expected one of: musiceval, aes-natural"),
        ({"seed": -1}, "seed is -1"),
        ({"workers": 0}, "0 workers"),
    ],
)
def test_impossible_wishes_are_refused(tmp_path, changed, message):
    with pytest.raises(SimulationError, match=message):
        simulate(tmp_path / "set", **{**SMALL, "workers": 1, "on_clip": nothing, **changed})
    assert not (tmp_path / "set").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(SimulationError, match="is not empty"):
        simulate(tmp_path, **SMALL, workers=1, on_clip=nothing)
    with pytest.raises(SimulationError, match="is a file"):
        simulate(tmp_path / "mine.txt", **SMALL, workers=1, on_clip=nothing)


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        simulate(tmp_path / "file" / "set", **SMALL, workers=1, on_clip=nothing)


def test_a_stopped_run_leaves_no_lists(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "set", **SMALL, workers=1, on_clip=stop)
    assert not (tmp_path / "set" / "sets").exists()
    assert not (tmp_path / "set" / "causes.csv").exists()


def test_readme_says_that_it_is_simulated(made):
    text = (made[0] / "README.md").read_text()
    assert "Nothing here was heard or rated by a person" in text
    assert "--clips 36 --systems 12 --prompts 20 --seed 5" in text
