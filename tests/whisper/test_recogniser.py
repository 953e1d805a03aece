"""Whisper writes down what is said, and says how sure it is."""

import csv
from pathlib import Path

import numpy as np
import pytest
from tiny_whisper import make_tiny_whisper, save_ctranslate2

from speechlm_utils.audio import load_audio
from speechlm_utils.metrics import word_error_rate
from speechlm_utils.whisper.checkpoint import convert_whisper
from speechlm_utils.whisper.recogniser import Recogniser, cut_at_silence

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


def test_other_languages_get_a_clear_sentence(tmp_path):
    convert_whisper(save_ctranslate2(tmp_path / "source", make_tiny_whisper()), tmp_path / "out")
    with pytest.raises(
        ValueError, match=r"language='de': .*out knows English only; name a multilingual model"
    ):
        Recogniser(tmp_path / "out", language="de")
