"""What is done to log-mels is compared with what the same does to samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import cheby2, sosfiltfilt

from drasp_cli.models.config import AudioConfig, LogMelConfig
from drasp_cli.models.logmel import LogMel
from drasp_cli.training import worse
from drasp_cli.training.bands import SILENCE, Bands
from drasp_cli.training.worse import STEPS, audible_change, make_worse

RATE = 32000
LOGMEL = LogMelConfig(fft_size=2048, hop_size=640, num_mels=64, f_min=30.0, f_max=16000.0)
AUDIO = AudioConfig(sample_rate=RATE, frontend_sample_rate=RATE, window_samples=2 * RATE, fill="repeat")
BANDS = Bands.of(LOGMEL, AUDIO)
DICE = 60


def samples(seed: int = 0) -> np.ndarray:
    """Two seconds that come and go, of brown noise and a tone: (num_samples,)."""
    rng = np.random.default_rng(seed)
    times = np.arange(2 * RATE) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(len(times))) / (np.arange(RATE + 1) + 100.0)
    noise = np.fft.irfft(spectrum) * 40.0
    return (noise + 0.1 * np.sin(2 * np.pi * 440 * times)) * (0.55 + 0.45 * np.sin(2 * np.pi * 1.5 * times))


def log_mels(sound: np.ndarray) -> torch.Tensor:
    return LogMel(LOGMEL, RATE)(torch.from_numpy(sound.astype(np.float32))[None])[0]


CLIP = log_mels(samples())


@pytest.mark.parametrize("way", [worse._noisy, worse._coarse])
def test_noise_only_adds_and_at_the_second_step_more(way) -> None:
    for seed in range(DICE):
        first, second = way(CLIP, BANDS, np.random.default_rng(seed))
        assert bool((first >= CLIP - 1e-3).all())
        assert bool((second >= first - 1e-3).all())
        assert float((second - first).mean()) > 0.0


def test_a_low_pass_only_takes_away_and_at_the_second_step_more() -> None:
    for seed in range(DICE):
        first, second = worse._dull(CLIP, BANDS, np.random.default_rng(seed))
        assert bool((first <= CLIP).all())
        assert bool((second <= first).all())
        assert float((first - second).mean()) > 0.0
        assert min(float(first.min()), float(second.min())) >= min(SILENCE[0], float(CLIP.min()))
        assert torch.equal(second[:, BANDS.centres < 220.0], CLIP[:, BANDS.centres < 220.0])


def test_noise_in_log_mels_is_noise_in_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worse, "_SNR", (20.0, 20.0))
    monkeypatch.setattr(worse, "_SLOPE", (0.0, 0.0))
    sound, rng = samples(), np.random.default_rng(1)
    hiss = rng.standard_normal(len(sound))
    real = log_mels(sound + hiss * np.sqrt(np.mean(sound**2) / np.mean(hiss**2)) * 10 ** (-20 / 20))
    made = worse._noisy(CLIP, BANDS, np.random.default_rng(2))[0]
    quiet = real - 6.0 > CLIP  # where there is hardly anything but the noise
    assert quiet.float().mean() > 0.2
    difference = (made - real)[quiet]
    assert abs(float(difference.mean())) < 0.5
    assert 0.8 < float(made[quiet].std() / real[quiet].std()) < 1.25


def test_a_low_pass_in_log_mels_is_one_in_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worse, "_CUTOFF", (4000.0, 4000.0))
    monkeypatch.setattr(worse, "_STEEPNESS", (1000.0,))
    real = log_mels(sosfiltfilt(cheby2(10, 60, 4000.0, fs=RATE, output="sos"), samples()))
    made = worse._dull(CLIP, BANDS, np.random.default_rng(2))[0]
    below, above = BANDS.centres < 3000.0, BANDS.centres > 4500.0
    assert float((made - real)[:, below].abs().mean()) < 0.2
    inside = slice(2, -2)  # the filter rings at both ends
    assert float(real[inside, above].max()) < SILENCE[1]
    assert float(made[inside, above].max()) < SILENCE[1]


def test_the_noise_of_a_coding_follows_what_is_loud_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worse, "_CODING_NOISE", (20.0, 20.0))
    monkeypatch.setattr(worse, "_LESS_DEEP", (10.0, 10.0))
    clip = torch.full((300, LOGMEL.num_mels), -30.0)
    clip[100] = -10.0  # one loud frame: heard in it and in the frames beside it
    steps = worse._coarse(clip, BANDS, np.random.default_rng(0))
    for step, ratio in zip(steps, (0.01, 0.1), strict=True):
        added = 10.0 ** (step / 10.0) - 10.0 ** (clip / 10.0)
        assert float(added[:99].mean()) == pytest.approx(1e-3 * ratio, rel=0.05)
        assert float(added[99:102].mean()) == pytest.approx(0.1 * ratio, rel=0.3)
        assert float(added[102:].mean()) == pytest.approx(1e-3 * ratio, rel=0.05)


def test_holes_are_where_much_more_lies_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worse, "_HOLES", (30.0, 30.0))
    monkeypatch.setattr(worse, "_LESS_DEEP", (10.0, 10.0))
    clip = torch.full((40, LOGMEL.num_mels), -10.0)
    clip[:, 20] = -35.0  # 25 dB below the bands beside it
    clip[:, 40] = -45.0
    clip[:, 50:] = -70.0  # and nothing louder than this farther up
    first, second = worse._holed(clip, BANDS, np.random.default_rng(0))
    emptied = torch.zeros(2, LOGMEL.num_mels, dtype=torch.bool)
    emptied[:, [40, 50, 51, 52]] = True
    emptied[1, 20] = True
    for step, where in zip((first, second), emptied, strict=True):
        assert float(step[:, where].max()) <= SILENCE[1]
        assert torch.equal(step[:, ~where], clip[:, ~where])


def test_half_of_the_low_passes_are_where_files_end() -> None:
    clip = torch.full((4, LOGMEL.num_mels), -20.0)
    firsts = [worse._dull(clip, BANDS, np.random.default_rng(seed))[0] for seed in range(200)]
    below = np.mean(
        [bool((first[:, BANDS.centres < 8900.0] == clip[:, BANDS.centres < 8900.0]).all()) for first in firsts]
    )
    assert 0.5 < below < 0.75  # the other half has some as well


def test_most_first_steps_are_mild() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([worse._mostly_mild((0.0, 60.0), rng) for _ in range(2000)])
    assert 0.0 <= drawn.min() < 5.0
    assert 55.0 < drawn.max() <= 60.0
    assert np.mean(drawn > 30.0) == pytest.approx(0.75, abs=0.03)


def test_every_way_is_taken_each_clip_for_itself() -> None:
    clip = torch.cat([CLIP, torch.full((30, LOGMEL.num_mels), -100.0)])
    several = make_worse(clip.expand(DICE, -1, -1), BANDS, np.random.default_rng(0))
    assert several.shape == (DICE, STEPS, *clip.shape)
    less = (several[:, 1] < clip - 1e-3).any(-1).any(-1)  # a low-pass or holes
    noisy = several[:, 1, -20:].mean((-2, -1)) > -95.0  # noise fills the silence, the noise of a coding does not
    assert not bool((less & noisy).any())
    for share, ways in ((less, 3), (noisy, 1), (~less & ~noisy, 1)):
        assert float(share.float().mean()) == pytest.approx(ways / 5, abs=0.15)
    again = make_worse(clip.expand(DICE, -1, -1), BANDS, np.random.default_rng(0))
    assert torch.equal(several, again)
    other = make_worse(clip.expand(DICE, -1, -1), BANDS, np.random.default_rng(1))
    assert not torch.equal(several, other)


def test_a_low_pass_takes_something_from_a_front_end_that_hears_less() -> None:
    logmel = LogMelConfig(fft_size=512, hop_size=128, num_mels=32, f_min=30.0, f_max=4000.0)
    bands = Bands.of(
        logmel, AudioConfig(sample_rate=8000, frontend_sample_rate=8000, window_samples=8000, fill="repeat")
    )
    clip = torch.full((4, 32), -20.0)
    for seed in range(DICE):
        assert bool((worse._dull(clip, bands, np.random.default_rng(seed))[1] < clip).any())


def test_the_audible_change_by_hand() -> None:
    clip = torch.zeros(3, 5, 4)
    other = clip.clone()
    other[1, :, 0] = -8.0  # a quarter of the bands by 8 dB: 2 dB on average
    other[2] = 40.0
    assert audible_change(clip, other).tolist() == [0.0, 0.5, 1.0]
