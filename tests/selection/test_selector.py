"""The selector's features and the weights that it hands out, against the count matrix."""

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, PLANTED_TOKENS
from sklearn.exceptions import NotFittedError

from speechlm_utils.clips import label_ids
from speechlm_utils.selection.selector import L1Selector, make_features


@pytest.fixture(scope="module")
def selector(planted_clips):
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    return L1Selector(0.1, codebook_size=CODEBOOK_SIZE).fit(planted_clips, y)


def test_features_have_unit_spread_and_keep_their_zeros(planted_clips):
    features = make_features((2, 3), CODEBOOK_SIZE)
    X = features.fit_transform(planted_clips)
    counts = features["counts"].transform(planted_clips)
    np.testing.assert_array_equal(X.toarray() == 0, counts.toarray() == 0)
    np.testing.assert_allclose(X.toarray().std(axis=0), 1)
    assert X.min() >= 0  # not centred


@pytest.mark.parametrize(
    ("use_text", "use_audio", "n_columns"), [(True, True, 168), (True, False, 40), (False, True, 128)]
)
def test_features_of_either_part_alone(planted_clips, use_text, use_audio, n_columns):
    """40 words; two layers of 64 codes."""
    features = make_features((2, 3), CODEBOOK_SIZE, use_text, use_audio)
    assert features.fit_transform(planted_clips).shape == (180, n_columns)


def test_weights_of_tokens_are_those_of_their_columns(selector):
    names = list(selector.features_.get_feature_names_out())
    wanted = [(8, 40), (3, 5), (2, 0)]
    columns = [names.index(name) for name in ("<|L8_0040|>", "<|L3_0005|>", "<|L2_0000|>")]
    np.testing.assert_array_equal(selector.coefs_of_tokens(wanted), selector.coef_[:, columns])
    assert selector.coefs_of_tokens([]).shape == (3, 0)
    default = selector.coefs_of_tokens()
    assert default.shape == (3, len(selector.tokens_)) and np.abs(default).sum(axis=0).min() > 0


def test_selected_tokens_hold_the_planted_ones_in_order(selector):
    assert selector.tokens_ == sorted(selector.tokens_) and set(PLANTED_TOKENS) <= set(selector.tokens_)


def test_scores_are_the_linear_form_and_decide(selector, planted_clips):
    few = planted_clips[:7]
    scores = selector.features_.transform(few).toarray() @ selector.coef_.T + selector.intercept_
    np.testing.assert_allclose(selector.decision_function(few), scores)
    np.testing.assert_array_equal(selector.predict(few), scores.argmax(axis=1))


def test_unknown_tokens_and_use_before_fit_are_refused(selector, planted_clips):
    with pytest.raises(ValueError, match=r"tokens \[\(1, 5\)\]: not among layers"):
        selector.coefs_of_tokens([(3, 5), (1, 5)])
    with pytest.raises(NotFittedError):
        L1Selector().predict(planted_clips[:2])
