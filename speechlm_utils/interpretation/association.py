"""What does a token sound like? Association of speech tokens with the acoustic features of their frames.

A frame that carries a token is compared with all other frames. Frames of one clip resemble each other, so the
uncertainty comes from resampling whole clips: every clip is reduced to sums once, and a resample is a
weighted sum.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ..acoustics.features import FEATURES
from ..bootstrap import Bootstrap, draw_weights
from ..clips import Clip
from ..tokens import Token, mark_tokens

MIN_CLIPS = 5
"""A token seen in fewer clips gets its value, but no interval and no p-value."""


def token_associations(
    clips: Sequence[Clip],
    features: Sequence[dict],
    tokens: Sequence[Token],
    names: Sequence[str] = FEATURES,
    bootstrap: Bootstrap = Bootstrap(1000),
) -> pd.DataFrame:
    """Compare the frames that carry a token with all the others, for every token and feature.

    Features are those of `clip_features`; frames where one is NaN (pitch of unvoiced frames) are left out.

    Returns
    -------
    table : DataFrame with one row per token and feature
        `layer`, `code`, `feature`; `effect`: difference of the means in pooled standard deviations (Cohen's
        d), each speaker's frames standardised beforehand; `low`, `high`: bootstrap interval; `p`:
        two-sided, effect over bootstrap standard error against Student's t with n_clips - 1 degrees of
        freedom; `q`: see `correct_p_values`; `n_frames`, `n_clips` with the token and the feature.
    """
    effects, counts = resample_effects(clips, features, tokens, names, bootstrap)
    n_clips = (counts > 0).sum(axis=0)
    low, high, p = summarise_resamples(effects, effects, n_clips, bootstrap.level)
    rows = [(*token, name) for token in tokens for name in names]
    table = pd.DataFrame(rows, columns=["layer", "code", "feature"])
    columns = {"effect": effects[0], "low": low, "high": high, "p": p, "q": correct_p_values(p)}
    columns |= {"n_frames": counts.sum(axis=0).astype(int), "n_clips": n_clips}
    return table.assign(**{name: values.ravel() for name, values in columns.items()})


def resample_effects(
    clips: Sequence[Clip],
    features: Sequence[dict],
    tokens: Sequence[Token],
    names: Sequence[str] = FEATURES,
    bootstrap: Bootstrap = Bootstrap(1000),
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the effects of `token_associations` in every resample of clips.

    Two calls with the same clips and seed resample the same clips: token sets can be compared in pairs.

    Returns
    -------
    effects : float array, shape (1 + n_resamples, n_tokens, n_features), the first of the clips as they are;
        NaN for a token that does not occur
    counts : float array, shape (n_clips, n_tokens, n_features), frames with the token and the feature
    """
    with_token, total = _sum_clips(clips, standardise_by_speaker(clips, features, names), tokens)
    weights = draw_weights(len(clips), bootstrap)
    sums = [np.tensordot(weights, one, axes=(1, 1)).swapaxes(0, 1) for one in (with_token, total)]
    return _effect_size(*sums), with_token[0]


def summarise_resamples(
    values: np.ndarray, differences: np.ndarray, n_clips: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduce resamples of clips to low and high of the values and a two-sided p of the differences.

    Both have shape (1 + n_resamples, ...), the first of the clips as they are; NaN, where a rare token is
    missing in a resample, is left out. Fewer clips with the token than `MIN_CLIPS` give NaN.
    """
    if not values.size:
        return (np.empty(n_clips.shape),) * 3
    enough = (n_clips >= MIN_CLIPS) & np.isfinite(values[0])
    draws, changes = (np.where(enough, one[1:], 0.0) for one in (values, differences))
    low, high = np.nanpercentile(draws, [50 * (1 - level), 50 * (1 + level)], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(differences[0]) / np.nanstd(changes, axis=0)
    p = 2 * stats.t.sf(t, df=np.maximum(n_clips - 1, 1))
    return tuple(np.where(enough, one, np.nan) for one in (low, high, p))


def correct_p_values(p: np.ndarray) -> np.ndarray:
    """Turn p-values into q-values (Benjamini and Hochberg, 1995); NaN stays NaN and is not counted."""
    q, tested = np.full(p.shape, np.nan), np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q


def standardise_by_speaker(
    clips: Sequence[Clip], features: Sequence[dict], names: Sequence[str] = FEATURES
) -> list[np.ndarray]:
    """Bring each speaker's frames to mean 0 and deviation 1 per feature; arrays (n_frames, n_features)."""
    if len(clips) != len(features):
        raise ValueError(f"{len(clips)} clips but features of {len(features)}")
    frames = pd.DataFrame({name: np.concatenate([one[name] for one in features]) for name in names})
    lengths = [len(one[names[0]]) for one in features]
    by_speaker = frames.groupby(np.repeat([clip.speaker for clip in clips], lengths))
    spread = by_speaker.transform("std", ddof=0)
    scaled = (frames - by_speaker.transform("mean")) / spread.where(spread > 0, 1)
    return np.split(scaled.to_numpy(), np.cumsum(lengths)[:-1])


def _sum_clips(clips, values: list[np.ndarray], tokens) -> tuple[np.ndarray, np.ndarray]:
    """Sum count, value and square: (3, n_clips, n_tokens, n_features) and (3, n_clips, 1, n_features)."""
    with_token, total = [], []
    for clip, x in zip(clips, values, strict=True):
        hits = mark_tokens(clip.codes, tokens).astype(float)
        if hits.shape[1] != len(x):
            raise ValueError(f"clip {clip.id} has {hits.shape[1]} frames of codes but {len(x)} of features")
        valid, x = np.isfinite(x), np.nan_to_num(x)
        parts = np.stack([valid.astype(float), x, x**2])
        with_token.append(hits @ parts)
        total.append(parts.sum(axis=1, keepdims=True))
    return np.stack(with_token, axis=1), np.stack(total, axis=1)


def _effect_size(with_token: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Cohen's d from sums (count, value, square), with token against the rest of the total."""
    n1, s1, q1 = with_token
    n0, s0, q0 = total - with_token
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (q1 - s1**2 / n1 + q0 - s0**2 / n0) / (n1 + n0 - 2)
        effect = (s1 / n1 - s0 / n0) / np.sqrt(variance)
    return np.where((n1 > 0) & (n0 > 0) & np.isfinite(effect), effect, np.nan)
