"""What every codec does: batches of one length, frames by hop, decoding from some layers, the first alone."""

import numpy as np
import pytest
import torch
from conftest import CODEC_CONFIG

from speechlm_utils.audio import load_audio
from speechlm_utils.codec.load import SpeechTokenizerCodec, load_codec


@pytest.fixture
def wavs(tiny_corpus):
    """Four waveforms of equal length (clips 0, 11, 22, 33)."""
    return [load_audio(tiny_corpus / f"clips/{i:04d}.wav", 16000) for i in (0, 11, 22, 33)]


def test_codebook_too_large_for_int16_is_refused(tiny_model):
    with pytest.raises(ValueError, match=r"40000 codes.*int16"):
        SpeechTokenizerCodec(tiny_model, CODEC_CONFIG | {"codebook_size": 40000})


def test_equal_lengths_in_a_batch_give_the_codes_of_each_alone(tiny_codec, wavs):
    for codes, wav in zip(tiny_codec.encode_batch(wavs), wavs, strict=True):
        assert np.array_equal(codes, tiny_codec.encode(wav))


@pytest.mark.parametrize(("n_samples", "n_frames"), [(1, 1), (319, 1), (320, 1), (321, 2), (16000, 50)])
def test_one_frame_per_320_samples(tiny_codec, n_samples, n_frames):
    wav = np.random.default_rng(0).normal(size=n_samples) * 0.1
    codes = tiny_codec.encode(wav)
    assert codes.shape == (8, n_frames) and tiny_codec.decode(codes).shape == (320 * n_frames,)


def test_decode_from_all_some_and_chosen_layers(tiny_model, tiny_codec, wavs):
    codes = tiny_codec.encode(wavs[0])
    with torch.inference_mode():
        ids = torch.as_tensor(codes.astype(np.int64))[:, None]
        everything = tiny_model.decode(ids)[0, 0].numpy()
        first_two = tiny_model.decode(ids[:2])[0, 0].numpy()
        from_third = tiny_model.decode(ids[2:], st=2)[0, 0].numpy()
    assert np.allclose(tiny_codec.decode(codes), everything, atol=1e-6)
    assert np.allclose(tiny_codec.decode(codes, layers=2), first_two, atol=1e-6)
    assert np.allclose(tiny_codec.decode(codes, layers=(3, 4, 5, 6, 7, 8)), from_third, atol=1e-6)
    assert tiny_codec.decode(codes).dtype == np.float32


def test_first_layers_alone(tiny_codec, tiny_codec_dir, wavs):
    few = load_codec(tiny_codec_dir, n_layers=2)
    assert np.array_equal(few.encode(wavs[0]), tiny_codec.encode(wavs[0])[:2])
    assert (few.spec.n_layers, few.spec.semantic_layers, few.spec.acoustic_layers) == (2, (1,), (2,))
    assert few.hash != tiny_codec.hash == load_codec(tiny_codec_dir, n_layers=8).hash
    assert np.array_equal(few.decode(few.encode(wavs[0])), tiny_codec.decode(tiny_codec.encode(wavs[0]), 2))
    with pytest.raises(ValueError, match=r"n_layers=9.*from 1 to 8"):
        load_codec(tiny_codec_dir, n_layers=9)
