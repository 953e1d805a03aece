"""Planted prosody: tokens that sound like their class are found, tokens that do not are not."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.interpretation.association import resample_effects
from speechlm_utils.interpretation.planted import planted_profile
from speechlm_utils.interpretation.recovery import (
    CARD_PAIRS,
    average_by_class,
    measure_recovery,
)

PROFILE = np.array([[1.0, 0.0], [-1.0, 0.5], [0.0, -0.5]])


def make_tokens(strength, n=30, seed=0):
    """Tokens that speak for a class each, with its profile times `strength` and noise as effects."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    coefs = np.zeros((3, n))
    coefs[labels, np.arange(n)] = rng.uniform(0.1, 1, n)
    effects = strength * PROFILE[labels] + 0.3 * rng.normal(size=(n, 2)) + 0.7  # all alike are loud
    return coefs, np.concatenate([effects[None], effects + 0.1 * rng.normal(size=(200, n, 2))])


def test_planted_link_is_found_with_its_size():
    found = measure_recovery(*make_tokens(1.0), PROFILE, 50)
    centred = PROFILE - PROFILE.mean(axis=0)
    unit = PROFILE / np.linalg.norm(PROFILE, axis=1, keepdims=True)
    projection = found.compare()["projection"]
    assert projection.estimate == pytest.approx((centred * unit).sum(axis=1).mean(), abs=0.15)
    assert projection.low < projection.estimate < projection.high and found.p < 0.01
    assert found.correlations[0] > 0.9 and found.n_tokens == 30 and projection.n == 50


def test_what_all_tokens_share_counts_for_nothing():
    p = [measure_recovery(*make_tokens(0.0, seed=seed), PROFILE, 50, 199).p for seed in range(40)]
    assert 0.3 < np.mean(p) < 0.7 and np.mean(np.array(p) < 0.05) < 0.2


def test_difference_to_controls_has_an_interval():
    strong, weak, none = (measure_recovery(*make_tokens(s, seed=9), PROFILE, 50) for s in (1.0, 0.5, 0.0))
    gain = strong.compare([weak, none])["projection"]
    assert 0 < gain.low < gain.estimate < gain.high and gain.verdict == "above"
    assert weak.compare([weak])["correlation"].values == [0, 0, 0]


def test_tokens_against_a_class_or_without_sound_are_left_out():
    coefs, effects = make_tokens(1.0)
    coefs[:, 0], effects[0, 1] = [-0.3, 0, 0], np.nan
    assert measure_recovery(coefs, effects, PROFILE, 50).n_tokens == 28
    with pytest.raises(ValueError, match="no token"):
        measure_recovery(-np.abs(coefs), effects, PROFILE, 50)


def test_average_is_weighted_and_counts_from_the_middle_of_the_classes():
    coefs = np.array([[1.0, 3.0, 0.0], [0.0, -1.0, 2.0], [0.0, 0.0, 0.0]])
    sounds = average_by_class(coefs, np.array([[4.0], [0.0], [np.nan]]))
    assert sounds.tolist() == [[0.5], [-0.5], [0.0]]
    assert not average_by_class(-np.abs(coefs), np.ones((3, 1))).any()


def test_sets_are_measured_in_the_same_resamples(planted_clips):
    rng = np.random.default_rng(0)
    loud = PLANTED_TOKENS[0]
    features = [
        {"rms_db": rng.normal(size=60) + 3 * (clip.codes[loud[0] - 1] == loud[1])} for clip in planted_clips
    ]
    coefs, profile = np.eye(3), np.array([[1.0], [-0.5], [-0.5]])
    effects, _ = resample_effects(planted_clips, features, PLANTED_TOKENS, ["rms_db"], Bootstrap(50))
    again, _ = resample_effects(planted_clips, features, PLANTED_TOKENS[1:], ["rms_db"], Bootstrap(50))
    assert np.allclose(effects[:, 1:], again)
    right, wrong = (measure_recovery(one, effects, profile, 180) for one in (coefs, coefs[[1, 0, 2]]))
    assert right.projections[0] > 1 > 0 > wrong.projections[0] and len(right.projections) == 51


def test_profile_knows_the_pair_of_contour_and_slope(planted_clips):
    clips = [
        replace(clip, planted={"contour_st": float(FALLACIES.index(clip.labels["fallacy"]))})
        for clip in planted_clips
    ]
    profile = planted_profile(clips, "fallacy", FALLACIES, {"f0_slope_st_s": CARD_PAIRS["f0_slope_st_s"]})
    assert np.sign(profile).ravel().tolist() == [-1, 0, 1]
