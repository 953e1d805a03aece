"""Do the cards tell what was planted? The sound of each token against the prosody of its class.

A token lies in the planted direction if its sound differs from other frames as the prosody of its class, the
one that it speaks for, differs from the other classes: pitch up where pitch was raised, and so on. Controls
are tokens not selected, as frequent and of the same layers, with the class that a model gives them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..bootstrap import Bootstrap, Interval
from .planted import PAIRS, Shuffled, centre, correlate_cells, token_directions

CARD_PAIRS = PAIRS | {"f0_slope_st_s": ("contour_st", 1)}
"""The pairs of `PAIRS`, and one more that token cards measure."""


@dataclass(frozen=True)
class Recovery:
    """How well some tokens tell the planted prosody of the classes that they speak for.

    Attributes
    ----------
    projections : float array, shape (1 + n_resamples,), mean over the tokens: how far a token's sound, less
        the mean of all tokens, lies in the planted direction of its class, in standard deviations; 0 on
        average if classes are shuffled. The first is that of the clips, the others of their resamples
    correlations : likewise, of the tokens' direction of each class with what was planted, over the cells
    p : float, share of shuffles, which hand tokens the class of another, with as high a projection
    n_tokens, n_clips : tokens that speak for a class and occur; clips that were resampled
    """

    projections: np.ndarray
    correlations: np.ndarray
    p: float
    n_tokens: int
    n_clips: int

    def compare(self, controls: Sequence["Recovery"] = ()) -> dict[str, Interval]:
        """Return the intervals of projection and correlation, less the mean of controls if there are any."""
        found = {}
        for name in ("projection", "correlation"):
            values = getattr(self, f"{name}s")
            if controls:
                values = values - np.mean([getattr(other, f"{name}s") for other in controls], axis=0)
            found[name] = Bootstrap().interval(values, self.n_clips, "clips")
        return found


def measure_recovery(
    coefs: np.ndarray,
    effects: np.ndarray,
    profile: np.ndarray,
    n_clips: int,
    n_permutations: int = 1000,
    seed: int = 0,
) -> Recovery:
    """Measure how well tokens tell what was planted, from `resample_effects` and `planted_profile`.

    A token speaks for the class of its largest positive coefficient, of those (n_classes, n_tokens).
    """
    speaks = (coefs.max(axis=0) > 0) & np.isfinite(effects[0]).any(axis=1)
    if not speaks.any():
        raise ValueError("no token with a sound speaks for a class: there is nothing to measure")
    unit = profile / np.maximum(np.linalg.norm(profile, axis=1, keepdims=True), 1e-12)
    wanted, rng = unit[coefs.argmax(axis=0)[speaks]], np.random.default_rng(seed)
    sounds = centre(np.nan_to_num(effects[:, speaks]))
    shuffled = [(sounds[0] * rng.permutation(wanted)).sum(axis=1).mean() for _ in range(n_permutations)]
    projections = (sounds * wanted).sum(axis=2).mean(axis=1)
    correlations = correlate_cells(token_directions(coefs, effects), profile)
    p = Shuffled(projections[0], np.array(shuffled)).p
    return Recovery(projections, correlations, p, int(speaks.sum()), n_clips)


def average_by_class(coefs: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Average the sound of the tokens that speak for each class, weighted by coefficient; classes centred.

    From coefficients (n_classes, n_tokens), negative ones as 0, and effects (n_tokens, n_features) to
    (n_classes, n_features), less the mean over the classes that have a token, as a planted profile counts;
    zeros for a class without one.
    """
    weights = np.maximum(coefs, 0)
    speaks = weights.sum(axis=1) > 0
    sounds = np.zeros((len(coefs), effects.shape[1]))
    if speaks.any():
        shares = weights[speaks] / weights[speaks].sum(axis=1, keepdims=True)
        sounds[speaks] = centre(shares @ np.nan_to_num(effects))
    return sounds
