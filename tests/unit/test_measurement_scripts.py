"""The scripts of tests/benchmarks on planted answers: a measurement is only as good as what measures."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from drasp_cli.datasets.aes_causes import AesCauses
from drasp_cli.datasets.causes import Causes
from drasp_cli.datasets.musiceval import RatedClip
from drasp_cli.datatypes import Clip, ClipScore
from tests.benchmarks.agreement import share_of_ceiling
from tests.benchmarks.children import python
from tests.benchmarks.clap_speed import row as clap_row
from tests.benchmarks.codec_ratings import agreement_rows as codec_rows
from tests.benchmarks.codec_ratings import system_rows
from tests.benchmarks.damage import (
    DAMAGES,
    PACKET,
    add_white_noise,
    clip,
    code_mp3,
    drop_packets,
    encode_mp3,
    low_pass,
    reverberate,
    smear_phases,
)
from tests.benchmarks.floor import count_bytes, count_flops
from tests.benchmarks.precision import drift_rows, find_clips
from tests.benchmarks.real_degradations import falls_row, recording, versions
from tests.benchmarks.report import Interval, Report
from tests.benchmarks.unseen_systems import agreement_rows, ceiling_rows, check_seed, known_prompts, wording

RATE = 24000
TIME = np.arange(2 * RATE) / RATE


def tone(frequency: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * TIME)


def level(samples: np.ndarray) -> float:
    """RMS in dB."""
    return float(10 * np.log10(np.mean(samples**2)))


# ----------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("snr", [40, 0])
def test_noise_is_as_loud_as_it_says(snr):
    noise = add_white_noise(tone(440), RATE, snr, seed=3) - tone(440)
    assert level(tone(440)) - level(noise) == pytest.approx(snr, abs=1e-9)


def test_low_pass_keeps_below_and_stops_above():
    inner = slice(RATE // 2, -RATE // 2)  # a filter that runs both ways rings at both ends
    assert level(low_pass(tone(1000), RATE, 2400, 0)[inner]) == pytest.approx(level(tone(1000)[inner]), abs=0.1)
    assert level(low_pass(tone(3000), RATE, 2400, 0)[inner]) < level(tone(3000)) - 60


def test_clipping_cuts_where_it_says_and_keeps_the_level():
    clipped = clip(tone(441), RATE, -6.0, 0)
    assert level(clipped) == pytest.approx(level(tone(441)), abs=1e-9)
    # a sine is above half its peak for two thirds of the time
    assert np.mean(np.isclose(np.abs(clipped), np.abs(clipped).max())) == pytest.approx(2 / 3, abs=0.02)


def test_dropouts_take_their_share_grow_and_spare_silence():
    sound = np.where(TIME < 1.0, 0.3, 0.0)  # one second of sound, one of silence: 50 packets each
    few, many = (drop_packets(sound, RATE, percent, seed=5) for percent in (10, 40))
    packet = round(PACKET * RATE)
    assert np.count_nonzero(sound) - np.count_nonzero(few) == 10 * packet
    assert np.count_nonzero(sound) - np.count_nonzero(many) == 40 * packet
    assert not many[few == 0.0].any()


@pytest.mark.parametrize("kbps", [160, 64, 32, 16, 8])
def test_mp3_has_the_rate_it_says_and_comes_back_in_time(kbps):
    sound = np.random.default_rng(1).standard_normal(len(TIME)) * 0.1 * (TIME > 0.5)
    sound = low_pass(sound, RATE, 1500, 0)
    file = encode_mp3(sound, RATE, kbps)
    assert soundfile.info(io.BytesIO(file)).samplerate == RATE
    assert len(file) * 8 / 2.0 / 1000 == pytest.approx(kbps, rel=0.1)
    coded = code_mp3(sound, RATE, kbps, 0)
    assert coded.shape == sound.shape
    assert np.corrcoef(coded, sound)[0, 1] > 0.5  # of a noise, a delay of a few samples leaves nothing


def test_reverb_comes_behind_the_sound_at_its_level_and_dies_away():
    sound = np.where(TIME < 0.1, tone(440), 0.0)
    tail = reverberate(sound, RATE, 6.0, seed=2) - sound
    assert level(sound) - level(tail) == pytest.approx(6.0, abs=1e-9)
    early, late = (level(tail[round(start * RATE) : round((start + 0.2) * RATE)]) for start in (0.2, 0.7))
    assert early - late == pytest.approx(60.0 * 0.5 / 1.5, abs=3.0)


def test_smeared_phases_keep_the_spectrum_of_a_tone_and_its_level():
    smeared = smear_phases(tone(1000), RATE, 0.7, seed=2)
    assert level(smeared) == pytest.approx(level(tone(1000)), abs=1e-9)
    power = np.abs(np.fft.rfft(smeared)) ** 2
    near = np.abs(np.fft.rfftfreq(len(smeared), 1 / RATE) - 1000) < 100
    assert power[near].sum() > 0.9 * power.sum()
    assert np.allclose(smear_phases(tone(1000), RATE, 0.0, seed=2), tone(1000), atol=1e-9)


def test_a_recording_is_cut_from_its_middle_and_taken_to_24_khz(tmp_path):
    sound = np.concatenate([tone(300), tone(3000), tone(300)])
    soundfile.write(tmp_path / "low.wav", sound, RATE, subtype="DOUBLE")
    samples, rate = recording(tmp_path / "low.wav", 0, 1, 2.0)
    assert rate == RATE
    assert np.array_equal(samples, tone(3000))
    soundfile.write(tmp_path / "high.wav", sound, 2 * RATE, subtype="DOUBLE")
    samples, rate = recording(tmp_path / "high.wav", 0, 1, None)
    assert (rate, len(samples)) == (RATE, len(sound) // 2)


def test_pieces_are_spread_over_a_recording_and_never_reach_beyond_it(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.repeat([0.1, 0.2, 0.3], RATE), RATE, subtype="DOUBLE")
    for piece, level in enumerate((0.1, 0.2, 0.3)):
        samples, _ = recording(path, piece, 3, 0.5)
        assert len(samples) == RATE // 2
        assert set(samples) == {level}
    assert [len(recording(path, piece, 3, 2.0)[0]) for piece in range(3)] == [2 * RATE] * 3


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.kind)
def test_each_step_is_further_from_the_recording(damage):
    rng = np.random.default_rng(0)
    sound = 0.2 * rng.standard_normal(len(TIME)) * (1 + np.sin(9 * TIME))
    made = versions(damage, sound, RATE, seed=0)
    errors = [np.sum((version - sound) ** 2) for version in made]
    assert len(made) == 6
    assert all(version.shape == sound.shape and np.isfinite(version).all() for version in made)
    assert all(a < b for a, b in pairwise(errors))


def test_falls_counts_only_what_falls_at_every_step():
    falling, tied, rising = [6, 5, 4, 3, 2, 1], [6, 5, 5, 3, 2, 1], [1, 2, 3, 4, 5, 6]
    assert falls_row("noise", np.array([falling, falling], float))[1:] == [True, 1.0, pytest.approx(1.0)]
    mean_falls, share, spearman = falls_row("noise", np.array([falling, tied, rising], float))[1:]
    assert (mean_falls, share) == (False, pytest.approx(1 / 3))
    assert 0.3 < spearman < 1 / 3 + 1e-9


# -------------------------------------------------------------------------------------------------- agreement


def rated_clips() -> list[RatedClip]:
    """Two systems of two clips; MI 1, 2 and 3, 4, and TA the other way round."""
    return [
        RatedClip(Clip(f"w/{n}.wav", system=f"S{n // 3}", prompt=f"Prompt {n}"), {"MI": float(n), "TA": 5.0 - n})
        for n in (1, 2, 3, 4)
    ]


def test_perfect_scores_reach_the_aims_and_inverted_ones_do_not():
    rated = rated_clips()
    scores = [ClipScore(row.clip, {"MI": row.ratings["MI"], "TA": row.ratings["MI"]}) for row in rated]
    causes = {
        f"{n}.wav": Causes(f"{n}.wav", "", "", "", {}, {}, {}, 1.0, {"MI": n / 2, "TA": -float(n)}, {})
        for n in (1, 2, 3, 4)
    }
    by_level = {(row[0], row[1]): row for row in agreement_rows(("MI", "TA"), rated, scores)}
    assert [by_level[key][2] for key in by_level] == [4, 2, 4, 2]
    assert by_level["MI", "clip"][3].value == pytest.approx(1.0)
    assert by_level["TA", "system"][3].value == pytest.approx(-1.0)
    rows = ceiling_rows(("MI", "TA"), rated, scores, causes)
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("MI", "clip", True),
        ("MI", "system", True),
        ("TA", "clip", False),
        ("TA", "system", False),
    ]
    assert rows[2][2].value == pytest.approx(1.0)  # the ceiling of TA
    assert rows[2][4].value == pytest.approx(-1.0)  # our share of it


def test_an_axis_without_an_aim_at_clip_level_says_none():
    rated = [RatedClip(row.clip, {"PQ": row.ratings["MI"]}) for row in rated_clips()]
    scores = [ClipScore(row.clip, row.ratings) for row in rated]
    causes = {Path(row.clip.path).name: AesCauses("", "", "", (), {}, row.ratings, {}) for row in rated}
    clips, systems = ceiling_rows(("PQ",), rated, scores, causes)
    assert clips[-2:] == ["", ""]
    assert systems[-2:] == ["score above 0.95", True]


def test_a_share_of_the_ceiling_is_one_where_the_scores_are_the_latents():
    rng = np.random.default_rng(0)
    latent = rng.standard_normal(40)
    share = share_of_ceiling(latent + rng.standard_normal(40), latent, latent)
    assert (share.value, share.low, share.high) == (1.0, 1.0, 1.0)


def test_prompts_of_the_training_data_are_known_by_their_words(tmp_path: Path):
    (tmp_path / "README.md").write_text("drasp simulate OUT --clips 9 --seed 1 --layout musiceval")
    (tmp_path / "prompt_info.txt").write_text("id\ttext\nP001\tA slow  Piano\nP002\tfast drums\n")
    known = known_prompts(tmp_path)
    assert wording("a slow piano") in known
    assert wording("a slow harp") not in known
    check_seed(tmp_path, seed=77)
    with pytest.raises(SystemExit, match="same seed, 1"):
        check_seed(tmp_path, seed=1)


def test_codec_rows_are_best_rated_first():
    clips = [Clip(f"{name}{n}.flac", system=name) for name in ("low", "high") for n in (1, 2)]
    ratings = dict(zip((clip.path for clip in clips), (10.0, 20.0, 80.0, 90.0), strict=True))
    scores = [ClipScore(clip, {"MI": score}) for clip, score in zip(clips, (1.0, 2.0, 4.0, 3.0), strict=True)]
    assert system_rows(scores, ratings, "MI") == [["high", 2, 85.0, 3.5], ["low", 2, 15.0, 1.5]]
    by_clip, by_system = codec_rows("all", scores, ratings, "MI")
    assert by_clip[:3] == ["all", "clip", 4]
    assert by_clip[3].value == pytest.approx(0.8)
    assert by_system[3].value == pytest.approx(1.0)


def test_drift_is_measured_per_axis_over_the_clips_that_have_a_score():
    def rows(*scores: tuple[float, float | None]) -> list[ClipScore]:
        return [ClipScore(Clip(f"{n}.wav"), {"MI": mi, "TA": ta, "XX": None}) for n, (mi, ta) in enumerate(scores)]

    exact = rows((1.0, 2.0), (2.0, None), (3.0, 4.0), (4.0, 3.0))
    lower = rows((1.1, 2.0), (1.8, None), (3.0, 3.0), (4.1, 3.5))
    assert drift_rows("bf16", exact, lower) == [
        ["MI", "bf16", 4, pytest.approx(0.1), pytest.approx(0.2), pytest.approx(1.0)],
        ["TA", "bf16", 3, pytest.approx(0.5), pytest.approx(1.0), pytest.approx(0.5)],
    ]


def test_drift_is_measured_on_the_data_that_is_there(tmp_path: Path):
    source, clips = find_clips(tmp_path / "nowhere")
    assert (len(clips), source) == (12, Path("docs/examples"))
    assert all(clip.prompt for clip in clips)
    (tmp_path / "wav").mkdir()
    soundfile.write(tmp_path / "wav/a.wav", tone(440), RATE)
    assert [(Path(clip.path).name, clip.prompt) for clip in find_clips(tmp_path)[1]] == [("a.wav", None)]


# ------------------------------------------------------------------------------------------- report and speed


def test_markdown_and_json_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    report = Report("Title", {"model": "m"})
    report.table("T", ["name", "a", "b", "c"], [["x", 0.12345, Interval(0.5, 0.25, 1.0), None], ["y", 7, True, np.nan]])
    report.save(tmp_path / "r.json")
    printed = capsys.readouterr().out
    assert "| x | 0.123 | 0.500 (0.250 to 1.000) |  |\n| y | 7 | yes | nan |\n" in printed
    assert json.loads((tmp_path / "r.json").read_text())["tables"]["T"] == [
        {"name": "x", "a": 0.12345, "b": {"value": 0.5, "low": 0.25, "high": 1.0}, "c": None},
        {"name": "y", "a": 7, "b": True, "c": None},
    ]


def test_operations_and_bytes_of_a_product():
    a, b = torch.ones(8, 4), torch.ones(4, 2)
    assert count_flops(lambda: a @ b) == 2 * 8 * 4 * 2
    query, key = torch.ones(2, 3, 5, 7), torch.ones(2, 3, 4, 7)
    written_out = count_flops(lambda: (query @ key.transpose(-2, -1)) @ key)
    assert count_flops(lambda: torch.nn.functional.scaled_dot_product_attention(query, key, key)) == written_out > 0
    assert count_bytes(lambda: a @ b) == 4 * (8 * 4 + 4 * 2 + 8 * 2)
    assert count_bytes(lambda: a.view(4, 8)[1:]) == 0


def test_a_child_tells_its_processor_time_and_says_why_it_failed():
    child = python("import sys, time; b = time.process_time()\nwhile time.process_time() < b + 0.1: pass\nprint('out')")
    assert child.stdout == "out\n"
    assert 0.1 <= child.cpu <= child.wall + 0.1
    with pytest.raises(RuntimeError, match=r"ended with 3: .*because"):
        python("import sys; print('because', file=sys.stderr); sys.exit(3)")


def test_the_reference_counts_with_the_batch_size_that_suits_it_best():
    took = {"drasp, batch 8": 0.2, "reference, batch 8": 0.5, "reference, batch 1": 0.3}
    *seconds, ratio, aim, reached, apart = clap_row("tower", took, None)
    assert seconds == [0.2, 0.5, 0.3]
    assert ratio == pytest.approx(1.5)
    assert (aim, reached, apart) == (1.4, True, None)
    assert clap_row("start", took, 2e-4)[-3:] == [4.0, False, "2.0e-04"]
