"""Controls of a selection: labels permuted in keeping with the sentences, and tokens sampled at random."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..clips import Clip
from ..tokens import Token
from .bag_of_words import sum_counts
from .l1 import count_selected, fit_l1

N_NEAREST = 5  # a matched random token is one of at least so many free tokens nearest in frequency
MOST_SHARED = 0.2  # of a layer's tokens, between two matched draws


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


def find_entry_C(X, labels) -> np.ndarray:
    """Find the smallest C at which any column of X gets weight: for many labellings, without a single fit.

    At zero, the slope of the loss along a column is n / 4 times the difference of its means, in the class and
    outside of it, where classes are balanced and the intercept is free; a column enters when C times the
    slope reaches 1, the price of ℓ1. X is sparse (n_clips, n_columns), labels are (n_labellings, n_clips);
    float array (n_labellings,).
    """
    labels, n_clips = np.atleast_2d(labels), X.shape[0]
    inside = (labels[:, None] == np.unique(labels)[:, None]).reshape(-1, n_clips).astype(float)
    size, total = inside.sum(axis=1), np.asarray(X.sum(axis=0))
    sums = (X.T @ inside.T).T
    gap = np.abs(sums / size[:, None] - (total - sums) / (n_clips - size)[:, None])
    return 4 / (n_clips * gap.reshape(len(labels), -1).max(axis=1))


def shuffle_codes(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    """Exchange the codes of clips at random; words, labels and all else stay."""
    order = rng.permutation(len(clips))
    return [replace(one, codes=clips[i].codes) for one, i in zip(clips, order, strict=True)]


def random_tokens(n_tokens: int, clips: Sequence[Clip], layers: Sequence[int], seed: int = 0) -> list[Token]:
    """Sample n_tokens different tokens of some layers among those that occur in the clips; by layer and code.

    A token that never occurs says nothing, and a control that holds such tokens is too easy to beat.
    """
    rows, codes = np.nonzero(sum_counts(clips, layers))
    if not 0 <= n_tokens <= len(rows):
        raise ValueError(f"n_tokens={n_tokens}: of layers {tuple(layers)}, {len(rows)} tokens occur")
    sampled = np.sort(np.random.default_rng(seed).choice(len(rows), n_tokens, replace=False))
    return [(layers[rows[i]], int(codes[i])) for i in sampled]


def matched_random_tokens(
    selected: Sequence[Token], clips: Sequence[Clip], layers: Sequence[int], n_draws: int, seed: int = 0
) -> list[list[Token]]:
    """Sample for each selected token another of its layer that is about as frequent, n_draws times.

    The strict control. A match is one of the N tokens nearest in count over the clips, among those that occur
    and are not selected: of them, one that the fewest earlier draws hold. N grows, layer by layer, until two
    draws share at most `MOST_SHARED` of their tokens, or the layer has no more (`largest_share` tells).

    Returns draws, each a list of tokens by layer and code. Raises ValueError if a selected token lies outside
    the layers, or a layer has too few tokens left.
    """
    if unknown := [token for token in selected if token[0] not in layers]:
        raise ValueError(f"token {unknown[0]}: its layer is none of {tuple(layers)}")
    counts, rng = sum_counts(clips, layers), np.random.default_rng(seed)
    draws = [[] for _ in range(n_draws)]
    for layer in sorted({layer for layer, _ in selected}):
        codes = [code for other, code in selected if other == layer]
        matches = _match_layer(counts[layers.index(layer)], codes, n_draws, rng)
        if matches is None:
            raise ValueError(f"layer {layer}: too few unselected tokens occur to match its {len(codes)}")
        for draw, some in zip(draws, matches, strict=True):
            draw += [(layer, code) for code in sorted(some)]
    return draws


def largest_share(draws: Sequence[Sequence[Token]]) -> float:
    """Return the largest share of its tokens that a draw has in common with another; 0 for a single one."""
    shares = (len(set(a) & set(b)) / max(len(a), 1) for a, b in permutations(draws, 2))
    return max(shares, default=0.0)


def _match_layer(row: np.ndarray, codes: Sequence[int], n_draws: int, rng) -> list[list[int]] | None:
    """Return n_draws matches of a layer's selected codes, None if too few are left; row: counts of codes."""
    free = np.setdiff1d(np.flatnonzero(row), codes)
    if len(free) < len(codes):
        return None
    best, share, n_nearest = None, np.inf, N_NEAREST
    while share > MOST_SHARED and n_nearest < 2 * max(len(free), N_NEAREST):
        draws = _draw_matches(row, codes, (free, n_nearest), n_draws, rng)
        if (found := largest_share(draws)) < share:
            best, share = draws, found
        n_nearest *= 2
    return best


def _draw_matches(row, codes, nearby: tuple[np.ndarray, int], n_draws: int, rng) -> list[list[int]]:
    """Draw matches from `nearby`, free codes and how many of them are near, the least used ones first."""
    free, n_nearest = nearby
    used, draws = np.zeros(len(row), dtype=int), []
    for _ in range(n_draws):
        left, draw = free, []
        for code in rng.permutation(codes):
            nearest = left[np.argsort(np.abs(row[left] - row[code]), kind="stable")[:n_nearest]]
            match = int(rng.choice(nearest[used[nearest] == used[nearest].min()]))
            left = left[left != match]
            draw.append(match)
        used[draw] += 1
        draws.append(draw)
    return draws
