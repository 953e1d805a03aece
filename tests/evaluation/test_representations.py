"""Summaries of the right clip, by Whisper and by a tiny random WavLM through the same code."""

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, Wav2Vec2FeatureExtractor, WavLMConfig, WavLMModel

from speechlm_utils.audio import load_audio
from speechlm_utils.evaluation.representations import (
    RATE,
    load_encoder,
    measure_mfcc,
    measure_states,
    standardise,
)
from speechlm_utils.whisper.states import load_whisper_encoder


@pytest.fixture(scope="module")
def wavlm(tmp_path_factory):
    """A folder as `microsoft/wavlm-base-plus` has it, with two blocks of width 16 and random weights."""
    folder = tmp_path_factory.mktemp("wavlm")
    config = WavLMConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(10, 32),
        conv_kernel=(10, 32),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        num_feat_extract_layers=2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        WavLMModel(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)
    return folder


def test_mfcc_of_a_louder_clip_differ_in_their_first_mean_alone(tiny_clips):
    found = np.stack([measure_mfcc(clip) for clip in tiny_clips[:2]])
    assert found.shape == (2, 40) and np.isfinite(found).all() and not np.allclose(*found)


def test_states_are_those_of_whisper(tiny_clips):
    clips = tiny_clips[:2]
    found = measure_states(clips, 1, progress=False)
    (states,) = load_whisper_encoder()(torch.from_numpy(load_audio(clips[1].audio, RATE))[None], (1,))
    assert list(found) == [clip.id for clip in clips]
    width = states.shape[-1]
    assert np.allclose(found[clips[1].id][:width], states[0].mean(0).detach(), atol=1e-5)


def test_wavlm_is_read_by_the_same_code(tiny_clips, wavlm):
    encoder, clips = load_encoder(wavlm), tiny_clips[:2]
    found = measure_states(clips, 2, encoder, progress=False)
    assert {row.shape for row in found.values()} == {(32,)}
    wav = load_audio(clips[0].audio, RATE)
    inputs = AutoFeatureExtractor.from_pretrained(wavlm)(wav, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        states = WavLMModel.from_pretrained(wavlm).eval()(**inputs).last_hidden_state[0]
    assert np.allclose(found[clips[0].id][:16], states.mean(0), atol=1e-5)


def test_features_are_standardised_on_train_alone(tiny_clips):
    train, other = tiny_clips[:10], tiny_clips[10:12]
    rng = np.random.default_rng(0)
    features = {clip.id: rng.normal(5, 3, 4) for clip in [*train, *other]}
    features = {key: np.append(row, 7.0) for key, row in features.items()}
    found = standardise(features, train, [*train, *other])
    rows = np.stack([found[clip.id] for clip in train])
    assert np.allclose(rows.mean(0), 0, atol=1e-6) and np.allclose(rows.std(0), [1, 1, 1, 1, 0], atol=1e-5)
    assert len(found) == 12 and found[other[0].id].dtype == np.float32
