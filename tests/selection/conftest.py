"""Labels and counts of the planted clips, as scikit-learn makes them."""

import pytest
from conftest import FALLACIES
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from speechlm_utils.clips import label_ids
from speechlm_utils.selection.bag_of_words import count_matrix


@pytest.fixture(scope="module")
def y(planted_clips):
    return label_ids(planted_clips, "fallacy", FALLACIES)


@pytest.fixture(scope="module")
def counts(planted_clips):
    """Words of all clips, then the tokens of layers 2 to 8, by scikit-learn."""
    words = CountVectorizer(token_pattern=r"\S+").fit_transform([clip.text for clip in planted_clips])
    return sparse.hstack([words, count_matrix(planted_clips)], format="csr")
