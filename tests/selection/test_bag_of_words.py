"""Counts against counting by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from speechlm_utils.clips import Clip
from speechlm_utils.selection.bag_of_words import JointBagOfWords, count_matrix, count_tokens
from speechlm_utils.tokens import parse_token, show_token, token_name

CODES = np.array([[0, 1, 1], [2, 2, 2], [3, 0, 1]], dtype=np.int16)


def make_clips():
    rng = np.random.default_rng(0)
    texts = ("don't tax a village", "a tax is a tax", "")
    return [Clip(str(i), t, None, codes=rng.integers(0, 4, (3, 5 + i))) for i, t in enumerate(texts)]


def test_names_and_pairs_are_inverse():
    assert token_name(3, 417) == "<|L3_0417|>" and show_token(3, 417) == "L3-0417"
    assert all(parse_token(token_name(*pair)) == pair for pair in [(1, 0), (8, 1023), (12, 2047), (2, 12345)])


def test_counts_by_hand():
    assert count_tokens(CODES, 4).tolist() == [1, 2, 0, 0, 0, 0, 3, 0, 1, 1, 0, 1]


def test_matrix_rows_are_the_clips_counts_of_the_chosen_layers():
    clips = make_clips()
    matrix = count_matrix(clips, layers=(2, 3), codebook_size=4).toarray()
    assert np.array_equal(matrix, [count_tokens(c.codes, 4)[4:] for c in clips])
    swapped = count_matrix(clips, layers=(3, 2), codebook_size=4).toarray()
    assert np.array_equal(swapped, np.hstack([matrix[:, 4:], matrix[:, :4]]))
    assert count_matrix([], layers=(2,), codebook_size=4).shape == (0, 4)


def test_joint_bag_is_words_then_tokens():
    clips = make_clips()
    bag = JointBagOfWords(layers=(2, 3), codebook_size=4).fit(clips)
    names = bag.get_feature_names_out()
    assert names[: bag.n_words_].tolist() == ["a", "don't", "is", "tax", "village"]
    assert [parse_token(name) for name in names[bag.n_words_ :]] == bag.tokens_
    joint = bag.transform(clips).toarray()
    words = CountVectorizer(token_pattern=r"\S+").fit_transform([c.text for c in clips]).toarray()
    assert np.array_equal(joint[:, :5], words)
    assert np.array_equal(joint[:, 5:], count_matrix(clips, (2, 3), 4).toarray())


@pytest.mark.parametrize(("use_text", "use_audio", "n_columns"), [(True, False, 5), (False, True, 4)])
def test_either_part_alone(use_text, use_audio, n_columns):
    bag = JointBagOfWords((1,), 4, use_text, use_audio)
    assert clone(bag).fit_transform(make_clips()).shape == (3, n_columns)


def test_text_only_needs_no_codes():
    clips = [Clip("a", "some words", None), Clip("b", "more words", None)]
    assert JointBagOfWords(use_audio=False).fit_transform(clips).shape == (2, 3)
