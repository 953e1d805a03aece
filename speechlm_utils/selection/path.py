"""The path of the l1 penalty: what is selected at each C, and the C for a wanted number of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..clips import Clip
from .l1 import count_selected
from .selector import L1Selector


@dataclass(frozen=True)
class L1Path:
    """Fits over a range of C.

    Attributes
    ----------
    Cs : float array, shape (n_C,), as given
    coefs : float array, shape (n_C, n_classes, n_columns)
    n_tokens : int array, shape (n_C,), selected audio tokens
    converged : bool array, shape (n_C,)
    n_iter : int array, shape (n_C,)
    n_words : int; columns [0, n_words) are words, the others tokens
    tokens : list of (layer, code) of the columns from n_words on
    names : str array, shape (n_columns,)
    """

    Cs: np.ndarray
    coefs: np.ndarray
    n_tokens: np.ndarray
    converged: np.ndarray
    n_iter: np.ndarray
    n_words: int
    tokens: list[tuple[int, int]]
    names: np.ndarray


def fit_l1_path(clips: Sequence[Clip], y, Cs: Sequence[float], **settings) -> L1Path:
    """Fit every C on features that are computed once.

    Parameters
    ----------
    clips : records with codes
    y : labels, shape (n_clips,)
    Cs : values of C
    settings : L1Selector parameters (solver, layers, codebook_size, use_text, threshold, max_iter, ...)
    """
    selector, y = L1Selector(**settings), np.asarray(y)
    features = selector.make_features()
    X, bag = features.fit_transform(clips), features["counts"]
    fits = [selector.fit_matrix(X, y, np.unique(y), C) for C in Cs]
    return L1Path(
        Cs=np.asarray(Cs, dtype=float),
        coefs=np.stack([fit.coefs for fit in fits]),
        n_tokens=np.array([count_selected(fit, bag.n_words_, selector.threshold) for fit in fits]),
        converged=np.array([fit.converged for fit in fits]),
        n_iter=np.array([fit.n_iter for fit in fits]),
        n_words=bag.n_words_,
        tokens=bag.tokens_,
        names=bag.get_feature_names_out(),
    )


def find_C_for_count(
    clips: Sequence[Clip],
    y,
    n_tokens: int = 75,
    C_start: float = 0.02,
    C_range: tuple[float, float] = (1e-4, 10.0),
    n_fits: int = 25,
    **settings,
) -> tuple[float, int]:
    """Search the C that keeps about n_tokens audio tokens, by bisection on log C.

    Parameters
    ----------
    clips, y, settings : as in fit_l1_path; the features are computed once
    n_tokens : int, wanted
    C_start, C_range : where the search starts, and its bounds
    n_fits : int, at most so many fits

    Returns
    -------
    C : float, of all values tried the one with the closest count (the smaller of two); the count need
        not grow steadily with C
    count : int, audio tokens kept at that C
    """
    if n_tokens < 1:
        raise ValueError(f"n_tokens={n_tokens}: must be at least 1")
    selector, y = L1Selector(**settings), np.asarray(y)
    features = selector.make_features()
    X, n_words, classes = features.fit_transform(clips), features["counts"].n_words_, np.unique(y)
    seen, (low, high), C = {}, (None, None), float(np.clip(C_start, *C_range))
    while len(seen) < n_fits and C not in seen:
        seen[C] = count_selected(selector.fit_matrix(X, y, classes, C), n_words, selector.threshold)
        if seen[C] == n_tokens:
            break
        low, high = (C, high) if seen[C] < n_tokens else (low, C)
        C = float(np.sqrt(low * high)) if low and high else C * 2 if high is None else C / 2
        C = float(np.clip(C, *C_range))
    best = min(seen, key=lambda C: (abs(seen[C] - n_tokens), C))
    return best, seen[best]
