"""The codec acts as the package's own class in both file formats; what it loads is checked."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import CODEC_CONFIG

from speechlm_utils.audio import load_audio
from speechlm_utils.codec import weights as codec_files
from speechlm_utils.codec.load import SpeechTokenizerCodec, load_codec
from speechlm_utils.codec_spec import CodecSpec


@pytest.fixture
def wavs(tiny_corpus):
    """Four waveforms of equal length (clips 0, 11, 22, 33)."""
    return [load_audio(tiny_corpus / f"clips/{i:04d}.wav", 16000) for i in (0, 11, 22, 33)]


def test_import_is_quiet_and_loads_no_model():
    code = "import sys, speechlm_utils, speechlm_utils.codec; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n" and done.stderr == ""


def test_codes_are_those_of_the_packages_class(tiny_model, tiny_codec, wavs):
    with torch.inference_mode():
        expected = tiny_model.encode(torch.as_tensor(wavs[0])[None, None])[:, 0].numpy()
    codes = tiny_codec.encode(wavs[0])
    assert codes.dtype == np.int16 and np.array_equal(codes, expected)
    assert len(np.unique(codes[0])) > 3  # the fixture is not degenerate


def test_both_formats_give_one_codec(tiny_codec, tiny_codec_pt_dir, wavs):
    released = load_codec(tiny_codec_pt_dir)
    assert released.hash == tiny_codec.hash
    assert np.array_equal(released.encode(wavs[1]), tiny_codec.encode(wavs[1]))
    assert tiny_codec.spec == CodecSpec(16000, 320, 64, 8, (1,)) and tiny_codec.spec.frame_rate == 50
    assert tiny_codec.spec.acoustic_layers == (2, 3, 4, 5, 6, 7, 8)


def test_stored_half_precision_becomes_float32_and_missing_buffers_are_filled(tiny_codec):
    state = tiny_codec.model.state_dict()
    assert {value.dtype for value in state.values()} == {torch.float32}
    book = tiny_codec.model.quantizer.vq.layers[0]._codebook
    assert (
        torch.equal(book.embed, book.embed_avg) and book.inited.item() == 1 and book.cluster_size.min() == 1
    )


def test_other_weights_have_another_hash(tiny_codec, tiny_model):
    other = codec_files.make_model(CODEC_CONFIG)
    other.load_state_dict(tiny_model.state_dict())
    assert SpeechTokenizerCodec(other, CODEC_CONFIG).hash == tiny_codec.hash
    with torch.no_grad():
        other.quantizer.vq.layers[7]._codebook.embed[0, 0] += 1
    assert SpeechTokenizerCodec(other, CODEC_CONFIG).hash != tiny_codec.hash


def test_hash_is_of_what_codes_depend_on(tiny_codec, tiny_model):
    for part, same in (("decoder", True), ("transform", True), ("encoder", False)):
        other = codec_files.make_model(CODEC_CONFIG)
        other.load_state_dict(tiny_model.state_dict())
        next(getattr(other, part).parameters()).data.add_(0.5)
        assert (SpeechTokenizerCodec(other, CODEC_CONFIG).hash == tiny_codec.hash) == same, part


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


def test_hub_name_takes_the_released_subfolder(tiny_codec, tiny_codec_pt_dir, tmp_path, monkeypatch):
    (tmp_path / codec_files.HUB_SUBFOLDER).symlink_to(tiny_codec_pt_dir)
    asked = []
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: asked.append(name) or tmp_path)
    assert load_codec("fnlp/SpeechTokenizer").hash == tiny_codec.hash and asked == ["fnlp/SpeechTokenizer"]


@pytest.fixture
def snake_dir(tmp_path):
    """The other released variant: snake activation, weights in ckpt.dev, in a folder of its repository."""
    folder, config = tmp_path / "repository" / "speechtokenizer", CODEC_CONFIG | {"activation": "Snake"}
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        torch.save(codec_files.make_model(config).state_dict(), folder / "ckpt.dev")
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_released_variant_in_a_folder_of_its_repository(snake_dir, wavs, monkeypatch):
    asked = []

    def download(name, allow_patterns):
        asked.append((name, allow_patterns))
        return snake_dir.parent

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    codec = load_codec("fnlp/AnyGPT-speech-modules:speechtokenizer")
    assert asked == [("fnlp/AnyGPT-speech-modules", ["speechtokenizer/*"])]  # not all that lies beside it
    assert any("alpha" in key for key in codec.model.state_dict())  # the snake's own weights
    assert codec.name == "fnlp/AnyGPT-speech-modules:speechtokenizer"
    codes = codec.encode(wavs[0])
    assert (
        codes.shape == load_codec(snake_dir).encode(wavs[0]).shape
        and codec.hash == load_codec(snake_dir).hash
    )
    with pytest.raises(FileNotFoundError, match="'soundstorm'.*owner/name:folder"):
        load_codec("fnlp/AnyGPT-speech-modules:soundstorm")
    with pytest.raises(FileNotFoundError, match="owner/name:folder"):
        load_codec("fnlp/AnyGPT-speech-modules")


def test_first_layers_alone(tiny_codec, tiny_codec_dir, wavs):
    few = load_codec(tiny_codec_dir, n_layers=2)
    assert np.array_equal(few.encode(wavs[0]), tiny_codec.encode(wavs[0])[:2])
    assert (few.spec.n_layers, few.spec.semantic_layers, few.spec.acoustic_layers) == (2, (1,), (2,))
    assert few.hash != tiny_codec.hash == load_codec(tiny_codec_dir, n_layers=8).hash
    assert np.array_equal(few.decode(few.encode(wavs[0])), tiny_codec.decode(tiny_codec.encode(wavs[0]), 2))
    with pytest.raises(ValueError, match=r"n_layers=9.*from 1 to 8"):
        load_codec(tiny_codec_dir, n_layers=9)


def test_checksum_given_or_listed_or_known_to_the_hubs_cache(tiny_codec, tiny_codec_pt_dir, tmp_path):
    weights = tiny_codec_pt_dir / "SpeechTokenizer.pt"
    right = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert load_codec(tiny_codec_pt_dir, sha256=right.upper()).hash == tiny_codec.hash
    with pytest.raises(ValueError, match=rf"SpeechTokenizer\.pt.*{right}.*expected 0000"):
        load_codec(tiny_codec_pt_dir, sha256="0" * 64)

    listed = shutil.copytree(tiny_codec_pt_dir, tmp_path / "listed")
    (listed / "SHA256SUMS").write_text(f"{'f' * 64}  config.json\n{right} *SpeechTokenizer.pt\n\n")
    assert load_codec(listed).hash == tiny_codec.hash
    with open(listed / "SpeechTokenizer.pt", "ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=f"SpeechTokenizer.*expected {right}"):
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
