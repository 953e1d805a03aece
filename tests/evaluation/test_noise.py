"""Words are hit as often as asked, and noise has the level and the spectrum that it should have."""

import numpy as np
import pytest

from speechlm_utils.evaluation.noise import add_noise, corrupt_clips, make_noise, measure_spectrum
from speechlm_utils.words import word_error_rate

TEXTS = ["the quick brown fox jumps over a lazy dog and runs away from it"] * 3


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.4, 0.8])
def test_word_error_rate_is_about_the_rate(planted_clips, rate):
    clips = corrupt_clips(planted_clips, rate, TEXTS, seed=1)
    found = word_error_rate([clip.text for clip in planted_clips], [clip.text for clip in clips])
    assert found == pytest.approx(rate, abs=0.06)


def test_only_words_change_and_a_seed_says_how(planted_clips):
    one, same, other = (corrupt_clips(planted_clips[:20], 0.5, TEXTS, seed) for seed in (1, 1, 2))
    assert [clip.text for clip in one] == [clip.text for clip in same] != [clip.text for clip in other]
    assert all(a.codes is b.codes and a.labels == b.labels for a, b in zip(one, planted_clips, strict=False))


def test_all_words_can_go(planted_clips):
    known = set(" ".join(TEXTS).split())
    for clip, before in zip(corrupt_clips(planted_clips[:20], 1.0, TEXTS), planted_clips, strict=False):
        words = clip.text.split()
        assert set(words) <= known and len(words) <= len(before.text.split())


def test_a_share_outside_of_0_to_1_is_named(planted_clips):
    with pytest.raises(ValueError, match="rate=1.5"):
        corrupt_clips(planted_clips, 1.5, TEXTS)


def test_noise_takes_after_the_spectrum():
    t, rng = np.arange(16000) / 16000, np.random.default_rng(0)
    spectrum = measure_spectrum([np.sin(2 * np.pi * 1000 * t), np.sin(2 * np.pi * 1000 * t)])
    assert spectrum.argmax() == 1000 / 16000 * 512
    noise = make_noise(16000, spectrum, rng)
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1)
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert power[900:1100].sum() > 0.95 * power.sum()


@pytest.mark.parametrize("snr_db", [-5, 0, 20])
def test_noise_is_added_at_its_level(snr_db):
    rng = np.random.default_rng(0)
    wav, noise = 0.1 * rng.normal(size=8000).astype(np.float32), rng.normal(size=8000)
    noisy = add_noise(wav, noise, snr_db)
    assert noisy.dtype == np.float32
    ratio = np.mean(wav**2) / np.mean((noisy - wav) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=0.01)


def test_silence_has_no_spectrum():
    with pytest.raises(ValueError, match="2 waveforms are silent"):
        measure_spectrum([np.zeros(4000), np.zeros(100)])
