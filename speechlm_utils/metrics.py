"""Macro-F1 with its two meanings named, F1 of one class, and a threshold for it that validation chooses."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score, precision_recall_curve


def macro_f1_scores(y_true: Sequence[int], y_pred: Sequence[int], n_classes: int) -> dict[str, float]:
    """Compute macro-F1 over all classes ("macro_f1_all") and over those in `y_true` ("macro_f1_present").

    They differ where a split holds no clip of some class (class 4 in the AFC test split of MM-USED-fallacy):
    an absent class counts as F1 = 0 in the first and not at all in the second.

    Raises
    ------
    ValueError
        If the arrays are empty, differ in length, or hold a label outside [0, n_classes).
    """
    y_true, y_pred = _check_labels(y_true, y_pred, n_classes)
    f1 = f1_score(y_true, y_pred, labels=range(n_classes), average=None, zero_division=0)
    present = np.bincount(y_true, minlength=n_classes) > 0
    return {"macro_f1_all": float(f1.mean()), "macro_f1_present": float(f1[present].mean())}


def score_class(y_true: Sequence[int], y_pred: Sequence[int], names: Sequence[str], name: str) -> float:
    """Compute F1 of one named class, for example of "fallacious" in AFD; labels are places in `names`.

    Raises ValueError if there is no such class, `y_true` holds no clip of it, or the arrays do not fit.
    """
    if name not in names:
        raise ValueError(f"class {name!r} is not one of {list(names)}")
    y_true, y_pred = _check_labels(y_true, y_pred, len(names))
    place = list(names).index(name)
    if not (y_true == place).any():
        raise ValueError(f"y_true holds no clip of class {name!r}, its F1 means nothing")
    return float(f1_score(y_true == place, y_pred == place, zero_division=0))


def choose_threshold(y_true: Sequence[bool], scores: Sequence[float]) -> tuple[float, float]:
    """Choose the threshold on a score that gives the best F1 of the true class; for validation clips.

    Parameters
    ----------
    y_true, scores : arrays, shape (n_clips,); scores are large where the class is likely

    Returns
    -------
    threshold : float, half-way between two scores, or half a unit below the least; a clip with a larger score
        counts as of the class. Of equally good thresholds the highest
    f1 : float, at that threshold

    Raises
    ------
    ValueError
        If the arrays differ in length, no clip is of the class, or a score is not finite.
    """
    y_true, scores = np.asarray(y_true, dtype=bool), np.asarray(scores, dtype=float)
    if y_true.shape != scores.shape or not y_true.any() or not np.isfinite(scores).all():
        raise ValueError(
            f"{y_true.shape} labels with {y_true.sum()} of the class, {scores.shape} scores: must be of one "
            "length, with at least one of the class, and finite"
        )
    precision, recall, values = precision_recall_curve(y_true, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.flatnonzero(np.isclose(f1[:-1], f1[:-1].max(), rtol=1e-12)).max())
    below = values[best - 1] if best else values[0] - 1
    return float((values[best] + below) / 2), float(f1[best])


def _check_labels(y_true: Sequence[int], y_pred: Sequence[int], n_classes: int) -> tuple:
    """Return both as arrays if they are of one length, not empty, and in [0, n_classes)."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(f"y_true has shape {y_true.shape}, y_pred {y_pred.shape}: must be equal, not empty")
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        outside = y[(y < 0) | (y >= n_classes)]
        if outside.size:
            raise ValueError(f"{name} holds {outside[0]}, outside [0, {n_classes})")
    return y_true, y_pred
