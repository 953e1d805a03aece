"""Row of the selection: the whole path, folds and subsamples, against one fit of the paper's solver."""

import warnings

import numpy as np
from scipy.special import expit
from timing import Material, Pair, Row, choose_by_length, describe

from speechlm_utils.clips import groups
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.selection.stability import fold_coefs, split_folds, stability

C, TOL = (
    0.02,
    1e-5,
)  # at scikit-learn's 1e-4 saga stops while the objective is half a per cent above its minimum


def prepare_path(material: Material) -> Pair:
    """Two classes, the most frequent label and the others: there both solvers have the same problem."""
    sizes, task = material.sizes, material.task
    clips = choose_by_length(material.clips, sizes["selected"])
    labels = [clip.labels[task] for clip in clips]
    y = np.array(labels) == max(sorted(set(labels)), key=labels.count)
    selector = make_selector(L1LogisticRegression(C))
    Cs = [*np.geomspace(C / 4, 4 * C, sizes["Cs"] - 1), C]

    def whole_path():
        path = fit_l1_path(selector, clips, y, Cs)
        fold_coefs(selector, clips, y, split_folds(y, groups(clips), 5))
        stability(selector, clips, y, sizes["subsamples"])
        return path.coefs[-1, 1]

    def one_saga_fit():
        saga = L1LogisticRegression(C, "saga", max_iter=100_000, tol=TOL)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it must converge
            return make_selector(saga).fit(clips, y)["l1"].coef_[0]

    X = make_selector()[:-1].fit_transform(clips)

    def check(fast, plain) -> str:
        values = [measure_objective(X, y, coefs) for coefs in (fast, plain)]
        assert abs(values[0] / values[1] - 1) < 1e-3, f"objectives {values}"
        agree = np.mean((fast != 0) == (plain != 0))
        return f"objective {values[0] / values[1] - 1:+.2%}, {agree:.1%} of the columns alike"

    on = f"{describe(clips)}, {X.shape[1]:,} columns; {len(Cs)} C, 5 folds, {sizes['subsamples']} subsamples"
    return Pair(whole_path, one_saga_fit, check, on)


def measure_objective(X, y, coefs) -> float:
    """C · balanced logistic loss + ‖w‖₁ at the best intercept."""
    from scipy.optimize import minimize_scalar

    scores, weight = X @ coefs, np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))

    def loss(intercept: float) -> float:
        right = expit(np.where(y, 1, -1) * (scores + intercept))
        return float(-(weight * np.log(np.maximum(right, 1e-300))).sum())

    return C * minimize_scalar(loss, bounds=(-20, 20), method="bounded").fun + np.abs(coefs).sum()


ROWS = [
    Row(
        "selection",
        "liblinear, features once: path of C, folds and subsamples",
        "one converged fit by saga, the paper's solver",
        1,
        prepare_path,
    )
]
