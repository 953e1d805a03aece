"""A strong linear model of a clip: words, tokens and measured features side by side.

Every block gives a clip a row of about unit length, so that one grid of C and one of weights serve them all.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ..clips import Clip
from ..metrics import score_classes
from ..selection.bag_of_words import WORDS, JointBagOfWords
from ..selection.stability import Folds
from ..tokens import Token

C_GRID = tuple(float(C) for C in np.geomspace(0.01, 100, 9).round(3))
WEIGHTS = (0.1, 0.3, 1.0, 3.0)
"""Of the other blocks beside the first, which are the words."""
C_START = 3.162  # at which the weight is chosen


class Words:
    """TF-IDF of single words and pairs of words, each clip scaled to unit length."""

    def fit_transform(self, clips: Sequence[Clip]) -> sparse.csr_matrix:
        """Learn vocabulary and document frequencies, and return the rows of these clips."""
        self._tfidf = TfidfVectorizer(**WORDS, ngram_range=(1, 2), dtype=np.float32)
        found = self._tfidf.fit_transform([clip.text for clip in clips])
        found.sort_indices()  # as transform does: sums are then rounded alike
        return found

    def transform(self, clips: Sequence[Clip]) -> sparse.csr_matrix:
        """Return a row per clip, (n_clips, n_words)."""
        return self._tfidf.transform([clip.text for clip in clips])


class _Scaled:
    """A dense block: columns standardised, those that do not vary left out, rows of about unit length."""

    def read(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the columns as they are measured, (n_clips, n_columns)."""
        raise NotImplementedError

    def fit_transform(self, clips: Sequence[Clip]) -> np.ndarray:
        """Learn mean and deviation of every column, and return the rows of these clips."""
        values = self.read(clips)
        self._mean, deviation = values.mean(axis=0), values.std(axis=0)
        self.varies_ = deviation > 1e-9 * (1 + np.abs(self._mean))
        if not self.varies_.any():
            raise ValueError(f"{type(self).__name__}: nothing varies over the {len(clips)} clips")
        self._unit = deviation[self.varies_] * np.sqrt(self.varies_.sum())
        return self._scale(values)

    def transform(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return a row per clip, float32 (n_clips, n_varying_columns)."""
        return self._scale(self.read(clips))

    def _scale(self, values: np.ndarray) -> np.ndarray:
        return ((values - self._mean)[:, self.varies_] / self._unit).astype(np.float32)


class Counts(_Scaled):
    """Relative counts of speech tokens, log1p(100 · count / frames), standardised.

    Parameters
    ----------
    tokens : list of (layer, code); None counts all of some layers
    layers : of which all tokens are counted; None takes the codec's acoustic ones
    """

    def __init__(self, tokens: Sequence[Token] | None = None, layers: Sequence[int] | None = None):
        self._bag = JointBagOfWords(layers, use_text=False, tokens=tokens)

    def read(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the relative counts, float array (n_clips, n_tokens)."""
        if not hasattr(self._bag, "tokens_"):
            self._bag.fit(clips)
        n_frames = np.array([[clip.codes.shape[1]] for clip in clips])
        return np.log1p(100 * self._bag.transform(clips).toarray() / np.maximum(n_frames, 1))


class Measured(_Scaled):
    """Features measured elsewhere, standardised; `features`: clip id -> float array (n_columns,)."""

    def __init__(self, features: Mapping[str, np.ndarray]):
        self._features = features

    def read(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the features; one that is missing is named."""
        if missing := next((clip.id for clip in clips if clip.id not in self._features), None):
            raise ValueError(f"clip {missing}: has no measured features")
        return np.stack([np.asarray(self._features[clip.id], dtype=float) for clip in clips])


class LinearModel(ClassifierMixin, BaseEstimator):
    """Balanced logistic regression (ℓ2) on blocks; their weight, then C, by macro-F1 over grouped folds.

    It is fitted in one thread: the solver's steps are so small that several would mostly wait for each other.

    Parameters
    ----------
    blocks : list of `Words`, `Counts` or `Measured`, fitted in place

    Attributes
    ----------
    settings_ : dict, "C" and "weight", that of the blocks beside the first, as chosen
    n_parameters_ : int, weights and intercepts
    """

    def __init__(self, blocks):
        self.blocks = blocks

    @threadpool_limits.wrap(limits=1)
    def fit(self, clips: Sequence[Clip], y: np.ndarray, folds: Folds) -> "LinearModel":
        """Fit on clips and labels (n_clips,); `folds` are (train, test) places among these clips."""
        parts, y = [block.fit_transform(clips) for block in self.blocks], np.asarray(y)
        weights = WEIGHTS if len(parts) > 1 else (1.0,)
        joint = {weight: _rotate(_join(parts, weight)) for weight in weights}
        score = {weight: _cross_validate(joint[weight][0], y, (C_START,), folds)[0] for weight in weights}
        weight = max(score, key=score.get)
        X, self._basis = joint[weight]
        C = C_GRID[int(np.argmax(_cross_validate(X, y, C_GRID, folds)))]
        self.settings_ = {"C": C, "weight": weight}
        self._model = _make_logistic(C=C).fit(X, y)
        self.classes_ = self._model.classes_
        self.n_parameters_ = len(self._model.coef_) * (1 + sum(part.shape[1] for part in parts))
        return self

    def predict(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the class of each clip, (n_clips,)."""
        return self._model.predict(self._read(clips))

    def predict_proba(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the probabilities of the classes, float array (n_clips, n_classes)."""
        return self._model.predict_proba(self._read(clips))

    def _read(self, clips: Sequence[Clip]):
        X = _join([block.transform(clips) for block in self.blocks], self.settings_["weight"])
        return X if self._basis is None else X @ self._basis

    def read_coefs(self) -> np.ndarray:
        """Return the weights of the last block's columns, (n_classes, n_columns); 0 where one does not vary.

        They are those of standardised columns; two classes have the weights (-w, w).
        """
        coefs = self._model.coef_ if self._basis is None else self._model.coef_ @ self._basis.T
        varies = self.blocks[-1].varies_
        found = np.zeros((len(coefs), len(varies)))
        found[:, varies] = coefs[:, -varies.sum() :]
        return found if len(found) > 1 else np.concatenate([-found, found])


def _join(parts: Sequence, weight: float):
    """Put blocks side by side, all but the first times a weight."""
    if len(parts) == 1:
        return parts[0]
    others = [sparse.csr_matrix(weight * part) for part in parts[1:]]
    return sparse.hstack([parts[0], *others], format="csr", dtype=np.float32)


def _rotate(X):
    """Rotate rows into the space that they span, where that makes X smaller; return it and the basis.

    Nothing changes for a model with an ℓ2 penalty, but its time.
    """
    if X.size <= X.shape[0] ** 2:
        return X, None
    X = X.toarray() if sparse.issparse(X) else X
    values, vectors = np.linalg.eigh(X @ X.T)
    kept = values > 1e-6 * values[-1]
    basis = X.T @ (vectors[:, kept] / np.sqrt(values[kept]))
    return X @ basis, basis


def _make_logistic(**settings) -> LogisticRegression:
    return LogisticRegression(class_weight="balanced", max_iter=1000, **settings)


def _cross_validate(X, y: np.ndarray, Cs: Sequence[float], folds: Folds) -> np.ndarray:
    """Average macro-F1, over the classes present in a fold, of every C: float array (n_C,).

    From one C to the next, the solver starts where it was, and need not come as close as the last fit.
    """
    scores = np.zeros((len(folds), len(Cs)))
    for row, (train, test) in zip(scores, folds, strict=True):
        model, parts = _make_logistic(warm_start=True, tol=1e-3), [(X[p], y[p]) for p in (train, test)]
        for column, C in enumerate(Cs):
            with config_context(assume_finite=True, skip_parameter_validation=True):  # much is small
                predicted = model.set_params(C=C).fit(*parts[0]).predict(parts[1][0])
            row[column] = score_classes(parts[1][1], predicted, np.unique(parts[1][1])).mean()
    return scores.mean(axis=0)
