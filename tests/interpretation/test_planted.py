"""Directions built from a planted profile agree with it; shuffled ones do not."""

import numpy as np
import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.interpretation.planted import (
    PAIRS,
    centre_planted,
    compare_directions,
    planted_profile,
    token_directions,
)


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


def test_planted_link_is_found_and_a_random_one_is_not():
    rng = np.random.default_rng(1)
    profile = rng.normal(size=(6, 4))
    profile -= profile.mean(axis=0)
    owner = np.arange(60) % 6
    coefs = np.eye(6)[:, owner] * rng.uniform(0.5, 1, 60)
    effects = profile[owner] + 0.5 * rng.normal(size=(60, 4))
    found = compare_directions(coefs, effects, profile, n_permutations=300)
    assert found.correlation > 0.9 and found.signs > 0.8 and found.p_correlation < 0.01
    assert abs(found.null_correlation.mean()) < 0.1 and found.null_signs.shape == (300,)
    nothing = compare_directions(coefs, rng.normal(size=(60, 4)), profile, n_permutations=300)
    assert nothing.p_correlation > 0.05


def test_no_token_at_all_gives_no_direction():
    found = compare_directions(np.zeros((3, 0)), np.zeros((0, 2)), np.ones((3, 2)), 5)
    assert found.correlation == 0 and found.p_correlation == 1


def test_centred_parameters_have_no_class_means_left():
    clips = centre_planted(make_clips(), "t")
    for label in "ab":
        shifts = [clip.planted["f0_shift_st"] for clip in clips if clip.labels["t"] == label]
        assert np.mean(shifts) == pytest.approx(0, abs=1e-12) and np.std(shifts) > 0.5
