"""What does a selection keep when the labels mean nothing? Labels permuted in keeping with the sentences."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed

from ..clips import Clip
from ..tokens import ACOUSTIC_LAYERS, list_tokens
from .bag_of_words import count_matrix
from .l1 import count_selected
from .selector import L1Selector


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
    clips: Sequence[Clip],
    y,
    groups,
    Cs: Sequence[float],
    n_permutations: int = 20,
    seed: int = 0,
    n_jobs: int = 1,
    **settings,
) -> np.ndarray:
    """Count the audio tokens that a selection keeps when the labels mean nothing.

    Parameters
    ----------
    clips, y, groups : records, labels and groups (sentence ids), of length n_clips
    Cs : values of C
    n_permutations, seed : of `permute_labels`
    n_jobs : int, processes, a permutation at a time in each; -1 for one per core
    settings : L1Selector parameters

    Returns
    -------
    counts : int array, shape (n_permutations, n_C)
    """
    selector, rng = L1Selector(seed=seed, **settings), np.random.default_rng(seed)
    features, classes = selector.make_features(), np.unique(y)
    X, n_words = features.fit_transform(clips), features["counts"].n_words_
    drawn = [permute_labels(y, groups, rng) for _ in range(n_permutations)]
    counted = Parallel(n_jobs)(
        delayed(_count_kept)(selector, X, labels, classes, Cs, n_words) for labels in drawn
    )
    return np.array(counted, dtype=int).reshape(n_permutations, len(Cs))


def _count_kept(selector: L1Selector, X, y, classes, Cs: Sequence[float], n_words: int) -> list[int]:
    """Fit once for each C and count the columns kept, those of words left out."""
    fits = (selector.fit_matrix(X, y, classes, C) for C in Cs)
    return [count_selected(fit, n_words, selector.threshold) for fit in fits]


def random_tokens(
    n_tokens: int, layers: Sequence[int] = ACOUSTIC_LAYERS, seed: int = 0, codebook_size: int = 1024
) -> list[tuple[int, int]]:
    """Draw n_tokens different (layer, code) pairs uniformly from the layers; returned by layer and code."""
    tokens = list_tokens(layers, codebook_size)
    if not 0 <= n_tokens <= len(tokens):
        raise ValueError(f"n_tokens={n_tokens}: layers {tuple(layers)} have {len(tokens)} tokens")
    chosen = np.random.default_rng(seed).choice(len(tokens), n_tokens, replace=False)
    return [tokens[i] for i in sorted(chosen)]


def matched_random_tokens(
    selection,
    clips: Sequence[Clip],
    layers: Sequence[int] = ACOUSTIC_LAYERS,
    seed: int = 0,
    codebook_size: int = 1024,
    n_nearest: int = 5,
) -> list[tuple[int, int]]:
    """Draw for each selected token another of its layer that is about as frequent: the strict control.

    Parameters
    ----------
    selection : Selection, or sequence of (layer, code)
    clips : records with codes; frequencies are token counts over them
    layers : layers the selection was made from
    seed : int
    codebook_size : int
    n_nearest : int, each match is drawn from so many free tokens nearest in frequency

    Returns
    -------
    tokens : list of (layer, code), by layer and code; as many per layer as selected, none of them selected

    Raises
    ------
    ValueError
        If a selected token lies outside the layers, or a layer has too few tokens left; the message names it.
    """
    selected = [tuple(token) for token in getattr(selection, "tokens", selection)]
    counts = np.asarray(count_matrix(clips, layers, codebook_size).sum(axis=0)).ravel()
    counts = counts.reshape(len(layers), codebook_size)
    free = {layer: set(range(codebook_size)) - {c for k, c in selected if k == layer} for layer in layers}
    rng, tokens = np.random.default_rng(seed), []
    for layer, code in (selected[i] for i in rng.permutation(len(selected))):
        if not free.get(layer):
            raise ValueError(
                f"token {(layer, code)}: no unselected token left in its layer; layers are {tuple(layers)}"
            )
        row = counts[list(layers).index(layer)]
        nearest = sorted(free[layer], key=lambda other: (abs(row[other] - row[code]), other))[:n_nearest]
        match = int(rng.choice(nearest))
        free[layer].discard(match)
        tokens.append((layer, match))
    return sorted(tokens)
