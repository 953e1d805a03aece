"""The path of the ℓ1 penalty: what is selected at each C, and the C for a wanted number of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..clips import Clip
from ..tokens import Token
from .l1 import count_selected, fit_l1
from .screening import fit_screened

C_RANGE = (1e-4, 10.0)


@dataclass(frozen=True)
class L1Path:
    """Fits over a range of C: `Cs`, `converged`, `n_iter` (n_C,), `coefs` (n_C, n_classes, n_columns).

    `selected` is bool, (n_C, n_columns); columns [0, n_words) are words, the others those of `tokens`.
    """

    Cs: np.ndarray
    coefs: np.ndarray
    selected: np.ndarray
    converged: np.ndarray
    n_iter: np.ndarray
    n_words: int
    tokens: list[Token]

    @property
    def n_tokens(self) -> np.ndarray:
        """How many audio tokens are selected at each C, int array (n_C,)."""
        return self.selected[:, self.n_words :].sum(axis=1)


def fit_l1_path(
    selector: Pipeline, clips: Sequence[Clip], y, Cs: Sequence[float], quick: bool = False
) -> L1Path:
    """Fit a selector (`make_selector`; a clone) at every C, on features that are computed once.

    `quick` leaves out columns that cannot matter (`fit_screened`): twice as fast, and equal but for rounding.
    """
    features = clone(selector[:-1])
    X, bag = features.fit_transform(clips), features["counts"]
    model = selector[-1]
    fits = fit_screened(model, X, y, Cs) if quick else [fit_l1(model, X, y, C) for C in Cs]
    return L1Path(
        Cs=np.asarray(Cs, dtype=float),
        coefs=np.stack([fit.coefs_of(fit.classes_) for fit in fits]),
        selected=np.stack([fit.get_support() for fit in fits]),
        converged=np.array([fit.converged_ for fit in fits]),
        n_iter=np.array([fit.n_iter_ for fit in fits]),
        n_words=bag.n_words_,
        tokens=bag.tokens_,
    )


def find_C_for_count(
    selector: Pipeline, clips: Sequence[Clip], y, n_tokens: int, C_start: float = 0.02, n_fits: int = 25
) -> tuple[float, int]:
    """Search the C that selects about n_tokens audio tokens, by bisection on log C within `C_RANGE`.

    Returns, of at most n_fits values tried from C_start on, the C with the closest count (the smaller of
    two), for the count need not grow steadily with C; and that count.
    """
    if n_tokens < 1:
        raise ValueError(f"n_tokens={n_tokens}: must be at least 1")
    features = clone(selector[:-1])
    X, n_words = features.fit_transform(clips), features["counts"].n_words_
    if n_tokens > X.shape[1] - n_words:
        raise ValueError(f"n_tokens={n_tokens}: there are {X.shape[1] - n_words} to select from")
    seen, (low, high), C = {}, (None, None), float(np.clip(C_start, *C_RANGE))
    while len(seen) < n_fits and C not in seen:
        seen[C] = count_selected(fit_l1(selector[-1], X, y, C), n_words)
        if seen[C] == n_tokens:
            break
        low, high = (C, high) if seen[C] < n_tokens else (low, C)
        C = float(np.sqrt(low * high)) if low and high else C * 2 if high is None else C / 2
        C = float(np.clip(C, *C_RANGE))
    best = min(seen, key=lambda C: (abs(seen[C] - n_tokens), C))
    return best, seen[best]
