"""Shares by class, phone and voice: sums over clips, intervals that hold, tests that are fair."""

import numpy as np
import pytest

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.interpretation.shares import compare_shares, compare_voices, split_by


def compare(hits, frames, inside, *bootstrap):
    """The share of frames with a token that lie inside something, against that of all frames."""
    return compare_shares(
        (hits * inside)[:, None, None], hits[:, None, None],
        (frames * inside)[:, None, None], frames[:, None, None], *bootstrap,
    )  # fmt: skip


def test_value_and_expected_are_ratios_of_sums():
    found = compare(np.array([1.0, 3, 0, 4]), np.array([10.0, 20, 30, 40]), np.array([1, 0, 1, 0]))
    assert found["value"].item() == pytest.approx(1 / 8) and found["expected"].item() == pytest.approx(0.4)
    assert found["n"].item() == 1 and np.isnan([found["low"].item(), found["p"].item()]).all()


def test_without_a_difference_p_values_are_about_uniform_and_intervals_hold():
    rng, p, inside_interval = np.random.default_rng(0), [], []
    for seed in range(200):
        member = (rng.random(80) < 0.4).astype(float)
        frames = rng.integers(20, 80, 80).astype(float)
        hits = rng.binomial(frames.astype(int), rng.beta(1, 9, 80)).astype(float)
        found = compare(hits, frames, member, Bootstrap(200, seed))
        p.append(found["p"].item())
        inside_interval.append(found["low"].item() < 0.4 < found["high"].item())
    assert 0.01 < (np.array(p) < 0.05).mean() < 0.11
    assert np.mean(inside_interval) > 0.87


def test_token_that_never_occurs_is_nan():
    found = compare(np.zeros(6), np.ones(6), np.ones(6), Bootstrap(20))
    assert np.isnan([found["value"].item(), found["low"].item(), found["p"].item()]).all()


def test_split_keeps_the_sums():
    counts = np.arange(6.0).reshape(3, 2)
    parts = split_by(counts, ["b", "a", "b"], ["a", "b"])
    assert parts.shape == (3, 2, 2) and np.array_equal(parts.sum(axis=2), counts)
    assert parts[1].tolist() == [[2, 0], [3, 0]]


def test_voice_that_matters_is_found_and_chance_is_not():
    rng = np.random.default_rng(1)
    speakers = np.array([f"v{i % 5}" for i in range(100)])
    shares = rng.random((100, 200))
    shares[:, 0] += speakers == "v3"
    p = compare_voices(shares, speakers, [""] * len(speakers), n_permutations=199)
    assert p[0] == pytest.approx(1 / 200)
    assert 0.01 < (p[1:] < 0.05).mean() < 0.1


def test_token_of_a_class_is_not_taken_for_one_of_its_loudest_voice():
    rng = np.random.default_rng(2)
    labels = np.repeat(["a", "b"], 60)
    speakers = np.where(rng.random(120) < np.where(labels == "a", 0.9, 0.1), "v0", "v1")
    shares = (labels == "a")[:, None] + rng.random((120, 1))
    assert compare_voices(shares, speakers, [""] * len(speakers), n_permutations=199)[0] < 0.01
    assert compare_voices(shares, speakers, labels, n_permutations=199)[0] > 0.05


def test_absent_token_has_no_p_value():
    assert np.isnan(compare_voices(np.zeros((4, 1)), ["a", "b", "a", "b"], [""] * 4, n_permutations=9)[0])
