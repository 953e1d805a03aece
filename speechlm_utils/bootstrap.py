"""Is B better than A? Paired differences of macro-F1, resampled by sentence."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bootstrap:
    """How a bootstrap is drawn: number of resamples, seed, and coverage of the interval."""

    n_resamples: int = 2000
    seed: int = 0
    level: float = 0.95


@dataclass(frozen=True)
class PairedDifference:
    """Macro-F1 of two predictions of the same clips and the interval of their difference.

    Attributes
    ----------
    score_a, score_b : float, macro-F1 over the classes present in y_true
    difference : float, score_b - score_a
    low, high : float, percentile interval of the difference
    level, n_resamples, n_groups, n_clips : how it was made
    """

    score_a: float
    score_b: float
    difference: float
    low: float
    high: float
    level: float
    n_resamples: int
    n_groups: int
    n_clips: int

    def __str__(self) -> str:
        return (
            f"{self.difference:+.3f} [{self.low:+.3f}, {self.high:+.3f}] "
            f"({self.level:.0%} interval, {self.n_groups} sentences, {self.n_clips} clips)"
        )


def paired_bootstrap(
    y_true: np.ndarray,
    prediction_a: np.ndarray,
    prediction_b: np.ndarray,
    groups: np.ndarray,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    """Resample whole groups (sentences) with replacement and take the difference of macro-F1 each time.

    Parameters
    ----------
    y_true, prediction_a, prediction_b : int arrays, shape (n_clips,); or predictions of several seeds, shape
        (n_seeds, n_clips): then macro-F1 is averaged over the seeds within each resample
    groups : array, shape (n_clips,), clips of one sentence are drawn together
    n_resamples, level, seed : of the bootstrap

    Raises
    ------
    ValueError
        If the lengths differ, or there is no clip.
    """
    a, b = np.atleast_2d(prediction_a), np.atleast_2d(prediction_b)
    if not (a.shape[1] == b.shape[1] == len(y_true) == len(groups)):
        lengths = f"y_true {len(y_true)}, predictions {a.shape}, {b.shape}, groups {len(groups)}"
        raise ValueError(f"lengths differ: {lengths}")
    if not len(y_true):
        raise ValueError("y_true is empty: there is no clip to resample")
    classes = np.unique(y_true)
    group, weights = resample_groups(groups, n_resamples, seed)
    scores_a, scores_b = (
        np.mean([_macro_f1(y_true, p, classes, group, weights) for p in predictions], axis=0)
        for predictions in (a, b)
    )
    difference = scores_b - scores_a
    low, high = np.quantile(difference[1:], [(1 - level) / 2, (1 + level) / 2])
    return PairedDifference(
        score_a=float(scores_a[0]),
        score_b=float(scores_b[0]),
        difference=float(difference[0]),
        low=float(low),
        high=float(high),
        level=level,
        n_resamples=n_resamples,
        n_groups=weights.shape[1],
        n_clips=len(y_true),
    )


def bootstrap_macro_f1(
    y_true: np.ndarray,
    prediction: np.ndarray,
    groups: np.ndarray,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return macro-F1 over the classes present and its interval (score, low, high), groups resampled.

    The arguments are those of `paired_bootstrap`, which is the one to ask whether B is better than A: two
    intervals of scores may overlap where that of their difference leaves zero out.
    """
    group, weights = resample_groups(groups, n_resamples, seed)
    scores = _macro_f1(y_true, prediction, np.unique(y_true), group, weights)
    low, high = np.quantile(scores[1:], [(1 - level) / 2, (1 + level) / 2])
    return float(scores[0]), float(low), float(high)


def resample_mean(
    values: np.ndarray,
    groups: np.ndarray,
    n_resamples: int = 2000,
    seed: int | np.random.Generator = 0,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return a mean over clips and its interval (mean, low, high); whole groups are drawn, with replacement.

    Parameters
    ----------
    values : float array, shape (n_clips,)
    groups : array, shape (n_clips,), what must stay together
    n_resamples, seed, level : of the bootstrap
    """
    group, weights = resample_groups(groups, n_resamples, seed)
    means = (weights @ np.bincount(group, values)) / (weights @ np.bincount(group))
    low, high = np.quantile(means[1:], [(1 - level) / 2, (1 + level) / 2])
    return float(means[0]), float(low), float(high)


def resample_groups(
    groups: np.ndarray, n_resamples: int, seed: int | np.random.Generator = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw whole groups with replacement, as often as there are groups.

    Returns
    -------
    group : int array, shape (n_clips,), the place of each clip's group in their sorted order
    weights : float array, shape (1 + n_resamples, n_groups), how often each was drawn; row 0 is the sample
        itself
    """
    names, group = np.unique(groups, return_inverse=True)
    return group, draw_weights(len(names), n_resamples, seed)


def draw_weights(n: int, n_resamples: int, seed: int | np.random.Generator = 0) -> np.ndarray:
    """Draw n units n times with replacement: counts, float array (1 + n_resamples, n); row 0 is all ones."""
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_resamples)
    return np.vstack([np.ones(n), draws])


def _macro_f1(y_true, prediction, classes, group, weights) -> np.ndarray:
    """Macro-F1 for every row of group weights (n_rows, n_groups); shape (n_rows,)."""
    f1 = []
    for name in classes:
        hits = np.bincount(group, (prediction == name) & (y_true == name), weights.shape[1])
        both = np.bincount(group, (prediction == name).astype(int) + (y_true == name), weights.shape[1])
        total = weights @ both
        f1.append(np.divide(2 * (weights @ hits), total, out=np.zeros_like(total), where=total > 0))
    return np.mean(f1, axis=0)
