"""A selection survives its file, and files of before are read."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selection import Selection, list_differences, make_selection, read_settings
from speechlm_utils.selection.selector import make_selector, token_coefs


def test_selection_file_round_trip(planted_clips, y, tmp_path):
    selector = make_selector().fit(planted_clips, y)
    made = make_selection(selector, planted_clips, "fallacy", FALLACIES, codec_hash="abc")
    made.save(tmp_path / "run" / "selection.json")
    read = Selection.load(tmp_path / "run" / "selection.json", codec_hash="abc")
    assert read.tokens == list(PLANTED_TOKENS)
    assert np.array_equal(read.coefs, token_coefs(selector, PLANTED_TOKENS))
    assert (read.task, read.C, read.solver, read.converged) == ("fallacy", 0.02, "liblinear", True)
    assert read.layers == (2, 3, 4, 5, 6, 7, 8) and read.corpus_hash == made.corpus_hash
    assert (read.threshold, read.max_iter) == ("nonzero", 1000)


def test_differences_are_named_and_none_wants_nothing(planted_clips, y):
    selector = make_selector().fit(planted_clips, y)
    made = make_selection(selector, planted_clips, "fallacy", FALLACIES, "abc")
    wanted = read_settings(selector) | {"C": None, "layers": made.layers}
    assert list_differences(made, wanted) == []
    assert list_differences(replace(made, threshold=None), wanted | {"C": 1.0}) == ["threshold", "C"]


def test_older_file_without_threshold_and_max_iter_is_read(planted_clips, y, tmp_path):
    path, model = tmp_path / "s.json", L1LogisticRegression(threshold="mean", max_iter=2000)
    selector = make_selector(model).fit(planted_clips, y)
    made = make_selection(selector, planted_clips, "fallacy", FALLACIES, "abc")
    made.save(path)
    assert (made.threshold, made.max_iter) == ("mean", 2000)
    values = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in values.items() if k not in ("threshold", "max_iter")}))
    read = Selection.load(path)
    assert read.tokens == made.tokens and (read.threshold, read.max_iter) == (None, None)


def test_empty_selection_is_told_and_survives_the_file(planted_clips, y, tmp_path, caplog):
    selector = make_selector(L1LogisticRegression(1e-4)).fit(planted_clips, y)
    make_selection(selector, planted_clips, "fallacy", FALLACIES, "abc").save(tmp_path / "s.json")
    assert "C=0.0001: no token was selected; what follows reads the words alone" in caplog.text
    assert Selection.load(tmp_path / "s.json").coefs.shape == (3, 0)
    with pytest.raises(ValueError, match="3 classes"):
        make_selection(selector, planted_clips, "fallacy", FALLACIES[:2], "abc")
