"""The codec acts as the package's own class in both file formats; what it loads is checked."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import CODEC_CONFIG

from speechlm_utils.audio import load_audio
from speechlm_utils.codec import weights as codec_files
from speechlm_utils.codec.load import load_codec
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
