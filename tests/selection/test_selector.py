"""The selector: planted tokens are selected; features and fits agree with scikit-learn called directly."""

import numpy as np
import pytest
from conftest import PLANTED_TOKENS
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selector import list_selected, make_selector, token_coefs


@pytest.fixture(scope="module")
def X(counts):
    """The features, by scikit-learn directly."""
    return make_pipeline(TfidfTransformer(), StandardScaler(with_mean=False)).fit_transform(counts)


@pytest.fixture(scope="module")
def selector(planted_clips, y):
    return make_selector(L1LogisticRegression(0.1)).fit(planted_clips, y)


def test_features_have_unit_spread_and_keep_their_zeros(planted_clips):
    features = make_selector(layers=(2, 3))[:-1]
    X = features.fit_transform(planted_clips)
    counts = features["counts"].transform(planted_clips)
    np.testing.assert_array_equal(X.toarray() == 0, counts.toarray() == 0)
    np.testing.assert_allclose(X.toarray().std(axis=0), 1)
    assert X.min() >= 0  # not centred


def test_features_without_words(planted_clips):
    assert make_selector(layers=(2, 3), use_text=False)[:-1].fit_transform(planted_clips).shape == (180, 128)


def test_weights_of_tokens_are_those_of_their_columns(selector):
    names = list(selector[:-1].get_feature_names_out())
    columns = [names.index(name) for name in ("L8-0040", "L3-0005", "L2-0000")]
    wanted = token_coefs(selector, [(8, 40), (3, 5), (2, 0)])
    np.testing.assert_array_equal(wanted, selector["l1"].coef_[:, columns])
    assert token_coefs(selector, []).shape == (3, 0)
    assert np.abs(token_coefs(selector, list_selected(selector))).sum(axis=0).min() > 0


def test_selected_tokens_hold_the_planted_ones_in_order(selector):
    found = list_selected(selector)
    assert found == sorted(found) and set(PLANTED_TOKENS) <= set(found)


def test_scores_are_the_linear_form_and_decide(selector, planted_clips):
    few, model = planted_clips[:7], selector["l1"]
    scores = selector[:-1].transform(few).toarray() @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(selector.decision_function(few), scores)
    np.testing.assert_array_equal(selector.predict(few), scores.argmax(axis=1))


def test_unknown_tokens_and_use_before_fit_are_refused(selector, planted_clips):
    with pytest.raises(ValueError, match=r"tokens \[\(1, 5\)\]: not among layers"):
        token_coefs(selector, [(3, 5), (1, 5)])
    with pytest.raises(NotFittedError):
        make_selector().predict(planted_clips[:2])


@pytest.mark.parametrize(("solver", "C"), [("liblinear", 0.02), ("skglm", 0.05), ("saga", 0.04)])
def test_planted_tokens_are_selected_and_nothing_else(planted_clips, y, solver, C):
    selector = make_selector(L1LogisticRegression(C, solver, max_iter=3000)).fit(planted_clips, y)
    assert list_selected(selector) == list(PLANTED_TOKENS)
    assert selector["l1"].converged_ and selector["l1"].n_iter_ > 0
    coefs = token_coefs(selector, PLANTED_TOKENS)
    assert coefs.shape == (3, 3) and (coefs.argmax(axis=0) == [0, 1, 2]).all()
    assert selector.score(planted_clips, y) > 0.6


def test_permuted_labels_select_nothing_at_that_C(planted_clips, y):
    shuffled = np.random.default_rng(0).permutation(y)
    assert list_selected(make_selector().fit(planted_clips, shuffled)) == []


def test_liblinear_equals_scikit_learn(planted_clips, y, X, selector):
    model = LogisticRegression(
        **{"C": 0.1, "l1_ratio": 1, "solver": "liblinear", "class_weight": "balanced", "tol": 1e-6},
        **{"max_iter": 1000, "random_state": 0, "intercept_scaling": 30.0},
    )
    oracle = OneVsRestClassifier(model).fit(X, y)
    assert np.allclose(selector["l1"].coef_, np.vstack([e.coef_ for e in oracle.estimators_]))
    assert (selector.predict(planted_clips) == oracle.predict(X)).all()
    assert np.allclose(selector.decision_function(planted_clips), oracle.decision_function(X))


def test_saga_equals_scikit_learn_and_mean_threshold_equals_select_from_model(planted_clips, y, X):
    oracle = LogisticRegression(
        C=0.1, l1_ratio=1, solver="saga", class_weight="balanced", max_iter=3000, random_state=0
    ).fit(X, y)
    model = L1LogisticRegression(0.1, "saga", "mean", max_iter=3000)
    selector = make_selector(model).fit(planted_clips, y)
    assert np.allclose(model.coef_, oracle.coef_)
    assert np.allclose(selector.decision_function(planted_clips), oracle.decision_function(X))
    support = SelectFromModel(oracle, threshold="mean", prefit=True).get_support()
    np.testing.assert_array_equal(model.get_support(), support)
    strong = list_selected(selector)
    model.threshold = "nonzero"
    assert set(strong) < set(list_selected(selector))


def test_two_classes_have_opposite_rows_and_solvers_agree(planted_clips, y):
    clips, labels = zip(*[(c, k) for c, k in zip(planted_clips, y, strict=True) if k < 2], strict=True)
    models = [L1LogisticRegression(0.1, solver) for solver in ("liblinear", "skglm", "saga")]
    fits = [make_selector(model).fit(clips, labels) for model in models]
    for selector in fits:
        coefs = token_coefs(selector, list_selected(selector))
        assert np.array_equal(coefs[0], -coefs[1])
        assert {(3, 5), (5, 17)} <= set(list_selected(selector))
    assert np.allclose(models[0].coef_, models[1].coef_, atol=0.05)
    assert np.allclose(*(selector.decision_function(clips) for selector in fits[:2]), atol=0.1)


def test_a_clone_fits_exactly_the_same_and_folds_work(planted_clips, y, selector):
    again = clone(selector).fit(planted_clips, y)
    assert np.array_equal(again["l1"].coef_, selector["l1"].coef_)
    assert cross_val_score(clone(selector), planted_clips, y, cv=3).mean() > 0.6


def test_tiny_pipeline_runs_on_real_codes(tiny_clips):
    clips = [c for c in tiny_clips if "fallacy" in c.labels]
    labels = [c.labels["fallacy"] for c in clips]
    selector = make_selector(L1LogisticRegression(1.0), use_text=False).fit(clips, labels)
    assert list_selected(selector) and selector.score(clips, labels) > 0.9
