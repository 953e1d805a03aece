"""The suite's own tokenizer: codes by hand, frames, layers, what its hash is of, and refused files."""

import json
import shutil

import numpy as np
import pytest
import torch
from tiny_tokenizer import make_tokenizer, make_whisper

from speechlm_utils.codec.codebooks import read_codebook
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec_spec import CodecSpec


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("tokenizer")
    return make_tokenizer(root / "tokenizer", make_whisper(root / "whisper"))


@pytest.fixture(scope="module")
def codec(folder):
    return load_codec(folder)


@pytest.fixture
def wav():
    """Noise that gets louder and brighter, so that codes vary."""
    noise = np.random.default_rng(0).normal(size=6400).cumsum()
    return (np.diff(noise, prepend=0) * np.linspace(0, 1, 6400) ** 4 + 0.003 * noise).astype(np.float32)


def test_codes_are_the_nearest_vectors_computed_by_hand(codec, wav):
    model, codes = codec.model, codec.encode(wav)
    with torch.inference_mode():
        acoustic, semantic = model.encoder(torch.from_numpy(wav)[None], (2, 3))
        x = (semantic[0] @ model.project_semantic.weight.T + model.project_semantic.bias).numpy()
        y = (acoustic[0] @ model.project_acoustic.weight.T + model.project_acoustic.bias).numpy()
    first = model.semantic.vq.layers[0].codebook.numpy()
    assert np.array_equal(codes[0], ((x[:, None] - first) ** 2).sum(2).argmin(1))
    y = np.concatenate([y[:1], y, y[-1:]])
    left = (y[:-2] + y[1:-1] + y[2:]) / 3 - model.mean_acoustic.weight.detach().numpy()[codes[0]]
    for layer, row in zip(model.acoustic.vq.layers, codes[1:], strict=True):
        book = layer.codebook.numpy()
        assert np.array_equal(row, ((left[:, None] - book) ** 2).sum(2).argmin(1))
        left = left - book[row]
    assert len({tuple(frame) for frame in codes.T}) > 4  # the fixture is not degenerate


def test_spec_tells_layers_and_rates(codec):
    assert codec.spec == CodecSpec(16000, 320, 16, 4, (1,)) and codec.spec.acoustic_layers == (2, 3, 4)
    assert codec.spec.frame_rate == 50


@pytest.mark.parametrize(("n_samples", "n_frames"), [(1, 1), (320, 1), (321, 2), (8000, 25), (20000, 63)])
def test_one_frame_per_320_samples_also_beyond_whispers_length(codec, n_samples, n_frames):
    codes = codec.encode(np.random.default_rng(1).normal(size=n_samples) * 0.1)
    assert codes.shape == (4, n_frames) and codes.dtype == np.int16
    assert codec.decode(codes).shape == (320 * n_frames,)


def test_batch_of_one_length_gives_the_codes_of_each_alone(codec):
    wavs = [np.random.default_rng(seed).normal(size=5000).astype(np.float32) * 0.1 for seed in range(3)]
    for codes, wav in zip(codec.encode_batch(wavs), wavs, strict=True):
        assert np.array_equal(codes, codec.encode(wav))


def test_decoding_sums_the_layers_vectors(codec, wav):
    codes, model = codec.encode(wav), codec.model
    ids = torch.from_numpy(codes.astype(np.int64))[:, None]
    semantic = model.semantic.vq.layers[0].codebook[ids[0, 0]]
    sound = model.mean_acoustic.weight[ids[0, 0]] + model.acoustic.vq.layers[0].codebook[ids[1, 0]]
    with torch.inference_mode():
        expected = model.decoder(torch.cat([semantic, sound], dim=1).T[None])[0, 0].numpy()
    assert np.allclose(codec.decode(codes, layers=2), expected, atol=1e-6)
    assert not np.allclose(codec.decode(codes, layers=1), expected, atol=1e-6)


def test_hash_is_of_what_codes_depend_on(codec, folder, tmp_path):
    other_decoder = make_tokenizer(tmp_path / "wide", folder.parent / "whisper", n_residual_layers=3)
    assert load_codec(other_decoder).hash == codec.hash
    moved = shutil.copytree(folder.parent / "whisper", tmp_path / "moved")
    config = json.loads((folder / "config.json").read_text()) | {"encoder": str(moved)}
    shutil.copytree(folder, tmp_path / "same")
    (tmp_path / "same" / "config.json").write_text(json.dumps(config))
    assert load_codec(tmp_path / "same").hash == codec.hash
    books = make_tokenizer(tmp_path / "books", folder.parent / "whisper", seed=1)
    assert load_codec(books).hash != codec.hash
    assert load_codec(folder, n_layers=2).hash != codec.hash


def test_first_layers_alone(codec, folder, wav):
    few = load_codec(folder, n_layers=2)
    assert np.array_equal(few.encode(wav), codec.encode(wav)[:2]) and few.spec.n_layers == 2


@pytest.fixture
def changed(folder, tmp_path):
    """Copy the tokenizer with other values in config.json; None leaves a key out."""

    def change(**values):
        target = shutil.copytree(folder, tmp_path / "changed")
        config = json.loads((folder / "config.json").read_text()) | values
        kept = {key: value for key, value in config.items() if value is not None}
        (target / "config.json").write_text(json.dumps(kept))
        return target

    return change


def test_another_encoder_is_refused(changed, tmp_path):
    other = make_whisper(tmp_path / "other", seed=5)
    with pytest.raises(ValueError, match=r"config.json: the weights of '.*other' have hash .* was made with"):
        load_codec(changed(encoder=str(other)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"windows": 3}, r"config.json: .*windows"),
        ({"encoder_hash": None}, r"config.json: .*encoder_hash"),
        ({"window": 4}, r"window=4: must be odd"),
        ({"acoustic_block": 9}, r"acoustic_block=9: .*1 to 3"),
        ({"acoustic_codes": 9}, r"do not fit config.json"),
    ],
)
def test_wrong_settings_are_named(changed, values, message):
    with pytest.raises(ValueError, match=message):
        load_codec(changed(**values))


def test_small_layers_are_read_to_their_end_and_no_further(codec, wav):
    assert read_codebook(codec, 1).shape == (16, 8) and read_codebook(codec, 2).shape == (8, 8)
    codes = codec.encode(wav)
    codes[2, 5] = 8
    with pytest.raises(ValueError, match="code 8 in layer 3, which has 8 codes"):
        codec.decode(codes)
    assert codec.decode(codes, layers=2).shape == (320 * codes.shape[1],)
