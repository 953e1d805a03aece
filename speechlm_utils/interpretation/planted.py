"""Do the tokens tell what was planted? The demo corpus is synthetic ground truth: its prosody is known.

Every clip was given shifts of pitch, loudness, rate and so on ("planted"), drawn around a profile of its
class. A class's tokens should point where its profile points (`token_directions`), and token counts should
predict the planted parameters on speakers that the model was not fitted on (`planted_recovery`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ..clips import Clip, label_ids
from ..evaluation.upper_bounds import varying_parameters
from ..tokens import Token, mark_tokens
from .correlation import centre_by

PAIRS = {
    "f0_st": ("f0_shift_st", 1),
    "rms_db": ("gain_db", 1),
    "tilt_db_oct": ("tilt_db", 1),
    "voiced": ("pause_ms", -1),
}
"""Measured feature -> (planted parameter that moves it, sign): a longer pause has fewer voiced frames."""
ALPHAS = np.logspace(-1, 5, 13)
SUMMARY = (
    *("pitch", "pitch range", "final pitch", "loudness, voiced", "loudness range", "tilt"),
    *("centroid", "zero crossings", "loudness", "voiced", "quiet", "duration (frames)"),
)
"""Names of what `summarise_features` returns."""


@dataclass(frozen=True)
class Shuffled:
    """A number and what shuffles give: `found` (float) and `null`, float array, shape (n_permutations,)."""

    found: float
    null: np.ndarray

    @property
    def p(self) -> float:
        """Share of shuffles that give at least as much (the true order counted in)."""
        return float((1 + np.sum(self.null >= self.found - 1e-12)) / (1 + len(self.null)))


def planted_profile(
    clips: Sequence[Clip], task: str, names: Sequence[str], pairs: Mapping[str, tuple[str, int]] = PAIRS
) -> np.ndarray:
    """Return what was planted in each class, in the direction of the measured features (keys of `pairs`).

    This is the class mean less the mean over the classes, in standard deviations over all clips, times the
    sign of the pair, (n_classes, n_features); zero where nothing varies.
    """
    parameters, signs = zip(*pairs.values(), strict=True)
    planted = pd.DataFrame([clip.planted for clip in clips])[list(parameters)]
    means = planted.groupby(label_ids(clips, task, names)).mean()
    return np.array(signs) * ((means - means.mean()) / planted.std(ddof=0).replace(0, 1)).to_numpy()


def token_directions(coefs: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Weigh the sound of every token by its coefficient.

    From coefficients (n_classes, n_tokens) and effects (..., n_tokens, n_features), whose NaN counts as 0, to
    directions (..., n_classes, n_features), each column centred and brought to deviation 1 over the classes,
    so that no feature outweighs another; zeros where no token speaks.
    """
    directions = centre(coefs @ np.nan_to_num(effects))
    spread = directions.std(axis=-2, keepdims=True)
    return directions / np.where(spread > 1e-12, spread, 1)


def correlate_cells(directions: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Pearson's correlation of (n, n_classes, n_features) with a profile; 0 where one does not vary."""
    rows = directions.reshape(len(directions), -1)
    rows, target = rows - rows.mean(axis=1, keepdims=True), profile.ravel() - profile.mean()
    norm = np.linalg.norm(rows, axis=1) * np.linalg.norm(target)
    return np.divide(rows @ target, norm, out=np.zeros(len(rows)), where=norm > 0)


def centre(rows: np.ndarray) -> np.ndarray:
    """Take the mean of the rows off each, along the last axis but one."""
    return rows - rows.mean(axis=-2, keepdims=True)


def token_shares(clips: Sequence[Clip], tokens: Sequence[Token]) -> np.ndarray:
    """Measure the share of each clip's frames that carries each token; float (n_clips, n_tokens)."""
    return np.array([mark_tokens(clip.codes, tokens).mean(axis=1) for clip in clips])


@threadpool_limits.wrap(limits=1)  # several threads would mostly wait for each other
def planted_recovery(
    clips: Sequence[Clip],
    predictors: Mapping[str, np.ndarray],
    n_folds: int = 5,
    seeds: Sequence[int] = (0, 1, 2),
    group: str = "speaker",
) -> pd.DataFrame:
    """Measure how well predictors, such as token counts, tell the planted prosody of speakers not fitted on.

    Prosody is planted relative to the voice's neutral one, and one voice's neutral is another's extreme. So
    predictors and parameters count from the mean of the clip's speaker, as pitch does from the speaker's
    median: is this clip louder than others of the voice?

    Parameters
    ----------
    predictors : name -> float array (n_clips, n_columns), for example `token_shares`, or `summarise_features`
        of each clip, which needs no token
    group : "speaker" or "group" (sentence): clips that share it never stand on both sides of a fold

    Returns
    -------
    table : DataFrame with columns `parameter` (each that varies), `tokens` (name of the predictors), `seed`,
        `fold`, `r2` on the held-out fold of a ridge regression (RidgeCV, standardised)
    """
    planted, speakers = pd.DataFrame([clip.planted for clip in clips]), [clip.speaker for clip in clips]
    planted = planted[varying_parameters(clips)]
    groups, targets, rows = [getattr(clip, group) for clip in clips], centre_by(planted, speakers), []
    for name, x in predictors.items():
        x = centre_by(pd.DataFrame(x), speakers)
        for seed in seeds:
            folds = GroupKFold(n_folds, shuffle=True, random_state=seed).split(x, groups=groups)
            for fold, (train, test) in enumerate(folds):
                scores = _ridge_r2(x, targets, train, test)
                rows += [(p, name, seed, fold, r2) for p, r2 in zip(planted, scores, strict=True)]
    return pd.DataFrame(rows, columns=["parameter", "tokens", "seed", "fold", "r2"])


def _ridge_r2(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    model = make_pipeline(StandardScaler(), RidgeCV(ALPHAS, alpha_per_target=True))
    predicted = model.fit(x[train], y[train]).predict(x[test]).reshape(len(test), -1)
    return r2_score(y[test], predicted, multioutput="raw_values")


def summarise_features(one: dict[str, np.ndarray]) -> list[float]:
    """Reduce the frame features of a clip to a dozen numbers, named in `SUMMARY`.

    Of voiced frames (zeros where there are none): mean, deviation and last third of pitch (semitones), level
    (dB) and its deviation, tilt, centroid and zero crossings; level of all frames, shares of voiced and of
    quiet frames (30 dB below the loudest), and number of frames.
    """
    voiced = (one["voiced"] > 0) & np.isfinite(one["f0_st"]) & np.isfinite(one["centroid_hz"])
    level = one["rms_db"]
    rest = [level.mean(), voiced.mean(), (level < level.max() - 30).mean(), float(len(level))]
    if not voiced.any():
        return [0.0] * 8 + rest
    pitch, loud = one["f0_st"][voiced], level[voiced]
    spectrum = [one[name][voiced].mean() for name in ("tilt_db_oct", "centroid_hz", "zcr")]
    last = pitch[-max(len(pitch) // 3, 1) :].mean()
    return [pitch.mean(), pitch.std(), last, loud.mean(), loud.std(), *spectrum, *rest]
