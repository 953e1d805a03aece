"""Tokens against sounds: planted effects are found with their size, intervals hold what they promise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.association import (
    correct_p_values,
    resample_effects,
    standardise_by_speaker,
    token_associations,
)
from speechlm_utils.tokens import mark_tokens

LOUD, PLAIN = (2, 7), (5, 3)


def make_clips(n_clips, rng, n_frames=60, n_codes=20):
    """Clips of random codes; neighbouring frames and frames of one clip share features, as in speech."""
    clips, features = [], []
    for i in range(n_clips):
        codes = rng.integers(0, n_codes, size=(8, n_frames))
        level = rng.standard_normal() + np.convolve(
            rng.standard_normal(n_frames + 4), np.ones(5) / 2, "valid"
        )
        clips.append(Clip(f"c{i}", "", None, speaker=f"v{i % 4}", codes=codes))
        features.append(
            {"rms_db": -30 + 5 * level, "f0_st": np.where(rng.random(n_frames) < 0.5, np.nan, level)}
        )
    return clips, features


def test_planted_association_is_found_with_its_size():
    clips, features = make_clips(60, np.random.default_rng(0))
    for clip, one in zip(clips, features, strict=True):
        one["rms_db"] = one["rms_db"] + 12 * (clip.codes[LOUD[0] - 1] == LOUD[1])
    table = token_associations(clips, features, [LOUD, PLAIN], ("rms_db",), Bootstrap(300))
    loud, plain = table.iloc[0], table.iloc[1]
    assert (loud.layer, loud.code) == LOUD
    assert loud.low < loud.effect < loud.high
    assert loud.effect > 0.8
    assert loud.q < 1e-6
    assert abs(plain.effect) < 0.2


def test_effect_is_cohens_d_with_unvoiced_frames_left_out():
    clips, features = make_clips(12, np.random.default_rng(1))
    table = token_associations(clips, features, [LOUD], ("f0_st",), Bootstrap(20))
    scaled = np.concatenate(standardise_by_speaker(clips, features, ("f0_st",)))[:, 0]
    hits = np.concatenate([clip.codes[1] == 7 for clip in clips])
    a, b = (scaled[side & np.isfinite(scaled)] for side in (hits, ~hits))
    pooled = np.sqrt((a.var() * a.size + b.var() * b.size) / (a.size + b.size - 2))
    assert table.effect[0] == pytest.approx((a.mean() - b.mean()) / pooled)
    assert table.n_frames[0] == a.size


def test_without_association_p_values_are_about_uniform():
    rng = np.random.default_rng(2)
    clips, features = make_clips(80, rng)
    tokens = [(layer, code) for layer in range(1, 9) for code in range(20)]
    table = token_associations(clips, features, tokens, ("rms_db", "f0_st"), Bootstrap(300))
    assert 0.02 < (table.p < 0.05).mean() < 0.09
    assert 0.4 < table.p.median() < 0.6
    assert (table.q < 0.05).sum() <= 1


def test_rare_token_gets_no_interval():
    clips, features = make_clips(10, np.random.default_rng(3))
    clips[0].codes[3, :5] = 999
    row = token_associations(clips, features, [(4, 999), (4, 1)], ("rms_db",), Bootstrap(50)).iloc[0]
    assert np.isfinite(row.effect)
    assert np.isnan([row.low, row.high, row.p, row.q]).all()
    assert row.n_clips == 1


def test_absent_token_gets_nan():
    clips, features = make_clips(8, np.random.default_rng(3))
    row = token_associations(clips, features, [(4, 999)], ("rms_db",), Bootstrap(50)).iloc[0]
    assert np.isnan(row.effect)
    assert row.n_frames == 0


def test_same_seed_same_table():
    clips, features = make_clips(10, np.random.default_rng(4))
    tables = [token_associations(clips, features, [LOUD], ("rms_db",), Bootstrap(50, 7)) for _ in range(2)]
    assert tables[0].equals(tables[1])


def test_q_values_ignore_missing_tests():
    q = correct_p_values(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_allclose(q, [0.02, np.nan, 0.04])


def test_frames_of_codes_and_features_must_agree():
    clips, features = make_clips(6, np.random.default_rng(5))
    clips[2] = replace(clips[2], codes=clips[2].codes[:, :-1])
    with pytest.raises(ValueError, match="clip c2 has 59 frames of codes but 60"):
        token_associations(clips, features, [LOUD], ("rms_db",))
    with pytest.raises(ValueError, match="6 clips but features of 5"):
        token_associations(clips, features[:5], [LOUD], ("rms_db",))


def test_token_of_no_layer_is_named():
    with pytest.raises(ValueError, match="layers 2 to 9"):
        mark_tokens(np.zeros((8, 3), dtype=int), [LOUD, (9, 0)])


def test_marked_frames_by_hand():
    codes = np.array([[5, 6, 5], [5, 5, 0]])
    assert mark_tokens(codes, [(1, 5), (2, 5), (2, 9)]).astype(int).tolist() == [
        [1, 0, 1],
        [1, 1, 0],
        [0] * 3,
    ]
    assert mark_tokens(codes, []).shape == (0, 3)


def test_no_tokens_give_an_empty_table():
    clips, features = make_clips(6, np.random.default_rng(0))
    table = token_associations(clips, features, [], ("rms_db",))
    assert table.empty and {"layer", "code", "effect", "low", "high", "q"} <= set(table.columns)


# --- speakers


def test_each_speaker_gets_mean_0_and_deviation_1_whatever_their_level():
    rng = np.random.default_rng(0)
    clips = [Clip(str(i), "", None, speaker="ab"[i % 2]) for i in range(6)]
    features = [{"rms_db": rng.normal(-20 if i % 2 else -40, 1 + i % 2, 50)} for i in range(6)]
    features[0]["rms_db"][:5] = np.nan
    scaled = standardise_by_speaker(clips, features, ("rms_db",))
    assert [len(one) for one in scaled] == [50] * 6 and np.isnan(scaled[0]).sum() == 5
    for first in (0, 1):
        frames = np.concatenate(scaled[first::2])
        assert np.nanmean(frames) == pytest.approx(0) and np.nanstd(frames) == pytest.approx(1)
    quiet = features[2]["rms_db"]
    assert np.corrcoef(scaled[2][:, 0], quiet)[0, 1] == pytest.approx(1)


def test_a_constant_feature_becomes_zero():
    scaled = standardise_by_speaker([Clip("x", "", None)], [{"zcr": np.full(4, 0.3)}], ("zcr",))
    assert scaled[0].tolist() == [[0.0]] * 4


# --- intervals


def make_clustered(rng, n_clips=50, n_frames=60):
    """No token has an effect, but frames of a clip share a level, and each clip has codes that it prefers."""
    clips, features = [], []
    for i in range(n_clips):
        share = rng.dirichlet(np.full(10, 0.3), size=8)
        codes = np.stack([rng.choice(10, n_frames, p=one) for one in share])
        clips.append(Clip(f"c{i}", "", None, speaker=f"v{i % 3}", codes=codes))
        features.append({"rms_db": rng.normal() + rng.normal(size=n_frames)})
    return clips, features


def test_intervals_over_clips_hold_no_effect_as_often_as_they_say_and_those_over_frames_do_not():
    covered, naive = [], []
    for seed in range(4):
        clips, features = make_clustered(np.random.default_rng(seed))
        tokens = [(layer, code) for layer in range(1, 9) for code in range(10)]
        table = token_associations(clips, features, tokens, ("rms_db",), Bootstrap(300, seed)).dropna()
        n_frames = sum(clip.codes.shape[1] for clip in clips)
        half = 1.96 * np.sqrt(1 / table.n_frames + 1 / (n_frames - table.n_frames))
        covered += list((table.low < 0) & (table.high > 0))
        naive += list(table.effect.abs() < half)
    assert len(covered) > 300 and 0.87 < np.mean(covered) < 0.98
    assert np.mean(naive) < 0.6


def test_intervals_hold_a_planted_effect_as_often_as_they_say():
    """Frames of the token lie half a deviation higher; the interval should hold 0.5, and not 0."""
    holds, excludes_zero = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        clips, features = [], []
        for i in range(30):
            codes = rng.integers(0, 10, (8, 40))
            clips.append(Clip(f"c{i}", "", None, speaker="v", codes=codes))
            features.append({"rms_db": rng.normal(size=40) + 0.5 * (codes[1] == 7)})
        row = token_associations(clips, features, [LOUD], ("rms_db",), Bootstrap(200, seed)).iloc[0]
        holds.append(row.low < 0.5 < row.high)
        excludes_zero.append(row.low > 0 and row.q < 0.05)
    assert np.mean(holds) > 0.85 and np.mean(excludes_zero) > 0.95


def test_resampled_effects_are_those_of_the_table():
    clips, features = make_clips(12, np.random.default_rng(1))
    how = [LOUD, PLAIN], ("rms_db",), Bootstrap(50, 3)
    table = token_associations(clips, features, *how)
    effects, counts = resample_effects(clips, features, *how)
    assert counts.sum(axis=0).ravel().tolist() == table.n_frames.tolist()
    assert effects.shape == (51, 2, 1) and np.allclose(effects[0, :, 0], table.effect)
    assert np.allclose(np.percentile(effects[1:, :, 0], 2.5, axis=0), table.low)


# --- many tests


def test_q_values_are_those_of_scipy_and_decide_as_the_step_up_rule():
    p = np.random.default_rng(0).random(200) ** 2
    q = correct_p_values(p)
    np.testing.assert_allclose(q, stats.false_discovery_control(p))
    ordered = np.sort(p)
    for level in (0.05, 0.2, 0.5):
        below = np.flatnonzero(ordered <= level * np.arange(1, 201) / 200)
        limit = ordered[below[-1]] if len(below) else -1
        np.testing.assert_array_equal(q <= level + 1e-12, p <= limit)


def test_q_values_keep_the_share_of_false_finds():
    """80 nothings and 20 real effects: at q < 0.1, at most a tenth of what is accepted is false."""
    false_share, found = [], []
    for seed in range(200):
        z = np.random.default_rng(seed).normal(size=100) + np.repeat([0, 3.5], [80, 20])
        accepted = correct_p_values(2 * stats.norm.sf(np.abs(z))) < 0.1
        false_share.append(accepted[:80].sum() / max(accepted.sum(), 1))
        found.append(accepted[80:].mean())
    assert np.mean(false_share) < 0.1 and np.mean(found) > 0.7


def test_no_test_at_all_is_all_nan():
    assert np.isnan(correct_p_values(np.array([np.nan, np.nan]))).all()
    assert correct_p_values(np.array([])).shape == (0,)
