"""The ℓ1 model: a scikit-learn estimator, at its minimum by the conditions that every minimum meets."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from speechlm_utils.selection.l1 import L1LogisticRegression, fit_l1

C = 0.2


@pytest.fixture(scope="module")
def problem():
    """90 clips, three classes of 50, 25 and 15, each with a column of its own among 40."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [50, 25, 15])
    X = rng.exponential(size=(90, 40)) * (rng.random((90, 40)) < 0.3)
    X[np.arange(90), y] += 2
    return sparse.csr_matrix(X / X.std(axis=0)), y


def check_minimum(gradient, coefs):
    """Subgradient of C · loss + ‖w‖₁: at most 1 in size where w = 0, and minus the sign of w elsewhere."""
    zero = coefs == 0
    assert zero.any() and not zero.all()
    assert np.abs(gradient[zero]).max() <= 1.01
    np.testing.assert_allclose(gradient[~zero], -np.sign(coefs[~zero]), atol=0.01)


# skglm, which compiles for a minute, fails one check only: its compiled code takes no read-only arrays
@parametrize_with_checks([L1LogisticRegression(solver=solver) for solver in ("liblinear", "saga")])
def test_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("solver", "is_balanced"), [("liblinear", True), ("skglm", False)])
def test_one_against_the_rest_is_at_its_minimum(problem, solver, is_balanced):
    X, y = problem
    fit = L1LogisticRegression(C, solver).fit(X, y)
    assert fit.converged_
    for k in range(3):
        target = y == k
        weight = np.where(target, 0.5 / target.mean(), 0.5 / (~target).mean()) if is_balanced else 1.0
        error = weight * (expit(X @ fit.coef_[k] + fit.intercept_[k]) - target)
        check_minimum(C * X.T @ error, fit.coef_[k])
        # the intercept is all but free: liblinear's pull on it is |b| / 30 or less
        assert abs(C * error.sum()) < 0.05


def test_multinomial_is_at_its_minimum(problem):
    X, y = problem
    fit = fit_l1(L1LogisticRegression(C, "saga", max_iter=20000, tol=1e-7), X, y)
    weight = (len(y) / (3 * np.bincount(y)))[y]
    error = weight[:, None] * (softmax(X @ fit.coef_.T + fit.intercept_, axis=1) - np.eye(3)[y])
    check_minimum(C * (X.T @ error).T, fit.coef_)
    np.testing.assert_allclose(C * error.sum(axis=0), 0, atol=1e-3)


def test_own_columns_speak_for_their_classes_and_little_else_is_selected(problem):
    X, y = problem
    fit = L1LogisticRegression(0.05).fit(X, y)
    assert (fit.coef_[:, :3].argmax(axis=0) == [0, 1, 2]).all()
    assert fit.get_support()[:3].all() and fit.get_support()[3:].sum() < 10
    assert not fit_l1(fit, X, y, 1e-4).get_support().any()


def test_rows_of_coefficients_for_all_classes(problem):
    X, y = problem
    fit, part = L1LogisticRegression(C).fit(X, y), y != 1
    np.testing.assert_array_equal(fit.coefs_of([0, 1, 2]), fit.coef_)
    two = fit_l1(fit, X[part], y[part])
    assert two.coef_.shape == (1, 40)
    np.testing.assert_array_equal(two.coefs_of([0, 1, 2]), np.vstack([-two.coef_, 0 * two.coef_, two.coef_]))
    assert set(two.predict(X)) == {0, 2}  # a class absent from a part is never predicted


def test_stopped_early_is_recorded_and_said(problem):
    X, y = problem
    model = L1LogisticRegression(10.0, "saga", max_iter=3)
    with pytest.warns(ConvergenceWarning, match=r"saga, C=10.0: not converged after 3 iterations"):
        model.fit(X, y)
    silent = fit_l1(model, X, y)
    assert (silent.converged_, silent.n_iter_) == (False, 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"C": 0}, "'C' parameter"),
        ({"C": float("nan")}, "'C' parameter"),
        ({"solver": "lbfgs"}, r"solver='lbfgs': must be one of \['liblinear', 'saga', 'skglm'\]"),
        ({"y": np.zeros(90, int)}, r"one class \[0\]"),
    ],
)
def test_bad_settings_are_named(problem, changed, message):
    X, y = problem
    y = changed.pop("y", y)
    with pytest.raises(ValueError, match=message):
        L1LogisticRegression(**changed).fit(X, y)


def test_selected_columns_by_hand(problem):
    model = L1LogisticRegression().fit(*problem)
    model.coef_ = np.array([[0.0, 3.0, 0.0, -0.5], [0.0, -3.0, 1.5, 0.0]])
    assert model.get_support().tolist() == [False, True, True, True]
    model.threshold = "mean"
    assert model.get_support().tolist() == [False, True, False, False]  # the mean weight is 2
    model.threshold = "median"
    assert model.get_support().tolist() == [False, True, True, False]
    model.threshold = "most"
    with pytest.raises(ValueError, match="most"):
        model.get_support()


@pytest.mark.parametrize("threshold", ["nonzero", "mean"])
def test_nothing_is_selected_of_nothing(problem, threshold):
    assert not L1LogisticRegression(1e-4, threshold=threshold).fit(*problem).get_support().any()


def test_mean_threshold_is_that_of_scikit_learn(problem):
    X, y = problem
    model = LogisticRegression(C=C, l1_ratio=1, solver="saga", max_iter=2000, random_state=0).fit(X, y)
    support = SelectFromModel(model, threshold="mean", prefit=True).get_support()
    assert 0 < support.sum() < (model.coef_ != 0).any(axis=0).sum()
    ours = L1LogisticRegression(C, "saga", "mean", max_iter=2000).fit(X, y)
    ours.coef_ = model.coef_
    np.testing.assert_array_equal(ours.get_support(), support)
