"""Recorded speech in simulated listening tests: whose voice is heard, in which set, and what is said of it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import welch

from drasp_cli.datasets.aes_causes import read_aes_causes
from drasp_cli.errors import SimulationError
from drasp_cli.simulation import recordings, scenes, simulate
from drasp_cli.simulation.composer import MUSICAL_FAULTS
from drasp_cli.simulation.layout import SPLITS
from drasp_cli.simulation.recordings import (
    SHORTEST_RECORDING,
    Library,
    digest_recordings,
    find_recordings,
    play_recordings,
    recordings_of,
    room_tone,
)
from drasp_cli.simulation.scenes import PART_COUNT, RECORDED_MUSIC

RATE = 16000
FILES = 12
STEP = 1.35  # in pitch from one recording to the next: more than the speeds differ


def tone(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def pitch(number: int) -> float:
    """The frequency by which the recording of this number is known."""
    return 120.0 * STEP**number


def number_of(hertz: float) -> int:
    """Which recording it is, at whatever speed it is played."""
    return round(np.log(hertz / 120.0) / np.log(STEP))


def loudest(samples: np.ndarray, rate: int) -> float:
    """The frequency in Hz of the strongest line."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve "speakers" of 2.5 s, each a tone of its own pitch, and one file that is too short."""
    out = tmp_path_factory.mktemp("speech")
    for number in range(FILES):
        soundfile.write(out / f"{number:02d}.flac", tone(pitch(number), 2.5), RATE)
    soundfile.write(out / "short.wav", tone(50.0, 0.9 * SHORTEST_RECORDING), RATE)
    return str(out)


def test_short_files_are_passed_over_and_folders_are_searched(folder, tmp_path):
    assert find_recordings(folder) == tuple(f"{number:02d}.flac" for number in range(FILES))
    for place in ("a/b/one.wav", "two.wav", "c/three.wav"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / place, tone(440.0, 1.0), RATE)
    assert find_recordings(str(tmp_path)) == ("a/b/one.wav", "c/three.wav", "two.wav")


def test_every_recording_is_in_one_split_and_the_seed_deals_them(folder):
    dealt = {split: recordings_of(folder, split, 1) for split in SPLITS}
    assert sorted(name for names in dealt.values() for name in names) == list(find_recordings(folder))
    assert all(dealt.values())
    assert any(recordings_of(folder, split, 2) != dealt[split] for split in SPLITS)


@pytest.mark.parametrize("rate", [16000, 32000, 44100])
def test_a_recording_keeps_its_pitch_at_any_rate(folder, rate, monkeypatch):
    monkeypatch.setattr(recordings, "_SPEED", (1.0, 1.0))
    out = play_recordings(Library(folder, ["03.flac"]), rate, 2.0, np.random.default_rng(0)).samples
    assert out.shape == (2 * rate,)
    assert loudest(out, rate) == pytest.approx(pitch(3), abs=2.0)


def test_all_of_one_clip_is_played_at_one_speed_and_other_clips_at_others(folder):
    library, speeds = Library(folder, ["05.flac"]), []
    for seed in range(20):
        out = play_recordings(library, RATE, 8.0, np.random.default_rng(seed)).samples
        within = [loudest(part, RATE) / pitch(5) for part in (out[: 3 * RATE], out[-3 * RATE :])]
        assert within[0] == pytest.approx(within[1], abs=0.01)
        speeds.append(within[0])
    assert 0.87 < min(speeds) < 0.94
    assert 1.06 < max(speeds) < 1.13


def test_what_is_played_says_at_which_rate_it_was_made_and_faster_is_higher(tmp_path, monkeypatch):
    for name, rate in (("a.wav", 22050), ("b.wav", 8000)):
        soundfile.write(tmp_path / name, 0.1 * np.random.default_rng(0).standard_normal(3 * rate), rate)
    library = Library(str(tmp_path), ["a.wav", "b.wav"])
    for speed in (0.9, 1.1):
        monkeypatch.setattr(recordings, "_SPEED", (speed, speed))
        of_both = play_recordings(library, RATE, 8.0, np.random.default_rng(0)).made_at
        assert of_both == pytest.approx(22050 * speed, abs=50)
        of_one = play_recordings(Library(str(tmp_path), ["b.wav"]), RATE, 2.0, np.random.default_rng(0)).made_at
        assert of_one == pytest.approx(8000 * speed, abs=50)


def test_room_tone_has_the_level_and_the_colour_of_what_is_left_in_pauses():
    rng = np.random.default_rng(0)
    floor = 0.003 * np.convolve(
        rng.standard_normal(4 * RATE), [1.0, 1.0, 1.0], "same"
    )  # nothing at a third of the rate
    talking = np.repeat([1.0, 0.0] * 4, RATE // 2)
    tone = room_tone(floor + 0.3 * talking * rng.standard_normal(4 * RATE), 4 * RATE, rng)
    assert np.std(tone) == pytest.approx(np.std(floor), rel=0.1)
    frequency, power = welch(tone, RATE, nperseg=512)
    dip = power[np.abs(frequency - RATE / 3) < 100].mean()
    assert dip < 0.05 * power[(frequency > 200) & (frequency < 2000)].mean()


def test_where_there_is_no_pause_or_no_room_there_is_no_room_tone():
    rng = np.random.default_rng(0)
    assert not room_tone(rng.standard_normal(RATE), RATE, rng).any()
    edited = np.concatenate([rng.standard_normal(RATE), np.zeros(RATE)])
    assert not room_tone(edited, RATE, rng).any()
    assert not room_tone(np.ones(100), RATE, rng).any()
    assert room_tone(edited, 300, rng).shape == (300,)


def test_the_room_goes_on_between_recordings(tmp_path):
    rng = np.random.default_rng(1)
    talking = np.repeat([0.0, 1.0, 0.0, 1.0, 0.0], RATE // 2)
    for name in ("a.wav", "b.wav"):
        noise = rng.standard_normal((2, len(talking)))
        soundfile.write(tmp_path / name, 0.002 * noise[0] + 0.2 * talking * noise[1], RATE)
    out = play_recordings(Library(str(tmp_path), ["a.wav", "b.wav"]), RATE, 10.0, rng).samples
    frames = np.sqrt(np.mean(out[: len(out) // 160 * 160].reshape(-1, 160) ** 2, axis=1))
    quiet = frames[1:][frames[1:] < 0.1 * frames.max()]
    assert len(quiet) > 200
    assert quiet.min() > 0.4 * np.median(quiet)
    assert quiet.max() < 2.5 * np.median(quiet)


def test_recordings_follow_one_another_with_pauses(folder):
    out = play_recordings(Library(folder, find_recordings(folder)), RATE, 8.0, np.random.default_rng(3)).samples
    frames = out[: len(out) // 160 * 160].reshape(-1, 160)
    sounding = np.sqrt(np.mean(frames**2, axis=1)) > 0.01
    starts = np.flatnonzero(np.diff(sounding.astype(int)) == 1) + 1
    heard = [loudest(out[start * 160 : start * 160 + RATE], RATE) for start in starts if start * 160 + RATE < len(out)]
    numbers = [number_of(hertz) for hertz in heard]
    assert len(numbers) == 3
    assert numbers == [(numbers[0] + step) % FILES for step in range(3)]


def test_a_silent_recording_stays_silent(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    assert not play_recordings(
        Library(str(tmp_path), ["silent.wav"]), RATE, 1.0, np.random.default_rng(0)
    ).samples.any()


def test_the_digest_sees_names_and_bytes(tmp_path):
    digests = set()
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", tone(440.0, 1.0), RATE)
    for change in (lambda: None, lambda: (tmp_path / "0.wav").rename(tmp_path / "9.wav"),
                   lambda: soundfile.write(tmp_path / "1.wav", tone(441.0, 1.0), RATE)):  # fmt: skip
        change()
        find_recordings.cache_clear()
        digests.add(digest_recordings(str(tmp_path)))
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "0 audio files"),
        ({"a.wav": 1.0, "b.wav": 1.0}, "2 audio files"),
        ({"a.wav": None}, "a.wav cannot be decoded"),
    ],
)
def test_folders_that_cannot_serve(tmp_path, files, said):
    for name, seconds in files.items():
        if seconds is None:
            (tmp_path / name).write_bytes(b"no sound at all")
        else:
            soundfile.write(tmp_path / name, tone(440.0, seconds), RATE)
    with pytest.raises(SimulationError, match=said):
        simulate(tmp_path / "out", clips=6, systems=3, seed=1, speech=tmp_path, workers=1, on_clip=lambda: None)
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def tests_made(folder, tmp_path_factory):
    """The same listening test without and with recordings, and with them by two workers: folder -> rows of causes."""
    made = {}
    for name, speech, workers in (("plain", None, 1), ("recorded", Path(folder), 1), ("again", Path(folder), 2)):
        out = tmp_path_factory.mktemp("made") / name
        simulate(
            out,
            clips=90,
            systems=9,
            prompts=90,
            seed=4,
            sample_rate=16000,
            seconds=2.0,
            speech=speech,
            workers=workers,
            on_clip=lambda: None,
        )
        with (out / "causes.csv").open(encoding="utf-8", newline="") as file:
            made[name] = out, list(csv.DictReader(file))
    return made


def is_recorded(row) -> bool:
    return row["heard_timbre"] == "spoken voice" and row["heard_texture"] == "solo" and row["heard_tempo"] == ""


def test_only_speech_changes(tests_made):
    (plain, before), (recorded, after) = tests_made["plain"], tests_made["recorded"]
    changed = [
        old["heard_timbre"]
        for old in before
        if (plain / "wav" / old["name"]).read_bytes() != (recorded / "wav" / old["name"]).read_bytes()
    ]
    assert changed
    assert set(changed) == {"spoken voice"}
    assert any(is_recorded(row) for row in after)
    assert not any(is_recorded(row) for row in before)


def test_workers_change_nothing(tests_made):
    (one, rows), (two, _) = tests_made["recorded"], tests_made["again"]
    for name in (*(f"wav/{row['name']}" for row in rows), "causes.csv", "README.md"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_recorded_clip_holds_a_recording_of_its_split(tests_made, folder):
    checked = 0
    out, rows = tests_made["recorded"]
    for row in rows:
        if is_recorded(row) and all(float(row[key]) < 0.5 for key in row if key.startswith("cause_")):
            samples, rate = soundfile.read(out / "wav" / row["name"])
            number = number_of(loudest(samples, rate))
            assert f"{number:02d}.flac" in recordings_of(folder, row["split"], 4)
            checked += 1
    assert checked >= 3


def test_what_nobody_knows_of_a_recording_is_not_held_against_it(tests_made):
    rows = [row for row in tests_made["recorded"][1] if is_recorded(row)]
    assert all(row["heard_register"] == row["heard_dynamics"] == "" for row in rows)
    asked_of_both = [
        row for row in rows if row["prompt_timbre"] == "spoken voice" and row["prompt_texture"] in ("", "solo")
        and row["prompt_mode"] == row["prompt_rhythm"] == "" and (row["prompt_tempo"] or row["prompt_register"])
    ]  # fmt: skip
    assert asked_of_both
    assert all(float(row["agreement"]) == 1.0 for row in asked_of_both)


def test_the_readme_names_folder_and_digest(tests_made, folder):
    text = (tests_made["recorded"][0] / "README.md").read_text(encoding="utf-8")
    assert f"{FILES} files below `{folder}` (digest {digest_recordings(folder)})" in text
    assert f"--speech {folder}" in text
    assert "recorded" not in (tests_made["plain"][0] / "README.md").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------ any sound


@pytest.fixture(scope="module")
def scenes_made(folder, tmp_path_factory):
    """The same clips of any sound, without recordings and with them for speech and music: folder and rows of causes."""
    made = {}
    for name, given in (("plain", None), ("recorded", Path(folder))):
        out = tmp_path_factory.mktemp("scenes") / name
        simulate(
            out,
            clips=60,
            systems=6,
            seed=4,
            layout="aes-natural",
            seconds=2.0,
            speech=given,
            music=given,
            workers=1,
            on_clip=lambda: None,
        )
        made[name] = out, read_aes_causes(out / "causes.csv")
    return made


def test_half_of_speech_and_music_is_recorded_and_nothing_else_changes(scenes_made):
    (plain, rows), (recorded, after) = scenes_made["plain"], scenes_made["recorded"]
    music = [source for row in after.values() for source in row.sources if source.kind == "music"]
    share = sum(source.main == RECORDED_MUSIC for source in music) / len(music)
    assert abs(share - scenes.RECORDED) < 3 * (scenes.RECORDED * (1 - scenes.RECORDED) / len(music)) ** 0.5
    for name, row in rows.items():
        differs = (plain / "wav" / name).read_bytes() != (recorded / "wav" / name).read_bytes()
        kinds = {source.kind for source in row.sources}
        assert not differs or kinds & {"speech", "music"}
        if any(source.main == RECORDED_MUSIC for source in after[name].sources):
            assert differs


def test_a_recording_has_no_fault_of_content_and_music_counts_as_a_band(scenes_made):
    rows = scenes_made["recorded"][1].values()
    for row in rows:
        music = [source for source in row.sources if source.kind == "music"]
        if music and music[0].main == RECORDED_MUSIC:
            assert music[0].parts == PART_COUNT["band"]
            assert all(row.causes[name] == 0.0 for name in MUSICAL_FAULTS)
    assert any(row.causes[name] > 0.0 for row in rows for name in MUSICAL_FAULTS)  # of those still composed


def test_both_folders_are_in_the_readme(scenes_made, folder):
    text = (scenes_made["recorded"][0] / "README.md").read_text(encoding="utf-8")
    assert f"Some of the speech is recorded: {FILES} files" in text
    assert f"Some of the music is recorded: {FILES} files" in text
    assert f"--speech {folder} --music {folder}" in text


def test_prompts_cannot_be_about_recorded_music(tmp_path, folder):
    with pytest.raises(SimulationError, match="only synthetic music can fit its prompts"):
        simulate(tmp_path / "out", clips=6, systems=3, seed=1, music=Path(folder), workers=1, on_clip=lambda: None)
