"""Folds, subsamples and fold coefficients: equal to the same by hand, planted tokens stable, noise not."""

import numpy as np
import pandas as pd
import pytest
from conftest import CODEBOOK_SIZE, PLANTED_TOKENS
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechlm_utils.clips import groups
from speechlm_utils.selection.controls import permute_labels
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selector import list_selected, make_selector
from speechlm_utils.selection.stability import (
    cross_validate_C,
    fold_coefs,
    measure_agreement,
    sample_halves,
    select_on_parts,
    split_folds,
    stability,
)


def at(C, **settings):
    return make_selector(L1LogisticRegression(C, **settings))


def fit_part(counts, y, part, C):
    """TF-IDF, scale and ℓ1 fit on a part of the clips, by hand."""
    X = make_pipeline(TfidfTransformer(), StandardScaler(with_mean=False)).fit_transform(counts[part])
    return L1LogisticRegression(C).fit(X, y[part]).coef_


# --- folds


def test_every_clip_is_tested_once_with_its_whole_sentence(planted_clips, y):
    g = groups(planted_clips)
    folds = split_folds(y, g, 5, seed=3)
    assert np.sort(np.concatenate([test for _, test in folds])).tolist() == list(range(len(y)))
    for train, test in folds:
        assert not set(g[train]) & set(g[test]) and len(train) + len(test) == len(y)
        assert np.ptp(np.bincount(y[test])) <= 2  # stratified
    again, other = split_folds(y, g, 5, seed=3), split_folds(y, g, 5, seed=4)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert not all(set(a[1]) == set(b[1]) for a, b in zip(folds, other, strict=True))


def test_too_few_sentences_of_a_class_are_named():
    with pytest.raises(ValueError, match="class rare has 2 groups, n_folds=3"):
        split_folds(["often"] * 6 + ["rare"] * 3, [0, 1, 2, 3, 4, 5, 6, 7, 7], 3)
    with pytest.raises(ValueError, match="y has 2 entries, groups 3"):
        split_folds([0, 1], [0, 1, 2])


# --- cross-validation, coefficients, frequencies


def test_cross_validation_equals_scikit_learn(planted_clips, y):
    g = groups(planted_clips)
    args = make_selector(), planted_clips, y, [0.02, 0.2], split_folds(y, g, 3, 5)
    table, by_two = cross_validate_C(*args), cross_validate_C(*args, n_jobs=2)
    pd.testing.assert_frame_equal(table, by_two)
    for row in table.itertuples():
        found = cross_validate(
            at(row.C), planted_clips, y, cv=split_folds(y, g, 3, 5), scoring="f1_macro",
            return_estimator=True,
        )  # fmt: skip
        assert row.macro_f1 == pytest.approx(found["test_score"].mean())
        assert row.macro_f1_std == pytest.approx(found["test_score"].std(ddof=1))
        assert row.n_tokens == pytest.approx(np.mean([len(list_selected(one)) for one in found["estimator"]]))
        assert row.n_not_converged == 0


def test_fits_that_stop_early_are_counted(planted_clips, y):
    folds = split_folds(y, groups(planted_clips), 2)
    table = cross_validate_C(at(0.1, solver="saga", max_iter=2), planted_clips, y, [1.0], folds)
    assert table.n_not_converged.tolist() == [2]


def test_fold_coefs_equal_fits_by_hand(planted_clips, y, counts):
    g = groups(planted_clips)
    found = fold_coefs(at(0.05), planted_clips, y, split_folds(y, g, 3, 2))
    expected = [fit_part(counts, y, train, 0.05) for train, _ in split_folds(y, g, 3, 2)]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_frequencies_count_the_halves_that_select(planted_clips, y, counts):
    """Five half-samples: two pairs that complete each other, and one more."""
    g, n_words = groups(planted_clips), counts.shape[1] - 7 * CODEBOOK_SIZE
    pairs = [split_folds(y, g, 2, seed) for seed in (4, 5, 6)]
    halves = [train for pair in pairs for train, _ in pair]
    assert sorted([*halves[0], *halves[1]]) == list(range(len(y)))
    kept = np.array([(fit_part(counts, y, half, 0.1) != 0).any(axis=0)[n_words:] for half in halves[:5]])
    expected = kept.mean(axis=0)
    table = stability(at(0.1), planted_clips, y, n_subsamples=5, seed=4)
    found = np.zeros(7 * CODEBOOK_SIZE)
    found[(table.layer - 2) * CODEBOOK_SIZE + table.code] = table.frequency
    np.testing.assert_allclose(found, expected)
    assert table.frequency.is_monotonic_decreasing and table.frequency.min() == pytest.approx(0.2)


def test_planted_tokens_are_stable_and_mean_nothing_with_permuted_labels(planted_clips, y):
    shuffled = permute_labels(y, groups(planted_clips), np.random.default_rng(0))
    real, null = (stability(at(0.06), planted_clips, labels, 10) for labels in (y, shuffled))
    assert {(row.layer, row.code) for row in real[real.frequency == 1].itertuples()} == set(PLANTED_TOKENS)
    assert real.frequency[3:].max() < 0.9 and null.frequency.max() < 0.9


def test_nothing_selected_is_an_empty_table(planted_clips, y):
    table = stability(at(1e-4), planted_clips, y, 2)
    assert list(table.columns) == ["layer", "code", "frequency"] and table.empty


def test_cross_validation_prefers_the_planted_range_and_does_not_leak(planted_clips, y):
    folds = split_folds(y, groups(planted_clips), 3)
    table = cross_validate_C(make_selector(), planted_clips, y, [0.001, 0.05], folds)
    assert list(table.columns) == ["C", "macro_f1", "macro_f1_std", "n_tokens", "n_not_converged"]
    assert table.macro_f1[1] > 0.6 > table.macro_f1[0] and table.n_tokens[0] == 0 < 3 <= table.n_tokens[1]
    noise = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], 30)).repeat(2)  # one label per group
    folds = split_folds(noise, groups(planted_clips), 3)
    table = cross_validate_C(make_selector(), planted_clips, noise, [1.0], folds)
    assert table.macro_f1[0] < 0.45 and table.n_tokens[0] > 50


# --- agreement of selections


def test_agreement_is_one_for_equal_selections_and_zero_for_random_ones_of_any_size():
    same = np.zeros((5, 200), bool)
    same[:, :20] = True
    assert measure_agreement(same) == pytest.approx(1)
    rng = np.random.default_rng(0)
    for share in (0.05, 0.5, 0.9):
        found = [measure_agreement(rng.random((10, 400)) < share) for _ in range(50)]
        assert abs(np.mean(found)) < 0.01


def test_agreement_of_equal_sizes_is_kappa():
    """Nogueira's index of two selections of k of d tokens that share r: (r - k²/d) / (k - k²/d)."""
    d, k, r = 50, 10, 6
    two = np.zeros((2, d), bool)
    two[0, :k], two[1, k - r : 2 * k - r] = True, True
    assert measure_agreement(two) == pytest.approx((r - k * k / d) / (k - k * k / d))


def test_agreement_is_not_defined_without_a_choice():
    assert np.isnan(measure_agreement(np.zeros((3, 4), bool)))
    with pytest.raises(ValueError, match="1 selections"):
        measure_agreement(np.zeros((1, 4), bool))


def test_parts_are_selected_on_as_by_hand(planted_clips, y, counts):
    n_words = counts.shape[1] - 7 * CODEBOOK_SIZE
    halves = sample_halves(planted_clips, y, 3, seed=4)
    found = select_on_parts(at(0.1), planted_clips, y, [0.02, 0.1], halves)
    assert found.shape == (2, 3, 7 * CODEBOOK_SIZE)
    for row, C in zip(found, (0.02, 0.1), strict=True):
        by_hand = [(fit_part(counts, y, half, C) != 0).any(axis=0)[n_words:] for half in halves]
        assert (row == by_hand).mean() > 0.999
    assert measure_agreement(found[1]) < 1
