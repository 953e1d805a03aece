"""Log-mel spectra: a tone lies in its band, half the sound costs log 2."""

import numpy as np
import pytest

from speechlm_utils.acoustics.spectra import log_mel, mel_distance


def test_mel_of_a_tone_peaks_in_its_band_and_halving_costs_log_2():
    t = np.arange(16000) / 16000
    wav = 0.5 * np.sin(2 * np.pi * 1000 * t)
    mel = log_mel(wav, 16000)
    assert mel.shape == (80, 63) and mel.min() >= np.log(1e-4) - 1e-6
    low, high = (log_mel(0.5 * np.sin(2 * np.pi * hertz * t), 16000)[:, 30].argmax() for hertz in (300, 3000))
    assert low < mel[:, 30].argmax() < high
    noise = np.random.default_rng(0).normal(0, 0.1, 16000)
    assert mel_distance(noise, noise / 2, 16000) == pytest.approx(np.log(2), abs=1e-3)
    assert mel_distance(noise, noise[:8000], 16000) == pytest.approx(
        0, abs=0.05
    )  # compared as far as both go
