"""The selector: joint bag of words, TF-IDF, scaling without centring, l1 logistic regression (section 3.1).

The l1 penalty sets most coefficients to exactly zero; the tokens whose column keeps weight are
the selected ones. The fit itself is in l1.py.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from ..clips import Clip
from ..tokens import ACOUSTIC_LAYERS
from .bag_of_words import JointBagOfWords
from .l1 import L1Fit, fit_l1, select_columns


def make_features(
    layers: Sequence[int] = ACOUSTIC_LAYERS,
    codebook_size: int = 1024,
    use_text: bool = True,
    use_audio: bool = True,
) -> Pipeline:
    """Make the feature steps: joint counts -> TF-IDF -> unit variance, not centred: zeros stay zeros."""
    return Pipeline(
        [
            ("counts", JointBagOfWords(layers, codebook_size, use_text, use_audio)),
            ("tfidf", TfidfTransformer()),
            ("scale", StandardScaler(with_mean=False)),
        ]
    )


class L1Selector(ClassifierMixin, BaseEstimator):
    """Classify clips by their words and speech tokens, and select the tokens that carry weight.

    Parameters
    ----------
    C : float, inverse strength of the l1 penalty: smaller keeps fewer tokens
    solver : "liblinear" (fast), "skglm" (fast, classes not balanced), "saga" (the paper's, slow); see fit_l1
    layers, codebook_size, use_text, use_audio : the features, see JointBagOfWords
    threshold : "nonzero" selects a token if any class gives it weight; "mean" if its summed absolute weight
        reaches the mean over all columns, as SelectFromModel("mean") does in the paper
    max_iter, tol, seed : of the solver

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    features_ : fitted feature Pipeline
    coef_ : float array, shape (n_classes, n_columns); columns are words, then tokens
    tokens_ : list of selected (layer, code), by layer and code
    converged_ : bool; n_iter_ : int, most iterations of any class
    """

    def __init__(
        self,
        C=0.02,
        solver="liblinear",
        layers=ACOUSTIC_LAYERS,
        codebook_size=1024,
        use_text=True,
        use_audio=True,
        threshold="nonzero",
        max_iter=1000,
        tol=None,
        seed=0,
    ):
        self.C = C
        self.solver = solver
        self.layers = layers
        self.codebook_size = codebook_size
        self.use_text = use_text
        self.use_audio = use_audio
        self.threshold = threshold
        self.max_iter = max_iter
        self.tol = tol
        self.seed = seed

    def make_features(self) -> Pipeline:
        """Make the unfitted feature Pipeline of these parameters."""
        return make_features(self.layers, self.codebook_size, self.use_text, self.use_audio)

    def fit_matrix(self, X, y, classes, C=None) -> L1Fit:
        """Fit ready-made features with these parameters (and another C)."""
        return fit_l1(
            X, y, self.C if C is None else C, classes, self.solver, self.max_iter, self.tol, self.seed
        )

    def fit(self, clips: Sequence[Clip], y) -> "L1Selector":
        """Fit features and classifier on clips with labels y, shape (n_clips,).

        Warns (ConvergenceWarning) where the solver stopped early: its tokens are then not the converged ones.
        """
        self.features_ = self.make_features()
        X = self.features_.fit_transform(clips)
        self.classes_ = np.unique(y)
        fit = self.fit_matrix(X, np.asarray(y), self.classes_)
        self.coef_, self.intercept_ = fit.coefs, fit.intercepts
        self.converged_, self.n_iter_ = fit.converged, fit.n_iter
        bag = self.features_["counts"]
        kept = select_columns(self.coef_, self.threshold)[bag.n_words_ :]
        self.tokens_ = [bag.tokens_[i] for i in np.flatnonzero(kept)]
        if not self.converged_:
            message = (
                f"{self.solver}, C={self.C}: not converged after {self.n_iter_} iterations; raise max_iter"
            )
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        return self

    def coefs_of_tokens(self, tokens: Sequence[tuple[int, int]] | None = None) -> np.ndarray:
        """Return the weights of tokens (default: the selected ones), float array (n_classes, n_tokens)."""
        check_is_fitted(self, "coef_")
        bag = self.features_["counts"]
        place = {token: i + bag.n_words_ for i, token in enumerate(bag.tokens_)}
        tokens = self.tokens_ if tokens is None else [tuple(token) for token in tokens]
        if unknown := [token for token in tokens if token not in place]:
            raise ValueError(f"tokens {unknown[:5]}: not among layers {tuple(self.layers)} of this selector")
        return self.coef_[:, [place[token] for token in tokens]]

    def decision_function(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the linear scores, float array (n_clips, n_classes)."""
        check_is_fitted(self, "coef_")
        return np.asarray(self.features_.transform(clips) @ self.coef_.T) + self.intercept_

    def predict(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return the most probable class of each clip, shape (n_clips,)."""
        scores = self.decision_function(clips)  # first: it says that a fit is missing
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, clips: Sequence[Clip]) -> np.ndarray:
        """Return probabilities (n_clips, n_classes): normalised sigmoids, or softmax if multinomial."""
        scores = self.decision_function(clips)
        if self.solver == "saga" and len(self.classes_) > 2:
            return softmax(scores, axis=1)
        odds = expit(scores)
        return odds / odds.sum(axis=1, keepdims=True)
