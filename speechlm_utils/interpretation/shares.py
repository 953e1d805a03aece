"""Shares of frames and who they come from: by class, phone and voice, with whole clips as the unit.

A class, a phone or a voice is compared with what all frames would give. Intervals resample whole clips;
whether a token depends on the voice is tested by handing whole clips to other voices.
"""

from collections.abc import Sequence

import numpy as np

from ..bootstrap import Bootstrap, draw_weights
from .association import summarise_resamples


def compare_shares(
    part: np.ndarray,
    part_of: np.ndarray,
    whole: np.ndarray,
    whole_of: np.ndarray,
    bootstrap: Bootstrap = Bootstrap(1000),
) -> dict[str, np.ndarray]:
    """Compare a share with the one expected, both sums over clips: part / part_of with whole / whole_of.

    Frames are counted in arrays (n_clips, n_tokens, n_names); an axis of length 1 stands for any length.
    Returns arrays (n_tokens, n_names), NaN where there is none: `value`, `expected`; `low`, `high`, `p`: see
    `summarise_resamples`; `n`: clips with the part.
    """
    weights = draw_weights(len(part), bootstrap)
    sums = [np.tensordot(weights, one, axes=(1, 0)) for one in (part, part_of, whole, whole_of)]
    value, expected = np.broadcast_arrays(_divide(*sums[:2]), _divide(*sums[2:]))
    n = np.broadcast_to((part > 0).sum(axis=0), value.shape[1:])
    value = np.where(np.isfinite(value), value, value[0])  # a resample without any such frame
    low, high, p = summarise_resamples(value, value - np.nan_to_num(expected), n, bootstrap.level)
    return {"value": value[0], "expected": expected[0], "low": low, "high": high, "p": p, "n": n}


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def split_by(counts: np.ndarray, names: Sequence[str], order: Sequence[str]) -> np.ndarray:
    """Spread the counts of clips, shape (n_clips, n_tokens), over names: (n_clips, n_tokens, n_names)."""
    member = np.asarray(names)[:, None] == np.asarray(order)[None]
    return counts[:, :, None] * member[:, None, :]


def compare_voices(
    shares: np.ndarray, speakers: Sequence[str], strata: Sequence[str], n_permutations: int, seed: int = 0
) -> np.ndarray:
    """Test whether tokens depend on the voice: whole clips exchange their voices within a stratum.

    Shares are those of each clip's frames that carry each token, (n_clips, n_tokens); strata are for example
    the classes, so that a token of a class is not taken for one of the voice that speaks most of it. Returns
    the share of orders (the true one counted in) whose voices differ at least as much, by the sum of squares
    between voices, (n_tokens,); NaN for a token that never occurs.
    """
    place, stratum = (np.unique(one, return_inverse=True)[1] for one in (speakers, strata))
    member = np.eye(place.max() + 1)[place].T
    member /= np.sqrt(member.sum(axis=1, keepdims=True))
    means = np.stack([shares[stratum == k].mean(axis=0) for k in range(stratum.max() + 1)])
    centred, rng = shares - means[stratum], np.random.default_rng(seed)
    found, as_large = ((member @ centred) ** 2).sum(axis=0), np.ones(shares.shape[1])
    order, by_stratum = np.empty(len(place), dtype=int), np.argsort(stratum, kind="stable")
    for _ in range(n_permutations):
        order[by_stratum] = np.lexsort((rng.random(len(place)), stratum))
        as_large += ((member @ centred[order]) ** 2).sum(axis=0) >= found - 1e-12
    return np.where(shares.any(axis=0), as_large / (1 + n_permutations), np.nan)
