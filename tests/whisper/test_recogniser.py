"""Whisper writes down what is said, and says how sure it is."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tiny_whisper import make_tiny_whisper, save_ctranslate2
from transformers import WhisperForConditionalGeneration

from speechlm_utils.audio import load_audio
from speechlm_utils.whisper.checkpoint import convert_whisper
from speechlm_utils.whisper.recogniser import Recogniser, cut_at_silence
from speechlm_utils.words import word_error_rate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser()


@pytest.fixture(scope="module")
def spoken():
    """Two human clips and their words."""
    with open(ROOT / "data" / "human" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[1::3]
    wavs = [load_audio(ROOT / "data" / "human" / row["file_name"], 16000) for row in rows]
    return wavs, [row["text"] for row in rows]


def test_human_speech_is_understood(recogniser, spoken):
    wavs, words = spoken
    found = recogniser.recognise(wavs)
    assert word_error_rate(words, [text for text, _ in found]) < 0.35
    assert all(0.4 < confidence <= 1 for _, confidence in found)


def test_alone_and_together_give_the_same_words(recogniser, spoken):
    wavs, _ = spoken
    together, alone = recogniser.recognise(wavs), [recogniser.recognise([wav])[0] for wav in wavs]
    assert [text for text, _ in together] == [text for text, _ in alone]
    assert np.allclose([c for _, c in together], [c for _, c in alone], atol=1e-3)


def test_another_rate_is_resampled(recogniser, spoken):
    wav = spoken[0][0]
    assert (
        recogniser.recognise([np.repeat(wav, 2)], sample_rate=32000)[0][0]
        == recogniser.recognise([wav])[0][0]
    )


def test_noise_is_less_certain_than_speech(recogniser, spoken):
    noise = 0.01 * np.random.default_rng(0).normal(size=16000).astype(np.float32)
    (_, of_noise), (_, of_speech) = recogniser.recognise([noise, spoken[0][0]])
    assert of_noise < of_speech


def test_clip_longer_than_30_seconds_is_heard_to_its_end(recogniser, spoken):
    wav, pause = spoken[0][0], np.zeros(32000, np.float32)
    n = int(40 * 16000 / len(np.concatenate([wav, pause])))
    ((text, _),) = recogniser.recognise([np.concatenate([wav, pause] * n)])
    ((once, _),) = recogniser.recognise([wav])
    assert text.lower().count(once.split()[-1].lower().strip(".")) >= n - 1 >= 6


def test_cuts_lie_where_it_is_quiet():
    wav = np.ones(16000 * 70, np.float32)
    for second in (27, 54):
        wav[16000 * second : 16000 * second + 1600] = 0
    pieces = cut_at_silence(wav)
    assert np.array_equal(np.concatenate(pieces), wav)
    assert [round(len(piece) / 16000, 0) for piece in pieces] == [27, 27, 16]
    assert all(piece[-1] == 0 for piece in pieces[:-1])
    assert [len(one) for one in cut_at_silence(wav[:100])] == [100]


def test_english_model_says_that_it_knows_no_other_language(recogniser):
    assert recogniser.languages == ("en",)
    assert recogniser.check_language("en") == recogniser.check_language(" English") == "en"
    assert recogniser.check_language(None) is recogniser.check_language("") is None
    for asked in ("de", "German"):
        with pytest.raises(ValueError) as error:
            recogniser.use_language(asked)
        assert str(error.value) == (
            f"language '{asked}': whisper-tiny.en knows English only; "
            "name a multilingual model, e.g. --model openai/whisper-small --language de"
        )


@pytest.fixture
def multilingual(tmp_path):
    """A random model of two languages, whose tokens are those of two letters."""
    source = save_ctranslate2(tmp_path / "source", make_tiny_whisper(n_frames=1500))
    convert_whisper(source, tmp_path / "tiny")
    model = WhisperForConditionalGeneration.from_pretrained(tmp_path / "tiny")
    settings = model.generation_config
    settings.is_multilingual, settings.lang_to_id = True, {"<|en|>": 10, "<|de|>": 11}
    settings.task_to_id = {"transcribe": 12, "translate": 13}
    model.save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_multilingual_model_is_told_the_language(multilingual, monkeypatch):
    monkeypatch.setattr(Recogniser, "max_tokens", 4)  # there is room for 12
    recogniser, asked = Recogniser(multilingual, language="de"), []
    assert recogniser.languages == ("de", "en")
    generate = recogniser.model.generate

    def watch(*args, **kwargs):
        out = generate(*args, **kwargs)
        asked.append(out.sequences[0, :3].tolist())
        return out

    monkeypatch.setattr(recogniser.model, "generate", watch)
    wav = np.random.default_rng(0).normal(size=16000).astype(np.float32)
    recogniser.recognise([wav])
    for language in ("English", None):
        recogniser.use_language(language)
        recogniser.recognise([wav])
    assert asked[:2] == [[257, 11, 12], [257, 10, 12]]  # start, language, task
    assert asked[2][1] in (10, 11)  # found out
    with pytest.raises(ValueError, match=r"language 'fr': .*tiny knows de, en"):
        Recogniser(multilingual, language="fr")


def test_nothing_is_printed(spoken, capfd):
    Recogniser().recognise(spoken[0][:1])
    assert capfd.readouterr() == ("", "")
