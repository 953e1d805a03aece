"""Linear models on given tokens: as by hand, folds by sentence; planted tokens win, controls do not."""

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

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import Clip, groups, label_ids
from speechlm_utils.evaluation.conditions import (
    as_array,
    compare_conditions,
    fit_linear,
    make_linear,
    predict_conditions,
)
from speechlm_utils.selection.bag_of_words import count_matrix

NOISE = [(2, 1), (4, 2), (6, 3)]


@pytest.fixture(scope="module")
def y(planted_clips):
    return label_ids(planted_clips, "fallacy", FALLACIES)


def columns_of(clips, tokens, vectorizer):
    """Word counts and the counts of the tokens alone, by scikit-learn and by place in the full matrix."""
    parts = [vectorizer.transform([clip.text for clip in clips])]
    full = count_matrix(clips, range(1, 9))
    parts.append(full[:, [(layer - 1) * CODEBOOK_SIZE + code for layer, code in tokens]])
    return sparse.hstack(parts, format="csr")


@pytest.mark.parametrize("tokens", [list(PLANTED_TOKENS), NOISE])
def test_one_C_equals_scikit_learn_by_hand(planted_clips, y, tokens):
    train, test = planted_clips[:120], planted_clips[120:]
    words = CountVectorizer(token_pattern=r"\S+").fit([clip.text for clip in train])
    model = make_pipeline(
        TfidfTransformer(),
        StandardScaler(with_mean=False),
        LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000),
    ).fit(columns_of(train, tokens, words), y[:120])
    search = fit_linear(make_linear([0.01], 3), train, y[:120], tokens)
    expected = model.predict_proba(columns_of(test, tokens, words))
    np.testing.assert_allclose(search.predict_proba(as_array(test)), expected, atol=1e-6)


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
    search = fit_linear(make_linear([0.1]), clips, y, [])
    assert search.best_score_ < 0.6
    texts = [clip.text for clip in clips]
    model = make_pipeline(CountVectorizer(), LogisticRegression(C=0.1, class_weight="balanced"))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    leaky = cross_val_score(model, texts, y, cv=folds, scoring="f1_macro").mean()
    assert leaky > 0.8  # the same data, where clips of one sentence stand on both sides


def test_C_is_the_best_over_the_folds(planted_clips, y):
    search = fit_linear(make_linear((1e-5, 1e-2, 1.0), 3), planted_clips, y, PLANTED_TOKENS)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_params_ == {"model__C": (1e-5, 1e-2, 1.0)[scores.argmax()]}
    assert search.best_score_ == scores.max() > scores.min()
    assert len(scores) == 3 and search.n_splits_ == 3


@pytest.fixture(scope="module")
def outcome(planted_clips):
    train, test = planted_clips[:120], planted_clips[120:]
    conditions = {
        "text": [[]],
        "text + selected": [list(PLANTED_TOKENS)],
        "text + random": [[(2, 1), (4, 2)], [(6, 3), (7, 4)]],
    }
    y = label_ids(train, "fallacy", FALLACIES)
    return test, predict_conditions(make_linear((0.01, 0.1), 3), train, y, test, conditions)


def test_each_set_is_predicted(outcome):
    test, predictions = outcome
    shapes = {name: one.shape for name, one in predictions.items()}
    n = len(test)
    assert shapes == {"text": (1, n), "text + selected": (1, n), "text + random": (2, n)}


def test_planted_tokens_win_and_random_ones_do_not(outcome):
    test, predictions = outcome
    y = label_ids(test, "fallacy", FALLACIES)
    table = compare_conditions(y, predictions, groups(test), bootstrap=Bootstrap(300))
    assert table.low["text + selected"] > 0.1 and table.verdict["text + selected"] == "above"
    assert table.low["text + random"] < 0 < table.high["text + random"]
    assert table.difference["text"] == 0 and table.sets["text + random"] == 2
    assert table.macro_f1["text + selected"] > 0.6 > 0.45 > table.macro_f1["text"]
    scores = [f1_score(y, p, average="macro") for p in predictions["text + random"]]
    assert table.macro_f1["text + random"] == pytest.approx(np.mean(scores))
    assert table.std_sets["text + random"] == pytest.approx(np.std(scores, ddof=1))
    assert np.isnan(table.std_sets["text"]) and table.clips["text"] == len(test)
    assert table.accuracy["text + selected"] == pytest.approx((predictions["text + selected"][0] == y).mean())


def test_a_part_of_the_clips_is_compared_alone(outcome):
    test, predictions = outcome
    y, inside = label_ids(test, "fallacy", FALLACIES), np.arange(len(test)) < 30
    table = compare_conditions(y, predictions, groups(test), "text + random", inside, Bootstrap(20))
    assert (table.clips == 30).all() and table.difference["text + random"] == 0
