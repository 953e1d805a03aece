"""Checks of the exercises of notebook 11."""

import numpy as np

from .feedback import NotYet, compare, exercise


@exercise("Replace a token")
def check_replace(function) -> str:
    """Check a function (codes, token, code) -> codes with the token replaced, the original left as it is."""
    codes = np.array([[3, 5, 3, 1], [3, 3, 4, 5], [1, 3, 3, 3]])
    right, below, given = codes.copy(), codes.copy(), codes.copy()
    right[1, :2] = below[2, 1:] = 9
    answer = function(given, (2, 3), 9)
    if np.shape(answer) == codes.shape and not np.array_equal(given, codes):
        raise NotYet("The codes you were given have changed: work on a copy.")
    hints = {
        "You replace 3 in all layers; a token is one layer and one code.": np.where(codes == 3, 9, codes),
        "Layer 2 is the second row: layers count from 1, rows from 0.": below,
    }
    compare(answer, right, hints, f"(2, 3) -> 9 in {codes.tolist()}", rtol=0)
    return "The same number in another layer is another sound, and stays."


@exercise("Interval over clips")
def check_interval(function) -> str:
    """Check a function (hits, frames, draws) -> 95 % interval of a share, over resamples of whole clips."""
    rng = np.random.default_rng(0)
    frames = rng.integers(40, 400, 30)
    hits = rng.binomial(frames, rng.beta(0.5, 8, 30))
    draws = rng.integers(0, 30, (400, 30))
    pooled = hits[draws].sum(axis=1) / frames[draws].sum(axis=1)
    low, high = np.quantile(pooled, [0.025, 0.975])
    share = hits.sum() / frames.sum()
    error = 1.96 * np.sqrt(share * (1 - share) / frames.sum())
    averaged = np.quantile((hits / frames)[draws].mean(axis=1), [0.025, 0.975])
    hints = {
        "The bounds have changed places: low comes first.": [high, low],
        "You average the clips' shares; a long clip has more frames: divide the sums.": averaged,
        "This holds 90 %: leave 2.5 % out on each side.": np.quantile(pooled, [0.05, 0.95]),
        "This takes frames for independent; use the resamples of clips.": [share - error, share + error],
    }
    compare(function(hits.copy(), frames.copy(), draws.copy()), [low, high], hints, "30 clips, 400 resamples")
    return "Clips are resampled whole: what hangs together stays together."
