"""The released SpeechTokenizer's size and format, on a human recording, through the demo's calls."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from speechlm_utils.audio import load_audio
from speechlm_utils.codec.cache import encode_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.probing import frame_phones
from speechlm_utils.codec.weights import make_model
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.tokens import list_occurrences

HUMAN = Path(__file__).resolve().parent.parent / "data" / "human"

# config.json of the released checkpoint `speechtokenizer_hubert_avg`
RELEASED = {
    "n_filters": 64,
    "strides": [8, 5, 4, 2],
    "dimension": 1024,
    "semantic_dimension": 768,
    "bidirectional": True,
    "dilation_base": 2,
    "residual_kernel_size": 3,
    "n_residual_layers": 1,
    "lstm_layers": 2,
    "activation": "ELU",
    "codebook_size": 1024,
    "n_q": 8,
    "sample_rate": 16000,
}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A checkpoint of full size with random weights, as the released one lies on the hub."""
    folder = tmp_path_factory.mktemp("released")
    torch.manual_seed(0)
    model = make_model(RELEASED)
    (folder / "config.json").write_text(json.dumps(RELEASED))
    torch.save(model.state_dict(), folder / "SpeechTokenizer.pt")
    return folder, sum(p.numel() for p in model.parameters())


def test_full_size_codec_on_a_human_recording(released, tmp_path):
    folder, n_parameters = released
    assert n_parameters > 90e6
    codec = load_codec(str(folder))
    clip = min(load_corpus(HUMAN), key=lambda clip: clip.audio.stat().st_size)
    (encoded,) = encode_clips([clip], codec, tmp_path)
    n_samples = len(load_audio(clip.audio, 16000))
    assert encoded.codes.shape == (8, -(-n_samples // 320))
    assert len(frame_phones(encoded)) == encoded.codes.shape[1]
    assert count_matrix([encoded]).sum() == 7 * encoded.codes.shape[1]
    token = (3, int(encoded.codes[2, 0]))
    assert len(list_occurrences(encoded.codes, [token])) == int(np.sum(encoded.codes[2] == token[1]))
    assert len(codec.decode(encoded.codes[:, :10])) == 3200
