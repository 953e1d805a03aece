"""Do the cards tell what was planted? The sound of each token against the delivery of its class.

A token lies in the planted direction if its sound differs from other frames as the delivery of its class, the
one that it speaks for, differs from the other classes: pitch up where pitch was raised, and so on. Controls
are tokens not selected, as frequent and of the same layers, with the class that a model gives them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..clips import Clip, label_ids
from ..evaluation.linear import fit_linear
from ..tokens import ACOUSTIC_LAYERS, Token
from .association import resample_effects
from .planted import PAIRS, token_directions

CARD_PAIRS = PAIRS | {"f0_slope_st_s": ("contour_st", 1)}
"""Measured feature -> (planted parameter that moves it, sign), see `direction.PAIRS`."""


@dataclass(frozen=True)
class Recovery:
    """How well some tokens tell the planted delivery of the classes that they speak for.

    Attributes
    ----------
    projection : float, mean over the tokens: how far a token's sound, less the mean of all tokens, lies in
        the planted direction of its class, in standard deviations; 0 on average if classes are shuffled
    projections : float array, shape (n_resamples,), the same in each resample of clips
    correlation : float, of the tokens' direction of each class with what was planted, over the cells
    correlations : float array, shape (n_resamples,)
    p : float, share of shuffles, which hand tokens the class of another, with as high a projection
    n_tokens : int, tokens that speak for a class and occur
    """

    projection: float
    projections: np.ndarray
    correlation: float
    correlations: np.ndarray
    p: float
    n_tokens: int


def fit_coefs(
    train: Sequence[Clip],
    task: str,
    names: Sequence[str],
    tokens: Sequence[Token],
    layers: Sequence[int] = ACOUSTIC_LAYERS,
    codebook_size: int = 1024,
    **settings,
) -> np.ndarray:
    """Fit words and tokens (`linear.fit_linear`); coefficients of the tokens, float (n_classes, n_tokens)."""
    y = label_ids(train, task, names)
    search = fit_linear(train, y, tokens, layers=layers, codebook_size=codebook_size, **settings)
    coefs = search.best_estimator_["model"].coef_[:, search.best_estimator_["counts"].n_words_ :]
    return coefs if len(coefs) > 1 else np.concatenate([-coefs, coefs])


def measure_recovery(
    coefs: np.ndarray,
    effects: np.ndarray,
    draws: np.ndarray,
    profile: np.ndarray,
    n_permutations: int = 1000,
    seed: int = 0,
) -> Recovery:
    """Measure how well tokens tell what was planted.

    Parameters
    ----------
    coefs : float array, shape (n_classes, n_tokens); a token speaks for the class of its largest positive one
    effects, draws : float arrays (n_tokens, n_features) and (n_resamples, n_tokens, n_features), see
        `association.resample_effects`
    profile : float array, shape (n_classes, n_features), see `direction.planted_profile`
    n_permutations, seed : of the shuffles

    Raises
    ------
    ValueError
        If no token that occurs speaks for a class.
    """
    speaks = (coefs.max(axis=0) > 0) & np.isfinite(effects).any(axis=1)
    if not speaks.any():
        raise ValueError("no token with a sound speaks for a class: there is nothing to measure")
    unit = profile / np.maximum(np.linalg.norm(profile, axis=1, keepdims=True), 1e-12)
    labels, rng = coefs.argmax(axis=0)[speaks], np.random.default_rng(seed)
    wanted = unit[labels]
    found, resampled = (_centre(np.nan_to_num(one)) for one in (effects[speaks], draws[:, speaks]))
    shuffled = [(found * rng.permutation(wanted)).sum(axis=1).mean() for _ in range(n_permutations)]
    projection = (found * wanted).sum(axis=1).mean()
    return Recovery(
        projection=float(projection),
        projections=(resampled * wanted).sum(axis=2).mean(axis=1),
        correlation=correlate_cells(coefs, effects, profile),
        correlations=np.array([correlate_cells(coefs, one, profile) for one in draws]),
        p=float((1 + np.sum(np.array(shuffled) >= projection - 1e-12)) / (1 + n_permutations)),
        n_tokens=int(speaks.sum()),
    )


def correlate_cells(coefs: np.ndarray, effects: np.ndarray, profile: np.ndarray) -> float:
    """Correlate `direction.token_directions` with a profile over the cells; 0 where one does not vary."""
    found = token_directions(coefs, effects).ravel()
    if found.std() == 0 or profile.std() == 0:
        return 0.0
    return float(np.corrcoef(found, profile.ravel())[0, 1])


def average_by_class(coefs: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Average the sound of the tokens that speak for each class, weighted by coefficient; classes centred.

    Parameters
    ----------
    coefs : float array, shape (n_classes, n_tokens); negative ones count as 0
    effects : float array, shape (n_tokens, n_features); NaN counts as 0

    Returns
    -------
    sounds : float array, shape (n_classes, n_features), standard deviations, less the mean over the classes
        that have a token, as a planted profile counts; zeros for a class without one
    """
    weights = np.maximum(coefs, 0)
    speaks = weights.sum(axis=1) > 0
    sounds = np.zeros((len(coefs), effects.shape[1]))
    if speaks.any():
        shares = weights[speaks] / weights[speaks].sum(axis=1, keepdims=True)
        sounds[speaks] = _centre(shares @ np.nan_to_num(effects))
    return sounds


def _centre(rows: np.ndarray) -> np.ndarray:
    """Take the mean of the rows off each, along the last axis but one."""
    return rows - rows.mean(axis=-2, keepdims=True)


def recover_sets(
    clips: Sequence[Clip],
    features: list[dict[str, np.ndarray]],
    sets: Mapping[str, tuple[Sequence[Token], np.ndarray]],
    profile: np.ndarray,
    n_resamples: int = 1000,
    seed: int = 0,
    names: Sequence[str] = tuple(CARD_PAIRS),
) -> dict[str, Recovery]:
    """Measure several token sets in the same resamples of clips.

    Parameters
    ----------
    clips, features : to measure the sound on, see `clip_features`
    sets : name -> (tokens, their coefficients as in `fit_coefs`)
    profile, n_resamples, seed : see `measure_recovery`
    names : features, the columns of the profile
    """
    found = {}
    for name, (tokens, coefs) in sets.items():
        pair = resample_effects(list(clips), features, list(tokens), n_resamples, seed, tuple(names))
        found[name] = measure_recovery(coefs, *pair, profile, seed=seed)
    return found


def compare_recoveries(one: Recovery, controls: Sequence[Recovery]) -> dict[str, tuple[float, float, float]]:
    """Compare a token set with the mean of controls: difference, low and high (95 %, over clips)."""
    table = {}
    for name in ("projection", "correlation"):
        difference = getattr(one, name) - np.mean([getattr(other, name) for other in controls])
        draws = getattr(one, f"{name}s") - np.mean([getattr(other, f"{name}s") for other in controls], axis=0)
        table[name] = (float(difference), *(float(edge) for edge in np.quantile(draws, [0.025, 0.975])))
    return table
