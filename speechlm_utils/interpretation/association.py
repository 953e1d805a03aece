"""What does a token sound like? Association of speech tokens with the acoustic features of their frames.

A frame that carries a token is compared with all other frames. Frames of one clip resemble each other, so the
uncertainty comes from resampling whole clips: every clip is reduced to sums once, and a resample is a
weighted sum.
"""

import numpy as np
import pandas as pd
from scipy import stats

from ..acoustics.features import FEATURES
from ..bootstrap import Bootstrap, draw_weights
from ..tokens import codes_of, mark_tokens


def token_associations(
    clips: list,
    features: list[dict[str, np.ndarray]],
    tokens: list[tuple[int, int]],
    n_resamples: int = 1000,
    seed: int = 0,
    names: tuple[str, ...] = FEATURES,
    min_clips: int = 5,
) -> pd.DataFrame:
    """Compare the frames that carry a token with all the others, for every token and feature.

    Parameters
    ----------
    clips : list of Clip with codes
    features : list of dicts of arrays, shape (n_frames,), in the order of the clips (`clip_features`);
        frames where a feature is NaN (pitch of unvoiced frames) are left out for this feature
    tokens : list of (layer, code), layers numbered from 1; none gives an empty table
    n_resamples : int, bootstrap resamples of whole clips
    seed : int
    names : features to compare
    min_clips : int, a token seen in fewer clips gets its effect, but no interval and no p-value

    Returns
    -------
    table : DataFrame with one row per token and feature
        `layer`, `code`, `feature`; `effect`: difference of the means in pooled standard deviations (Cohen's
        d), each speaker's frames standardised beforehand; `low`, `high`: 95 % bootstrap interval; `p`:
        two-sided, effect over bootstrap standard error against Student's t with n_clips - 1 degrees of
        freedom; `q`: p corrected over the whole table (Benjamini and Hochberg, 1995); `n_frames`, `n_clips`
        with the token and the feature.

    Raises
    ------
    ValueError
        If clips and features differ in number, or a clip has no codes or another number of frames than its
        features.
    """
    with_token, effect, draws = _find_effects(clips, features, tokens, n_resamples, seed, names)
    n_clips = (with_token[0] > 0).sum(axis=0)
    low, high, error = (np.where(n_clips >= min_clips, part, np.nan) for part in _summarise(draws))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(effect) / error, df=np.maximum(n_clips - 1, 1))
    layers, codes = np.array(tokens, dtype=int).reshape(-1, 2).T
    n_features = len(names)
    return pd.DataFrame(
        {
            "layer": np.repeat(layers, n_features),
            "code": np.repeat(codes, n_features),
            "feature": list(names) * len(tokens),
            "effect": effect.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "p": p.ravel(),
            "q": correct_p_values(p.ravel()),
            "n_frames": with_token[0].sum(axis=0).ravel().astype(int),
            "n_clips": n_clips.ravel(),
        }
    )


def resample_effects(
    clips: list,
    features: list[dict[str, np.ndarray]],
    tokens: list[tuple[int, int]],
    n_resamples: int = 1000,
    seed: int = 0,
    names: tuple[str, ...] = FEATURES,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the effects of `token_associations`, and those of each resample of clips, to compute with.

    Two calls with the same clips and seed resample the same clips: token sets can be compared in pairs.

    Returns
    -------
    effects : float array, shape (n_tokens, n_features); NaN for a token that does not occur
    draws : float array, shape (n_resamples, n_tokens, n_features)
    """
    return _find_effects(clips, features, tokens, n_resamples, seed, names)[1:]


def _find_effects(clips, features, tokens, n_resamples, seed, names) -> tuple[np.ndarray, ...]:
    """Return the sums over frames with a token (`_sum_clips`), the effects, and those of each resample."""
    values = standardise_by_speaker(clips, features, names)
    with_token, total = _sum_clips(clips, values, tokens)
    effects = _effect_size(with_token.sum(axis=1), total.sum(axis=1))
    draws = _resample_effects(with_token, total, n_resamples, np.random.default_rng(seed))
    return with_token, effects, draws


def correct_p_values(p: np.ndarray) -> np.ndarray:
    """Turn p-values into q-values (Benjamini and Hochberg, 1995); NaN stays NaN and is not counted."""
    q = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    q[tested] = stats.false_discovery_control(p[tested]) if tested.any() else np.nan
    return q


def strong_shares(table: pd.DataFrame, size: float = 0.8, level: float = 0.05) -> pd.Series:
    """Find the share of tokens whose effect is large and sure, per feature and on any feature.

    Parameters
    ----------
    table : as `token_associations` returns it; tokens that do not occur count as not strong
    size : least absolute effect, in standard deviations
    level : q-values must lie below it

    Returns
    -------
    shares : Series, an entry per feature in the table's order, and "any"
    """
    strong = (table.effect.abs() > size) & (table.q < level)
    by_feature = strong.groupby(table.feature, sort=False).mean()
    by_token = strong.groupby([table.layer, table.code]).any()
    return pd.concat([by_feature, pd.Series({"any": by_token.mean()})])


def standardise_by_speaker(
    clips: list, features: list[dict], names: tuple[str, ...] = FEATURES
) -> list[np.ndarray]:
    """Bring each speaker's frames to mean 0 and deviation 1 per feature; arrays (n_frames, n_features)."""
    if len(clips) != len(features):
        raise ValueError(f"{len(clips)} clips but features of {len(features)}")
    arrays = [np.stack([one[name] for name in names], axis=1) for one in features]
    speakers = np.array([clip.speaker for clip in clips])
    scaled = list(arrays)
    for speaker in np.unique(speakers):
        members = np.flatnonzero(speakers == speaker)
        frames = np.concatenate([arrays[i] for i in members])
        valid = np.isfinite(frames)
        n = np.maximum(valid.sum(axis=0), 1)
        mean = np.where(valid, frames, 0).sum(axis=0) / n
        spread = np.sqrt((np.where(valid, frames - mean, 0) ** 2).sum(axis=0) / n)
        for i in members:
            scaled[i] = (arrays[i] - mean) / np.where(spread > 0, spread, 1)
    return scaled


def _sum_clips(clips: list, values: list[np.ndarray], tokens: list) -> tuple[np.ndarray, np.ndarray]:
    """Sum count, value and square: (3, n_clips, n_tokens, n_features) and (3, n_clips, 1, n_features)."""
    with_token, total = [], []
    for clip, x in zip(clips, values, strict=True):
        hits = mark_tokens(codes_of(clip), tokens).astype(float)
        if hits.shape[1] != len(x):
            raise ValueError(f"clip {clip.id} has {hits.shape[1]} frames of codes but {len(x)} of features")
        valid = np.isfinite(x)
        x = np.where(valid, x, 0.0)
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


def _resample_effects(with_token: np.ndarray, total: np.ndarray, n_resamples: int, rng) -> np.ndarray:
    """Effects in bootstrap resamples of clips; shape (n_resamples, n_tokens, n_features)."""
    weights = draw_weights(total.shape[1], Bootstrap(n_resamples, rng))[1:]
    resampled = [np.tensordot(weights, sums, axes=(1, 1)).swapaxes(0, 1) for sums in (with_token, total)]
    return _effect_size(*resampled)


def _summarise(draws: np.ndarray) -> list[np.ndarray]:
    """Reduce the resampled effects to the bounds of the 95 % interval and the standard error."""
    if not draws.size:
        return [np.empty(draws.shape[1:])] * 3
    # A token of one or two clips is missing from many resamples; these draws are NaN and are left out.
    present = np.isfinite(draws).any(axis=0)
    filled = np.where(present, draws, 0.0)
    parts = [*np.nanpercentile(filled, [2.5, 97.5], axis=0), np.nanstd(filled, axis=0)]
    return [np.where(present, part, np.nan) for part in parts]
