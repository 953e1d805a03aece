"""Macro-F1 with its two meanings named."""

from collections.abc import Iterable, Sequence

import numpy as np


def macro_f1_scores(y_true: Sequence[int], y_pred: Sequence[int], n_classes: int) -> dict[str, float]:
    """Compute macro-F1 over all classes ("macro_f1_all") and over those in `y_true` ("macro_f1_present").

    They differ where a split holds no clip of some class (class 4 in the AFC test split of MM-USED-fallacy):
    an absent class counts as F1 = 0 in the first and not at all in the second. Raises
    ValueError if the arrays are empty, differ in length, or hold a label outside [0, n_classes).
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(f"y_true has shape {y_true.shape}, y_pred {y_pred.shape}: must be equal, not empty")
    for name, y in (("y_true", y_true), ("y_pred", y_pred)):
        outside = y[(y < 0) | (y >= n_classes)]
        if outside.size:
            raise ValueError(f"{name} holds {outside[0]}, outside [0, {n_classes})")
    f1 = score_classes(y_true, y_pred, range(n_classes))
    present = np.bincount(y_true, minlength=n_classes) > 0
    return {"macro_f1_all": float(f1.mean()), "macro_f1_present": float(f1[present].mean())}


def score_classes(y_true: np.ndarray, y_pred: np.ndarray, labels: Iterable[int]) -> np.ndarray:
    """Return F1 of each class, float array (n_labels,); 0 for one that neither array holds.

    As scikit-learn's `f1_score`, without its checks, which cost more than the counting where clips are few.
    """
    labels, is_hit = list(labels), y_true == y_pred
    hits, true, said = (
        np.array([np.count_nonzero(one == label) for label in labels])
        for one in (y_true[is_hit], y_true, y_pred)
    )
    return 2 * hits / np.maximum(true + said, 1)
