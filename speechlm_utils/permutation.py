"""What does a selection keep when the labels mean nothing? Labels permuted in keeping with the sentences."""

from collections.abc import Sequence

import numpy as np

from .corpus import Clip
from .selector import L1Selector, select_columns


def permute_labels(y, groups, rng: np.random.Generator) -> np.ndarray:
    """Break the link of clips and labels, but keep how labels lie in sentences.

    Sentences with the same number of clips exchange their lists of labels; then each list is shuffled within
    its sentence. A task whose label is fixed by the sentence is thus permuted over sentences, a task that
    varies within the sentence within it as well.

    Parameters
    ----------
    y, groups : arrays, shape (n_clips,)
    rng : numpy Generator

    Returns
    -------
    permuted : array, shape (n_clips,), every label as often as in y
    """
    permuted = np.array(y)
    _, group = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(group == i) for i in range(group.max() + 1)]
    for size in sorted({len(one) for one in members}):
        alike = [one for one in members if len(one) == size]
        for target, source in zip(alike, rng.permutation(len(alike)), strict=True):
            permuted[target] = rng.permutation(np.asarray(y)[alike[source]])
    return permuted


def count_permuted(
    clips: Sequence[Clip], y, groups, Cs: Sequence[float], n_permutations: int = 20, seed: int = 0, **settings
) -> np.ndarray:
    """Count the audio tokens that a selection keeps when the labels mean nothing.

    Parameters
    ----------
    clips, y, groups : records, labels and groups (sentence ids), of length n_clips
    Cs : values of C
    n_permutations, seed : of `permute_labels`
    settings : L1Selector parameters

    Returns
    -------
    counts : int array, shape (n_permutations, n_C)
    """
    selector, rng = L1Selector(seed=seed, **settings), np.random.default_rng(seed)
    features, classes = selector.make_features(), np.unique(y)
    X, n_words = features.fit_transform(clips), features["counts"].n_words_
    counts = np.zeros((n_permutations, len(Cs)), dtype=int)
    for row in counts:
        permuted = permute_labels(y, groups, rng)
        fits = (selector.fit_matrix(X, permuted, classes, C) for C in Cs)
        row[:] = [select_columns(fit.coefs, selector.threshold)[n_words:].sum() for fit in fits]
    return counts
