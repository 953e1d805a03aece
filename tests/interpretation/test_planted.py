"""Planted prosody: directions and counts that carry it agree with it, on new voices; the others do not."""

import numpy as np
import pytest
from conftest import SPEC

from speechlm_utils.acoustics.features import frame_features
from speechlm_utils.acoustics.pitch import semitones
from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.planted import (
    PAIRS,
    planted_profile,
    planted_recovery,
    summarise_features,
    token_directions,
    token_shares,
)

LOUD, PLAIN = (2, 7), (5, 3)


def make_clips():
    rng, clips = np.random.default_rng(0), []
    for i in range(60):
        label = "ab"[i % 2]
        high = 1.0 if label == "a" else -1.0
        values = {"f0_shift_st": 3 * high, "gain_db": -2 * high, "tilt_db": 0.0, "pause_ms": 100 * high}
        planted = {name: value + rng.normal() for name, value in values.items()}
        clips.append(Clip(str(i), "", None, {"t": label}, planted=planted | {"tilt_db": 1.0}))
    return clips


def test_profile_has_the_planted_signs_and_no_spread_is_zero():
    profile = planted_profile(make_clips(), "t", ["a", "b"])
    assert np.sign(profile).tolist() == [[1, -1, 0, -1], [-1, 1, 0, 1]]  # a longer pause: fewer voiced frames
    assert list(PAIRS) == ["f0_st", "rms_db", "tilt_db_oct", "voiced"]
    np.testing.assert_allclose(profile.sum(axis=0), 0, atol=1e-12)


def test_direction_is_the_weighted_sum_scaled_per_feature():
    coefs, effects = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, np.nan], [1.0, np.nan]])
    assert token_directions(coefs, effects).tolist() == [[1.0, 0.0], [-1.0, 0.0]]


def make_tone(hertz, seconds, gain=0.3):
    """A tone with a few harmonics, as a voice has."""
    t = np.arange(round(seconds * 16000)) / 16000
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3, 4)) / 2


def make_planted_clips(n_clips=80):
    """Token L2-0007 becomes more frequent with the gain; the other parameter leaves no trace in the codes."""
    rng = np.random.default_rng(6)
    clips = []
    for i in range(n_clips):
        gain, lost = rng.normal(0, 3, size=2)
        codes = rng.integers(0, 20, size=(8, 150))
        codes[1, rng.random(150) < 0.3 + 0.05 * np.clip(gain, -5, 5)] = 7
        planted = {"gain_db": gain, "lost": lost, "fixed": 1.0}
        clips.append(Clip(f"c{i}", "", None, speaker=f"v{i % 8}", planted=planted, codes=codes))
    return clips


def test_planted_parameter_is_recovered_and_controls_are_not():
    clips, sets = make_planted_clips(), {"selected": [LOUD, (2, 3)], "control": [PLAIN, (6, 2)]}
    counts = {name: token_shares(clips, some) for name, some in sets.items()}
    table = planted_recovery(clips, counts, n_folds=4, seeds=(0, 1))
    mean = table.groupby(["parameter", "tokens"]).r2.mean()
    assert mean["gain_db", "selected"] > 0.7
    assert mean["gain_db", "control"] < 0.1
    assert mean["lost", "selected"] < 0.1
    assert len(table) == 2 * 2 * 2 * 4  # parameters x sets x seeds x folds; "fixed" does not vary


def make_voices(n_clips=120):
    """Each of six voices has a token and a gain of its own; within a voice, nothing tells the gain."""
    rng = np.random.default_rng(1)
    level = rng.normal(0, 5, 6)
    clips = []
    for i in range(n_clips):
        codes = rng.integers(6, 20, size=(8, 150))
        codes[1, rng.random(150) < 0.5] = i % 6
        planted = {"gain_db": level[i % 6] + rng.normal(0, 0.3)}
        clips.append(
            Clip(f"c{i}", "", None, speaker=f"v{i % 6}", group=f"s{i}", planted=planted, codes=codes)
        )
    return clips


def test_who_speaks_is_no_recovery_however_the_folds_are_cut():
    """Each voice has a habit of its own: to recognise the voice is not to know its delivery."""
    clips = make_voices()
    counts = {"of the voices": token_shares(clips, [(2, voice) for voice in range(6)])}
    for group in ("speaker", "group"):
        table = planted_recovery(clips, counts, n_folds=6, seeds=(0,), group=group)
        assert table.r2.max() < 0.05


def test_folds_are_drawn_anew_for_each_seed_and_repeat():
    clips = make_planted_clips(40)
    counts = {"selected": token_shares(clips, [LOUD])}
    table = planted_recovery(clips, counts, 4, (0, 1))
    first, second = (table[table.seed == seed].r2.to_numpy() for seed in (0, 1))
    assert not np.allclose(first, second)
    assert table.equals(planted_recovery(clips, counts, 4, (0, 1)))


def test_shares_by_hand():
    codes = np.array([[5, 5, 1, 5], [2, 2, 2, 2]])
    clips = [Clip("a", "", None, codes=codes), Clip("b", "", None, codes=codes[:, 2:])]
    assert token_shares(clips, [(1, 5), (2, 2), (2, 3)]).tolist() == [[0.75, 1, 0], [0.5, 1, 0]]
    with pytest.raises(ValueError, match="the clip has no codes"):
        token_shares([Clip("x", "", None)], [LOUD])


def test_recovery_needs_planted_parameters():
    with pytest.raises(ValueError, match="none of the 3 clips"):
        planted_recovery([Clip(str(i), "", None) for i in range(3)], {"s": np.zeros((3, 1))})


def test_measured_features_stand_beside_tokens():
    clips = make_planted_clips()
    gain = np.array([[clip.planted["gain_db"]] for clip in clips])
    table = planted_recovery(clips, {"t": token_shares(clips, [PLAIN]), "measured": gain}, 4, (0,))
    mean = table[table.parameter == "gain_db"].groupby("tokens").r2.mean()
    assert mean["measured"] > 0.95 > 0.1 > mean["t"]


def test_summary_tells_level_pitch_and_length():
    loud, soft = (frame_features(make_tone(200, 0.5, gain=gain), SPEC) for gain in (0.3, 0.03))
    low = frame_features(make_tone(100, 0.8), SPEC)
    for one in (loud, soft, low):
        one["f0_st"] = semitones(one["f0_hz"], 200.0)
    clips = loud, soft, low, frame_features(np.zeros(6400), SPEC)
    rows = np.array([summarise_features(one) for one in clips])
    assert rows.shape == (4, 12) and np.isfinite(rows).all()
    assert rows[0, 3] - rows[1, 3] == pytest.approx(20, abs=0.5)
    assert rows[0, 0] - rows[2, 0] == pytest.approx(12, abs=0.3)
    assert rows[:, -1].tolist() == [25, 25, 40, 20] and not rows[3, :8].any()


def test_what_a_voice_always_has_does_not_count():
    """Voices differ far more than deliveries do: what differs within a voice tells the gain all the same."""
    clips = make_planted_clips()
    rates = {name: rate for rate, name in enumerate(sorted({clip.speaker for clip in clips}))}
    own = np.array([[10.0 * rates[clip.speaker]] for clip in clips])
    told = np.array([[clip.planted["gain_db"]] for clip in clips])
    table = planted_recovery(clips, {"voice only": own, "told": told + own})
    r2 = table[table.parameter == "gain_db"].groupby("tokens").r2.mean()
    assert r2["told"] > 0.8 and r2["voice only"] < 0.05
