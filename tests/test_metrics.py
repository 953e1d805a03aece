"""Both meanings of macro-F1, F1 of one class and its threshold, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.metrics import choose_threshold, macro_f1_scores, score_class


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


def test_f1_of_one_class_is_named_and_equals_scikit_learn():
    names = ("fallacious", "not_fallacious", "unclear")
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
    each = f1_score(y_true, y_pred, average=None)
    assert [score_class(y_true, y_pred, names, name) for name in names] == pytest.approx(each.tolist())
    assert score_class([0, 1], [1, 1], names, "fallacious") == 0


def test_f1_of_a_class_that_is_not_there_raises():
    with pytest.raises(ValueError, match=r"class 'fallacy' is not one of \['a', 'b'\]"):
        score_class([0, 1], [0, 1], ("a", "b"), "fallacy")
    with pytest.raises(ValueError, match="y_true holds no clip of class 'b'"):
        score_class([0, 0], [0, 1], ("a", "b"), "b")


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_the_best_of_all_that_there_are(seed):
    rng = np.random.default_rng(seed)
    y = rng.random(60) < 0.2
    scores = np.round(y + rng.normal(size=60), 1)  # rounded, so that some are equal
    threshold, f1 = choose_threshold(y, scores)
    assert f1_score(y, scores > threshold) == pytest.approx(f1)
    assert f1 == pytest.approx(max(f1_score(y, scores > t) for t in [*(scores - 0.05), *(scores + 0.05)]))
    assert threshold not in scores


def test_a_threshold_by_hand():
    assert choose_threshold([True, True, False, False], [4.0, 3.0, 1.0, 0.0]) == (2.0, 1.0)
    assert choose_threshold([False, True], [1.0, 0.0]) == pytest.approx((-0.5, 2 / 3))  # all are of the class


@pytest.mark.parametrize(
    ("y", "scores"), [([True], [1.0, 2.0]), ([False, False], [1.0, 2.0]), ([True, False], [np.nan, 0.0])]
)
def test_no_threshold_without_sound_scores(y, scores):
    with pytest.raises(ValueError, match="at least one of the class, and finite"):
        choose_threshold(y, scores)
