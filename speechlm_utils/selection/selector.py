"""The selector: joint bag of words, TF-IDF, scaling without centring, ℓ1 logistic regression (section 3.1).

The ℓ1 penalty sets most coefficients to exactly zero; the tokens whose column has weight are selected.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ..tokens import Token
from .bag_of_words import JointBagOfWords
from .l1 import L1LogisticRegression


def make_selector(
    model: L1LogisticRegression | None = None, layers: Sequence[int] | None = None, use_text: bool = True
) -> Pipeline:
    """Make the Pipeline from clips to selected tokens; model=None: the ℓ1 model with its defaults.

    `selector[:-1]` are the features: joint counts, TF-IDF, and unit variance, not centred: zeros stay zeros.
    """
    return Pipeline(
        [
            ("counts", JointBagOfWords(layers, use_text)),
            ("tfidf", TfidfTransformer()),
            ("scale", StandardScaler(with_mean=False)),
            ("l1", L1LogisticRegression() if model is None else model),
        ]
    )


def list_selected(selector: Pipeline) -> list[Token]:
    """List the tokens that a fitted selector has selected, by layer and code."""
    bag, support = selector["counts"], selector["l1"].get_support()
    return [token for token, is_in in zip(bag.tokens_, support[bag.n_words_ :], strict=True) if is_in]


def token_coefs(selector: Pipeline, tokens: Sequence[Token]) -> np.ndarray:
    """Return the weights that a fitted selector gives to tokens, float array (n_classes, n_tokens)."""
    bag, model = selector["counts"], selector["l1"]
    place = {token: i + bag.n_words_ for i, token in enumerate(bag.tokens_)}
    if unknown := [token for token in tokens if tuple(token) not in place]:
        raise ValueError(f"tokens {unknown[:5]}: not among layers {bag.layers_} of this selector")
    return model.coefs_of(model.classes_)[:, [place[tuple(token)] for token in tokens]]
