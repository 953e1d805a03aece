"""Conditions on planted clips: the planted tokens win, controls do not; scores agree with scikit-learn."""

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, PLANTED_TOKENS
from sklearn.metrics import f1_score

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import groups, label_ids
from speechlm_utils.evaluation.conditions import compare_conditions, predict_sets


@pytest.fixture(scope="module")
def outcome(planted_clips):
    train, test = planted_clips[:120], planted_clips[120:]
    conditions = {
        "text": [[]],
        "text + selected": [list(PLANTED_TOKENS)],
        "text + random": [[(2, 1), (4, 2)], [(6, 3), (7, 4)]],
    }
    settings = {"codebook_size": CODEBOOK_SIZE, "n_folds": 3, "Cs": (0.01, 0.1)}
    return test, predict_sets(train, test, "fallacy", FALLACIES, conditions, **settings)


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
