"""Planted supports are found; fits agree with scikit-learn called directly."""

import json

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, PLANTED_TOKENS
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechlm_utils.clips import groups, label_ids
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.selection.controls import matched_random_tokens, random_tokens
from speechlm_utils.selection.l1 import fit_l1
from speechlm_utils.selection.path import find_C_for_count, fit_l1_path
from speechlm_utils.selection.selection import Selection, make_selection
from speechlm_utils.selection.selector import L1Selector
from speechlm_utils.selection.stability import cross_validate_C, fold_coefs, split_folds, stability
from speechlm_utils.tokens import ACOUSTIC_LAYERS

SIZE = {"codebook_size": CODEBOOK_SIZE}


@pytest.fixture(scope="module")
def y(planted_clips):
    return label_ids(planted_clips, "fallacy", FALLACIES)


@pytest.fixture(scope="module")
def X(planted_clips):
    """The features, by scikit-learn directly."""
    words = CountVectorizer(token_pattern=r"\S+").fit_transform([c.text for c in planted_clips])
    joint = sparse.hstack([words, count_matrix(planted_clips, **SIZE)], format="csr")
    return make_pipeline(TfidfTransformer(), StandardScaler(with_mean=False)).fit_transform(joint)


@pytest.mark.parametrize(("solver", "C"), [("liblinear", 0.02), ("skglm", 0.05), ("saga", 0.04)])
def test_planted_tokens_are_selected_and_nothing_else(planted_clips, y, solver, C):
    selector = L1Selector(C, solver, max_iter=3000, **SIZE).fit(planted_clips, y)
    assert selector.tokens_ == list(PLANTED_TOKENS)
    assert selector.converged_ and selector.n_iter_ > 0
    coefs = selector.coefs_of_tokens()
    assert coefs.shape == (3, 3) and (coefs.argmax(axis=0) == [0, 1, 2]).all()
    assert selector.score(planted_clips, y) > 0.6
    proba = selector.predict_proba(planted_clips)
    assert (
        np.allclose(proba.sum(axis=1), 1) and (proba.argmax(axis=1) == selector.predict(planted_clips)).all()
    )


def test_permuted_labels_select_nothing_at_that_C(planted_clips, y):
    shuffled = np.random.default_rng(0).permutation(y)
    assert L1Selector(0.02, **SIZE).fit(planted_clips, shuffled).tokens_ == []


def test_liblinear_equals_scikit_learn(planted_clips, y, X):
    model = LogisticRegression(
        **{"C": 0.1, "l1_ratio": 1, "solver": "liblinear", "class_weight": "balanced", "tol": 1e-6},
        **{"max_iter": 1000, "random_state": 0, "intercept_scaling": 30.0},
    )
    oracle = OneVsRestClassifier(model).fit(X, y)
    selector = L1Selector(0.1, **SIZE).fit(planted_clips, y)
    assert np.allclose(selector.coef_, np.vstack([e.coef_ for e in oracle.estimators_]))
    assert (selector.predict(planted_clips) == oracle.predict(X)).all()
    assert np.allclose(selector.predict_proba(planted_clips), oracle.predict_proba(X))


def test_saga_equals_scikit_learn_and_mean_threshold_equals_select_from_model(planted_clips, y, X):
    oracle = LogisticRegression(
        C=0.1, l1_ratio=1, solver="saga", class_weight="balanced", max_iter=3000, random_state=0
    ).fit(X, y)
    selector = L1Selector(0.1, "saga", threshold="mean", max_iter=3000, **SIZE).fit(planted_clips, y)
    assert np.allclose(selector.coef_, oracle.coef_)
    assert np.allclose(selector.predict_proba(planted_clips), oracle.predict_proba(X))
    kept = SelectFromModel(oracle, threshold="mean", prefit=True).get_support()
    names = selector.features_.get_feature_names_out()[kept]
    assert [f"<|L{layer}_{code:04d}|>" for layer, code in selector.tokens_] == [n for n in names if "<|" in n]
    nonzero = L1Selector(0.1, "saga", max_iter=3000, **SIZE).fit(planted_clips, y).tokens_
    assert set(selector.tokens_) < set(nonzero)


def test_two_classes_have_opposite_rows_and_solvers_agree(planted_clips, y):
    clips, labels = zip(*[(c, k) for c, k in zip(planted_clips, y, strict=True) if k < 2], strict=True)
    fits = [L1Selector(0.1, s, **SIZE).fit(clips, labels) for s in ("liblinear", "skglm", "saga")]
    for selector in fits:
        assert np.array_equal(selector.coef_[0], -selector.coef_[1])
        assert {(3, 5), (5, 17)} <= set(selector.tokens_)
    assert np.allclose(fits[0].coef_, fits[1].coef_, atol=0.05)
    assert np.allclose(fits[0].predict_proba(clips), fits[1].predict_proba(clips), atol=0.05)


def test_early_stop_is_reported(planted_clips, y):
    with pytest.warns(ConvergenceWarning, match=r"saga, C=1.0: not converged after 2 iterations"):
        selector = L1Selector(1.0, "saga", max_iter=2, **SIZE).fit(planted_clips, y)
    assert not selector.converged_ and selector.n_iter_ == 2


def test_fits_repeat_exactly(planted_clips, y):
    first, second = (L1Selector(0.1, **SIZE).fit(planted_clips, y) for _ in range(2))
    assert np.array_equal(first.coef_, second.coef_)


def test_selector_is_a_scikit_learn_estimator(planted_clips, y):
    selector = clone(L1Selector(0.1, **SIZE))
    assert cross_val_score(selector, planted_clips, y, cv=3).mean() > 0.6


def test_class_absent_from_a_part_is_zero_and_never_predicted(X, y):
    part = y != 1
    fit = fit_l1(X[part], y[part], 0.05, classes=[0, 1, 2])
    assert not fit.coefs[1].any() and fit.intercepts[1] == -np.inf and fit.coefs[[0, 2]].any(axis=1).all()


def test_path_equals_single_fits(planted_clips, y):
    Cs = [0.001, 0.02, 0.2]
    path = fit_l1_path(planted_clips, y, Cs, **SIZE)
    single = L1Selector(0.2, **SIZE).fit(planted_clips, y)
    assert path.coefs.shape == (3, 3, len(path.names)) and path.converged.all()
    assert np.array_equal(path.coefs[2], single.coef_) and path.n_tokens[2] == len(single.tokens_)
    assert path.n_tokens[0] == 0 and path.n_tokens[1] == 3 and path.tokens[0] == (2, 0)


@pytest.mark.parametrize("n_tokens", [3, 20, 75])
def test_search_finds_the_count(planted_clips, y, n_tokens):
    C, count = find_C_for_count(planted_clips, y, n_tokens, **SIZE)
    assert abs(count - n_tokens) <= 1
    assert len(L1Selector(C, **SIZE).fit(planted_clips, y).tokens_) == count


def test_search_returns_the_closest_seen_where_the_count_jumps(planted_clips, y, monkeypatch):
    def jumping(fit, n_words, threshold):
        return {True: 50, False: 90}[fit.coefs.any(axis=0).sum() % 2 == 0]

    monkeypatch.setattr("speechlm_utils.selection.path.count_selected", jumping)
    assert find_C_for_count(planted_clips, y, 75, n_fits=6, **SIZE)[1] == 90


def test_search_ends_where_the_wish_is_out_of_reach(planted_clips, y):
    C, count = find_C_for_count(planted_clips, y, 400, C_range=(0.01, 0.2), **SIZE)
    assert C == 0.2 and 3 < count < 400


def test_folds_keep_groups_apart_and_labels_balanced(planted_clips, y):
    g = groups(planted_clips)
    for train, test in split_folds(y, g, 5):
        assert not set(g[train]) & set(g[test]) and np.ptp(np.bincount(y[test])) <= 2


def test_cross_validation_prefers_the_planted_range(planted_clips, y):
    table = cross_validate_C(planted_clips, y, groups(planted_clips), [0.001, 0.05], n_folds=3, **SIZE)
    assert list(table.columns) == ["C", "macro_f1", "macro_f1_std", "n_tokens", "n_not_converged"]
    assert table.macro_f1[1] > 0.6 > table.macro_f1[0] and table.n_tokens[0] == 0 < 3 <= table.n_tokens[1]


def test_cross_validation_does_not_leak(planted_clips):
    noise = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], 30)).repeat(2)  # one label per group
    table = cross_validate_C(planted_clips, noise, groups(planted_clips), [1.0], n_folds=3, **SIZE)
    assert table.macro_f1[0] < 0.45 and table.n_tokens[0] > 50


def test_fold_coefs_and_stability_find_the_planted_tokens(planted_clips, y):
    g = groups(planted_clips)
    coefs = fold_coefs(planted_clips, y, g, 0.02, n_folds=3, **SIZE)
    n_columns = L1Selector(0.02, **SIZE).fit(planted_clips, y).coef_.shape[1]
    assert coefs.shape == (3, 3, n_columns)
    table = stability(planted_clips, y, g, 0.05, n_resamples=7, **SIZE)
    assert {(row.layer, row.code) for row in table[:3].itertuples()} == set(PLANTED_TOKENS)
    assert (table.frequency[:3] == 1).all() and table.frequency.between(0, 1).all()
    assert (table.frequency[3:] < 0.8).all()


def test_random_tokens_are_seeded_and_from_the_layers():
    tokens = random_tokens(75, seed=1)
    assert len(set(tokens)) == 75 and {layer for layer, _ in tokens} <= set(ACOUSTIC_LAYERS)
    assert tokens == random_tokens(75, seed=1) != random_tokens(75, seed=2)


def test_matched_tokens_have_the_same_layers_and_frequencies(planted_clips):
    chosen = random_tokens(40, layers=(2, 3), codebook_size=CODEBOOK_SIZE)
    matched = matched_random_tokens(chosen, planted_clips, layers=(2, 3), **SIZE)
    counts = count_matrix(planted_clips, (1, 2, 3), CODEBOOK_SIZE).sum(axis=0).A1

    def frequencies(tokens):
        return np.sort([counts[(layer - 1) * CODEBOOK_SIZE + code] for layer, code in tokens])

    assert not set(chosen) & set(matched) and len(set(matched)) == 40
    assert sorted(layer for layer, _ in chosen) == sorted(layer for layer, _ in matched)
    assert np.abs(np.median(frequencies(chosen)) - np.median(frequencies(matched))) < 6
    assert matched == matched_random_tokens(chosen, planted_clips, layers=(2, 3), **SIZE)


def test_selection_file_round_trip(planted_clips, y, tmp_path):
    selector = L1Selector(0.02, **SIZE).fit(planted_clips, y)
    made = make_selection(selector, planted_clips, "fallacy", FALLACIES, codec_hash="abc")
    made.save(tmp_path / "run" / "selection.json")
    read = Selection.load(tmp_path / "run" / "selection.json", codec_hash="abc")
    assert read.tokens == list(PLANTED_TOKENS) and np.array_equal(read.coefs, selector.coefs_of_tokens())
    assert (read.task, read.C, read.solver, read.converged) == ("fallacy", 0.02, "liblinear", True)
    assert read.layers == ACOUSTIC_LAYERS and read.corpus_hash == made.corpus_hash
    assert (read.threshold, read.max_iter) == ("nonzero", 1000)
    assert matched_random_tokens(read, planted_clips, **SIZE)


def test_older_file_without_threshold_and_max_iter_is_read(planted_clips, y, tmp_path):
    path = tmp_path / "s.json"
    selector = L1Selector(0.02, **SIZE, threshold="mean", max_iter=2000).fit(planted_clips, y)
    made = make_selection(selector, planted_clips, "fallacy", FALLACIES, "abc")
    made.save(path)
    assert (made.threshold, made.max_iter) == ("mean", 2000)
    values = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in values.items() if k not in ("threshold", "max_iter")}))
    read = Selection.load(path)
    assert read.tokens == made.tokens and (read.threshold, read.max_iter) == (None, None)


def test_empty_selection_survives_the_file(planted_clips, y, tmp_path):
    selector = L1Selector(1e-4, **SIZE).fit(planted_clips, y)
    make_selection(selector, planted_clips, "fallacy", FALLACIES, "abc").save(tmp_path / "s.json")
    assert Selection.load(tmp_path / "s.json").coefs.shape == (3, 0)


def test_tiny_pipeline_runs_on_real_codes(tiny_clips):
    clips = [c for c in tiny_clips if "fallacy" in c.labels]
    selector = L1Selector(1.0, use_text=False, **SIZE).fit(clips, [c.labels["fallacy"] for c in clips])
    assert selector.tokens_ and selector.score(clips, [c.labels["fallacy"] for c in clips]) > 0.9
