"""What there is to gain before any speech token is computed: words, planted prosody, and both, per task.

In synthetic speech, a classifier may be given the planted prosody itself, in figures. What this oracle
reaches is an upper bound for every model that has to hear the prosody first. The words are read as in every
other comparison of the suite (`linear.Words`, settings chosen on the train clips of other voices): there is
one score of the words alone.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from ..bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from ..clips import Clip, label_ids, label_names, name_units, sample_clips, task_names
from .arms import Part, Recipe
from .linear import LinearModel, Measured, Words

INPUTS = ("text", "planted", "both")


def compute_upper_bounds(
    clips: Sequence[Clip], limit: int | None = None, bootstrap: Bootstrap = Bootstrap()
) -> pd.DataFrame:
    """Fit on train and score on test, per task, a classifier of words, of planted parameters, and of both.

    Clips need planted parameters, no codes. At most `limit` clips of each split (whole sentences) are used;
    the bootstrap's seed is that of limit and folds, too.

    Returns
    -------
    table : DataFrame, one row per task and input, in the order of `INPUTS`, with columns `task`, `inputs`,
        `score` (Interval of macro-F1 over the classes present in test), `gain` (Interval, against text),
        `chance` (guesses with the label shares of train), `n_classes`, `n_train`, `n_test`
    """
    rows, seed = [], bootstrap.seed
    for task in task_names(clips):
        train, test = (sample_clips(clips, task, split, limit, seed) for split in ("train", "test"))
        names = label_names([*train, *test], task)
        y, y_test = (label_ids(part, task, names) for part in (train, test))
        about = {"chance": _guess(y, y_test, seed), "n_classes": len(names)}
        about |= {"n_train": len(train), "n_test": len(test)}
        predicted, units = predict_inputs(Part(train, y, test, Recipe(seed=seed))), name_units(test)
        for name, prediction in predicted.items():
            score = bootstrap_macro_f1(y_test, prediction, units, bootstrap)
            gain = paired_bootstrap(y_test, predicted["text"], prediction, units, bootstrap).difference
            rows.append({"task": task, "inputs": name, "score": score, "gain": gain} | about)
    return pd.DataFrame(rows)


def predict_inputs(part: Part) -> dict[str, np.ndarray]:
    """Predict the test clips of a fold from each of `INPUTS`: name -> int array (n_test,).

    Planted parameters enter standardised, with their squares and products, so that a class may also lie
    between others.
    """
    planted, folds = Measured(square_planted(part)), part.inner_folds()
    blocks = dict(zip(INPUTS, ([Words()], [planted], [Words(), planted]), strict=True))
    return {
        name: LinearModel(b).fit(part.train, part.y, folds).predict(part.test) for name, b in blocks.items()
    }


def square_planted(part: Part) -> dict[str, np.ndarray]:
    """Return clip id -> planted parameters, standardised on train, their squares and products."""
    names, clips = varying_parameters(part.train), [*part.train, *part.test]
    values = np.array([[clip.planted[name] for name in names] for clip in clips], dtype=float)
    scaled = StandardScaler().fit(values[: len(part.train)]).transform(values)
    squared = PolynomialFeatures(2, include_bias=False).fit_transform(scaled)
    return {clip.id: row for clip, row in zip(clips, squared, strict=True)}


def varying_parameters(clips: Sequence[Clip]) -> list[str]:
    """List the planted parameters that every clip has and that vary; ValueError if there are none."""
    table = pd.DataFrame([clip.planted for clip in clips]).dropna(axis=1)
    names = list(table.columns[table.nunique() > 1])
    if not names:
        raise ValueError(f"none of the {len(clips)} clips has planted parameters that vary")
    return names


def _guess(y: np.ndarray, y_test: np.ndarray, seed: int, n_draws: int = 200) -> float:
    """Average the macro-F1 of guesses sampled from the labels of train."""
    rng = np.random.default_rng(seed)
    draws = [rng.choice(y, len(y_test)) for _ in range(n_draws)]
    score = {"labels": np.unique(y_test), "average": "macro", "zero_division": 0}
    return float(np.mean([f1_score(y_test, guess, **score) for guess in draws]))
