"""Count pairs of consecutive tokens: what a bag of single tokens cannot know is their order."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..clips import Clip
from ..codec_spec import shared_spec

Bigram = tuple[int, int, int]  # layer, code, next other code


def list_bigrams(codes: np.ndarray, layers: Sequence[int]) -> list[Bigram]:
    """List the changes of code in codes (n_layers, n_frames), layer by layer in the order of time."""
    found = []
    for layer in layers:
        row = codes[layer - 1]
        places = np.flatnonzero(row[1:] != row[:-1])
        pairs = zip(row[places].tolist(), row[places + 1].tolist(), strict=True)
        found += [(layer, first, second) for first, second in pairs]
    return found


class BagOfBigrams(TransformerMixin, BaseEstimator):
    """Count bigrams of tokens, in the place of `JointBagOfWords` in a selector.

    Parameters
    ----------
    layers : numbered from 1; None takes the codec's acoustic ones
    min_clips : int, bigrams that occur in fewer clips are left out

    Attributes
    ----------
    tokens_ : list of (layer, code, next code), of the columns; n_words_ : 0
    """

    def __init__(self, layers=None, min_clips=10):
        self.layers = layers
        self.min_clips = min_clips

    def fit(self, clips: Sequence[Clip], y=None) -> "BagOfBigrams":
        """Learn which bigrams occur in enough of the clips; ValueError if none does."""
        self.layers_ = tuple(self.layers or shared_spec(clips).acoustic_layers)
        n_clips = {}
        for clip in clips:
            for bigram in set(list_bigrams(clip.codes, self.layers_)):
                n_clips[bigram] = n_clips.get(bigram, 0) + 1
        self.tokens_ = sorted(bigram for bigram, n in n_clips.items() if n >= self.min_clips)
        if not self.tokens_:
            raise ValueError(f"min_clips={self.min_clips}: no bigram occurs in as many of {len(clips)} clips")
        self.n_words_ = 0
        return self

    def transform(self, clips: Sequence[Clip]) -> sparse.csr_matrix:
        """Return the counts, shape (n_clips, len(tokens_))."""
        check_is_fitted(self, "tokens_")
        place, rows, columns = {bigram: i for i, bigram in enumerate(self.tokens_)}, [], []
        for row, clip in enumerate(clips):
            found = [place[one] for one in list_bigrams(clip.codes, self.layers_) if one in place]
            columns += found
            rows += [row] * len(found)
        return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(clips), len(self.tokens_)))
