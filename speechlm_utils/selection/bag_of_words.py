"""Count speech tokens: a clip's codes become one row of a sparse matrix, beside its words."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

from ..clips import Clip
from ..codec_spec import shared_spec
from ..tokens import check_codes, list_tokens, show_token
from ..words import split_words

WORDS = {"tokenizer": split_words, "token_pattern": None, "lowercase": False}  # of scikit-learn's vectorizers


def count_matrix(clips: Sequence[Clip], layers: Sequence[int] | None = None) -> sparse.csr_matrix:
    """Count the tokens of the given layers (default: the acoustic ones) in every clip.

    Returns a matrix (n_clips, len(layers) * codebook_size), columns by layer as given, then by code. Raises
    ValueError if a clip has no codes, a code out of range, or a layer is none of the codec's.
    """
    spec = shared_spec(clips)
    layers = spec.acoustic_layers if layers is None else layers
    if unknown := set(layers) - set(spec.layers):
        raise ValueError(f"layers {sorted(unknown)}: the codec has 1 to {spec.n_layers}")
    offsets = np.arange(len(layers))[:, None] * spec.codebook_size
    columns = []
    for clip in clips:
        codes = check_codes(clip.codes, spec.codebook_size, name=f"clip {clip.id}")
        columns.append((codes[[layer - 1 for layer in layers]] + offsets).ravel())
    rows, columns = np.repeat(np.arange(len(clips)), [len(row) for row in columns]), np.concatenate(columns)
    shape = (len(clips), len(layers) * spec.codebook_size)
    return sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=shape)


def sum_counts(clips: Sequence[Clip], layers: Sequence[int]) -> np.ndarray:
    """Count every token of some layers over all clips: float array (n_layers, codebook_size)."""
    return np.asarray(count_matrix(clips, layers).sum(axis=0)).reshape(len(layers), -1)


class JointBagOfWords(TransformerMixin, BaseEstimator):
    """Count words and speech tokens side by side (the joint matrix of the paper's selection step).

    Parameters
    ----------
    layers : layers whose tokens are counted, numbered from 1; None takes the codec's acoustic layers
    tokens : list of (layer, code) to count in place of all those of `layers`; [] counts words only, and needs
        no codes

    Attributes
    ----------
    n_words_ : int, columns [0, n_words_) are words, sorted
    tokens_ : list of (layer, code), of the other columns
    layers_ : tuple of int, () where no token is counted
    """

    def __init__(self, layers=None, use_text=True, tokens=None):
        self.layers = layers
        self.use_text = use_text
        self.tokens = tokens

    def fit(self, clips: Sequence[Clip], y=None) -> "JointBagOfWords":
        """Learn the words of the clips, and from their codec which tokens there are."""
        if not (self.use_text or self.tokens is None or len(self.tokens)):
            raise ValueError("use_text=False and tokens=[]: nothing is left to count")
        self.words_ = []
        if self.use_text:
            if not any(split_words(clip.text) for clip in clips):
                raise ValueError(f"use_text=True, but none of the {len(clips)} clips has a text")
            self._vectorizer = CountVectorizer(**WORDS, dtype=np.float64)
            self._vectorizer.fit([clip.text for clip in clips])
            self.words_ = list(self._vectorizer.get_feature_names_out())
        self.n_words_ = len(self.words_)
        if self.tokens is None:
            self.spec_ = shared_spec(clips)
            self.layers_ = tuple(self.spec_.acoustic_layers if self.layers is None else self.layers)
            self.tokens_ = list_tokens(self.layers_, self.spec_.codebook_size)
        else:
            self.spec_ = shared_spec(clips) if len(self.tokens) else None
            self.tokens_ = [tuple(token) for token in self.tokens]
            self.layers_ = tuple(sorted({layer for layer, _ in self.tokens_}))
        return self

    def transform(self, clips: Sequence[Clip]) -> sparse.csr_matrix:
        """Return the joint counts, shape (n_clips, n_words_ + len(tokens_)); unknown words are ignored."""
        check_is_fitted(self, "tokens_")
        parts = []
        if self.use_text:
            parts.append(self._vectorizer.transform([clip.text for clip in clips]))
        if self.tokens_:
            if (spec := shared_spec(clips)) != self.spec_:
                raise ValueError(f"clips of another codec ({spec}) than those fitted ({self.spec_})")
            counts, size = count_matrix(clips, self.layers_), spec.codebook_size
            if self.tokens is not None:
                counts = counts[:, [self.layers_.index(layer) * size + code for layer, code in self.tokens_]]
            parts.append(counts)
        return sparse.hstack(parts, format="csr")

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the columns' names: words, then tokens such as L3-0417."""
        check_is_fitted(self, "tokens_")
        return np.array([*self.words_, *(show_token(*token) for token in self.tokens_)], dtype=object)
