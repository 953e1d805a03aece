"""Both meanings of macro-F1, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.metrics import is_plain, macro_f1_scores, word_error_rate, write_plainly


def test_all_and_present_differ_by_the_absent_class():
    scores = macro_f1_scores([0, 0, 1, 1], [0, 0, 1, 2], n_classes=4)
    assert scores["macro_f1_all"] == pytest.approx((1 + 2 / 3) / 4)
    assert scores["macro_f1_present"] == pytest.approx((1 + 2 / 3) / 2)


def test_equals_scikit_learn_when_all_are_present():
    rng = np.random.default_rng(0)
    y_true, y_pred = np.r_[:6, rng.integers(0, 6, 60)], rng.integers(0, 6, 66)
    expected = f1_score(y_true, y_pred, average="macro")
    assert macro_f1_scores(y_true, y_pred, 6) == pytest.approx(
        {"macro_f1_all": expected, "macro_f1_present": expected}
    )


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([], [], "not empty"),
        ([0, 1], [0], "must be equal"),
        ([0, 3], [0, 1], "y_true holds 3"),
        ([0], [-1], "y_pred holds -1"),
    ],
)
def test_bad_labels_raise(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        macro_f1_scores(y_true, y_pred, n_classes=3)


def test_word_error_rate_counts_by_hand():
    heard = ["We can't go on, on!", "the cat"]
    assert (
        word_error_rate(["we can't go on", "a black cat"], heard) == 3 / 7
    )  # one added, one other, one lost
    assert word_error_rate(["so it is"], ["So, it is."]) == 0
    assert word_error_rate(["so it is"], [""]) == 1
    with pytest.raises(ValueError, match="no word"):
        word_error_rate(["..."], ["so"])
    with pytest.raises(ValueError):
        word_error_rate(["so"], [])


def test_word_errors_are_the_fewest_and_pooled():
    assert word_error_rate(["a b c d"], ["b c d e"]) == 2 / 4  # one lost, one added: not four others
    assert word_error_rate(["a b c d e f g h i", "x"], ["a b c d e f g h i", "y"]) == 1 / 10
    assert word_error_rate(["x", ""], ["x y", "z"]) == 2
    assert word_error_rate(["ill disposed"], ["ill-disposed"]) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Don’t — stop, NOW!\n", "don't stop now"),
        ("an ill-disposed 'quote' of 250", "an ill disposed quote of 250"),
        ("snake_case...", "snake case"),
        ("Für Öl? Ça va!", "für öl ça va"),
        ("नमस्ते; धन्यवाद।", "नमस्ते धन्यवाद"),
        ("?!", ""),
    ],
)
def test_words_are_written_plainly_in_any_script(text, words):
    assert write_plainly(text) == words
    assert write_plainly(words) == words


def test_plain_texts_are_told_from_others():
    assert is_plain(["we don't know", "", "an ill-disposed man"])
    for texts in (["we know", "We know"], ["we know."], ["do we", "do we?"], [], ["", " "]):
        assert not is_plain(texts)
