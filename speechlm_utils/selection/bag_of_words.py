"""Count speech tokens: a clip's codes become one row of a sparse matrix, beside its words.

A token is a pair (layer, code), layers numbered from 1; a column is its place in a count matrix.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

from ..clips import Clip
from ..tokens import ACOUSTIC_LAYERS, check_codes, list_tokens, token_name

WORD_PATTERN = r"[^\W_]+(?:'[^\W_]+)*"  # one letter is a word, an apostrophe stays inside its word


def count_tokens(codes: np.ndarray, codebook_size: int = 1024) -> np.ndarray:
    """Count how often each speech token occurs in one clip.

    Parameters
    ----------
    codes : int array, shape (n_layers, n_frames)
    codebook_size : int, codes per layer

    Returns
    -------
    counts : int array, shape (n_layers * codebook_size,); column = (layer - 1) * codebook_size + code

    Raises
    ------
    ValueError
        If a code lies outside [0, codebook_size); the message names layer, frame and code.
    """
    codes = check_codes(codes, codebook_size)
    columns = codes.astype(np.int64) + np.arange(len(codes))[:, None] * codebook_size
    return np.bincount(columns.ravel(), minlength=len(codes) * codebook_size)


def count_matrix(
    clips: Sequence[Clip], layers: Sequence[int] = ACOUSTIC_LAYERS, codebook_size: int = 1024
) -> sparse.csr_matrix:
    """Count the tokens of the given layers in every clip.

    Returns
    -------
    counts : sparse matrix, shape (n_clips, len(layers) * codebook_size); columns by layer as given, then code

    Raises
    ------
    ValueError
        If a clip has no codes, too few layers, or a code out of range; the message names the clip.
    """
    columns, offsets = [np.empty(0, np.int64)], np.arange(len(layers))[:, None] * codebook_size
    for clip in clips:
        columns.append((_layer_codes(clip, layers, codebook_size) + offsets).ravel())
    lengths = [len(row) for row in columns[1:]]
    rows = np.repeat(np.arange(len(clips)), lengths)
    columns = np.concatenate(columns)
    shape = (len(clips), len(layers) * codebook_size)
    return sparse.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=shape)


def _layer_codes(clip: Clip, layers: Sequence[int], codebook_size: int) -> np.ndarray:
    """Return the codes of the given layers, shape (len(layers), n_frames), checked."""
    if clip.codes is None:
        raise ValueError(f"clip {clip.id}: has no codes; encode_clips adds them")
    codes = check_codes(clip.codes, codebook_size, name=f"clip {clip.id}")
    for layer in layers:
        if not 1 <= layer <= len(codes):
            raise ValueError(
                f"clip {clip.id}: layer {layer} asked for, its codes have layers 1 to {len(codes)}"
            )
    return codes[[layer - 1 for layer in layers]].astype(np.int64)


class JointBagOfWords(TransformerMixin, BaseEstimator):
    """Count words and speech tokens side by side (the joint matrix of the paper's selection step).

    Parameters
    ----------
    layers : layers whose tokens are counted, numbered from 1
    codebook_size : int, codes per layer
    use_text, use_audio : bool, which of the two parts there is
    tokens : list of (layer, code), count these alone instead of all tokens of `layers`; None counts all

    Attributes
    ----------
    n_words_ : int, columns [0, n_words_) are words, sorted
    tokens_ : list of (layer, code), the tokens of the columns [n_words_, n_columns)
    """

    def __init__(
        self, layers=ACOUSTIC_LAYERS, codebook_size=1024, use_text=True, use_audio=True, tokens=None
    ):
        self.layers = layers
        self.codebook_size = codebook_size
        self.use_text = use_text
        self.use_audio = use_audio
        self.tokens = tokens

    def fit(self, clips: Sequence[Clip], y=None) -> "JointBagOfWords":
        """Learn the words of the clips; the audio columns are fixed by `layers` and `codebook_size`."""
        if not (self.use_text or self.use_audio):
            raise ValueError("use_text=False and use_audio=False: nothing is left to count")
        self.words_ = []
        if self.use_text:
            if not any(clip.text.strip() for clip in clips):
                raise ValueError(f"use_text=True, but none of the {len(clips)} clips has a text")
            self._vectorizer = CountVectorizer(token_pattern=WORD_PATTERN, dtype=np.float64)
            self._vectorizer.fit([clip.text for clip in clips])
            self.words_ = list(self._vectorizer.get_feature_names_out())
        self.n_words_ = len(self.words_)
        self.tokens_ = list_tokens(self.layers, self.codebook_size) if self.use_audio else []
        if self.use_audio and self.tokens is not None:
            place = {token: i for i, token in enumerate(self.tokens_)}
            if unknown := [token for token in self.tokens if tuple(token) not in place]:
                raise ValueError(f"tokens {unknown[:5]}: not among layers {tuple(self.layers)}")
            self._columns = [place[tuple(token)] for token in self.tokens]
            self.tokens_ = [self.tokens_[column] for column in self._columns]
        return self

    def transform(self, clips: Sequence[Clip]) -> sparse.csr_matrix:
        """Return the joint counts, shape (n_clips, n_words_ + len(tokens_)); unknown words are ignored."""
        check_is_fitted(self, "tokens_")
        parts = []
        if self.use_text:
            parts.append(self._vectorizer.transform([clip.text for clip in clips]))
        if self.use_audio:
            counts = count_matrix(clips, self.layers, self.codebook_size)
            parts.append(counts if self.tokens is None else counts[:, self._columns])
        return sparse.hstack(parts, format="csr")

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Return the columns' names: words, then names such as "<|L3_0417|>"."""
        check_is_fitted(self, "tokens_")
        return np.array([*self.words_, *(token_name(*token) for token in self.tokens_)], dtype=object)
