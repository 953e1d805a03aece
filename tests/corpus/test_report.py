"""A report counts clips and labels, and decides which clips can be used."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from import_files import read_csv

from speechlm_utils.clips import Clip
from speechlm_utils.corpus.inspection import inspect_corpus
from speechlm_utils.corpus.report import keep_usable


def make_tone(seconds):
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(16000 * seconds)) / 16000)


def test_tables_and_summary(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(36), 16000)
    rows = [
        ("a", "x", "train", "ann"),
        ("b", "y", "train", "bob"),
        ("c", "x", "test", "ann"),
        ("d", "", "test", ""),
    ]
    clips = [
        Clip(
            name,
            "words",
            tmp_path / ("gone.wav" if name == "b" else "a.wav"),
            {"t": label} if label else {},
            split,
            who,
        )
        for name, label, split, who in rows
    ]
    report = inspect_corpus(clips)
    expected = pd.DataFrame({"train": [1, 1], "test": [1, 0]}, index=[("t", "x"), ("t", "y")])
    assert report.classes.to_dict() == expected.to_dict()
    assert report.splits.loc["train"].to_dict() == pytest.approx(
        {"clips": 2, "unusable": 1, "hours": 0.01, "speakers": 2, "groups": 1}
    )
    assert report.n_speakers == 2
    assert report.summary().splitlines()[:3] == [
        "4 clips, 0.03 hours, 2 speakers; sound files: 1 at 16000 Hz",
        "errors: 1 missing (1 clips cannot be used)",
        "warnings: none",
    ]


def test_keep_usable_refuses_an_empty_rest(tmp_path):
    soundfile.write(tmp_path / "a.wav", make_tone(0.3), 16000)
    good, bad = Clip("a", "x", tmp_path / "a.wav"), Clip("b", "x", tmp_path / "gone.wav")
    assert keep_usable([good], inspect_corpus([good])) == [good]
    assert keep_usable([good, bad], inspect_corpus([good, bad]), "skip") == [good]
    report = inspect_corpus([bad])
    with pytest.raises(ValueError, match="No clip is left"):
        keep_usable([bad], report, "skip", tmp_path / "dropped.csv")
    assert [row["kind"] for row in read_csv(tmp_path / "dropped.csv")] == ["missing"]
    with pytest.raises(ValueError, match="on_error='maybe'"):
        keep_usable([good], report, "maybe")
    with pytest.raises(ValueError, match="1 clip ids occur twice, the first is 'a'"):
        inspect_corpus([good, good])
