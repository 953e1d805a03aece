"""Screened fits are those of all columns; a rule that leaves out too much is corrected."""

import numpy as np
import pytest
from sklearn.base import clone

from speechlm_utils.selection import screening
from speechlm_utils.selection.l1 import L1LogisticRegression, fit_l1
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.screening import fit_screened
from speechlm_utils.selection.selector import make_selector

CS = [0.0005, 0.01, 0.015, 0.03, 0.06, 0.4]


@pytest.fixture(scope="module")
def X(planted_clips):
    return make_selector()[:-1].fit_transform(planted_clips)


@pytest.fixture
def widths(monkeypatch):
    """How many columns each fit gets."""
    found = []

    def fit(model, X, y, C):
        found.append(X.shape[1])
        return fit_l1(model, X, y, C)

    monkeypatch.setattr(screening, "fit_l1", fit)
    return found


def check(model, X, y, Cs):
    for C, fit in zip(Cs, fit_screened(model, X, y, Cs), strict=True):
        alone = fit_l1(model, X, y, C)
        assert np.array_equal(fit.get_support(), alone.get_support())
        assert np.allclose(fit.coef_, alone.coef_, atol=1e-4) and fit.C == C and fit.converged_
        assert (fit.predict(X) == alone.predict(X)).mean() > 0.99


def test_fits_are_those_of_all_columns_and_most_are_left_out(X, y, widths):
    check(L1LogisticRegression(), X, y, CS)
    assert widths[0] == X.shape[1] and min(widths) < X.shape[1] / 10


def test_two_classes(X, y):
    two = y < 2
    check(L1LogisticRegression(), X[two], y[two], CS[1:4])


def test_columns_that_the_rule_left_out_wrongly_come_back(X, y, widths):
    check(L1LogisticRegression(), X, y, [0.4, 0.03])  # downwards the rule leaves out too much
    assert len(widths) > 2


def test_other_solvers_fit_all_columns(X, y, widths):
    model = L1LogisticRegression(solver="skglm")
    fits = fit_screened(model, X, y, CS[1:3])
    assert widths == [X.shape[1]] * 2 and clone(model).solver == fits[0].solver


def test_quick_path_selects_the_same(planted_clips, y):
    exact, quick = (fit_l1_path(make_selector(), planted_clips, y, CS, quick=flag) for flag in (False, True))
    assert np.array_equal(exact.selected, quick.selected) and np.allclose(exact.coefs, quick.coefs, atol=1e-4)
