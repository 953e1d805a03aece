"""Planted deliveries: tokens that sound like their class are found, tokens that do not are not."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, PLANTED_TOKENS

from speechlm_utils.interpretation.association import resample_effects, token_associations
from speechlm_utils.interpretation.card_recovery import (
    CARD_PAIRS,
    average_by_class,
    compare_recoveries,
    fit_coefs,
    measure_recovery,
    recover_sets,
)
from speechlm_utils.interpretation.planted import planted_profile

PROFILE = np.array([[1.0, 0.0], [-1.0, 0.5], [0.0, -0.5]])


def make_tokens(strength, n=30, seed=0):
    """Tokens that speak for a class each, with its profile times `strength` and noise as effects."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    coefs = np.zeros((3, n))
    coefs[labels, np.arange(n)] = rng.uniform(0.1, 1, n)
    effects = strength * PROFILE[labels] + 0.3 * rng.normal(size=(n, 2)) + 0.7  # all alike are loud
    return coefs, effects, effects + 0.1 * rng.normal(size=(200, n, 2))


def test_planted_link_is_found_with_its_size():
    found = measure_recovery(*make_tokens(1.0), PROFILE)
    centred = PROFILE - PROFILE.mean(axis=0)
    unit = PROFILE / np.linalg.norm(PROFILE, axis=1, keepdims=True)
    assert found.projection == pytest.approx((centred * unit).sum(axis=1).mean(), abs=0.15)
    low, high = np.quantile(found.projections, [0.025, 0.975])
    assert low < found.projection < high and found.p < 0.01
    assert found.correlation > 0.9 and found.n_tokens == 30


def test_what_all_tokens_share_counts_for_nothing():
    p = [measure_recovery(*make_tokens(0.0, seed=seed), PROFILE, 199).p for seed in range(40)]
    assert 0.3 < np.mean(p) < 0.7 and np.mean(np.array(p) < 0.05) < 0.2


def test_difference_to_controls_has_an_interval():
    strong, weak, none = (measure_recovery(*make_tokens(s, seed=9), PROFILE) for s in (1.0, 0.5, 0.0))
    value, low, high = compare_recoveries(strong, [weak, none])["projection"]
    assert 0 < low < value < high
    assert compare_recoveries(weak, [weak])["correlation"] == (0, 0, 0)


def test_tokens_against_a_class_or_without_sound_are_left_out():
    coefs, effects, draws = make_tokens(1.0)
    coefs[:, 0], effects[1] = [-0.3, 0, 0], np.nan
    assert measure_recovery(coefs, effects, draws, PROFILE).n_tokens == 28
    with pytest.raises(ValueError, match="no token"):
        measure_recovery(-np.abs(coefs), effects, draws, PROFILE)


def test_average_is_weighted_and_counts_from_the_middle_of_the_classes():
    coefs = np.array([[1.0, 3.0, 0.0], [0.0, -1.0, 2.0], [0.0, 0.0, 0.0]])
    sounds = average_by_class(coefs, np.array([[4.0], [0.0], [np.nan]]))
    assert sounds.tolist() == [[0.5], [-0.5], [0.0]]
    assert not average_by_class(-np.abs(coefs), np.ones((3, 1))).any()


def test_fitted_coefficients_find_the_class_of_a_token(planted_clips):
    size = {"codebook_size": CODEBOOK_SIZE, "n_folds": 2, "Cs": (0.1,)}
    coefs = fit_coefs(planted_clips, "fallacy", FALLACIES, PLANTED_TOKENS, **size)
    assert coefs.shape == (3, 3) and coefs.argmax(axis=0).tolist() == [0, 1, 2]
    two = [clip for clip in planted_clips if clip.labels["fallacy"] != FALLACIES[2]]
    coefs = fit_coefs(two, "fallacy", FALLACIES[:2], PLANTED_TOKENS, **size)
    assert coefs.shape == (2, 3) and coefs.argmax(axis=0)[:2].tolist() == [0, 1]
    assert np.allclose(coefs[0], -coefs[1])


def test_sets_are_measured_in_the_same_resamples(planted_clips):
    rng = np.random.default_rng(0)
    loud = PLANTED_TOKENS[0]
    features = [
        {"rms_db": rng.normal(size=60) + 3 * (clip.codes[loud[0] - 1] == loud[1])} for clip in planted_clips
    ]
    coefs, profile = np.eye(3), np.array([[1.0], [-0.5], [-0.5]])
    sets = {"a": (PLANTED_TOKENS, coefs), "b": (PLANTED_TOKENS, coefs[[1, 0, 2]])}
    found = recover_sets(planted_clips, features, sets, profile, 50, 0, ("rms_db",))
    assert found["a"].projection > 1 > 0 > found["b"].projection
    again = recover_sets(planted_clips, features, {"a": sets["a"]}, profile, 50, 0, ("rms_db",))
    assert np.array_equal(found["a"].projections, again["a"].projections)


def test_resampled_effects_are_those_of_the_table(planted_clips):
    rng = np.random.default_rng(1)
    features = [{"rms_db": rng.normal(size=60)} for _ in planted_clips]
    table = token_associations(planted_clips, features, list(PLANTED_TOKENS), 50, 3, ("rms_db",))
    effects, draws = resample_effects(planted_clips, features, list(PLANTED_TOKENS), 50, 3, ("rms_db",))
    assert np.allclose(effects[:, 0], table.effect)
    assert np.allclose(np.percentile(draws[:, :, 0], 2.5, axis=0), table.low)


def test_profile_knows_the_pair_of_contour_and_slope(planted_clips):
    clips = [
        replace(clip, planted={"contour_st": float(FALLACIES.index(clip.labels["fallacy"]))})
        for clip in planted_clips
    ]
    profile = planted_profile(clips, "fallacy", FALLACIES, ["f0_slope_st_s"], CARD_PAIRS)
    assert np.sign(profile).ravel().tolist() == [-1, 0, 1]
