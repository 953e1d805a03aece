"""Is B better than A? Scores, their differences and means, with intervals that resample whole groups."""

from dataclasses import dataclass
from html import escape

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval, of a coverage (`level`), from `n` resampled units.

    `unit` says what they are, in the plural: "sentences", "voices", "sentences and seeds"; `reference` is
    what the interval is held against (0 for a difference), None where nothing is.
    """

    estimate: float
    low: float
    high: float
    n: int
    unit: str
    reference: float | None = 0.0
    level: float = 0.95

    @property
    def verdict(self) -> str:
        """Say "above" or "below" if the interval leaves the reference out, else "not decided"."""
        if self.reference is None:
            return ""
        if self.low > self.reference:
            return "above"
        return "below" if self.high < self.reference else "not decided"

    @property
    def values(self) -> list[float]:
        """The three numbers, as records and tables hold them: estimate, low, high."""
        return [self.estimate, self.low, self.high]

    @property
    def numbers(self) -> dict[str, float]:
        """The same by name, of a difference."""
        return dict(zip(("difference", "low", "high"), self.values, strict=True))

    def __str__(self) -> str:
        sign = "" if self.reference is None else "+"
        shown = f"{self.estimate:{sign}.3f} [{self.low:{sign}.3f}, {self.high:{sign}.3f}]"
        about = f"{shown} ({self.level:.0%} over {self.n} {self.unit})"
        return f"{about}: {self.verdict}" if self.verdict else about

    def _repr_html_(self) -> str:
        return f"<p><code>{escape(str(self))}</code></p>"


@dataclass(frozen=True)
class Bootstrap:
    """How a bootstrap is sampled: number of resamples, seed (or generator), and coverage of the interval."""

    n_resamples: int = 2000
    seed: int | np.random.Generator = 0
    level: float = 0.95

    def interval(
        self, values: np.ndarray, n: int, unit: str = "sentences", reference: float | None = 0.0
    ) -> Interval:
        """Return the percentile interval of values (1 + n_resamples,), the first being the estimate."""
        low, high = np.quantile(values[1:], [(1 - self.level) / 2, (1 + self.level) / 2])
        return Interval(float(values[0]), float(low), float(high), n, unit, reference, self.level)


@dataclass(frozen=True)
class PairedScores:
    """Macro-F1 of two predictions of the same clips, and the interval of their difference, B less A."""

    score_a: float
    score_b: float
    difference: Interval

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers, as records and tables hold them."""
        return {"score_a": self.score_a, "score_b": self.score_b, **self.difference.numbers}


def paired_bootstrap(
    y_true: np.ndarray,
    prediction_a: np.ndarray,
    prediction_b: np.ndarray,
    groups: np.ndarray,
    bootstrap: Bootstrap = Bootstrap(),
    unit: str = "sentences",
) -> PairedScores:
    """Resample whole groups (sentences) with replacement and take the difference of macro-F1 each time.

    Parameters
    ----------
    y_true, prediction_a, prediction_b : int arrays, shape (n_clips,); or predictions of several seeds, shape
        (n_seeds, n_clips): then macro-F1 is averaged over the seeds within each resample
    groups : array, shape (n_clips,), clips of one group are sampled together
    unit : what the groups are, in the plural
    """
    a, b = np.atleast_2d(prediction_a), np.atleast_2d(prediction_b)
    if not (a.shape[1] == b.shape[1] == len(y_true) == len(groups)):
        lengths = f"y_true {len(y_true)}, predictions {a.shape}, {b.shape}, groups {len(groups)}"
        raise ValueError(f"lengths differ: {lengths}")
    if not len(y_true):
        raise ValueError("y_true is empty: there is no clip to resample")
    group, weights = resample_groups(groups, bootstrap)
    scores_a, scores_b = (
        np.mean([_macro_f1(y_true, p, group, weights) for p in predictions], axis=0) for predictions in (a, b)
    )
    difference = bootstrap.interval(scores_b - scores_a, weights.shape[1], unit)
    return PairedScores(float(scores_a[0]), float(scores_b[0]), difference)


def bootstrap_macro_f1(
    y_true: np.ndarray, prediction: np.ndarray, groups: np.ndarray, bootstrap: Bootstrap = Bootstrap()
) -> Interval:
    """Return macro-F1 over the classes present, whole groups resampled; shapes as in `paired_bootstrap`.

    Ask that one whether B is better than A: two intervals may overlap where that of the difference leaves
    zero out.
    """
    group, weights = resample_groups(groups, bootstrap)
    return bootstrap.interval(_macro_f1(y_true, prediction, group, weights), weights.shape[1], reference=None)


def resample_mean(
    values: np.ndarray, groups: np.ndarray, bootstrap: Bootstrap = Bootstrap(), unit: str = "sentences"
) -> Interval:
    """Return the mean of values (n_clips,), whole groups resampled."""
    group, weights = resample_groups(groups, bootstrap)
    means = (weights @ np.bincount(group, values)) / (weights @ np.bincount(group))
    return bootstrap.interval(means, weights.shape[1], unit)


def resample_groups(groups: np.ndarray, bootstrap: Bootstrap = Bootstrap()) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each clip's group in their sorted order (n_clips,), and `draw_weights` of them."""
    names, group = np.unique(groups, return_inverse=True)
    return group, draw_weights(len(names), bootstrap)


def draw_weights(n: int, bootstrap: Bootstrap = Bootstrap()) -> np.ndarray:
    """Draw n units n times with replacement: counts, float array (1 + n_resamples, n); row 0 is all ones."""
    rng = np.random.default_rng(bootstrap.seed)
    return np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), bootstrap.n_resamples)])


def _macro_f1(y_true, prediction, group, weights) -> np.ndarray:
    """Macro-F1 over the classes present for each row of group weights (n_rows, n_groups)."""
    f1 = []
    for name in np.unique(y_true):
        hits = np.bincount(group, (prediction == name) & (y_true == name), weights.shape[1])
        both = np.bincount(group, (prediction == name).astype(int) + (y_true == name), weights.shape[1])
        total = weights @ both
        f1.append(np.divide(2 * (weights @ hits), total, out=np.zeros_like(total), where=total > 0))
    return np.mean(f1, axis=0)
