"""Do clips with more of a token sound different? Correlations within what one voice says with the same words.

Words explain much of a token's count and of the sound. So clips are compared with others in which the same
voice says the same words: a *cell*. Shares of tokens and measured values count from the mean of their cell.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..bootstrap import Bootstrap, Interval, draw_weights
from ..clips import Clip

CHUNK = 200  # permutations computed at once


def list_cells(clips: Sequence[Clip]) -> np.ndarray:
    """Return each clip's cell, the number of its (voice, words): int array (n_clips,)."""
    return pd.factorize(pd.Series([(clip.speaker, clip.text) for clip in clips]))[0]


def centre_by(values, labels: Sequence) -> np.ndarray:
    """Take off each column of values (n_clips, n_columns) its mean over the clips of the same label."""
    table = pd.DataFrame(np.asarray(values, dtype=float))
    return (table - table.groupby(np.asarray(labels)).transform("mean")).to_numpy()


def correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's r of centred columns (n_clips, n_x) and (n_clips, n_y): (n_x, n_y); 0 where one is fixed."""
    return scale(x).T @ scale(y)


def scale(x: np.ndarray) -> np.ndarray:
    """Bring each column to length 1; one that does not vary becomes zeros."""
    length = np.linalg.norm(x, axis=0)
    return np.divide(x, length, out=np.zeros(x.shape), where=length > 1e-9)


def permute_within(cells: np.ndarray, n_permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Return orders of the clips that exchange clips of one cell only: int (n_permutations, n_clips)."""
    by_cell, orders = np.argsort(cells, kind="stable"), np.empty((n_permutations, len(cells)), dtype=int)
    orders[:, by_cell] = np.argsort(cells + rng.random(orders.shape), axis=1)
    return orders


def permutation_p_values(
    x: np.ndarray, y: np.ndarray, cells: np.ndarray, n_permutations: int = 20000, seed: int = 0
) -> tuple[np.ndarray, float]:
    """Test r of centred columns by exchanging the values y of clips of one cell, all columns together.

    Returns p, float (n_x, n_y), the share of permutations (the true order counted in) with at least as large
    an |r|, and the mean |r| that permutations give. The smallest p is 1 / (1 + n_permutations).
    """
    x, y, rng = scale(x), scale(y), np.random.default_rng(seed)
    found, total = np.abs(x.T @ y), 0.0
    as_large = np.ones(found.shape)
    for start in range(0, n_permutations, CHUNK):
        orders = permute_within(cells, min(CHUNK, n_permutations - start), rng)
        null = np.abs(np.tensordot(x.T, y[orders], axes=(1, 1)))  # (n_x, n_permutations, n_y)
        as_large += (null >= found[:, None] - 1e-12).sum(axis=1)
        total += null.sum()
    return as_large / (1 + n_permutations), float(total / (max(n_permutations, 1) * max(found.size, 1)))


def resample_strength(x: np.ndarray, y: np.ndarray, voices: Sequence, bootstrap: Bootstrap) -> np.ndarray:
    """Mean |r| over all columns in each resample of whole voices: (1 + n_resamples,), first of all clips.

    Columns are centred within cells, so that a resample of voices is a weighted sum over them. Two calls with
    one seed draw the same voices.
    """
    names, place = np.unique(np.asarray(voices), return_inverse=True)
    parts = [place == k for k in range(len(names))]
    weights = draw_weights(len(names), bootstrap)
    xy, xx, yy = (
        np.tensordot(weights, np.stack(sums), axes=1)
        for sums in (
            [x[part].T @ y[part] for part in parts],
            [(x[part] ** 2).sum(axis=0) for part in parts],
            [(y[part] ** 2).sum(axis=0) for part in parts],
        )
    )
    norm = np.sqrt(xx[:, :, None] * yy[:, None])
    return np.abs(np.divide(xy, norm, out=np.zeros(xy.shape), where=norm > 1e-9)).mean(axis=(1, 2))


def compare_strength(
    x: np.ndarray, controls: Sequence[np.ndarray], y: np.ndarray, voices: Sequence, bootstrap: Bootstrap
) -> Interval:
    """Mean |r| of x with y less that of the controls, draws of as many other tokens.

    Arrays are centred columns, (n_clips, n_tokens) and (n_clips, n_y). Voices are resampled, the same for
    all, and draws. A mean of r itself would say nothing: its sign is as often minus as plus.
    """
    selected = resample_strength(x, y, voices, bootstrap)
    others = np.stack([resample_strength(one, y, voices, bootstrap) for one in controls])
    again = Bootstrap(bootstrap.n_resamples, np.random.default_rng([bootstrap.seed, 1]))
    matched = np.mean(draw_weights(len(others), again) * others.T, axis=1)
    n = len(set(voices)), len(others)
    return bootstrap.interval(selected - matched, n, "voices and draws")
