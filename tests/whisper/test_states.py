"""Encoder states: equal to transformers', whatever the batch; of clips short and long."""

import numpy as np
import pytest
import torch
from tiny_whisper import make_tiny_whisper
from transformers import WhisperFeatureExtractor

from speechlm_utils.whisper.states import HOP, SAMPLE_RATE, WhisperEncoder, load_whisper_encoder


def make_noise(n_wavs, n_samples, seed=0):
    """Brown noise, so that low bands are loud and high ones at the floor: float32 (n_wavs, n_samples)."""
    noise = np.random.default_rng(seed).normal(size=(n_wavs, n_samples)).cumsum(1)
    return torch.from_numpy((noise / np.abs(noise).max(1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def encoder():
    return load_whisper_encoder()


@pytest.fixture(scope="module")
def tiny():
    return WhisperEncoder(make_tiny_whisper().model)


def test_states_of_30_seconds_equal_transformers_own(encoder):
    wav = make_noise(1, 30 * SAMPLE_RATE)
    mel = WhisperFeatureExtractor()(
        wav.numpy(), sampling_rate=SAMPLE_RATE, return_tensors="pt"
    ).input_features
    with torch.inference_mode():
        assert torch.allclose(encoder.log_mel(wav), mel, atol=2e-4)
        expected = encoder.encoder(mel, output_hidden_states=True).hidden_states
        states = encoder(wav, (1, 2, 4))
    for block, state in zip((1, 2, 4), states, strict=True):
        assert state.shape == (1, 1500, encoder.width) == (1, 1500, 384)
        scale = expected[block].std()
        assert (state - expected[block]).abs().max() < 0.01 * scale, f"block {block}"


def test_batch_of_equal_lengths_equals_single_clips(encoder):
    wavs = make_noise(3, 20000)
    with torch.inference_mode():
        batch = encoder(wavs, (2, 4))
        for i in range(3):
            for together, alone in zip(batch, encoder(wavs[i : i + 1], (2, 4)), strict=True):
                assert torch.allclose(together[i], alone[0], atol=1e-3, rtol=1e-3)


def test_there_is_a_frame_for_each_20_ms_and_for_the_rest(tiny):
    with torch.inference_mode():
        for n_samples, n_frames in ((HOP, 1), (HOP + 1, 2), (10 * HOP, 10), (10 * HOP - 1, 10)):
            (state,) = tiny(make_noise(1, n_samples), (1,))
            assert state.shape == (1, n_frames, tiny.width) == (1, n_frames, 16)


def test_longer_clips_are_encoded_in_consecutive_pieces(tiny):
    wav = make_noise(2, 60 * HOP)  # the model has room for 25 frames
    with torch.inference_mode():
        found = tiny(wav, (1, 2))
        parts = [tiny(wav[:, a * HOP : b * HOP], (1, 2)) for a, b in ((0, 25), (25, 50), (50, 60))]
    for state, pieces in zip(found, zip(*parts, strict=True), strict=True):
        assert state.shape == (2, 60, 16)
        assert torch.allclose(state, torch.cat(pieces, 1), atol=1e-5)


def test_level_stays_in_the_spectrogram_as_a_shift(tiny):
    wav = make_noise(1, 20 * HOP) * (torch.arange(20 * HOP) < 10 * HOP)  # then silence
    loud, soft = tiny.log_mel(wav), tiny.log_mel(wav / 4)
    assert torch.allclose(loud - soft, torch.full_like(loud, np.log10(16) / 4), atol=1e-3)
    assert torch.isclose(loud.amax() - loud.amin(), torch.tensor(2.0))  # the floor: 80 dB below the maximum


@pytest.mark.parametrize("blocks", [(0,), (1, 3), (-1,)])
def test_block_outside_the_encoder_is_refused(tiny, blocks):
    wrong = max(blocks) if 3 in blocks else blocks[0]
    with pytest.raises(ValueError, match=rf"blocks=\[{wrong}\]: the encoder has 1 to 2"):
        tiny(make_noise(1, HOP), blocks)
