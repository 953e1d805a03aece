"""Weights of a codec: their hash is of what codes depend on, files are checked before they are loaded."""

import hashlib
import shutil

import pytest
import torch
from conftest import CODEC_CONFIG

from speechlm_utils.codec.load import SpeechTokenizerCodec, load_codec
from speechlm_utils.codec.weights import make_model


def test_other_weights_have_another_hash(tiny_codec, tiny_model):
    other = make_model(CODEC_CONFIG)
    other.load_state_dict(tiny_model.state_dict())
    assert SpeechTokenizerCodec(other, CODEC_CONFIG).hash == tiny_codec.hash
    with torch.no_grad():
        other.quantizer.vq.layers[7]._codebook.embed[0, 0] += 1
    assert SpeechTokenizerCodec(other, CODEC_CONFIG).hash != tiny_codec.hash


def test_hash_is_of_what_codes_depend_on(tiny_codec, tiny_model):
    for part, same in (("decoder", True), ("transform", True), ("encoder", False)):
        other = make_model(CODEC_CONFIG)
        other.load_state_dict(tiny_model.state_dict())
        next(getattr(other, part).parameters()).data.add_(0.5)
        assert (SpeechTokenizerCodec(other, CODEC_CONFIG).hash == tiny_codec.hash) == same, part


def test_checksum_listed_or_known_to_the_hubs_cache(tiny_codec, tiny_codec_pt_dir, tmp_path):
    weights = tiny_codec_pt_dir / "SpeechTokenizer.pt"
    right = hashlib.sha256(weights.read_bytes()).hexdigest()
    listed = shutil.copytree(tiny_codec_pt_dir, tmp_path / "listed")
    (listed / "SHA256SUMS").write_text(f"{'f' * 64}  config.json\n{right.upper()} *SpeechTokenizer.pt\n\n")
    assert load_codec(listed).hash == tiny_codec.hash
    with open(listed / "SpeechTokenizer.pt", "ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=rf"SpeechTokenizer\.pt: its SHA-256 is .*expected {right.upper()}"):
        load_codec(listed)
    (listed / "SHA256SUMS").write_text("12ab  SpeechTokenizer.pt")
    with pytest.raises(ValueError, match="SHA256SUMS, line 1"):
        load_codec(listed)

    for digits, name in ((right, "whole"), (right[::-1], "damaged")):  # large files lie under their checksum
        (tmp_path / name).mkdir()
        shutil.copy(weights, tmp_path / digits)
        shutil.copy(tiny_codec_pt_dir / "config.json", tmp_path / name)
        (tmp_path / name / "SpeechTokenizer.pt").symlink_to(tmp_path / digits)
    assert load_codec(tmp_path / "whole").hash == tiny_codec.hash
    with pytest.raises(ValueError, match=f"damaged.*expected {right[::-1]}"):
        load_codec(tmp_path / "damaged")


def test_weights_must_be_a_plain_dictionary_of_tensors(tiny_codec_pt_dir, tmp_path):
    state = torch.load(tiny_codec_pt_dir / "SpeechTokenizer.pt", weights_only=True)
    torch.save({"generator": state, "steps": 5}, tmp_path / "SpeechTokenizer.pt")
    shutil.copy(tiny_codec_pt_dir / "config.json", tmp_path)
    with pytest.raises(ValueError, match=r"SpeechTokenizer\.pt.*no plain dictionary"):
        load_codec(tmp_path)
