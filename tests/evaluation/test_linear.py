"""Linear models on given tokens: equal to scikit-learn by hand, folds by sentence, planted tokens used."""

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, PLANTED_TOKENS
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechlm_utils.clips import Clip, groups, label_ids
from speechlm_utils.evaluation.linear import fit_linear, predict_conditions
from speechlm_utils.selection.bag_of_words import count_matrix

SETTINGS = {"codebook_size": CODEBOOK_SIZE, "n_folds": 3}
NOISE = [(2, 1), (4, 2), (6, 3)]


@pytest.fixture(scope="module")
def y(planted_clips):
    return label_ids(planted_clips, "fallacy", FALLACIES)


def columns_of(clips, tokens, vectorizer, use_text=True):
    """Word counts and the counts of the tokens alone, by scikit-learn and by place in the full matrix."""
    parts = [vectorizer.transform([clip.text for clip in clips])] if use_text else []
    full = count_matrix(clips, range(1, 9), CODEBOOK_SIZE)
    parts.append(full[:, [(layer - 1) * CODEBOOK_SIZE + code for layer, code in tokens]])
    return sparse.hstack(parts, format="csr")


@pytest.mark.parametrize("use_text", [True, False])
@pytest.mark.parametrize("tokens", [list(PLANTED_TOKENS), NOISE])
def test_one_C_equals_scikit_learn_by_hand(planted_clips, y, tokens, use_text):
    train, test = planted_clips[:120], planted_clips[120:]
    words = CountVectorizer(token_pattern=r"\S+").fit([clip.text for clip in train])
    model = make_pipeline(
        TfidfTransformer(),
        StandardScaler(with_mean=False),
        LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000),
    ).fit(columns_of(train, tokens, words, use_text), y[:120])
    search = fit_linear(train, y[:120], tokens, use_text, Cs=[0.01], **SETTINGS)
    expected = model.predict_proba(columns_of(test, tokens, words, use_text))
    array = np.empty(len(test), dtype=object)
    array[:] = test
    np.testing.assert_allclose(search.predict_proba(array), expected, atol=1e-6)


def make_parrots(n_sentences=60):
    """Every sentence has a word of its own and a random label, and is spoken twice."""
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.arange(n_sentences) % 2)
    clips = [
        Clip(f"{s}_{k}", f"word{s}", None, {"t": "ab"[labels[s]]}, group=f"s{s}")
        for s in range(n_sentences)
        for k in range(2)
    ]
    return clips, np.repeat(labels, 2)


def test_folds_keep_sentences_whole():
    clips, y = make_parrots()
    search = fit_linear(clips, y, [], Cs=[0.1], n_folds=5)
    assert search.best_score_ < 0.6
    texts = [clip.text for clip in clips]
    model = make_pipeline(CountVectorizer(), LogisticRegression(C=0.1, class_weight="balanced"))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    leaky = cross_val_score(model, texts, y, cv=folds, scoring="f1_macro").mean()
    assert leaky > 0.8  # the same data, where clips of one sentence stand on both sides


def test_C_is_the_best_over_the_folds(planted_clips, y):
    search = fit_linear(planted_clips, y, list(PLANTED_TOKENS), Cs=(1e-5, 1e-2, 1.0), **SETTINGS)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_params_ == {"model__C": (1e-5, 1e-2, 1.0)[scores.argmax()]}
    assert search.best_score_ == scores.max() > scores.min()
    assert len(scores) == 3 and search.n_splits_ == 3


def test_planted_tokens_are_worth_more_than_words_and_noise(planted_clips):
    train, test = planted_clips[:120], planted_clips[120:]
    conditions = {"text": [], "noise": NOISE, "planted": list(PLANTED_TOKENS)}
    found = predict_conditions(train, test, "fallacy", FALLACIES, conditions, Cs=(0.01, 0.1), **SETTINGS)
    assert list(found) == list(conditions)
    truth = label_ids(test, "fallacy", FALLACIES)
    scores = {name: f1_score(truth, one, average="macro") for name, one in found.items()}
    assert scores["planted"] > 0.6 > 0.45 > max(scores["text"], scores["noise"])


def test_predictions_are_places_in_the_given_names(planted_clips):
    train, test = planted_clips[:120], planted_clips[120:]
    sets, settings = {"planted": list(PLANTED_TOKENS)}, {"Cs": [0.1], **SETTINGS}
    forth = predict_conditions(train, test, "fallacy", FALLACIES, sets, **settings)["planted"]
    back = predict_conditions(train, test, "fallacy", FALLACIES[::-1], sets, **settings)["planted"]
    np.testing.assert_array_equal(back, 2 - forth)


def test_sentences_of_the_fixture_are_pairs(planted_clips):
    """What the folds above rest on."""
    assert len(set(groups(planted_clips))) == len(planted_clips) / 2
