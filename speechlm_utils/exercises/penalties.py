"""Why ℓ1 is sparse where ℓ2 is not: an experiment of notebook 02, change the penalty and count zeros."""

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from .feedback import tell

PENALTIES = {"ℓ2": 0.0, "1 % ℓ1": 0.01, "ℓ1": 1.0}
"""Penalty and its `l1_ratio`, the part of it that is ℓ1."""
STRENGTHS = (0.1, 1.0)
"""Values of C."""
SMALL = 1e-3


def fit_mixed(X, y, l1_ratio: float, C: float) -> np.ndarray:
    """Fit a logistic regression whose penalty is part ℓ1, part ℓ2 (elastic net).

    Parameters
    ----------
    X : sparse or dense array, shape (n_clips, n_columns)
    y : bool array, shape (n_clips,)
    l1_ratio : float, from 0 (ℓ2 alone) to 1 (ℓ1 alone)
    C : float, inverse strength

    Returns
    -------
    coefs : float array, shape (n_columns,)
    """
    settings = {"solver": "saga", "max_iter": 2000, "tol": 1e-3, "random_state": 0}
    model = LogisticRegression(l1_ratio=l1_ratio, C=C, class_weight="balanced", **settings)
    return model.fit(X, y).coef_[0]


def check_zeros(function: Callable[[float, float], int], X, y) -> bool | None:
    """Check a function (l1_ratio, C) -> number of columns whose weight is exactly zero; print them all.

    Parameters
    ----------
    function : the learner's
    X : sparse array, shape (n_clips, n_columns), every column with an entry
    y : bool array, shape (n_clips,)
    """
    name, rows = "Count the zeros", {}
    for penalty, l1_ratio in PENALTIES.items():
        for C in STRENGTHS:
            answer = function(l1_ratio, C)
            if answer is None:
                return tell(name, None)
            coefs = fit_mixed(X, y, l1_ratio, C)
            right, tolerance = int((coefs == 0).sum()), 0.02 * len(coefs)
            if abs(answer - right) > (tolerance if right else 0):
                hint = _explain(answer, coefs)
                return tell(name, False, f"{penalty}, C = {C:g}: you count {answer}, not {right}.{hint}")
            rows.setdefault(penalty, []).append((right, int((np.abs(coefs) < SMALL).sum())))
    for penalty, counts in rows.items():
        said = (f"C = {C:g}: {zeros:5,} zeros, {small:5,} below {SMALL:g}"
                for C, (zeros, small) in zip(STRENGTHS, counts, strict=True))  # fmt: skip
        print(f"{penalty:7}", "; ".join(said))
    n_zeros = sum(zeros for zeros, _ in rows["ℓ2"])
    verdict = "ℓ2 makes weights small, and none zero" if n_zeros == 0 else f"ℓ2 gave {n_zeros} zeros here"
    return tell(name, True, f"Of {X.shape[1]:,} weights: {verdict}; a little ℓ1 is enough for zeros.")


def _explain(answer: int, coefs: np.ndarray) -> str:
    """Say what a wrong count may have counted."""
    if answer == (coefs != 0).sum():
        return " You count the weights that are kept."
    if answer == (np.abs(coefs) < SMALL).sum():
        return " Nearly zero is not zero: the model still needs the column."
    return " Does your fit use both arguments?"
