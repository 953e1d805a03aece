"""What there is to gain before any speech token is computed: words, planted prosody, and both, per task.

In synthetic speech, a classifier may be given the planted prosody itself, in figures. What this oracle
reaches is an upper bound for every model that has to hear the prosody first.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from ..bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from ..clips import Clip, groups, label_ids, label_names, sample_clips, task_names
from ..selection.bag_of_words import WORD_PATTERN
from .conditions import as_array

INPUTS = ("text", "planted", "both")
C_GRID = (0.1, 1.0, 10.0, 100.0)
PLANTED_WEIGHTS = (0.02, 0.1, 0.5)
"""Weight of the planted parameters (unit variance) beside TF-IDF (unit length per clip), to choose from."""


def compute_upper_bounds(
    clips: Sequence[Clip],
    limit: int | None = None,
    n_folds: int = 5,
    bootstrap: Bootstrap = Bootstrap(),
) -> pd.DataFrame:
    """Fit on train and score on test, per task, a classifier of words, of planted parameters, and of both.

    Clips need planted parameters, no codes. At most `limit` clips of each split (whole sentences) are used;
    the bootstrap's seed is that of limit and folds, too.

    Returns
    -------
    table : DataFrame, one row per task and input, in the order of `INPUTS`, with columns
        `task`, `inputs`, `macro_f1` (classes present in test), `low`, `high`, `gain`, `gain_low`,
        `gain_high`, `verdict` (against text, paired), `chance` (guesses with the label shares of train),
        `n_classes`, `n_train`, `n_test`, `n_sentences`
    """
    rows, seed = [], bootstrap.seed
    for task in task_names(clips):
        train, test = (sample_clips(clips, task, split, limit, seed) for split in ("train", "test"))
        names = label_names([*train, *test], task)
        y, y_test = (label_ids(part, task, names) for part in (train, test))
        sizes = {"n_classes": len(names), "n_train": len(train), "n_test": len(test)}
        sizes |= {"n_sentences": len(set(groups(test))), "chance": _guess(y, y_test, seed)}
        fits = {name: fit_upper_bound(train, y, name, n_folds, seed) for name in INPUTS}
        predicted = {name: fit.predict(as_array(test)) for name, fit in fits.items()}
        for name, prediction in predicted.items():
            score = bootstrap_macro_f1(y_test, prediction, groups(test), bootstrap)
            gain = paired_bootstrap(y_test, predicted["text"], prediction, groups(test), bootstrap).difference
            row = dict(zip(("macro_f1", "low", "high"), score.values, strict=True))
            row |= dict(zip(("gain", "gain_low", "gain_high"), gain.values, strict=True))
            rows.append({"task": task, "inputs": name, **row, "verdict": gain.verdict, **sizes})
    return pd.DataFrame(rows)


def fit_upper_bound(
    clips: Sequence[Clip], y: np.ndarray, inputs: str, n_folds: int = 5, seed: int = 0
) -> GridSearchCV:
    """Fit a balanced logistic regression on the given inputs, its settings by grouped cross-validation.

    Words enter as TF-IDF; planted parameters standardised, with their squares and products, so that a class
    may also lie between others. Folds keep the clips of one sentence together.
    """
    if inputs not in INPUTS:
        raise ValueError(f"inputs={inputs!r}: must be one of {INPUTS}")
    steps, grid = [], {"model__C": list(C_GRID)}
    if inputs in ("text", "both"):
        words = TfidfVectorizer(token_pattern=WORD_PATTERN)
        steps.append(("text", Pipeline([("read", FunctionTransformer(_texts)), ("tfidf", words)])))
    if inputs in ("planted", "both"):
        read = FunctionTransformer(_planted, kw_args={"names": varying_parameters(clips)})
        squares = PolynomialFeatures(2, include_bias=False)
        scaled = [("read", read), ("scale", StandardScaler()), ("square", squares)]
        steps.append(("planted", Pipeline(scaled)))
    if inputs == "both":
        grid["inputs__transformer_weights"] = [{"planted": weight} for weight in PLANTED_WEIGHTS]
    model = LogisticRegression(class_weight="balanced", max_iter=5000)
    pipeline = Pipeline([("inputs", FeatureUnion(steps)), ("model", model)])
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, grid, scoring="f1_macro", cv=folds)
    return search.fit(as_array(clips), y, groups=groups(clips))


def varying_parameters(clips: Sequence[Clip]) -> list[str]:
    """List the planted parameters that every clip has and that vary; ValueError if there are none."""
    table = pd.DataFrame([clip.planted for clip in clips]).dropna(axis=1)
    names = list(table.columns[table.nunique() > 1])
    if not names:
        raise ValueError(f"none of the {len(clips)} clips has planted parameters that vary")
    return names


def _texts(clips: np.ndarray) -> list[str]:
    return [clip.text for clip in clips]


def _planted(clips: np.ndarray, names: Sequence[str]) -> np.ndarray:
    return np.array([[clip.planted[name] for name in names] for clip in clips], dtype=float)


def _guess(y: np.ndarray, y_test: np.ndarray, seed: int, n_draws: int = 200) -> float:
    """Average the macro-F1 of guesses sampled from the labels of train."""
    rng = np.random.default_rng(seed)
    draws = [rng.choice(y, len(y_test)) for _ in range(n_draws)]
    score = {"labels": np.unique(y_test), "average": "macro", "zero_division": 0}
    return float(np.mean([f1_score(y_test, guess, **score) for guess in draws]))
