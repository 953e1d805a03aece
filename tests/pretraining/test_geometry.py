"""Principal axes against scikit-learn, and similarities that were planted to agree or not."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from speechlm_utils.pretraining.geometry import (
    compare_similarities,
    compute_closeness,
    compute_cosines,
    fit_projection,
)

RNG = np.random.default_rng(0)


def test_projection_equals_scikit_learns():
    rows = RNG.normal(size=(40, 6)) * [5, 3, 1, 1, 1, 1]
    ours, theirs = fit_projection(rows), PCA(2).fit(rows)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(np.abs(ours(rows)), np.abs(theirs.transform(rows)))


def test_projection_names_a_bad_shape():
    with pytest.raises(ValueError, match=r"got \(2, 4\)"):
        fit_projection(np.ones((2, 4)))


def test_cosines_and_closeness_by_hand():
    cosines = compute_cosines([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    np.testing.assert_allclose(cosines, [[1, 0, 0.5**0.5], [0, 1, 0.5**0.5], [0.5**0.5, 0.5**0.5, 1]])
    assert compute_cosines([[3.0, 3.0]], mean=np.array([3.0, 3.0])) == 0  # a row at the mean has no direction
    np.testing.assert_allclose(compute_closeness([[0.0, 0.0], [3.0, 4.0]]), [[0, -5], [-5, 0]])


def test_planted_agreement_is_found_and_equals_spearman():
    points = RNG.normal(size=(25, 3))
    a, b = compute_closeness(points), compute_closeness(points + 0.3 * RNG.normal(size=(25, 3)))
    found = compare_similarities(a, b, 199)
    i, j = np.triu_indices(25, k=1)
    assert found.correlation == pytest.approx(spearmanr(a[i, j], b[i, j]).statistic)
    assert found.correlation > 0.6 and found.p == 1 / 200 and found.n_pairs == 300
    assert abs(found.permuted.mean()) < 0.05


def test_unrelated_tables_do_not_agree():
    a, b = (compute_closeness(RNG.normal(size=(25, 3))) for _ in range(2))
    assert compare_similarities(a, b, 199).p > 0.02


def test_strata_take_away_what_the_strata_alone_explain():
    strata = np.repeat([0, 1, 2], 10)
    a, b = (compute_closeness(RNG.normal(size=(30, 2)) + 20 * strata[:, None]) for _ in range(2))
    assert compare_similarities(a, b, 99).p == 0.01
    within = compare_similarities(a, b, 99, strata=strata)
    assert within.p > 0.02 and within.n_pairs == 3 * 45


def test_bad_tables_are_named():
    with pytest.raises(ValueError, match=r"\(3, 3\) and \(4, 4\)"):
        compare_similarities(np.eye(3), np.eye(4))
    with pytest.raises(ValueError, match="0 pairs"):
        compare_similarities(np.eye(3), np.eye(3), strata=["a", "b", "c"])
