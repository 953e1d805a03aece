"""Do the tokens tell what was planted? Delivery parameters of the demo corpus, predicted from token counts.

The corpus was built with known shifts of pitch, loudness, rate and so on. A token set that carries delivery
must predict them on speakers it was not fitted on; random tokens of the same number are the control.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..tokens import codes_of, mark_tokens

ALPHAS = np.logspace(-1, 5, 13)


def token_shares(clips: list, tokens: list[tuple[int, int]]) -> np.ndarray:
    """Measure the share of each clip's frames that carries each token; float (n_clips, n_tokens)."""
    return np.array([mark_tokens(codes_of(clip), tokens).mean(axis=1) for clip in clips])


def planted_recovery(
    clips: list,
    token_sets: dict[str, list[tuple[int, int]]],
    parameters: list[str] | None = None,
    n_folds: int = 5,
    seeds: tuple[int, ...] = (0, 1, 2),
    group: str = "speaker",
    measured: dict[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Measure how well token counts tell the planted delivery parameters, on speakers not fitted on.

    A delivery is planted relative to the voice's neutral one, and one voice's neutral is another's extreme.
    So predictors and parameters count from the mean of the clip's speaker, as pitch does from the speaker's
    median: is this clip louder than others of the voice?

    Parameters
    ----------
    clips : list of Clip with codes and planted parameters
    token_sets : name of a set to its tokens, for example the selected ones and random controls
    parameters : planted parameters to predict; default: all that vary
    n_folds, seeds : grouped folds, drawn anew for each seed
    group : "speaker" or "group" (sentence): clips that share it never stand on both sides of a fold
    measured : further sets of predictors by name, float arrays (n_clips, n_columns), for example
        `summarise_features`: what is there to be known without any token

    Returns
    -------
    table : DataFrame with columns `parameter`, `tokens` (name of the set), `seed`, `fold`, `r2`
        R² on the held-out fold of a ridge regression on the share of frames of each token (RidgeCV,
        standardised).
    """
    parameters = parameters or _varying_parameters(clips)
    groups = np.array([getattr(clip, group) for clip in clips])
    targets = np.array([[clip.planted[name] for name in parameters] for clip in clips], dtype=float)
    targets = _centre_by_speaker(targets, clips)
    rows = []
    predictors = {name: token_shares(clips, tokens) for name, tokens in token_sets.items()}
    for name, x in (predictors | (measured or {})).items():
        x = _centre_by_speaker(x, clips)
        for seed in seeds:
            folds = GroupKFold(n_folds, shuffle=True, random_state=seed).split(x, groups=groups)
            for fold, (train, test) in enumerate(folds):
                scores = _ridge_r2(x, targets, train, test)
                rows += [(p, name, seed, fold, r2) for p, r2 in zip(parameters, scores, strict=True)]
    return pd.DataFrame(rows, columns=["parameter", "tokens", "seed", "fold", "r2"])


def summarise_features(features: list[dict[str, np.ndarray]]) -> np.ndarray:
    """Reduce the frame features of each clip to a dozen numbers; float (n_clips, 12).

    Mean, deviation and last third of pitch (semitones); level (dB) of voiced frames, its deviation, and of
    all frames; tilt, centroid and zero crossings of voiced frames; share of voiced and of quiet frames
    (30 dB below the loudest); number of frames. A clip without voiced frames gets zeros for theirs.
    """
    return np.array([_summarise_clip(one) for one in features])


def _summarise_clip(one: dict[str, np.ndarray]) -> list[float]:
    voiced = (one["voiced"] > 0) & np.isfinite(one["f0_st"]) & np.isfinite(one["centroid_hz"])
    level = one["rms_db"]
    rest = [level.mean(), voiced.mean(), (level < level.max() - 30).mean(), float(len(level))]
    if not voiced.any():
        return [0.0] * 8 + rest
    pitch = one["f0_st"][voiced]
    names = ("tilt_db_oct", "centroid_hz", "zcr")
    spectrum = [one[name][voiced].mean() for name in names]
    last = pitch[-max(len(pitch) // 3, 1) :].mean()
    return [pitch.mean(), pitch.std(), last, level[voiced].mean(), level[voiced].std(), *spectrum, *rest]


def _centre_by_speaker(x: np.ndarray, clips: list) -> np.ndarray:
    """Take each speaker's mean off the rows (n_clips, n_columns) of the speaker's clips."""
    names, speaker = np.unique([clip.speaker for clip in clips], return_inverse=True)
    return x - np.stack([x[speaker == k].mean(axis=0) for k in range(len(names))])[speaker]


def _ridge_r2(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    model = make_pipeline(StandardScaler(), RidgeCV(ALPHAS, alpha_per_target=True))
    predicted = model.fit(x[train], y[train]).predict(x[test]).reshape(len(test), -1)
    return r2_score(y[test], predicted, multioutput="raw_values")


def _varying_parameters(clips: list) -> list[str]:
    names = [n for n in clips[0].planted if len({clip.planted.get(n) for clip in clips}) > 1] if clips else []
    if not names:
        raise ValueError(
            f"none of the {len(clips)} clips has planted parameters that vary; choose other clips"
        )
    return names
