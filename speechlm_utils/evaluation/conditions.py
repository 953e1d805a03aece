"""What are given tokens worth without a language model? Linear models on words and tokens, compared."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from ..bootstrap import Bootstrap, paired_bootstrap
from ..clips import Clip, groups
from ..selection.selector import make_selector
from ..tokens import Token

C_GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def make_linear(Cs: Sequence[float] = C_GRID, n_folds: int = 5, seed: int = 0) -> GridSearchCV:
    """Make the unfitted linear model: joint counts, TF-IDF, scale, ℓ2; C by grouped cross-validation.

    It is the best of `Cs` by macro-F1, all features refitted inside each fold.
    """
    model = LogisticRegression(class_weight="balanced", max_iter=2000)
    pipeline = Pipeline([*make_selector().steps[:-1], ("model", model)])
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return GridSearchCV(pipeline, {"model__C": list(Cs)}, scoring="f1_macro", cv=folds)


def fit_linear(model: GridSearchCV, clips: Sequence[Clip], y, tokens: Sequence[Token]) -> GridSearchCV:
    """Fit a clone of `make_linear` on words and the given tokens ([]: words alone), y of shape (n_clips,).

    Folds keep the clips of one sentence together. Predict with ``search.predict(as_array(clips))``.
    """
    model = clone(model).set_params(estimator__counts__tokens=list(tokens))
    return model.fit(as_array(clips), y, groups=groups(clips))


def predict_conditions(
    model: GridSearchCV,
    train: Sequence[Clip],
    y,
    test: Sequence[Clip],
    conditions: Mapping[str, Sequence[Sequence[Token]]],
) -> dict[str, np.ndarray]:
    """Predict the test clips from words plus each token set of each condition: name -> (n_sets, n_test).

    A condition has one set of tokens or several, for example five samples of random ones.
    """
    return {
        name: np.stack([fit_linear(model, train, y, one).predict(as_array(test)) for one in sets])
        for name, sets in conditions.items()
    }


def as_array(clips: Sequence[Clip]) -> np.ndarray:
    """Put clips in an object array, which scikit-learn can index by fold."""
    array = np.empty(len(clips), dtype=object)
    array[:] = list(clips)
    return array


def compare_conditions(
    y_true: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    groups: np.ndarray,
    baseline: str = "text",
    inside: np.ndarray | None = None,
    bootstrap: Bootstrap = Bootstrap(),
) -> pd.DataFrame:
    """Tabulate every condition's score and its difference to a baseline, with intervals over groups.

    Predictions are those of `predict_conditions`, scores averaged over the sets; of all arrays, of shape
    (n_clips,), only the clips `inside` count. Returns a row per condition (index): accuracy, macro_f1,
    difference, low, high, verdict, std_sets (standard deviation of macro-F1 over the sets; NaN for one),
    sets, clips, sentences.
    """
    inside = np.ones(len(y_true), bool) if inside is None else inside
    truth, labels, rows = y_true[inside], np.unique(y_true[inside]), {}
    for name, one in predictions.items():
        pair = predictions[baseline][:, inside], one[:, inside]
        result = paired_bootstrap(truth, *pair, groups[inside], bootstrap)
        each = [f1_score(truth, p, labels=labels, average="macro", zero_division=0) for p in pair[1]]
        rows[name] = {
            "accuracy": np.mean([accuracy_score(truth, p) for p in pair[1]]),
            "macro_f1": result.score_b,
            **result.difference.numbers,
            "verdict": result.difference.verdict,
            "std_sets": np.std(each, ddof=1) if len(each) > 1 else np.nan,
            "sets": len(one),
            "clips": len(truth),
            "sentences": result.difference.n,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
