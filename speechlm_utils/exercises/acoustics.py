"""Checks of the exercises of notebook 03."""

from collections.abc import Callable, Sequence

import numpy as np

from ..interpretation.association import correct_p_values
from .feedback import tell


def check_frame_samples(function: Callable[[int], tuple[int, int]], hop: int = 320) -> bool | None:
    """Check a function frame -> (first, last) sample that the frame covers, both included."""
    name = "Samples of a frame"
    for frame in (0, 1, 49, 50):
        answer = function(frame)
        if answer is None:
            return tell(name, None)
        if np.shape(answer) != (2,):
            return tell(name, False, f"frame {frame}: you return {answer!r}, not a pair (first, last).")
        right = (frame * hop, (frame + 1) * hop - 1)
        if tuple(answer) != right:
            return tell(name, False, f"frame {frame}: you return {tuple(answer)}, the codec reads {right}.")
    return tell(name, True, "Frame 50 begins at sample 16,000: one second.")


def check_effect(function: Callable[[np.ndarray, np.ndarray], float]) -> bool | None:
    """Check a function (with_token, others) -> Cohen's d with the pooled standard deviation."""
    name = "Effect size"
    rng = np.random.default_rng(0)
    a, b = rng.normal(4.0, 1.0, 80), rng.normal(0.0, 3.0, 120)
    answer = function(a, b)
    if answer is None:
        return tell(name, None)
    if np.ndim(answer):
        return tell(name, False, f"You return an array of shape {np.shape(answer)}; one number is wanted.")
    difference = a.mean() - b.mean()
    pooled = np.sqrt((((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / (len(a) + len(b) - 2))
    if np.isclose(answer, difference / pooled, rtol=0.01):
        return tell(name, True, "Positive: the token's frames lie higher.")
    if np.isclose(answer, -difference / pooled, rtol=0.01):
        return tell(name, False, "The sign is turned round: take the token's frames less the others.")
    if np.isclose(answer, difference, rtol=0.01):
        return tell(name, False, "This is the difference of the means; divide it by the pooled deviation.")
    if np.isclose(answer, difference / np.concatenate([a, b]).std(), rtol=0.01):
        return tell(
            name, False, "This deviation is that of all frames; pool the deviations within the groups."
        )
    return tell(name, False, f"You return {float(answer):.3f}, not {difference / pooled:.3f}.")


def check_q_values(function: Callable[[np.ndarray], Sequence[float]]) -> bool | None:
    """Check a function p -> q of Benjamini and Hochberg."""
    name = "q-values"
    p = np.array([0.20, 0.001, 0.012, 0.9, 0.011])
    answer = function(p.copy())
    if answer is None:
        return tell(name, None)
    answer, right = np.asarray(answer, dtype=float), correct_p_values(p)
    if answer.shape == right.shape and np.allclose(answer, right):
        return tell(name, True, "Read q = 0.05 as: of all that I accept, one in twenty may be false.")
    if answer.shape == right.shape and np.allclose(answer, np.minimum(p * len(p), 1)):
        return tell(
            name, False, "This is Bonferroni: each p times the number of tests. Divide by the rank too."
        )
    rank = p.argsort().argsort() + 1
    if answer.shape == right.shape and np.allclose(answer, np.minimum(p * len(p) / rank, 1)):
        return tell(name, False, "Nearly: no q may be larger than that of a larger p.")
    return tell(
        name, False, f"For p = {p.tolist()} you return {answer.tolist()}, not {right.round(4).tolist()}."
    )
