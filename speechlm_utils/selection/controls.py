"""Controls of a selection: labels permuted in keeping with the sentences, and tokens sampled at random."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..clips import Clip
from ..codec_spec import CodecSpec
from ..tokens import Token, list_tokens
from .bag_of_words import count_matrix
from .l1 import count_selected, fit_l1

N_NEAREST = 5  # a matched random token is one of so many free tokens nearest in frequency


def permute_labels(y, groups, rng: np.random.Generator) -> np.ndarray:
    """Break the link of clips and labels, but keep how labels lie in sentences.

    Sentences with the same number of clips exchange their lists of labels; then each list is shuffled within
    its sentence. A task whose label is fixed by the sentence is thus permuted over sentences, a task that
    varies within the sentence within it as well. Every label stays as often as in y (n_clips,).
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
    selector: Pipeline, clips: Sequence[Clip], labels: Sequence, Cs: Sequence[float], n_jobs: int = 1
) -> np.ndarray:
    """Count the audio tokens that are selected when the labels mean nothing: int (n_permutations, n_C).

    `labels` are arrays of permuted labels (n_clips,); n_jobs processes take one fit at a time.
    """
    features = clone(selector[:-1])
    X, n_words = features.fit_transform(clips), features["counts"].n_words_
    fits = Parallel(n_jobs)(delayed(fit_l1)(selector[-1], X, y, C) for y in labels for C in Cs)
    counted = [count_selected(fit, n_words) for fit in fits]
    return np.array(counted, dtype=int).reshape(len(labels), len(Cs))


def random_tokens(n_tokens: int, spec: CodecSpec, layers: Sequence[int], seed: int = 0) -> list[Token]:
    """Sample n_tokens different (layer, code) pairs of some layers; by layer and code."""
    tokens = list_tokens(layers, spec.codebook_size)
    if not 0 <= n_tokens <= len(tokens):
        raise ValueError(f"n_tokens={n_tokens}: layers {tuple(layers)} have {len(tokens)} tokens")
    sampled = np.random.default_rng(seed).choice(len(tokens), n_tokens, replace=False)
    return [tokens[i] for i in sorted(sampled)]


def matched_random_tokens(
    selected: Sequence[Token], clips: Sequence[Clip], layers: Sequence[int], seed: int = 0
) -> list[Token]:
    """Sample for each selected token another of its layer that is about as frequent: the strict control.

    Frequencies are counts over the clips. Returns tokens by layer and code. Raises ValueError if a selected
    token lies outside the layers, or a layer has too few tokens left.
    """
    counts = np.asarray(count_matrix(clips, layers).sum(axis=0)).reshape(len(layers), -1)
    free = {layer: set(range(counts.shape[1])) for layer in layers}
    for layer, code in selected:
        free.get(layer, set()).discard(code)
    rng, tokens = np.random.default_rng(seed), []
    for layer, code in (selected[i] for i in rng.permutation(len(selected))):
        if not free.get(layer):
            known = f"layers are {tuple(layers)}"
            raise ValueError(f"token {(layer, code)}: no unselected token left in its layer; {known}")
        row = counts[layers.index(layer)]
        nearest = sorted(free[layer], key=lambda other: (abs(row[other] - row[code]), other))[:N_NEAREST]
        match = int(rng.choice(nearest))
        free[layer].discard(match)
        tokens.append((layer, match))
    return sorted(tokens)
