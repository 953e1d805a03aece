"""Fit one C after the other on the columns that can matter: the sequential strong rule, and a check of it."""

from collections.abc import Sequence

import numpy as np

from .l1 import L1LogisticRegression, fit_l1

SLACK = 1e-5  # by which a slope may be too steep, as a share: solvers stop a little early, too


def fit_screened(model: L1LogisticRegression, X, y, Cs: Sequence[float]) -> list[L1LogisticRegression]:
    """Fit a clone of the model (liblinear) at every C, from small to large, as `fit_l1` does.

    A column stays at 0 where C times the slope of its loss is at most 1. Slopes change little from one C to
    the next, so most columns can be left out (Tibshirani et al., J. R. Stat. Soc. B 74, 2012); where a slope
    then turns out too steep, the column comes back and the fit is repeated. So the optimum is that of all
    columns, found in about half of the time.
    """
    if model.solver != "liblinear":
        return [fit_l1(model, X, y, C) for C in Cs]
    fits, columns = [], X.tocsc()
    for C in Cs:
        if not fits:
            fits.append(fit_l1(model, X, y, C))
        else:
            kept = _find_slopes(fits[-1], X, y) >= 2 / C - 1 / fits[-1].C
            fits.append(_fit_kept(model, columns, y, C, kept))
    return fits


def _fit_kept(model: L1LogisticRegression, X, y, C: float, kept: np.ndarray) -> L1LogisticRegression:
    while True:
        places = np.flatnonzero(kept) if kept.any() else np.arange(1)  # one at the least, which stays at 0
        fit = fit_l1(model, X[:, places].tocsr(), y, C)
        coefs = np.zeros((len(fit.coef_), X.shape[1]))
        coefs[:, places] = fit.coef_
        fit.coef_, fit.n_features_in_ = coefs, X.shape[1]
        wrong = (_find_slopes(fit, X, y) > (1 + SLACK) / C) & ~kept
        if not wrong.any():
            return fit
        kept = kept | wrong


def _find_slopes(fit: L1LogisticRegression, X, y) -> np.ndarray:
    """Find the steepest slope of the loss along each column, over the classes: float array (n_columns,)."""
    scores = X @ fit.coef_.T + fit.intercept_
    targets = fit.classes_ if scores.shape[1] > 1 else fit.classes_[1:]
    signs = np.where(np.asarray(y)[:, None] == targets, 1.0, -1.0)
    share = (signs > 0).mean(axis=0)
    weights = 0.5 / np.where(signs > 0, share, 1 - share)  # classes are balanced
    return np.abs(X.T @ (weights * signs / (1 + np.exp(signs * scores)))).max(axis=1)
