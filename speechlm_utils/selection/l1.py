"""ℓ1-penalised logistic regression on ready-made features, by three solvers, and the columns it selects."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

# liblinear penalises the intercept too. At its default scaling of 1 the intercept stays at zero, and frequent
# tokens are selected in its place; a large scaling leaves it all but free, as in saga and skglm.
INTERCEPT_SCALING = 30.0
SOLVER_TOL = {"liblinear": 1e-6, "skglm": 1e-6, "saga": 1e-4}


class L1LogisticRegression(ClassifierMixin, BaseEstimator):
    """Logistic regression with an ℓ1 penalty and balanced classes, and the columns that it selects.

    Parameters
    ----------
    C : float, inverse strength of the penalty: smaller selects fewer columns
    solver : "liblinear" (one-vs-rest), "skglm" (one-vs-rest; takes no weights, so its classes are *not*
        balanced), or "saga" (multinomial, the paper's, slow)
    threshold : "nonzero" selects a column if any class gives it weight; or a threshold of `SelectFromModel`
        on the summed absolute weights: "mean", the paper's, selects those that reach the mean
    max_iter, tol : stopping; tol=None takes 1e-6 (saga: 1e-4)
    random_state : int

    Attributes
    ----------
    coef_, intercept_ : float arrays (n_rows, n_columns) and (n_rows,); one row for two classes
    converged_ : bool; n_iter_ : int, most iterations of any class
    """

    def __init__(
        self, C=0.02, solver="liblinear", threshold="nonzero", max_iter=1000, tol=None, random_state=0
    ):
        self.C = C
        self.solver = solver
        self.threshold = threshold
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y) -> "L1LogisticRegression":
        """Fit; warns (ConvergenceWarning) where the solver stopped early, as `converged_` records."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds the one class {self.classes_.tolist()}; at least two are needed")
        model = self._make_solver(len(y))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, y)
        parts = getattr(model, "estimators_", [model])
        self.coef_ = np.vstack([part.coef_ for part in parts])
        self.intercept_ = np.hstack([part.intercept_ for part in parts])
        self.n_iter_ = max(int(np.max(part.n_iter_)) for part in parts)
        self.converged_ = self.n_iter_ < self.max_iter
        if not self.converged_:
            stopped = f"{self.solver}, C={self.C}: not converged after {self.n_iter_} iterations"
            warnings.warn(f"{stopped}; raise max_iter", ConvergenceWarning, stacklevel=2)
        return self

    def _make_solver(self, n_samples: int):
        if self.solver not in SOLVER_TOL:
            raise ValueError(f"solver={self.solver!r}: must be one of {sorted(SOLVER_TOL)}")
        shared = {"max_iter": self.max_iter, "tol": self.tol or SOLVER_TOL[self.solver]}
        if self.solver == "skglm":
            from skglm import SparseLogisticRegression

            return OneVsRestClassifier(SparseLogisticRegression(1 / (self.C * n_samples), **shared))
        shared |= {"C": self.C, "l1_ratio": 1, "class_weight": "balanced", "random_state": self.random_state}
        if self.solver == "saga":
            return LogisticRegression(solver="saga", **shared)
        model = LogisticRegression(solver="liblinear", intercept_scaling=INTERCEPT_SCALING, **shared)
        return OneVsRestClassifier(model)

    def decision_function(self, X) -> np.ndarray:
        """Return the linear scores, float array (n_samples, n_classes), or (n_samples,) for two classes."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        scores = X @ self.coef_.T + self.intercept_
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X) -> np.ndarray:
        """Return the class of the highest score, shape (n_samples,)."""
        scores = self.decision_function(X)
        return self.classes_[scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)]

    def get_support(self) -> np.ndarray:
        """Return which columns are selected: bool array (n_columns,)."""
        check_is_fitted(self)
        if not self.coef_.any():
            return np.zeros(self.n_features_in_, dtype=bool)  # every column would reach a mean of zero
        least = np.finfo(float).tiny if self.threshold == "nonzero" else self.threshold
        return SelectFromModel(self, threshold=least, prefit=True).get_support()

    def coefs_of(self, classes) -> np.ndarray:
        """Return a row per class, shape (n_classes, n_columns): (-w, w) for two, zeros for one not fitted."""
        coefs = np.zeros((len(classes), self.n_features_in_))
        own = np.vstack([-self.coef_, self.coef_]) if len(self.classes_) == 2 else self.coef_
        coefs[np.searchsorted(classes, self.classes_)] = own
        return coefs


def fit_l1(model: L1LogisticRegression, X, y, C: float | None = None) -> L1LogisticRegression:
    """Fit a clone of the model, with another C if given, in silence: `converged_` says what is to be said."""
    model = clone(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.set_params(C=model.C if C is None else C).fit(X, y)


def count_selected(model: L1LogisticRegression, n_words: int) -> int:
    """Count the selected tokens; the first `n_words` columns are words."""
    return int(model.get_support()[n_words:].sum())
