"""Similarities that were planted to agree or not."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from speechlm_utils.pretraining.geometry import compare_similarities

RNG = np.random.default_rng(0)


def closeness(points):
    return -squareform(pdist(points))


def test_planted_agreement_is_found_and_equals_spearman():
    points = RNG.normal(size=(25, 3))
    a, b = closeness(points), closeness(points + 0.3 * RNG.normal(size=(25, 3)))
    found = compare_similarities(a, b, 199)
    i, j = np.triu_indices(25, k=1)
    assert found.correlation == pytest.approx(spearmanr(a[i, j], b[i, j]).statistic)
    assert found.correlation > 0.6 and found.p == 1 / 200 and found.n_pairs == 300
    assert abs(found.permuted.mean()) < 0.05


def test_unrelated_tables_do_not_agree():
    a, b = (closeness(RNG.normal(size=(25, 3))) for _ in range(2))
    assert compare_similarities(a, b, 199).p > 0.02


def test_strata_take_away_what_the_strata_alone_explain():
    strata = np.repeat([0, 1, 2], 10)
    a, b = (closeness(RNG.normal(size=(30, 2)) + 20 * strata[:, None]) for _ in range(2))
    assert compare_similarities(a, b, 99).p == 0.01
    within = compare_similarities(a, b, 99, strata=strata)
    assert within.p > 0.02 and within.n_pairs == 3 * 45


def test_bad_tables_are_named():
    with pytest.raises(ValueError, match=r"\(3, 3\) and \(4, 4\)"):
        compare_similarities(np.eye(3), np.eye(4), 9)
    with pytest.raises(ValueError, match="0 pairs"):
        compare_similarities(np.eye(3), np.eye(3), 9, strata=["a", "b", "c"])
