"""One ℓ1 fit on ready-made features, by three solvers, and the columns that it keeps."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

# liblinear penalises the intercept too. At its default scaling of 1 the intercept stays at zero, and frequent
# tokens are selected in its place; a large scaling leaves it all but free, as in saga and skglm.
INTERCEPT_SCALING = 30.0
SOLVER_TOL = {"liblinear": 1e-6, "skglm": 1e-6, "saga": 1e-4}


@dataclass(frozen=True)
class L1Fit:
    """One l1 fit: coefs (n_classes, n_columns), intercepts (n_classes,), convergence, iterations."""

    coefs: np.ndarray
    intercepts: np.ndarray
    converged: bool
    n_iter: int


def fit_l1(X, y, C, classes, solver="liblinear", max_iter=1000, tol=None, seed=0) -> L1Fit:
    """Fit l1-penalised logistic regression with balanced class weights on ready-made features.

    Parameters
    ----------
    X : sparse matrix, shape (n_clips, n_columns)
    y : array, shape (n_clips,), at least two classes
    C : float, inverse strength of the penalty
    classes : sequence, rows of the result, any order; a class absent from y gets zeros and is never predicted
    solver : "liblinear" or "skglm" (one against the rest), or "saga" (multinomial, the paper's)
    max_iter, tol : stopping; tol=None takes 1e-6 (saga: 1e-4)
    seed : int

    Returns
    -------
    fit : L1Fit; with two classes the rows are (-w, w)

    Raises
    ------
    ValueError
        If the solver is unknown, C is not positive, y holds one class only, or one that is not in `classes`.

    Notes
    -----
    skglm takes no sample weights: its classes are *not* balanced. C is converted: alpha = 1 / (C n_clips).
    """
    if solver not in SOLVER_TOL:
        raise ValueError(f"solver={solver!r}: must be one of {sorted(SOLVER_TOL)}")
    if not C > 0:
        raise ValueError(f"C={C!r}: must be positive")
    present = np.unique(y)
    if len(present) < 2:
        raise ValueError(f"y holds the single class {present.tolist()}; at least two are needed")
    place = {label: row for row, label in enumerate(np.asarray(classes).tolist())}
    if unknown := sorted(set(present.tolist()) - set(place)):
        raise ValueError(f"y holds {unknown}, classes are {list(place)}")
    model = _make_solver(C, X.shape[0], solver, max_iter, SOLVER_TOL[solver] if tol is None else tol, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # reported as `converged`
        model.fit(X, y)
    parts = [model] if solver == "saga" else model.estimators_
    w, b = np.vstack([p.coef_ for p in parts]), np.concatenate([np.atleast_1d(p.intercept_) for p in parts])
    if len(present) == 2:
        w, b = np.vstack([-w, w]), np.concatenate([-b, b])
    rows = [place[label] for label in present.tolist()]
    coefs, intercepts = np.zeros((len(classes), X.shape[1])), np.full(len(classes), -np.inf)
    coefs[rows], intercepts[rows] = w, b
    n_iter = max(int(np.max(p.n_iter_)) for p in parts)
    return L1Fit(coefs, intercepts, n_iter < max_iter, n_iter)


def _make_solver(C: float, n_clips: int, solver: str, max_iter: int, tol: float, seed: int):
    """Make the scikit-learn style estimator behind a solver's name."""
    if solver == "skglm":
        from skglm import SparseLogisticRegression

        return OneVsRestClassifier(SparseLogisticRegression(1 / (C * n_clips), tol=tol, max_iter=max_iter))
    shared = {
        "l1_ratio": 1,
        "class_weight": "balanced",
        "max_iter": max_iter,
        "tol": tol,
        "random_state": seed,
    }
    if solver == "saga":
        return LogisticRegression(C=C, solver=solver, **shared)
    model = LogisticRegression(C=C, solver=solver, intercept_scaling=INTERCEPT_SCALING, **shared)
    return OneVsRestClassifier(model)


def select_columns(coefs: np.ndarray, threshold: str = "nonzero") -> np.ndarray:
    """Return which columns of coefs (n_classes, n_columns) are selected: bool array (n_columns,)."""
    weight = np.abs(coefs).sum(axis=0)
    if threshold not in ("nonzero", "mean"):
        raise ValueError(f"threshold={threshold!r}: must be 'nonzero' or 'mean'")
    return (weight > 0) & (weight >= (weight.mean() if threshold == "mean" else 0))


def count_selected(fit: L1Fit, n_words: int, threshold: str) -> int:
    """Count the selected columns, those of the words, which come first, left out."""
    return int(select_columns(fit.coefs, threshold)[n_words:].sum())
