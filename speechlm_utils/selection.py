"""Select speech tokens: the path over C, the search for a number of tokens, and the selection as a file.

The estimator lives in selector.py, folds and random controls in stability.py; all can be imported from here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .corpus import Clip, hash_corpus
from .l1 import count_selected
from .permutation import count_permuted, permute_labels
from .selector import L1Fit, L1Selector, fit_l1, make_features, select_columns
from .stability import (
    cross_validate_C,
    fold_coefs,
    matched_random_tokens,
    random_tokens,
    split_folds,
    stability,
)

__all__ = [
    "L1Fit",
    "L1Path",
    "L1Selector",
    "Selection",
    "count_permuted",
    "cross_validate_C",
    "find_C_for_count",
    "fit_l1",
    "fit_l1_path",
    "fold_coefs",
    "list_differences",
    "make_features",
    "make_selection",
    "matched_random_tokens",
    "permute_labels",
    "random_tokens",
    "select_columns",
    "split_folds",
    "stability",
]


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


@dataclass(frozen=True)
class Selection:
    """The selected tokens of one task and how they were found; what the later steps need of step 1.

    Attributes
    ----------
    task : str
    tokens : list of (layer, code)
    coefs : float array, shape (n_classes, n_tokens)
    label_names : list of str, the classes
    C, solver, converged, n_iter, seed : of the fit
    codec_hash, corpus_hash : what it was made from
    layers : tuple of int, layers it chose from
    threshold, max_iter : of the selector; None in files that were written before they were recorded
    """

    task: str
    tokens: list[tuple[int, int]]
    coefs: np.ndarray
    label_names: list[str]
    C: float
    solver: str
    converged: bool
    n_iter: int
    seed: int
    codec_hash: str
    corpus_hash: str
    layers: tuple[int, ...]
    threshold: str | None = None
    max_iter: int | None = None

    def save(self, path: str | Path) -> None:
        """Write the selection as JSON."""
        values = asdict(self) | {"coefs": np.asarray(self.coefs).tolist()}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(values, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path, codec_hash: str | None = None) -> "Selection":
        """Read a selection; raises ValueError naming the file if it is damaged or from another codec."""
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            values["tokens"] = [(int(layer), int(code)) for layer, code in values["tokens"]]
            shape = (len(values["label_names"]), len(values["tokens"]))
            values["coefs"] = np.array(values["coefs"], dtype=float).reshape(shape)
            selection = cls(**values | {"layers": tuple(values["layers"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: not a selection file ({error!r})") from None
        if codec_hash is not None and codec_hash != selection.codec_hash:
            raise ValueError(
                f"{path}: was made with codec {selection.codec_hash}, the codec here is {codec_hash}; "
                "the same (layer, code) means another sound there, select again"
            )
        return selection


def make_selection(
    selector: L1Selector, clips: Sequence[Clip], task: str, label_names: Sequence[str], codec_hash: str
) -> Selection:
    """Make the Selection of a selector fitted on these clips; label_names in the order of its classes."""
    if len(label_names) != len(selector.classes_):
        raise ValueError(
            f"label_names={list(label_names)}: the selector has {len(selector.classes_)} classes"
        )
    return Selection(
        task=task,
        tokens=list(selector.tokens_),
        coefs=selector.coefs_of_tokens(),
        label_names=list(label_names),
        C=float(selector.C),
        solver=selector.solver,
        converged=selector.converged_,
        n_iter=selector.n_iter_,
        seed=selector.seed,
        codec_hash=codec_hash,
        corpus_hash=hash_corpus(clips),
        layers=tuple(selector.layers),
        threshold=selector.threshold,
        max_iter=selector.max_iter,
    )


def list_differences(selection: Selection, wanted: Mapping[str, object]) -> list[str]:
    """Name what is wanted of a selection and not so in it, or not recorded; None wants nothing."""
    recorded = {name: getattr(selection, name, None) for name in wanted}
    return [name for name, value in wanted.items() if value is not None and value != recorded[name]]
