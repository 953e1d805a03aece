"""Both meanings of macro-F1, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from speechlm_utils.metrics import macro_f1_scores


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
