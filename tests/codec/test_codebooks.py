"""Vectors of codes: those that the decoder adds up, for every codec; neighbours by distance."""

import numpy as np
import pytest
import torch
from hf_codec_models import KINDS, SETTINGS, model_class

from speechlm_utils.codec.codebooks import nearest_codes, read_codebook
from speechlm_utils.codec.hf_codecs import HF_CODECS


def test_vectors_are_what_the_decoder_adds_up(tiny_codec, tiny_clips):
    codes = tiny_clips[0].codes[:, :20]
    summed = sum(read_codebook(tiny_codec, layer)[codes[layer - 1]] for layer in range(1, 9))
    with torch.no_grad():
        wav = tiny_codec.model.decoder(torch.as_tensor(summed.T[None]))[0, 0].numpy()
    assert np.allclose(wav, tiny_codec.decode(codes), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_other_codecs_have_a_vector_for_each_code_of_each_layer(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codec = HF_CODECS[kind](model_class(kind)(model_class(kind).config_class(**SETTINGS[kind])))
    shapes = {read_codebook(codec, layer).shape for layer in range(1, codec.spec.n_layers + 1)}
    assert len(shapes) == 1 and shapes.pop()[0] == 32


@pytest.mark.parametrize("layer", [0, 9])
def test_layer_out_of_range_is_named(tiny_codec, layer):
    with pytest.raises(ValueError, match=f"layer={layer}: must be from 1 to 8"):
        read_codebook(tiny_codec, layer)


def test_nearest_come_first_and_1_is_the_median_distance():
    vectors = np.array([[0.0], [1], [-2], [4], [50]])
    assert nearest_codes(vectors, 0, 2, among=range(4)) == [(1, 0.5), (2, 1.0)]
    assert nearest_codes(vectors, 0, 1, among=[0, 4]) == [(4, 1.0)]
    assert nearest_codes(vectors, 0, 3, among=[0]) == []


def test_code_outside_the_codebook_is_named():
    with pytest.raises(ValueError, match="code 5: the codebook has codes 0 to 4"):
        nearest_codes(np.zeros((5, 2)), 5, 1, range(5))
