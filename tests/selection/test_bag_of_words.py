"""Counts against counting by hand and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.selection.bag_of_words import JointBagOfWords, count_matrix, sum_counts
from speechlm_utils.tokens import show_token

SPEC = CodecSpec(16000, 320, 4, 3, (1,))


def make_clips():
    rng = np.random.default_rng(0)
    texts = ("don't tax a village", "a tax is a tax", "")
    codes = [rng.integers(0, 4, (3, 5 + i)) for i in range(3)]
    return [Clip(str(i), t, None, codes=codes[i], spec=SPEC) for i, t in enumerate(texts)]


def test_counts_by_hand():
    codes = np.array([[0, 1, 1], [2, 2, 2], [3, 0, 1]], dtype=np.int16)
    counts = count_matrix([Clip("a", "", None, codes=codes, spec=SPEC)], (1, 2, 3)).toarray()
    assert counts.tolist() == [[1, 2, 0, 0, 0, 0, 3, 0, 1, 1, 0, 1]]


def test_matrix_is_of_the_acoustic_layers_or_of_those_asked_for():
    clips = make_clips()
    matrix = count_matrix(clips).toarray()
    assert np.array_equal(matrix, count_matrix(clips, (2, 3)).toarray())
    assert np.array_equal(matrix, [[*np.bincount(a, minlength=4), *np.bincount(b, minlength=4)]
                                   for _, a, b in (clip.codes for clip in clips)])  # fmt: skip
    swapped = count_matrix(clips, layers=(3, 2)).toarray()
    assert np.array_equal(swapped, np.hstack([matrix[:, 4:], matrix[:, :4]]))
    with pytest.raises(ValueError, match="no clip is given"):
        count_matrix([])


def test_joint_bag_is_words_then_tokens():
    clips = make_clips()
    bag = JointBagOfWords().fit(clips)
    names = bag.get_feature_names_out()
    assert names[: bag.n_words_].tolist() == ["a", "don't", "is", "tax", "village"]
    assert names[bag.n_words_ :].tolist() == [show_token(*token) for token in bag.tokens_]
    assert bag.layers_ == (2, 3) and bag.tokens_[0] == (2, 0) and bag.tokens_[-1] == (3, 3)
    joint = bag.transform(clips).toarray()
    words = CountVectorizer(token_pattern=r"\S+").fit_transform([c.text for c in clips]).toarray()
    assert np.array_equal(joint[:, :5], words)
    assert np.array_equal(joint[:, 5:], count_matrix(clips).toarray())


@pytest.mark.parametrize(
    ("settings", "n_columns"),
    [({"tokens": []}, 5), ({"use_text": False, "layers": (1,)}, 4), ({"tokens": [(3, 0), (1, 2)]}, 7)],
)
def test_parts_alone_and_tokens_alone(settings, n_columns):
    assert clone(JointBagOfWords(**settings)).fit_transform(make_clips()).shape == (3, n_columns)


def test_given_tokens_keep_their_order():
    clips, tokens = make_clips(), [(3, 0), (1, 2)]
    counts = JointBagOfWords(use_text=False, tokens=tokens).fit_transform(clips).toarray()
    full = count_matrix(clips, (1, 2, 3)).toarray()
    assert np.array_equal(counts, full[:, [8, 2]])


def test_words_alone_need_no_codes():
    clips = [Clip("a", "some words", None), Clip("b", "more words", None)]
    assert JointBagOfWords(tokens=[]).fit_transform(clips).shape == (2, 3)


def test_clips_of_another_codec_are_refused():
    clips = make_clips()
    bag = JointBagOfWords().fit(clips)
    with pytest.raises(ValueError, match="of another codec"):
        bag.transform([replace(clip, spec=replace(SPEC, hop=160)) for clip in clips])


def test_sums_are_those_of_the_count_matrix(planted_clips):
    summed = sum_counts(planted_clips, (3, 5))
    assert summed.sum() == 2 * sum(clip.codes.shape[1] for clip in planted_clips)
    assert summed[1, 17] == sum((clip.codes[4] == 17).sum() for clip in planted_clips)
