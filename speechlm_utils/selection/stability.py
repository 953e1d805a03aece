"""How far to trust a selection: over folds and over subsamples."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from ..clips import Clip, groups
from .l1 import L1LogisticRegression, count_selected, fit_l1

Folds = Sequence[tuple[np.ndarray, np.ndarray]]  # (train, test), places of clips


def split_folds(y, groups, n_folds: int = 5, seed: int = 0) -> Folds:
    """Split clips into stratified folds of whole groups; returns (train, test) index arrays.

    Raises ValueError, naming the class, where a class has fewer groups than there are folds.
    """
    y, groups = np.asarray(y), np.asarray(groups)
    if not len(y) == len(groups):
        raise ValueError(f"y has {len(y)} entries, groups {len(groups)}")
    for label in np.unique(y):
        n_groups = len(np.unique(groups[y == label]))
        if n_groups < n_folds:
            raise ValueError(f"class {label} has {n_groups} groups, n_folds={n_folds} needs as many")
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(y)), y, groups))


def cross_validate_C(
    selector: Pipeline, clips: Sequence[Clip], y, Cs: Sequence[float], folds: Folds, n_jobs: int = 1
) -> pd.DataFrame:
    """Estimate macro-F1 for each C by grouped cross-validation; all features are refit per fold.

    Returns a row per C: C, macro_f1 and macro_f1_std (over folds; over all classes of y), n_tokens (mean over
    folds), n_not_converged (folds).
    """
    jobs = (delayed(_score_fold)(selector, clips, np.asarray(y), Cs, *fold) for fold in folds)
    rows = list(chain.from_iterable(Parallel(n_jobs)(jobs)))
    columns = ["C", "macro_f1", "n_tokens", "not_converged"]
    table = pd.DataFrame(rows, columns=columns).groupby("C", sort=False)
    return table.agg(
        macro_f1=("macro_f1", "mean"),
        macro_f1_std=("macro_f1", "std"),
        n_tokens=("n_tokens", "mean"),
        n_not_converged=("not_converged", "sum"),
    ).reset_index()


def _score_fold(selector: Pipeline, clips, y, Cs, train, test) -> list[tuple[float, float, int, bool]]:
    features, rows = clone(selector[:-1]), []
    X = features.fit_transform([clips[i] for i in train])
    X_test = features.transform([clips[i] for i in test])
    for C in Cs:
        fit = fit_l1(selector[-1], X, y[train], C)
        f1 = f1_score(y[test], fit.predict(X_test), labels=np.unique(y), average="macro", zero_division=0)
        rows.append((C, f1, count_selected(fit, features["counts"].n_words_), not fit.converged_))
    return rows


def fold_coefs(selector: Pipeline, clips: Sequence[Clip], y, folds: Folds) -> np.ndarray:
    """Return the coefficients fitted on each fold's training part: (n_folds, n_classes, n_columns).

    The columns (words, then tokens) are those of all clips, so that folds can be laid over each other;
    TF-IDF and scale are refit per fold.
    """
    fits = _fit_parts(selector, clips, y, [train for train, _ in folds])
    return np.stack([fit.coefs_of(np.unique(y)) for fit, _ in fits])


def stability(
    selector: Pipeline, clips: Sequence[Clip], y, n_subsamples: int = 50, seed: int = 0
) -> pd.DataFrame:
    """Measure the share of subsamples, half the clips each, that select each token.

    The halves are complementary pairs (Shah & Samworth 2013), stratified, of whole groups. Returns layer,
    code and frequency (0 to 1) of every token ever selected, the most frequent first.
    """
    parts, total, bag = sample_halves(clips, y, n_subsamples, seed), 0, None
    for fit, bag in _fit_parts(selector, clips, y, parts):
        total = total + fit.get_support()[bag.n_words_ :]
    rows = [(*bag.tokens_[i], total[i] / n_subsamples) for i in np.flatnonzero(total)]
    table = pd.DataFrame(rows, columns=["layer", "code", "frequency"])
    return table.sort_values(["frequency", "layer", "code"], ascending=[False, True, True], ignore_index=True)


def sample_halves(clips: Sequence[Clip], y, n_subsamples: int, seed: int = 0) -> list[np.ndarray]:
    """Sample half of the clips n_subsamples times: complementary pairs, stratified, of whole groups."""
    pairs = [split_folds(y, groups(clips), 2, seed + i) for i in range((n_subsamples + 1) // 2)]
    return [train for pair in pairs for train, _ in pair][:n_subsamples]


def select_on_parts(
    selector: Pipeline, clips: Sequence[Clip], y, Cs: Sequence[float], parts: Sequence[np.ndarray]
) -> np.ndarray:
    """Select tokens on each part (places of clips) at every C: bool array (n_C, n_parts, n_tokens)."""
    bag, y, found = clone(selector["counts"]), np.asarray(y), []
    counts = bag.fit_transform(clips)
    for part in parts:
        X = clone(selector[1:-1]).fit_transform(counts[part])
        found.append([fit_l1(selector[-1], X, y[part], C).get_support()[bag.n_words_ :] for C in Cs])
    return np.stack(found, axis=1)


def measure_agreement(selected: np.ndarray) -> float:
    """Measure how alike several selections are: the index of Nogueira, Sechidis and Brown (JMLR 2018).

    1 where all are the same, 0 on average where each is drawn at random, whatever their sizes; `selected` is
    bool, (n_selections, n_tokens). NaN where it is not defined: nothing, or all, is selected every time.
    """
    selected = np.asarray(selected, dtype=float)
    if len(selected) < 2:
        raise ValueError(f"{len(selected)} selections: at least two are needed to compare")
    share = selected.mean()
    by_chance = share * (1 - share)
    return float(1 - selected.var(axis=0, ddof=1).mean() / by_chance) if by_chance > 0 else np.nan


def _fit_parts(selector: Pipeline, clips, y, parts) -> Iterator[tuple[L1LogisticRegression, object]]:
    """Yield (fit, bag of words) of each part; words are those of all clips, the rest is refit."""
    bag, y = clone(selector["counts"]), np.asarray(y)
    counts = bag.fit_transform(clips)
    for part in parts:
        yield fit_l1(selector[-1], clone(selector[1:-1]).fit_transform(counts[part]), y[part]), bag
