"""Step 3 on a two-layer Llama: it learns a planted token and moves nothing but what it must."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils.clips import hash_corpus, label_names
from speechlm_utils.finetuning.finetune import (
    _split_steps,
    _weigh_classes,
    _weighted_loss,
    build_classifier,
    fine_tune,
)
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.embeddings import read_embeddings
from speechlm_utils.llm.load import load_llm
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.llm.vocabulary import add_speech_tokens

SETTINGS = FineTuneSettings(
    learning_rate=0.02, batch_size=8, n_epochs=6, patience=6, lora_rank=4, lora_alpha=8, seed=1
)


def train(clips, tokens, settings, folder, embeddings=None):
    """Build a classifier of `task` and train it."""
    names = label_names(clips["train"], "task")
    return fine_tune(build_classifier("task", names, tokens, settings, LLMSpec(folder), embeddings), clips)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def clips():
    return {
        split: make_clips(n_clips, seed, split)
        for seed, (split, n_clips) in enumerate({"train": 48, "validation": 15, "test": 21}.items())
    }


@pytest.fixture(scope="module")
def embeddings(folder):
    model, tokenizer = load_llm(LLMSpec(folder))
    return read_embeddings(model, add_speech_tokens(tokenizer, model, TOKENS, seed=9))


@pytest.fixture(scope="module", params=[True, False], ids=["embeddings_trained", "embeddings_frozen"])
def result(request, folder, clips, embeddings):
    settings = replace(SETTINGS, train_embeddings=request.param)
    return train(clips, TOKENS, settings, folder, embeddings)


def test_it_learns_the_planted_token(result):
    assert result.metrics["test"]["macro_f1_all"] > 0.9
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert len(result.losses) == 6 * 6 and [entry["epoch"] for entry in result.history] == [1, 2, 3, 4, 5, 6]
    assert {split: z.shape for split, z in result.logits.items()} == {"validation": (15, 3), "test": (21, 3)}


def test_the_best_epoch_is_kept(result):
    best = max(entry["macro_f1_all"] for entry in result.history)
    assert result.metrics["validation"]["macro_f1_all"] == pytest.approx(best)


def test_text_alone_stays_at_chance(folder, clips):
    settings = replace(SETTINGS, use_audio=False, n_epochs=2)
    result = train(clips, [], settings, folder)
    assert result.metrics["test"]["macro_f1_all"] < 0.5  # each text stands with each label equally often


def test_only_rows_adapters_and_head_move(result, folder, embeddings):
    classifier = result.classifier
    base, _ = load_llm(LLMSpec(folder))
    n_old = base.config.vocab_size - 1  # the pad token is no old row
    old = base.model.embed_tokens.weight[:n_old]
    embedding = classifier.model.get_input_embeddings()
    with torch.no_grad():
        assert torch.equal(embedding(torch.arange(n_old)), old)
    for name, parameter in base.model.layers.named_parameters():
        path = name.replace("_proj.weight", "_proj.base_layer.weight")
        found = dict(classifier.model.base_model.model.model.layers.named_parameters())
        assert torch.equal(found.get(path, found.get(name)), parameter), name
    after = read_embeddings(classifier.model, classifier.ids)
    seen = [name for name in after if name != "<|pad|>"]
    moved = [not np.array_equal(after[name], embeddings[name]) for name in seen]
    assert all(moved) if classifier.settings.train_embeddings else not any(moved)


def test_the_classifier_remembers_its_clips_and_scores(result, clips):
    results = result.classifier.results
    assert results["metrics"] == result.metrics
    assert results["data"]["labels"]["test"] == {"a": 7, "b": 7, "c": 7}
    assert results["data"]["train_hash"] == hash_corpus(clips["train"]) != hash_corpus(clips["test"])


def test_prediction_does_not_depend_on_order_or_company(result, clips):
    classifier, test = result.classifier, clips["test"]
    whole = classifier.predict(test)
    np.testing.assert_allclose(classifier.predict(test[::-1])[::-1], whole, atol=1e-4)
    alone = np.concatenate([classifier.predict([clip]) for clip in test[:4]])
    np.testing.assert_allclose(alone, whole[:4], atol=1e-4)
    assert classifier.label_names == ["a", "b", "c"]


def test_training_stops_early_and_quietly(folder, clips, embeddings, capfd):
    settings = replace(SETTINGS, learning_rate=1e-9, patience=2)
    result = train(clips, TOKENS, settings, folder, embeddings)
    assert len(result.history) == 3
    assert capfd.readouterr() == ("", "")


def test_validation_can_come_every_few_steps(folder, clips):
    settings = replace(SETTINGS, max_steps=6, eval_steps=3, n_epochs=1)
    result = train(clips, TOKENS, settings, folder)
    assert [entry["step"] for entry in result.history] == [3, 6]
    assert len(result.losses) == 6


def test_words_come_first_and_then_tokens(folder, clips, embeddings):
    settings = replace(SETTINGS, text_only_warmup=0.5)
    assert [part.max_steps for part in _split_steps(settings, 6)] == [18, 18]
    assert [part.max_steps for part in _split_steps(replace(settings, max_steps=5), 6)] == [2, 3]
    assert _split_steps(SETTINGS, 6) == [SETTINGS]
    with pytest.raises(ValueError, match="text_only_warmup=1"):
        replace(SETTINGS, text_only_warmup=1)
    result = train(clips, TOKENS, settings, folder, embeddings)
    assert result.metrics["test"]["macro_f1_all"] > 0.9
    assert len(result.losses) == 36 and [entry["epoch"] for entry in result.history] == [4, 5, 6]
    assert [entry["step"] for entry in result.history] == [24, 30, 36]
    first = np.mean(result.losses[12:18])  # the words say nothing here, so only the tokens' part can learn
    assert first > np.log(3) * 0.8 > np.mean(result.losses[-6:])


def test_equal_seeds_give_equal_logits(folder, clips):
    settings = replace(SETTINGS, max_steps=3)
    first, second = (train(clips, TOKENS, settings, folder) for _ in range(2))
    assert np.array_equal(first.logits["test"], second.logits["test"])
    other = train(clips, TOKENS, replace(settings, seed=2), folder)
    assert not np.array_equal(first.logits["test"], other.logits["test"])


def test_class_weights_make_classes_count_alike():
    y = np.array([0, 0, 0, 1])
    weights = _weigh_classes(y, 3)
    assert weights[:2].tolist() == pytest.approx([4 / 9, 4 / 3])
    logits = torch.tensor([[2.0, 0.0, 0.0]] * 4)
    loss = _weighted_loss(weights, SimpleNamespace(logits=logits), torch.tensor(y))
    logs = logits.log_softmax(1)[0]
    assert float(loss) == pytest.approx(float(-(logs[0] + logs[1]) / 2))


def test_bad_inputs_are_named(folder, clips, embeddings):
    bare = [replace(clips["test"][0], labels={}, id="x7")]
    with pytest.raises(ValueError, match="clip x7: its task label"):
        train({**clips, "test": bare}, TOKENS, SETTINGS, folder, embeddings)
    one = [clip for clip in clips["train"] if clip.labels["task"] == "a"]
    with pytest.raises(ValueError, match="at least two are needed"):
        train({"train": one}, TOKENS, SETTINGS, folder, embeddings)
    with pytest.raises(ValueError, match="embeddings hold no"):
        train(clips, [*TOKENS, (8, 8)], SETTINGS, folder, embeddings)
