"""Words are found where they are: along a planted path, and in two human sentences with a pause between."""

import csv
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.audio import load_audio
from speechlm_utils.whisper.alignment import align_words, trace_tokens
from speechlm_utils.whisper.recogniser import Recogniser

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser()


def test_planted_path_is_traced():
    starts = [0, 10, 25, 30, 60]
    weights = np.random.default_rng(0).uniform(0, 0.1, (3, 6, 80))
    for row, (low, high) in enumerate(zip(starts, [*starts[1:], 80], strict=True)):
        weights[:, row + 1, low:high] += 1
    assert np.abs(trace_tokens(weights, 1) - starts).max() <= 1


def test_words_of_two_sentences_lie_before_and_after_the_pause(recogniser):
    with open(ROOT / "data" / "human" / "metadata.csv", encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: len(row["text"]))[:2]
    wavs = [load_audio(ROOT / "data" / "human" / row["file_name"], 16000) for row in rows]
    joined, pause = np.concatenate([wavs[0], np.zeros(16000, np.float32), wavs[1]]), len(wavs[0]) / 16000
    ends = align_words(recogniser, joined, " ".join(row["text"] for row in rows))
    n_first = len(rows[0]["text"].split())
    assert len(ends) == n_first + len(rows[1]["text"].split())
    assert np.all(np.diff(ends) >= 0) and ends[-1] <= len(joined) / 16000
    assert ends[n_first - 2] < pause < ends[n_first] and abs(ends[n_first - 1] - pause) < 1.3


def test_recogniser_is_left_as_it_was(recogniser):
    before = recogniser.model.config._attn_implementation
    wav = np.random.default_rng(0).normal(size=16000).astype(np.float32)
    assert len(align_words(recogniser, 0.01 * wav, "three plain words")) == 3
    assert recogniser.model.config._attn_implementation == before
    assert len(align_words(recogniser, wav, "  ")) == 0


def test_too_long_a_clip_is_told(recogniser):
    with pytest.raises(ValueError, match="lasts 31 s, at most 30"):
        align_words(recogniser, np.zeros(31 * 16000, np.float32), "a")
