"""Which way do a class's tokens point? Coefficients times sounds, against the delivery that was planted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..clips import Clip, label_ids

PAIRS = {
    "f0_st": ("f0_shift_st", 1),
    "rms_db": ("gain_db", 1),
    "tilt_db_oct": ("tilt_db", 1),
    "voiced": ("pause_ms", -1),
}
"""Measured feature -> (planted parameter that moves it, sign): a longer pause has fewer voiced frames."""


@dataclass(frozen=True)
class Agreement:
    """How well directions fit a profile.

    Attributes
    ----------
    signs : float, share of the cells (class, feature) with the same sign
    correlation : float, Pearson's, over the cells
    null_signs, null_correlation : float arrays, shape (n_permutations,), with tokens and sounds shuffled
    p_signs, p_correlation : float, share of shuffles that fit at least as well (the true order counted in)
    """

    signs: float
    correlation: float
    null_signs: np.ndarray
    null_correlation: np.ndarray
    p_signs: float
    p_correlation: float


def planted_profile(
    clips: Sequence[Clip],
    task: str,
    names: Sequence[str],
    features: Sequence[str] = tuple(PAIRS),
    pairs: Mapping[str, tuple[str, int]] = PAIRS,
) -> np.ndarray:
    """Return what was planted in each class, in the direction of the measured features.

    Parameters
    ----------
    clips : with planted parameters and labels of the task
    names : labels, the rows
    features : keys of `pairs`, the columns
    pairs : see `PAIRS`

    Returns
    -------
    profile : float array, shape (n_classes, n_features): class mean less the mean over the classes, in
        standard deviations over all clips; times the sign of the pair. Zero where nothing varies
    """
    y, columns = label_ids(clips, task, names), []
    for feature in features:
        parameter, sign = pairs[feature]
        values = np.array([clip.planted[parameter] for clip in clips])
        means = np.array([values[y == k].mean() for k in range(len(names))])
        columns.append(sign * (means - means.mean()) / (values.std() or 1.0))
    return np.stack(columns, axis=1)


def token_directions(coefs: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Weigh the sound of every token by its coefficient.

    Parameters
    ----------
    coefs : float array, shape (n_classes, n_tokens), positive where a token speaks for a class
    effects : float array, shape (n_tokens, n_features), standardised effects; NaN (unknown) counts as 0

    Returns
    -------
    directions : float array, shape (n_classes, n_features), each column centred and brought to deviation 1
        over the classes, so that no feature outweighs another; zeros where no token speaks
    """
    directions = coefs @ np.nan_to_num(effects)
    directions = directions - directions.mean(axis=0)
    spread = directions.std(axis=0)
    return directions / np.where(spread > 1e-12, spread, 1)


def compare_directions(
    coefs: np.ndarray, effects: np.ndarray, profile: np.ndarray, n_permutations: int = 2000, seed: int = 0
) -> Agreement:
    """Compare the directions of the tokens with a profile, and with what shuffled sounds would give.

    A shuffle hands the rows of `effects` to other tokens: coefficients and sounds stay what they are, only
    their link is broken.

    Parameters
    ----------
    coefs, effects : see `token_directions`
    profile : float array, shape (n_classes, n_features), see `planted_profile`
    n_permutations, seed : of the control
    """
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(effects)), *(rng.permutation(len(effects)) for _ in range(n_permutations))]
    found = np.stack([token_directions(coefs, effects[order]) for order in orders])
    signs = (np.sign(found) == np.sign(profile)).mean(axis=(1, 2))
    correlation = _correlate(found.reshape(len(found), -1), profile.ravel())
    p_signs, p_correlation = ((x >= x[0] - 1e-12).mean() for x in (signs, correlation))
    return Agreement(
        signs=float(signs[0]),
        correlation=float(correlation[0]),
        null_signs=signs[1:],
        null_correlation=correlation[1:],
        p_signs=float(p_signs),
        p_correlation=float(p_correlation),
    )


def centre_planted(clips: Sequence[Clip], task: str) -> list[Clip]:
    """Take the mean of its class off every planted parameter: what remains is not told by the class.

    Parameters
    ----------
    clips : with planted parameters and labels of the task

    Returns
    -------
    clips : copies with `planted` replaced
    """
    means: dict[tuple[str, str], float] = {}
    for label in {clip.labels[task] for clip in clips}:
        members = [clip for clip in clips if clip.labels[task] == label]
        for name in members[0].planted:
            means[label, name] = float(np.mean([clip.planted[name] for clip in members]))
    return [
        replace(clip, planted={name: v - means[clip.labels[task], name] for name, v in clip.planted.items()})
        for clip in clips
    ]


def _correlate(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row with the target; 0 where a row does not vary."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    target = target - target.mean()
    norm = np.linalg.norm(rows, axis=1) * np.linalg.norm(target)
    return np.divide(rows @ target, norm, out=np.zeros(len(rows)), where=norm > 0)
