"""Blocks equal scikit-learn's; rotation changes nothing; settings come from the folds alone."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from speechlm_utils.clips import groups, label_ids
from speechlm_utils.evaluation.linear import C_GRID, C_START, WEIGHTS, Counts, LinearModel, Measured, Words
from speechlm_utils.selection.stability import split_folds


@pytest.fixture(scope="module")
def halves(planted_clips):
    """Train clips, their labels, folds within them; test clips and labels."""
    train, test = planted_clips[:120], planted_clips[120:]
    y, y_test = (label_ids(some, "fallacy", FALLACIES) for some in (train, test))
    return train, y, split_folds(y, groups(train), 3), test, y_test


def test_words_are_tfidf_of_single_words_and_pairs(planted_clips):
    expected = TfidfVectorizer(ngram_range=(1, 2)).fit_transform([clip.text for clip in planted_clips])
    found = Words().fit_transform(planted_clips)
    np.testing.assert_allclose(found.toarray(), expected.toarray(), atol=1e-6)


def test_counts_are_standardised_log_shares_with_rows_of_about_unit_length(planted_clips):
    tokens = [*PLANTED_TOKENS, (2, 1)]
    raw = [
        [np.log1p(100 * np.mean(clip.codes[layer - 1] == code)) for layer, code in tokens]
        for clip in planted_clips
    ]
    found = Counts(tokens).fit_transform(planted_clips)
    np.testing.assert_allclose(found, StandardScaler().fit_transform(raw) / 2, atol=1e-5)
    everything = Counts(layers=(2, 3)).fit_transform(planted_clips)
    assert everything.shape == (180, 128) and np.mean(everything**2) * 128 == pytest.approx(1, rel=1e-3)


def test_columns_that_never_vary_are_left_out_and_what_is_missing_is_named(planted_clips):
    features = {clip.id: np.array([i, 7.0]) for i, clip in enumerate(planted_clips)}
    assert Measured(features).fit_transform(planted_clips).shape == (180, 1)
    with pytest.raises(ValueError, match="Measured: nothing varies over the 180 clips"):
        Measured({name: [1.0] for name in features}).fit_transform(planted_clips)
    del features["003"]
    with pytest.raises(ValueError, match="clip 003: has no measured features"):
        Measured(features).fit_transform(planted_clips)


def test_one_block_equals_scikit_learn(halves):
    train, y, folds, test, _ = halves
    model = LinearModel([Counts(PLANTED_TOKENS)]).fit(train, y, folds)
    block = Counts(PLANTED_TOKENS)
    block.fit_transform(train)
    by_hand = LogisticRegression(C=model.settings_["C"], class_weight="balanced", max_iter=1000)
    assert np.array_equal(
        model.predict(test), by_hand.fit(block.transform(train), y).predict(block.transform(test))
    )
    assert model.settings_["weight"] == 1.0 and model.settings_["C"] in C_GRID


def test_more_columns_than_clips_are_rotated_and_nothing_changes(halves):
    train, y, folds, test, _ = halves
    model = LinearModel([Counts()]).fit(train, y, folds)  # 448 tokens, 120 clips
    block = Counts()
    block.fit_transform(train)
    by_hand = LogisticRegression(C=model.settings_["C"], class_weight="balanced", max_iter=1000)
    expected = by_hand.fit(block.transform(train), y).predict(block.transform(test))
    assert model._basis.shape[1] < 120 and np.mean(model.predict(test) == expected) > 0.98


def test_planted_tokens_are_worth_much_beside_words_that_tell_nothing(halves):
    train, y, folds, test, y_test = halves
    score = {
        name: f1_score(y_test, LinearModel(blocks).fit(train, y, folds).predict(test), average="macro")
        for name, blocks in {
            "words": [Words()],
            "tokens": [Counts(PLANTED_TOKENS)],
            "both": [Words(), Counts(PLANTED_TOKENS)],
        }.items()
    }
    assert min(score["tokens"], score["both"]) > 0.6 > 0.45 > score["words"]


def test_weight_and_C_are_the_best_over_the_folds(halves):
    """By scikit-learn, fold by fold: first the weight at C_START, then C."""
    train, y, folds, _, _ = halves
    words, counts = (block.fit_transform(train) for block in (Words(), Counts(PLANTED_TOKENS)))

    def score(weight, C):
        X, found = np.hstack([words.toarray(), weight * counts]), []
        for learn, held_out in folds:
            model = LogisticRegression(C=C, class_weight="balanced", max_iter=1000).fit(X[learn], y[learn])
            found.append(f1_score(y[held_out], model.predict(X[held_out]), average="macro"))
        return np.mean(found)

    settings = LinearModel([Words(), Counts(PLANTED_TOKENS)]).fit(train, y, folds).settings_
    at_start = {weight: score(weight, C_START) for weight in WEIGHTS}
    assert at_start[settings["weight"]] >= max(at_start.values()) - 0.02
    at_weight = {C: score(settings["weight"], C) for C in C_GRID}
    assert at_weight[settings["C"]] >= max(at_weight.values()) - 0.02


def test_held_out_clips_change_nothing(halves):
    train, y, folds, test, _ = halves
    model = LinearModel([Words(), Counts(PLANTED_TOKENS)]).fit(train, y, folds)
    other = [replace(clip, text="w1 w2") for clip in test]
    alone = [model.predict([clip])[0] for clip in other]
    assert np.array_equal(model.predict(other), alone)  # no statistic of the predicted clips is used


@pytest.mark.parametrize("classes", [3, 2])
def test_coefficients_find_the_class_of_a_token(planted_clips, classes):
    some = [clip for clip in planted_clips if clip.labels["fallacy"] in FALLACIES[:classes]]
    y, silent = label_ids(some, "fallacy", FALLACIES), (2, 63)
    some = [replace(clip, codes=np.where(clip.codes == 63, 0, clip.codes)) for clip in some]
    blocks = [Words(), Counts([*PLANTED_TOKENS[:classes], silent])]
    coefs = LinearModel(blocks).fit(some, y, split_folds(y, groups(some), 2)).read_coefs()
    assert coefs.shape == (classes, classes + 1) and not coefs[:, -1].any()
    assert coefs[:, :-1].argmax(axis=0).tolist() == list(range(classes))


def test_coefficients_of_a_rotated_model_give_its_scores(halves):
    train, y, folds, test, _ = halves
    block = Counts(layers=range(1, 9))
    model = LinearModel([block]).fit(train, y, folds)
    assert model._basis is not None
    columns = block.transform(test)
    scores = columns @ model.read_coefs()[:, block.varies_].T + model._model.intercept_
    assert np.array_equal(model.classes_[scores.argmax(axis=1)], model.predict(test))


def test_probabilities_sum_to_one_and_lead_to_the_prediction(halves):
    train, y, folds, test, _ = halves
    model = LinearModel([Words(), Counts(PLANTED_TOKENS)]).fit(train, y, folds)
    shares = model.predict_proba(test)
    assert shares.shape == (len(test), 3) and shares.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(model.classes_[shares.argmax(axis=1)], model.predict(test))
