"""Recordings get the logits of their clips, in another process, too; another codec is refused."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_classifier import train

from speechlm_utils.audio import load_audio
from speechlm_utils.codec.load import load_codec
from speechlm_utils.finetuning import artefact
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.lora import FineTuneSettings

IN_ANOTHER_PROCESS = """
import sys
import numpy as np
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier

folder, wav, array, text, out = sys.argv[1:]
classifier = SpeechTokenClassifier.from_pretrained(folder)  # it finds base model and codec by itself
np.save(out, [classifier.predict_wav(wav, text), classifier.predict_wav(np.load(array), text)])
"""


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


def test_equal_prompts_are_computed_once(llm, clips, monkeypatch):
    settings = FineTuneSettings(max_steps=2, batch_size=4, lora_rank=2, use_audio=False)
    classifier, some = train(llm, clips, settings).classifier, clips["test"][:4]
    expected, sizes, forward = classifier.predict(some), [], classifier.model.forward

    def count(**batch):
        sizes.append(len(batch["input_ids"]))
        return forward(**batch)

    monkeypatch.setattr(classifier.model, "forward", count)
    twice = classifier.predict([*some, *some[::-1]])
    assert np.allclose(twice, np.concatenate([expected, expected[::-1]]), atol=1e-5)
    assert sum(sizes) == len({clip.text for clip in some})
