"""One ℓ1 fit: it is a minimum, by the conditions that every minimum meets, whatever the order of classes."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression

from speechlm_utils.selection.l1 import fit_l1, select_columns

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


@pytest.mark.parametrize(("solver", "is_balanced"), [("liblinear", True), ("skglm", False)])
def test_one_against_the_rest_is_at_its_minimum(problem, solver, is_balanced):
    X, y = problem
    fit = fit_l1(X, y, C, [0, 1, 2], solver)
    assert fit.converged
    for k in range(3):
        target = y == k
        weight = np.where(target, 0.5 / target.mean(), 0.5 / (~target).mean()) if is_balanced else 1.0
        error = weight * (expit(X @ fit.coefs[k] + fit.intercepts[k]) - target)
        check_minimum(C * X.T @ error, fit.coefs[k])
        # the intercept is all but free: liblinear's pull on it is |b| / 30 or less
        assert abs(C * error.sum()) < 0.05


def test_multinomial_is_at_its_minimum(problem):
    X, y = problem
    fit = fit_l1(X, y, C, [0, 1, 2], "saga", max_iter=20000, tol=1e-7)
    weight = (len(y) / (3 * np.bincount(y)))[y]
    error = weight[:, None] * (softmax(X @ fit.coefs.T + fit.intercepts, axis=1) - np.eye(3)[y])
    check_minimum(C * (X.T @ error).T, fit.coefs)
    np.testing.assert_allclose(C * error.sum(axis=0), 0, atol=1e-3)


def test_own_columns_speak_for_their_classes_and_little_else_is_kept(problem):
    X, y = problem
    coefs = fit_l1(X, y, 0.05, [0, 1, 2]).coefs
    assert (coefs[:, :3].argmax(axis=0) == [0, 1, 2]).all()
    assert select_columns(coefs)[:3].all() and select_columns(coefs)[3:].sum() < 10
    assert not select_columns(fit_l1(X, y, 1e-4, [0, 1, 2]).coefs).any()


def test_rows_follow_the_order_of_the_classes(problem):
    X, y = problem
    names = np.array(["b", "c", "a"])[y]
    sorted_rows = fit_l1(X, names, C, ["a", "b", "c"])
    other_rows = fit_l1(X, names, C, ["c", "x", "b", "a"])
    np.testing.assert_array_equal(other_rows.coefs[[3, 2, 0]], sorted_rows.coefs)
    np.testing.assert_array_equal(other_rows.intercepts[[3, 2, 0]], sorted_rows.intercepts)
    assert not other_rows.coefs[1].any() and other_rows.intercepts[1] == -np.inf


def test_stopped_early_is_not_converged(problem):
    X, y = problem
    fit = fit_l1(X, y, 10.0, [0, 1, 2], "saga", max_iter=3)
    assert (fit.converged, fit.n_iter) == (False, 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"C": 0}, "C=0: must be positive"),
        ({"C": float("nan")}, "C=nan"),
        ({"solver": "lbfgs"}, r"solver='lbfgs': must be one of \['liblinear', 'saga', 'skglm'\]"),
        ({"y": np.zeros(90, int)}, r"single class \[0\]"),
        ({"classes": [0, 1]}, r"y holds \[2\], classes are \[0, 1\]"),
    ],
)
def test_bad_settings_are_named(problem, changed, message):
    X, y = problem
    with pytest.raises(ValueError, match=message):
        fit_l1(**{"X": X, "y": y, "C": C, "classes": [0, 1, 2]} | changed)


def test_kept_columns_by_hand():
    coefs = np.array([[0.0, 3.0, 0.0, -0.5], [0.0, -3.0, 1.5, 0.0]])
    assert select_columns(coefs).tolist() == [False, True, True, True]
    assert select_columns(coefs, "mean").tolist() == [False, True, False, False]  # the mean weight is 2
    assert select_columns(np.zeros((2, 4)), "mean").tolist() == [False] * 4
    with pytest.raises(ValueError, match="threshold='median'"):
        select_columns(coefs, "median")


def test_mean_threshold_is_that_of_scikit_learn(problem):
    X, y = problem
    model = LogisticRegression(C=C, l1_ratio=1, solver="saga", max_iter=2000, random_state=0).fit(X, y)
    support = SelectFromModel(model, threshold="mean", prefit=True).get_support()
    assert 0 < support.sum() < (model.coef_ != 0).any(axis=0).sum()
    np.testing.assert_array_equal(select_columns(model.coef_, "mean"), support)
