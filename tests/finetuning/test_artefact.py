"""What fine-tuning leaves: one folder that reloads to equal logits, and no other base model."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from peft import get_peft_model_state_dict
from safetensors.torch import load_file
from tiny_classifier import TASK, train
from tiny_llm import save_tiny_llm

from speechlm_utils.finetuning import artefact
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.finetune import build_classifier
from speechlm_utils.llm.embeddings import read_embeddings
from speechlm_utils.llm.spec import LLMSpec


@pytest.mark.parametrize("kind", ["result", "result_of_frozen_embeddings"])
def test_reload_gives_equal_logits(request, kind, clips, selection, tiny_codec, tmp_path):
    result = request.getfixturevalue(kind)
    before = result.classifier.predict(clips["test"])
    assert np.array_equal(before, result.logits["test"])
    result.classifier.save(tmp_path / "saved", codec=tiny_codec)
    loaded = SpeechTokenClassifier.from_pretrained(tmp_path / "saved")
    assert np.array_equal(loaded.predict(clips["test"]), before)
    for name in ("settings", "tokens", "label_names", "task", "llm", "codec_facts", "results"):
        assert getattr(loaded, name) == getattr(result.classifier, name), name
    assert loaded.selection.tokens == selection.tokens
    loaded.save(tmp_path / "again")
    again = SpeechTokenClassifier.from_pretrained(tmp_path / "again")
    assert np.array_equal(again.predict(clips["test"]), before)
    assert (tmp_path / "again" / "README.md").read_text() == (tmp_path / "saved" / "README.md").read_text()


def test_the_artefact_is_small_and_named(result, saved, selection, tiny_codec):
    files = {str(file.relative_to(saved)) for file in saved.rglob("*") if file.is_file()}
    assert files == {
        "README.md",
        "settings.json",
        "selection.json",
        "results.json",
        "rows.safetensors",
        "head.safetensors",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
    }
    assert sum((saved / file).stat().st_size for file in files) < 40_000
    about = json.loads((saved / "settings.json").read_text())
    assert about["tokens"] == [list(token) for token in selection.tokens]
    assert about["template"] == "<|text|> text <|text_end|> <|audio|> audio <|audio_end|>"
    assert (about["codec_facts"]["hash"], about["codec_facts"]["n_layers"]) == (tiny_codec.hash, 8)
    assert torch.__version__.startswith(about["versions"]["torch"])
    assert set(load_file(saved / "rows.safetensors")) == set(result.classifier.ids)
    assert json.loads((saved / "results.json").read_text())["metrics"] == result.metrics


def test_another_base_model_or_a_broken_folder_is_refused(saved, llm, tmp_path):
    other = save_tiny_llm(tmp_path / "other", seed=1)
    with pytest.raises(ValueError, match=rf"saved: was trained upon {llm} .* but {other} has hash"):
        SpeechTokenClassifier.from_pretrained(saved, base=other)
    (saved / "head.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"head\.safetensors"):
        SpeechTokenClassifier.from_pretrained(saved)
    (saved / "results.json").write_text("{")
    with pytest.raises(ValueError, match=r"results\.json: no valid JSON"):
        SpeechTokenClassifier.from_pretrained(saved)
    with pytest.raises(FileNotFoundError, match=r"settings\.json"):
        SpeechTokenClassifier.from_pretrained(tmp_path)


def test_an_interrupted_save_leaves_the_old_artefact_whole(result, saved, monkeypatch):
    def fail(*args):
        raise KeyboardInterrupt

    before = {path: path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(artefact, "format_model_card", fail)
        result.classifier.save(saved)
    assert before == {path: path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    (saved / "settings.json").unlink()  # as it is while new files take the places of old ones
    with pytest.raises(FileNotFoundError, match="is its folder a saved classifier, completely written"):
        SpeechTokenClassifier.from_pretrained(saved)


@pytest.mark.parametrize("file", ["head.safetensors", "adapter/adapter_model.safetensors"])
def test_damaged_weights_are_named(saved, file):
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[:-20])
    with pytest.raises(ValueError, match=f"{file}: not a safetensors file of weights"):
        SpeechTokenClassifier.from_pretrained(saved)


def test_a_folder_of_another_format_is_refused(saved):
    about = json.loads((saved / "settings.json").read_text())
    (saved / "settings.json").write_text(json.dumps(about | {"format": 1}))
    with pytest.raises(ValueError, match=r"settings\.json: format 1 .* known is 2"):
        SpeechTokenClassifier.from_pretrained(saved)


def test_weights_of_another_shape_are_refused(saved):
    about = json.loads((saved / "settings.json").read_text())
    about["settings"]["lora_rank"] = 2
    (saved / "settings.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match=r"saved: .*lora_.* has shape .* the model needs"):
        SpeechTokenClassifier.from_pretrained(saved)


def test_adapter_of_words_alone_goes_into_a_model_whose_embeddings_are_trained(
    llm, clips, selection, result, tmp_path
):
    settings = replace(result.classifier.settings, use_audio=False)
    words = train(llm, clips, settings, None).classifier
    words.save(tmp_path / "words")
    tokens, names = selection.tokens, selection.label_names
    fresh = build_classifier(TASK, names, tokens, result.classifier.settings, LLMSpec(llm))
    before = read_embeddings(fresh.model, fresh.ids)
    artefact.load_adapter(tmp_path / "words", fresh.model)
    loaded, own = (get_peft_model_state_dict(one.model) for one in (fresh, words))
    assert all(torch.equal(loaded[name], own[name]) for name in own if ".lora_" in name or "score" in name)
    after = read_embeddings(fresh.model, fresh.ids)
    assert all(np.array_equal(after[name], before[name]) for name in before)
