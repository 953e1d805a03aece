"""What fine-tuning leaves: one folder, equal logits in another process, and no other codec or base model."""

import copy
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file
from tiny_llm import save_tiny_llm

from speechlm_utils.audio import load_audio
from speechlm_utils.clips import label_names, select_clips
from speechlm_utils.codec.load import load_codec
from speechlm_utils.finetuning import artefact
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.selection.selection import Selection

TASK = "fallacy"
IN_ANOTHER_PROCESS = """
import sys
import numpy as np
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier

folder, wav, array, text, out = sys.argv[1:]
classifier = SpeechTokenClassifier.from_pretrained(folder)  # it finds base model and codec by itself
np.save(out, [classifier.predict_wav(wav, text), classifier.predict_wav(np.load(array), text)])
"""


def train(llm, clips, settings, selection=None):
    tokens = selection.tokens if selection else []
    names = label_names(clips["train"], TASK)
    classifier = build_classifier(TASK, names, tokens, settings, LLMSpec(llm))
    classifier.selection = selection
    return fine_tune(classifier, clips)


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return {split: select_clips(tiny_clips, TASK, split) for split in ("train", "validation", "test")}


@pytest.fixture(scope="module")
def selection(clips, tiny_codec):
    tokens = sorted({(layer, int(clips["train"][0].codes[layer - 1, 0])) for layer in (2, 3, 5)})
    names = label_names(clips["train"], TASK)
    coefs = np.zeros((len(names), len(tokens)))
    found = {"C": 0.02, "solver": "saga", "converged": True, "n_iter": 9, "seed": 0, "layers": (2, 3, 5)}
    return Selection(TASK, tokens, coefs, names, codec_hash=tiny_codec.hash, corpus_hash="0123", **found)


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="module")
def result(llm, clips, selection):
    settings = FineTuneSettings(learning_rate=0.02, batch_size=4, max_steps=6, lora_rank=4, seed=1)
    return train(llm, clips, settings, selection)


@pytest.fixture(scope="module")
def result_of_frozen_embeddings(result, llm, clips, selection):
    settings = replace(result.classifier.settings, train_embeddings=False)
    return train(llm, clips, settings, selection)


@pytest.fixture
def saved(result, tiny_codec, tmp_path):
    result.classifier.save(tmp_path / "saved", codec=tiny_codec, corpus="the tiny corpus")
    return tmp_path / "saved"


@pytest.fixture(scope="module")
def other_codec(tiny_codec_dir, tmp_path_factory):
    """The tiny codec with one other code in its first codebook."""
    folder = tmp_path_factory.mktemp("other_codec")
    (folder / "config.json").write_text((tiny_codec_dir / "config.json").read_text())
    state = load_file(tiny_codec_dir / "model.safetensors")
    state["quantizer.vq.layers.0._codebook.embed"][0] += 1
    save_file(state, folder / "model.safetensors")
    return folder


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


def test_a_recording_gets_equal_logits_in_another_process(result, saved, clips, tiny_codec, tmp_path):
    clip = clips["test"][1]
    np.save(tmp_path / "wav.npy", load_audio(clip.audio, tiny_codec.spec.sample_rate))
    files = [saved, clip.audio, tmp_path / "wav.npy"]
    command = [
        sys.executable,
        "-c",
        IN_ANOTHER_PROCESS,
        *map(str, files),
        clip.text,
        str(tmp_path / "out.npy"),
    ]
    root = str(Path(artefact.__file__).parents[2])
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": root})
    expected = result.classifier.predict([clip])[0]
    for found in np.load(tmp_path / "out.npy"):
        assert np.array_equal(found, expected)


def test_a_recording_may_be_a_file_several_files_or_an_array(saved, clips, tiny_codec, tmp_path):
    classifier = SpeechTokenClassifier.from_pretrained(saved, codec=tiny_codec)
    first, second = clips["test"][:2]
    alone = classifier.predict([first])[0]
    wav = load_audio(first.audio, tiny_codec.spec.sample_rate)
    for recording in (first.audio, str(first.audio), wav, wav.astype(np.float64)):
        assert np.array_equal(classifier.predict_wav(recording, first.text), alone)
    joined = np.concatenate([wav, load_audio(second.audio, tiny_codec.spec.sample_rate)])
    both = classifier.predict_wav((first.audio, second.audio), first.text)
    assert np.array_equal(both, classifier.predict_wav(joined, first.text))
    slow = np.repeat(wav, 2)
    soundfile.write(tmp_path / "slow.wav", slow, 2 * tiny_codec.spec.sample_rate, subtype="FLOAT")
    found = classifier.predict_wav(slow, first.text, sample_rate=2 * tiny_codec.spec.sample_rate)
    assert np.array_equal(found, classifier.predict_wav(tmp_path / "slow.wav", first.text))
    with pytest.raises(ValueError, match="wav: has dtype int16, expected floats"):
        classifier.predict_wav((wav * 32767).astype(np.int16), first.text)
    with pytest.raises(FileNotFoundError, match=r"no\.wav"):
        classifier.predict_wav(tmp_path / "no.wav", first.text)


def test_another_codec_is_refused_by_name(result, saved, tiny_codec, other_codec, tmp_path):
    other = load_codec(other_codec)
    assert other.hash != tiny_codec.hash
    for given in (other, other_codec, str(other_codec)):
        with pytest.raises(ValueError) as error:
            SpeechTokenClassifier.from_pretrained(saved, codec=given)
        for part in (tiny_codec.name, tiny_codec.hash, other.name, other.hash, "another sound"):
            assert part in str(error.value)
    with pytest.raises(ValueError, match=f"hash {tiny_codec.hash}.*hash {other.hash}"):
        result.classifier.save(tmp_path / "wrong", codec=other)
    assert not (tmp_path / "wrong").exists()


def test_a_codec_that_is_known_by_its_hash_alone_must_be_given(result, clips, tiny_codec, tmp_path):
    bare = copy.copy(result.classifier)
    bare.codec = bare.codec_facts = None
    bare.save(tmp_path / "saved")
    loaded = SpeechTokenClassifier.from_pretrained(tmp_path / "saved")
    clip = clips["test"][0]
    with pytest.raises(
        ValueError, match=r"classifier 'fallacy': does not name its codec; load it with codec="
    ):
        loaded.predict_wav(clip.audio, clip.text)
    loaded.use_codec(tiny_codec)
    assert np.array_equal(loaded.predict_wav(clip.audio, clip.text), loaded.predict([clip])[0])
    unknown = copy.copy(bare)
    unknown.selection = unknown.codec_facts = None
    with pytest.raises(ValueError, match="does not say which codec its tokens are codes of"):
        unknown.use_codec(tiny_codec)


def test_a_classifier_of_words_alone_needs_no_codec(llm, clips, tmp_path):
    settings = FineTuneSettings(max_steps=2, batch_size=4, lora_rank=2, use_audio=False)
    result = train(llm, clips, settings)
    result.classifier.save(tmp_path)
    loaded, clip = SpeechTokenClassifier.from_pretrained(tmp_path), clips["test"][0]
    assert np.array_equal(loaded.predict_wav(None, clip.text), result.classifier.predict([clip])[0])
    assert loaded.codec is None and not (tmp_path / "selection.json").exists()


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


def test_an_interrupted_save_leaves_no_mixture_of_two_artefacts(result, saved, monkeypatch):
    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(artefact, "format_model_card", fail)
    with pytest.raises(KeyboardInterrupt):
        result.classifier.save(saved)
    with pytest.raises(FileNotFoundError, match="is its folder a saved classifier, completely written"):
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
