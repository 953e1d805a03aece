"""Is B better than A? Scores, their differences and means, with intervals that resample whole groups.

Clips belong to a sentence and to a voice. Of a mapping `groups` each is drawn by itself and a clip's weights
are multiplied: the pigeonhole bootstrap (Owen 2007). It is cautious, the more so if sentences have one voice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import zip_longest

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval, of a coverage (`level`), from `n` resampled units, which `unit` names.

    Both may be several ("voices and seeds", (5, "5 and 3"): of two methods). `reference` is what the interval
    is held against (0: a difference), or None.
    """

    estimate: float
    low: float
    high: float
    n: int | tuple[int | str, ...]
    unit: str
    reference: float | None = 0.0
    level: float = 0.95

    @property
    def verdict(self) -> str:
        """Say "above" or "below" if the interval leaves the reference out, else "not decided"."""
        if self.reference is None:
            return ""
        above, below = self.low > self.reference, self.high < self.reference
        return "above" if above else "below" if below else "not decided"

    @property
    def values(self) -> list[float]:
        """The three numbers, as records and tables hold them: estimate, low, high."""
        return [self.estimate, self.low, self.high]

    @property
    def numbers(self) -> dict[str, float]:
        """The same by name, of a difference."""
        return dict(zip(("difference", "low", "high"), self.values, strict=True))

    @property
    def short(self) -> str:
        """The three numbers for people; signed where they are held against a reference."""
        sign = "" if self.reference is None else "+"
        return f"{self.estimate:{sign}.3f} [{self.low:{sign}.3f}, {self.high:{sign}.3f}]"

    @property
    def over(self) -> str:
        """What was resampled, and of each how many: "250 sentences, 5 voices, 1 and 3 seeds"."""
        counts, units = np.atleast_1d(np.array(self.n, dtype=object)), re.split(", | and ", self.unit)
        return ", ".join(f"{n} {unit}" for n, unit in zip(counts, units, strict=True))

    def __str__(self) -> str:
        about = f"{self.short} ({self.level:.0%} over {self.over})"
        return f"{about}: {self.verdict}" if self.verdict else about

    def _repr_html_(self) -> str:
        return f"<p><code>{escape(str(self))}</code></p>"


@dataclass(frozen=True)
class Bootstrap:
    """How a bootstrap is sampled: number of resamples, seed (or generator), and coverage of the interval.

    `rows` says what the rows of predictions are, in the plural ("seeds", "draws"), where they are resampled
    too, each method's by themselves; None averages over them. `spread`: of each method, the deviation
    (normal) that its row is given if it has one alone.
    """

    n_resamples: int = 2000
    seed: int | np.random.Generator = 0
    level: float = 0.95
    rows: str | None = None
    spread: tuple[float, ...] = ()

    def interval(self, values: np.ndarray, n, unit: str, reference: float | None = 0.0) -> Interval:
        """Return the percentile interval of values (1 + n_resamples,), the first being the estimate."""
        low, high = np.quantile(values[1:], [(1 - self.level) / 2, (1 + self.level) / 2])
        return Interval(float(values[0]), float(low), float(high), n, unit, reference, self.level)


@dataclass(frozen=True)
class PairedScores:
    """Macro-F1 of two predictions of the same clips, and the interval of their difference, B less A."""

    score_a: float
    score_b: float
    difference: Interval


Groups = np.ndarray | Mapping[str, np.ndarray]  # (n_clips,) each


def paired_bootstrap(
    y_true: np.ndarray,
    prediction_a: np.ndarray,
    prediction_b: np.ndarray,
    groups: Groups,
    bootstrap: Bootstrap = Bootstrap(),
    unit: str = "sentences",
) -> PairedScores:
    """Resample whole groups (sentences) with replacement and take the difference of macro-F1 each time.

    y_true: int (n_clips,); predictions: the same, or (n_seeds, n_clips), whose scores are averaged. Clips of
    one of `groups` (n_clips,) stay together; `unit` is its name, plural, unless a mapping names several.
    """
    a, b = np.atleast_2d(prediction_a), np.atleast_2d(prediction_b)
    named = groups if isinstance(groups, Mapping) else {unit: groups}
    if {a.shape[1], b.shape[1], *map(len, named.values())} != {len(y_true)}:
        lengths = f"lengths differ: y_true {len(y_true)}, predictions {a.shape}, {b.shape}, groups "
        raise ValueError(lengths + ", ".join(str(len(one)) for one in named.values()))
    if not len(y_true):
        raise ValueError("y_true is empty: no clip to resample")
    drawn = Resamples(named, bootstrap)
    scores_a, scores_b = drawn.score(y_true, a), drawn.score(y_true, b)
    return PairedScores(float(scores_a[0]), float(scores_b[0]), drawn.interval(scores_b - scores_a))


def bootstrap_macro_f1(
    y_true: np.ndarray, prediction: np.ndarray, groups: Groups, bootstrap: Bootstrap = Bootstrap()
) -> Interval:
    """Return macro-F1 over the classes present, whole groups resampled; shapes as in `paired_bootstrap`.

    Ask that one whether B is better than A: two may overlap where that of the difference leaves zero out.
    """
    drawn = Resamples(groups, bootstrap)
    return drawn.interval(drawn.score(y_true, np.atleast_2d(prediction)), None)


def resample_mean(values: np.ndarray, groups: Groups, bootstrap=Bootstrap(), unit="sentences") -> Interval:
    """Return the mean of values (n_clips,), whole groups resampled."""
    drawn = Resamples(groups, bootstrap, unit)
    total, n = drawn.sum([values, np.ones(len(drawn.cell))]).T
    return drawn.interval(total / n)


class Resamples:
    """How often every clip is drawn in each resample; clips of one cell (sentence and voice) always together.

    Groups (n_clips,) are drawn unit by unit. `n`: how many there are of each unit; `n_rows`: how many rows
    each `score` had; `cell` (n_clips,) and `weights` (1 + n_resamples, n_cells), row 0 all ones: how often.
    """

    def __init__(self, groups: Groups, bootstrap: Bootstrap, unit: str = "sentences"):
        groups = groups if isinstance(groups, Mapping) else {unit: groups}
        self.bootstrap = bootstrap = replace(bootstrap, seed=np.random.default_rng(bootstrap.seed))
        places = np.stack([np.unique(one, return_inverse=True)[1] for one in groups.values()])
        cells, cell = np.unique(places, axis=1, return_inverse=True)
        self.n = dict(zip(groups, (int(row.max()) + 1 for row in cells), strict=True))
        drawn = [draw_weights(n, bootstrap)[:, row] for n, row in zip(self.n.values(), cells, strict=True)]
        self.cell, self.weights, self.n_rows = cell.ravel(), np.prod(drawn, axis=0), []

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Sum values (n_columns, n_clips) over the clips of each resample: (1 + n_resamples, n_columns)."""
        n_cells = self.weights.shape[1]
        return self.weights @ np.stack([np.bincount(self.cell, one, n_cells) for one in values], axis=1)

    def score(self, y_true: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """Macro-F1 over the classes present of predictions (n_rows, n_clips), averaged over the rows."""
        scores = np.stack([self._macro_f1(y_true, one) for one in predictions])
        about, mean = self.bootstrap, scores.mean(axis=0)
        spread = dict(enumerate(about.spread)).get(len(self.n_rows))  # of this method, if one is given
        self.n_rows.append(len(scores))
        if about.rows and len(scores) > 1:
            return np.mean(draw_weights(len(scores), about) * scores.T, axis=1)
        if about.rows and spread:
            mean[1:] += about.seed.normal(0, spread, about.n_resamples)
        return mean

    def _macro_f1(self, y_true: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        true, said = (np.equal.outer(np.unique(y_true), one) for one in (y_true, prediction))
        hits, total = (self.sum(one) for one in (true & said, true.astype(int) + said))
        return np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0).mean(axis=1)

    def interval(self, values: np.ndarray, reference: float | None = 0.0) -> Interval:
        """Return the interval of values (1 + n_resamples,) with what was resampled."""
        rows, of_all = self.bootstrap.rows, dict(self.n)
        varied = [n for n, spread in zip_longest(self.n_rows, self.bootstrap.spread) if n > 1 or spread]
        if rows and varied:
            sizes = list(dict.fromkeys(self.n_rows if rows == "seeds" else varied))  # one "draw" is none
            of_all[rows] = sizes[0] if len(sizes) == 1 else " and ".join(map(str, sizes))
        (*most, last), n = of_all, tuple(of_all.values())
        unit = f"{', '.join(most)} and {last}" if most else last
        return self.bootstrap.interval(values, n if most else n[0], unit, reference)


def draw_weights(n: int, bootstrap: Bootstrap = Bootstrap()) -> np.ndarray:
    """Draw n units n times with replacement: counts, float array (1 + n_resamples, n); row 0 is all ones."""
    rng = np.random.default_rng(bootstrap.seed)
    return np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), bootstrap.n_resamples)])
