"""Select tokens at a stated false discovery rate: each one competes with a decoy that cannot matter.

Model-X knockoffs (Candès et al. 2018, arXiv 1610.02351). A decoy has the mean, the variance and the
correlations of its token's column, but knows nothing of the labels. Where a token means nothing, it is as
likely to get less weight than its decoy as more. So the decoys that win tell how many tokens win by chance.

Counts are relative to the length of the clip, not TF-IDF rows of length 1 as in `make_selector`: there a
token that tells the class makes all others of its clips smaller, and these then tell the class as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import ledoit_wolf

from ..clips import Clip, groups
from ..tokens import Token, list_tokens
from .bag_of_words import JointBagOfWords, count_matrix
from .l1 import L1LogisticRegression, fit_l1

N_FITS = 12


@dataclass(frozen=True)
class Race:
    """Columns that compete with decoys: X (n_clips, n_columns) standardised, groups (n_clips,).

    `beside` (n_clips, n_others) are columns that take part without decoys: words.
    """

    X: np.ndarray
    groups: np.ndarray
    beside: np.ndarray

    def make_decoys(self, rng: np.random.Generator) -> np.ndarray:
        """Draw decoys, (n_clips, n_columns).

        The covariance is shrunk (Ledoit & Wolf), so that there may be more columns than clips. A decoy's
        correlation with its own column is 1 - s, with one s for all, as large as can be; with another column
        it is that of its own. What is random in it is Gaussian, and in each principal direction as alike
        within a group (a sentence) as the columns are: else any label that a sentence fixes prefers columns.
        """
        covariance = ledoit_wolf(self.X, assume_centered=True)[0]
        deviation = np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
        s = min(1.0, 2 * values[0]) * 0.999  # just inside, for the roots below
        Z, place = self.X / deviation, np.unique(self.groups, return_inverse=True)[1]
        alike, own = measure_likeness(Z @ vectors, place), rng.normal(size=self.X.shape)
        shared = rng.normal(size=(place.max() + 1, self.X.shape[1]))[place]
        noise = np.sqrt(alike) * shared + np.sqrt(1 - alike) * own
        left = np.sqrt(np.maximum(2 * s - s**2 / values, 0))
        return (Z - s * Z @ (vectors / values) @ vectors.T + (noise * left) @ vectors.T) * deviation

    def measure_wins(self, y: np.ndarray, rng: np.random.Generator, model=None) -> np.ndarray:
        """Measure by how much the weight of each column exceeds its decoy's, float array (n_columns,).

        Both are fitted together by the ℓ1 model. C is searched so that about a tenth as many columns have
        weight as there are clips: by counts alone, which do not tell a column from its decoy.
        """
        model, n = model or L1LogisticRegression(), self.X.shape[1]
        both = np.hstack([self.beside, self.X, self.make_decoys(rng)])
        low, high, wanted, weights = 1e-4, 10.0, max(len(self.X) // 10, 20), np.zeros(2 * n)
        for _ in range(N_FITS):
            C = float(np.sqrt(low * high))
            weights = np.abs(fit_l1(model, both, y, C).coef_).sum(axis=0)[-2 * n :]
            count = np.count_nonzero(weights)
            if 0.8 * wanted <= count <= 1.25 * wanted:
                break
            low, high = (C, high) if count < wanted else (low, C)
        return weights[:n] - weights[n:]


def measure_likeness(X: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Measure how clips of a group correlate in each column (of mean 0): float array (n_columns,), 0 to 1."""
    place = np.unique(groups, return_inverse=True)[1]
    sums, n = np.zeros((place.max() + 1, X.shape[1])), np.bincount(place)
    np.add.at(sums, place, X)
    squares = np.square(X).sum(axis=0)
    products = (np.square(sums).sum(axis=0) - squares) / max((n * (n - 1)).sum(), 1)
    return np.clip(products / np.maximum(squares / len(X), 1e-12), 0, 1)


def find_threshold(wins: np.ndarray, rate: float) -> float:
    """Find the smallest win from which on at most a share `rate` are false; infinity if there is none.

    `wins` (n_tokens,) are a token's weight less its decoy's. The decoys that win by as much, and one more,
    stand for the tokens that win by chance.
    """
    for least in np.sort(np.abs(wins[wins != 0])):
        if (1 + (wins <= -least).sum()) <= rate * max((wins >= least).sum(), 1):
            return float(least)
    return np.inf


def prepare_race(
    clips: Sequence[Clip], layers: Sequence[int], use_text: bool = True
) -> tuple[Race, list[Token]]:
    """Return the race of the tokens that vary over some clips, beside their words, and these tokens."""
    n_frames = np.array([[clip.codes.shape[1]] for clip in clips])
    counts = np.log1p(100 * count_matrix(clips, layers).toarray() / np.maximum(n_frames, 1))
    words = np.zeros((len(clips), 0))
    if use_text:
        words = JointBagOfWords(tokens=[]).fit_transform(clips).toarray()
        words = words / np.maximum(words.std(axis=0), 1e-9)
    deviation = counts.std(axis=0)
    varies = np.flatnonzero(deviation > 0)
    X = (counts[:, varies] - counts[:, varies].mean(axis=0)) / deviation[varies]
    tokens = list_tokens(layers, clips[0].spec.codebook_size)
    return Race(X, groups(clips), words), [tokens[place] for place in varies]


def select_with_decoys(
    clips: Sequence[Clip],
    y,
    layers: Sequence[int],
    rate: float = 0.2,
    seed: int = 0,
    use_text: bool = True,
) -> list[Token]:
    """Select tokens of some layers, beside the words, of which at most a share `rate` should be false.

    At least 1 / rate tokens must win, else none is selected.
    """
    race, tokens = prepare_race(clips, layers, use_text)
    wins = race.measure_wins(np.asarray(y), np.random.default_rng(seed))
    return [tokens[place] for place in np.flatnonzero(wins >= find_threshold(wins, rate))]
