"""The decoder's voice: harmonics by hand, the pitch that was asked for, the same sound twice."""

import warnings

import numpy as np
import pytest
import torch

from speechlm_utils.codec.voiced_decoder import RANGE_HZ, Voice, VoicedDecoder, sum_harmonics

RATE = 16000


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    sizes = {"dimension": 6, "n_filters": 2, "n_residual_layers": 1, "ratios": [8, 5, 4, 2]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weight_norm and torch.jit are deprecated inside the package
        return VoicedDecoder(RATE, **sizes).eval()


@pytest.fixture
def latent():
    return torch.randn(2, 6, 30, generator=torch.Generator().manual_seed(1))


def test_harmonics_are_the_sum_of_cosines():
    cycles = torch.linspace(-0.1, 7.3, 2001, dtype=torch.float64)
    n = torch.full_like(cycles, 9)
    expected = sum(torch.cos(2 * torch.pi * k * cycles) for k in range(1, 10)) * (2 / 9) ** 0.5
    assert torch.allclose(sum_harmonics(cycles, n), expected, atol=1e-6)


def test_sum_at_the_pulse_itself_is_the_number_of_harmonics():
    found = sum_harmonics(torch.tensor([0.0, 3.0], dtype=torch.float64), torch.tensor([8.0, 8.0]))
    assert torch.allclose(found, torch.full((2,), 8 * (2 / 8) ** 0.5, dtype=torch.float64))


@pytest.mark.parametrize("f0", [80.0, 210.0, 400.0])
def test_source_has_the_pitch_that_was_asked_for(decoder, f0):
    voice = Voice(torch.full((1, 50), f0), torch.ones(1, 50))
    pulses = decoder.make_source(voice)[0, 0].numpy()
    assert pulses.shape == (16000,) and 0.9 < pulses.std() < 1.1
    spectrum = np.abs(np.fft.rfft(pulses))
    assert spectrum[: round(0.9 * f0)].max() < 0.1 * spectrum[round(f0)]  # one second: bins of 1 Hz
    assert spectrum[round(0.47 * RATE) :].max() < 0.1 * spectrum[round(f0)]  # nothing folds over


def test_unvoiced_frames_have_noise_alone(decoder):
    voiced = torch.tensor([[1.0] * 25 + [0.0] * 25])
    pulses, noise = decoder.make_source(Voice(torch.full((1, 50), 120.0), voiced))[0]
    assert pulses[:7000].std() > 0.9 and pulses[9000:].abs().max() == 0
    assert 0.9 < noise.std() < 1.1


def test_sound_follows_the_voice_and_is_the_same_twice(decoder, latent):
    with torch.inference_mode():
        own = decoder(latent)
        assert own.shape == (2, 1, 30 * 320) and torch.equal(own, decoder(latent))
        assert torch.allclose(own[:1], decoder(latent[:1]), atol=1e-3)
        other = decoder(latent, Voice(torch.full((2, 30), 300.0), torch.ones(2, 30)))
    assert (own - other).std() > 0.01 * own.std()


def test_read_voice_stays_in_range_and_is_voiced_or_not(decoder, latent):
    with torch.inference_mode():
        voice = decoder.read_voice(100 * latent)
    assert voice.f0.min() >= RANGE_HZ[0] and voice.f0.max() <= RANGE_HZ[1]
    assert set(voice.voiced.unique().tolist()) <= {0.0, 1.0} and voice.f0.std() > 0
