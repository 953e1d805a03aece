"""How far to trust a selection: over folds, over half-samples, and against tokens drawn at random."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from ..clips import Clip
from .l1 import count_selected, select_columns
from .selector import L1Selector


def split_folds(y, groups, n_folds: int = 5, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split clips into stratified folds of whole groups; returns (train, test) index arrays.

    Raises ValueError, naming the class, where a class has fewer groups than there are folds.
    """
    y, groups = np.asarray(y), np.asarray(groups)
    if not len(y) == len(groups):
        raise ValueError(f"y has {len(y)} entries, groups {len(groups)}")
    for label in np.unique(y):
        n_groups = len(np.unique(groups[y == label]))
        if n_groups < n_folds:
            raise ValueError(
                f"class {label!s} has {n_groups} groups, n_folds={n_folds} needs at least as many"
            )
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(y)), y, groups))


def cross_validate_C(
    clips: Sequence[Clip],
    y,
    groups,
    Cs: Sequence[float],
    n_folds: int = 5,
    seed: int = 0,
    n_jobs: int = 1,
    **settings,
) -> pd.DataFrame:
    """Estimate macro-F1 for each C by grouped cross-validation; all features are refit per fold.

    Parameters
    ----------
    clips, y, groups : records, labels and groups (sentence ids), of length n_clips
    Cs : values of C
    n_folds, seed : of the folds
    n_jobs : int, processes, a fold at a time in each; -1 for one per core
    settings : L1Selector parameters

    Returns
    -------
    table : DataFrame, one row per C: C, macro_f1 and macro_f1_std (over folds; over all classes of y),
        n_tokens (mean over folds), n_not_converged (folds)
    """
    y, selector = np.asarray(y), L1Selector(seed=seed, **settings)
    folds = split_folds(y, groups, n_folds, seed)
    scored = Parallel(n_jobs)(delayed(_score_fold)(selector, clips, y, Cs, *fold) for fold in folds)
    columns = ["C", "macro_f1", "n_tokens", "not_converged"]
    table = pd.DataFrame(list(chain.from_iterable(scored)), columns=columns).groupby("C", sort=False)
    return table.agg(
        macro_f1=("macro_f1", "mean"),
        macro_f1_std=("macro_f1", "std"),
        n_tokens=("n_tokens", "mean"),
        n_not_converged=("not_converged", "sum"),
    ).reset_index()


def _score_fold(selector: L1Selector, clips, y, Cs, train, test) -> list[tuple[float, float, int, bool]]:
    """Fit on one fold's training part; for each C: C, macro-F1 on the rest, tokens, did not converge."""
    features, classes, rows = selector.make_features(), np.unique(y), []
    X = features.fit_transform([clips[i] for i in train])
    X_test, n_words = features.transform([clips[i] for i in test]), features["counts"].n_words_
    for C in Cs:
        fit = selector.fit_matrix(X, y[train], classes, C)
        predicted = classes[(X_test @ fit.coefs.T + fit.intercepts).argmax(axis=1)]
        score = f1_score(y[test], predicted, labels=classes, average="macro", zero_division=0)
        rows.append((C, score, count_selected(fit, n_words, selector.threshold), not fit.converged))
    return rows


def fold_coefs(
    clips: Sequence[Clip], y, groups, C: float, n_folds: int = 5, seed: int = 0, **settings
) -> np.ndarray:
    """Return the coefficients fitted on each fold's training part: (n_folds, n_classes, n_columns).

    The columns (words, then tokens) are those of all clips, so that folds can be laid over each other;
    TF-IDF and scale are refit per fold.
    """
    parts = [train for train, _ in split_folds(y, groups, n_folds, seed)]
    return np.stack([coefs for coefs, _ in _fit_parts(clips, y, parts, L1Selector(C, seed=seed, **settings))])


def stability(
    clips: Sequence[Clip], y, groups, C: float, n_resamples: int = 50, seed: int = 0, **settings
) -> pd.DataFrame:
    """Measure the share of half-samples that select each token (complementary pairs, Shah & Samworth 2013).

    Parameters
    ----------
    clips, y, groups : records, labels and groups (n_clips); halves are stratified and keep groups whole
    C, settings : L1Selector parameters
    n_resamples : int, half-samples fitted

    Returns
    -------
    table : DataFrame (layer, code, frequency in 0..1), a row per token ever selected, most frequent first
    """
    pairs = [split_folds(y, groups, 2, seed + i) for i in range((n_resamples + 1) // 2)]
    parts = [train for pair in pairs for train, _ in pair][:n_resamples]
    total, bag, selector = 0, None, L1Selector(C, seed=seed, **settings)
    for coefs, bag in _fit_parts(clips, y, parts, selector):
        total = total + select_columns(coefs, selector.threshold)[bag.n_words_ :]
    rows = [(*bag.tokens_[i], total[i] / n_resamples) for i in np.flatnonzero(total)]
    table = pd.DataFrame(rows, columns=["layer", "code", "frequency"])
    return table.sort_values(["frequency", "layer", "code"], ascending=[False, True, True], ignore_index=True)


def _fit_parts(clips, y, parts, selector: L1Selector):
    """Yield (coefs, bag of words) of a fit on each part; words are those of all clips, the rest is refit."""
    features, y = selector.make_features(), np.asarray(y)
    counts, classes = features[:1].fit_transform(clips), np.unique(y)
    for part in parts:
        X = clone(features[1:]).fit_transform(counts[part])
        yield selector.fit_matrix(X, y[part], classes).coefs, features["counts"]
