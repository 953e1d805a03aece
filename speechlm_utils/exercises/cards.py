"""Checks of the exercises of notebook 11."""

from collections.abc import Callable

import numpy as np

from .feedback import tell


def check_replace(function: Callable[[np.ndarray, tuple[int, int], int], np.ndarray]) -> bool | None:
    """Check a function (codes, token, code) -> codes with the token replaced, the original left as it is."""
    name = "Replace a token"
    codes = np.array([[3, 5, 3, 1], [3, 3, 4, 5], [1, 3, 3, 3]])
    right = codes.copy()
    right[1] = [9, 9, 4, 5]
    given = codes.copy()
    answer = function(given, (2, 3), 9)
    if answer is None:
        return tell(name, None)
    answer = np.asarray(answer)
    if answer.shape != codes.shape:
        return tell(name, False, f"You return shape {answer.shape}; the codes have {codes.shape}.")
    if not np.array_equal(given, codes):
        return tell(name, False, "The codes you were given have changed: work on a copy.")
    if np.array_equal(answer, right):
        return tell(name, True, "The same number in another layer is another sound, and stays.")
    if np.array_equal(answer, np.where(codes == 3, 9, codes)):
        return tell(name, False, "You replace 3 in all layers; a token is one layer and one code.")
    if np.array_equal(answer[2], [1, 9, 9, 9]):
        return tell(name, False, "Layer 2 is the second row: layers count from 1, rows from 0.")
    return tell(name, False, f"For (2, 3) -> 9 you return {answer.tolist()}, not {right.tolist()}.")


def check_interval(
    function: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, float]],
) -> bool | None:
    """Check a function (hits, frames, draws) -> 95 % interval of a share, over resamples of whole clips."""
    name = "Interval over clips"
    rng = np.random.default_rng(0)
    frames = rng.integers(40, 400, 30)
    hits = rng.binomial(frames, rng.beta(0.5, 8, 30))
    draws = rng.integers(0, 30, (400, 30))
    answer = function(hits.copy(), frames.copy(), draws.copy())
    if answer is None:
        return tell(name, None)
    if np.shape(answer) != (2,):
        return tell(name, False, f"You return shape {np.shape(answer)}, not a pair (low, high).")
    pooled = hits[draws].sum(axis=1) / frames[draws].sum(axis=1)
    right = np.quantile(pooled, [0.025, 0.975])
    if np.allclose(answer, right, rtol=0.01):
        return tell(name, True, "Clips are drawn whole: what hangs together stays together.")
    if np.allclose(answer, right[::-1], rtol=0.01):
        return tell(name, False, "The bounds have changed places: low comes first.")
    if np.allclose(answer, np.quantile((hits / frames)[draws].mean(axis=1), [0.025, 0.975]), rtol=0.01):
        return tell(
            name, False, "You average the clips' shares; a long clip has more frames: divide the sums."
        )
    if np.allclose(answer, np.quantile(pooled, [0.05, 0.95]), rtol=0.01):
        return tell(name, False, "This holds 90 %: leave 2.5 % out on each side.")
    share = hits.sum() / frames.sum()
    half = 1.96 * np.sqrt(share * (1 - share) / frames.sum())
    if np.allclose(answer, [share - half, share + half], rtol=0.02):
        return tell(name, False, "This takes frames for independent; use the draws of clips.")
    return tell(name, False, f"You return {np.round(answer, 4).tolist()}, not {right.round(4).tolist()}.")
