"""Do two similarities of the same items agree? Used to ask whether tokens that sound alike have embeddings
that point the same way (arXiv 2512.07571 leaves open what the pre-trained embeddings learn).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata


@dataclass(frozen=True)
class Agreement:
    """How two tables of similarities agree over pairs, and what chance would give.

    Attributes
    ----------
    correlation : float, Spearman's
    permuted : float array, shape (n_permutations,), the same with the items of one table shuffled
    p : float, share of shuffles at least as high (one-sided; the observed order counts as one)
    """

    correlation: float
    permuted: np.ndarray
    p: float
    n_items: int
    n_pairs: int

    def __str__(self) -> str:
        return f"{self.correlation:+.3f} (p = {self.p:.3f}, {self.n_items} tokens, {self.n_pairs} pairs)"


def compare_similarities(
    a: np.ndarray, b: np.ndarray, n_permutations: int, seed: int = 0, strata: Sequence | None = None
) -> Agreement:
    """Correlate two similarities over all pairs of items, against shuffles of the items (Mantel, 1967).

    Pairs share items, so they are not independent: the ordinary p-value of a correlation would be far too
    small. Shuffling whole items keeps that dependence.

    Parameters
    ----------
    a, b : symmetric float arrays, shape (n_items, n_items)
    strata : one value per item; only pairs within a stratum count, and items are shuffled inside it. None is
        one stratum
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ValueError(f"expected two square arrays of one shape, got {a.shape} and {b.shape}")
    strata = np.zeros(len(a)) if strata is None else np.asarray(strata)
    i, j = np.nonzero(np.triu(strata[:, None] == strata, k=1))
    if len(i) < 3:
        raise ValueError(f"{len(i)} pairs of items are left, at least 3 are needed")
    ranks_a, table_b = rankdata(a[i, j]), np.zeros_like(b)
    table_b[i, j] = table_b[j, i] = rankdata(b[i, j])
    rng, members = np.random.default_rng(seed), [np.flatnonzero(strata == s) for s in np.unique(strata)]
    permuted, order = np.empty(n_permutations), np.arange(len(a))
    for k in range(n_permutations):
        for places in members:
            order[places] = rng.permutation(places)
        permuted[k] = np.corrcoef(ranks_a, table_b[order[i], order[j]])[0, 1]
    correlation = float(np.corrcoef(ranks_a, table_b[i, j])[0, 1])
    p = (1 + np.sum(permuted >= correlation)) / (1 + n_permutations)
    return Agreement(correlation, permuted, float(p), len(a), len(i))
