"""Sources of tokens are counted as planted; the control is untrained."""

import numpy as np
import pytest
import torch
from conftest import make_wav

from speechlm_utils.codec.hf_codecs import Encodec
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.evaluation.codecs import (
    TokenSource,
    chance_per_layer,
    make_untrained_encodec,
)
from speechlm_utils.torch_settings import exact_float32

WIDE = CodecSpec(16000, 320, 1024, 8)


def test_description_is_that_of_the_codes(planted_clips):
    source = TokenSource(planted_clips, (1, 2))
    facts = source.describe()
    assert facts["frames/s"] == 50 and facts["bits/s"] == 2 * 50 * 6  # 64 codes are 6 bits
    assert facts["vocabulary"] == 2 * 64 and facts["tokens per clip"] == 2 * 60
    for clip in planted_clips:  # all codes occur, but for one each that is taken out
        assert clip.codes.shape == (8, 60)
    few = [clip for clip in planted_clips[:2]]
    seen = [len(set(few[0].codes[k]) | set(few[1].codes[k])) for k in (0, 1)]
    assert TokenSource(few, (1, 2)).count_occurring().tolist() == seen


def test_chance_agrees_with_draws(planted_clips):
    source = TokenSource(planted_clips[:1], (1, 4, 6))
    occurring = source.count_occurring()
    expected, low, high = chance_per_layer(source, 20)
    rng = np.random.default_rng(0)
    layer = np.repeat(np.arange(3), occurring)
    draws = np.array([np.bincount(rng.permutation(layer)[:20], minlength=3) for _ in range(4000)])
    assert np.allclose(expected, draws.mean(axis=0), atol=0.15) and np.isclose(expected.sum(), 20)
    assert np.all(np.abs(low - np.quantile(draws, 0.025, axis=0)) <= 1)
    assert np.all(np.abs(high - np.quantile(draws, 0.975, axis=0)) <= 1)
    assert chance_per_layer(source, 10**6)[0].tolist() == occurring.tolist()  # cannot draw more than all


def test_untrained_codec_is_a_codec_whose_codes_vary(tmp_path):
    wavs = [make_wav(f0, gain, 8000, seed) for seed, (f0, gain) in enumerate([(100, 0.3), (200, 0.1)] * 4)]
    spec = CodecSpec(16000, 320, 64, 3)
    codec = load_codec(make_untrained_encodec(tmp_path / "a", wavs, spec))
    assert isinstance(codec, Encodec) and codec.spec.semantic_layers == ()
    assert codec.spec == spec and codec.spec.frame_rate == 50
    codes = codec.encode(wavs[0])
    assert codes.shape == (3, 25) and all(len(np.unique(layer)) > 5 for layer in codes)
    assert load_codec(make_untrained_encodec(tmp_path / "b", wavs, spec)).hash == codec.hash
    assert load_codec(make_untrained_encodec(tmp_path / "c", wavs, spec, seed=1)).hash != codec.hash
    loud = codec.encode(wavs[0] * 3)
    assert not np.array_equal(loud, codes)
    with pytest.raises(ValueError, match="power of 2"):
        make_untrained_encodec(tmp_path / "d", wavs, CodecSpec(16000, 320, 100, 3))


@pytest.fixture
def noises():
    """Eight waveforms: 0.25 s of silence, in which many frames are alike, then 0.5 s of noise."""
    rng = np.random.default_rng(0)
    return [
        np.concatenate([np.zeros(4000), 0.1 * k * rng.normal(size=8000)]).astype(np.float32)
        for k in range(1, 9)
    ]


def encode_in_threads(codec, wavs, n_threads):
    """Codes (n_layers, n_frames of all) as the model gives them with so many threads."""
    torch.set_num_threads(n_threads)
    with exact_float32():
        batches = [torch.as_tensor(wav)[None, None] for wav in wavs]
        return np.hstack([codec._encode(batch)[:, 0].numpy() for batch in batches])


def test_untrained_codec_does_not_depend_on_threads_and_rounding_moves_few_codes(noises, tmp_path):
    before, codecs = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            codecs.append(load_codec(make_untrained_encodec(tmp_path / str(n_threads), noises, WIDE)))
            assert torch.get_num_threads() == n_threads
        one, two = (encode_in_threads(codecs[0], noises, n_threads) for n_threads in (1, 2))
    finally:
        torch.set_num_threads(before)
    assert len({codec.hash for codec in codecs}) == 1
    assert np.mean(one == two) > 0.97


def test_no_layer_of_the_untrained_codec_falls_silent(noises, tmp_path):
    """Even where there are fewer frames than codes."""
    codec = load_codec(make_untrained_encodec(tmp_path, noises, WIDE))
    codes = np.hstack([codec.encode(wav) for wav in noises])
    assert codes.shape == (8, 8 * 38) and min(len(np.unique(layer)) for layer in codes) > 100
