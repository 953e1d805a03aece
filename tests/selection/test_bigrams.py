"""Bigrams: counted by hand, and chosen where order alone tells the class."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.selection.bigrams import BagOfBigrams, list_bigrams
from speechlm_utils.selection.selector import list_selected, make_selector


def test_lasting_codes_count_once():
    codes = np.array([[1, 1, 2, 2, 1], [5, 5, 5, 5, 5]])
    assert list_bigrams(codes, (1, 2)) == [(1, 1, 2), (1, 2, 1)]


@pytest.fixture
def ordered_clips(planted_clips):
    """Of two classes with the same tokens: 5, 6 in this order, or the other way round, in layer 3."""
    clips = []
    for i, clip in enumerate(planted_clips):
        codes = clip.codes.copy()
        codes[2][np.isin(codes[2], (5, 6))] = 0
        codes[2, 20:40] = np.tile(((5, 6, 9, 0), (6, 5, 9, 0))[i % 2], 5)
        codes[2, 19] = codes[2, 40] = 0
        clips.append(replace(clip, codes=codes, labels={"order": "ab"[i % 2]}))
    return clips


def test_order_is_found_where_counts_say_nothing(ordered_clips):
    y = np.array([clip.labels["order"] for clip in ordered_clips])
    counts = count_matrix(ordered_clips, (3,))[:, [5, 6]].toarray()
    assert len(np.unique(counts, axis=0)) == 1
    bag = BagOfBigrams((3,), min_clips=5)
    selector = Pipeline([("counts", bag), *make_selector().steps[1:]]).fit(ordered_clips, y)
    assert (selector.predict(ordered_clips) == y).all()
    assert {bigram[1:] for bigram in list_selected(selector)} <= {
        (5, 6),
        (6, 5),
        (0, 5),
        (0, 6),
        (5, 9),
        (6, 9),
    }


def test_transform_counts_known_bigrams_only(ordered_clips):
    bag = BagOfBigrams((3,), min_clips=80).fit(ordered_clips)
    assert {(3, 5, 6), (3, 6, 5)} <= set(bag.tokens_)
    found = bag.transform(ordered_clips[:2]).toarray()
    assert found[0, bag.tokens_.index((3, 5, 6))] == 5 and found[1, bag.tokens_.index((3, 5, 6))] == 0


def test_rare_ones_alone_are_an_error(ordered_clips):
    with pytest.raises(ValueError, match="min_clips=999: no bigram"):
        BagOfBigrams(min_clips=999).fit(ordered_clips)
