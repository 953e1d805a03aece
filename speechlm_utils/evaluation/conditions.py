"""Compare conditions on the same test clips: token sets in a linear model, each against a baseline."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

from ..bootstrap import Bootstrap, paired_bootstrap
from ..clips import Clip
from ..tokens import Token
from .linear import predict_conditions


def predict_sets(
    train: Sequence[Clip],
    test: Sequence[Clip],
    task: str,
    names: Sequence[str],
    conditions: Mapping[str, Sequence[Sequence[Token]]],
    **settings,
) -> dict[str, np.ndarray]:
    """Predict the test clips from words plus each token set of each condition.

    Parameters
    ----------
    train, test, task, names : see `predict_conditions`
    conditions : name -> list of token sets, for example five draws of random tokens
    settings : for `fit_linear`

    Returns
    -------
    predictions : name -> int array, shape (n_sets, n_test)
    """
    sets = {(name, i): tokens for name, some in conditions.items() for i, tokens in enumerate(some)}
    found = predict_conditions(train, test, task, names, sets, **settings)
    return {name: np.stack([found[name, i] for i in range(len(some))]) for name, some in conditions.items()}


def compare_conditions(
    y_true: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    groups: np.ndarray,
    baseline: str = "text",
    inside: np.ndarray | None = None,
    bootstrap: Bootstrap = Bootstrap(),
) -> pd.DataFrame:
    """Tabulate every condition's score and its difference to a baseline, with intervals over groups.

    Parameters
    ----------
    y_true : int array, shape (n_clips,)
    predictions : name -> int array, shape (n_sets, n_clips); scores are averaged over the sets
    groups : array, shape (n_clips,), clips of one sentence are drawn together
    baseline : key of predictions
    inside : bool array, shape (n_clips,), compare on these clips only

    Returns
    -------
    table : DataFrame, a row per condition (index): accuracy, macro_f1, difference, low, high, verdict (see
        `Interval`), std_sets (standard deviation of macro-F1 over the sets; NaN for one set), sets, clips,
        sentences
    """
    inside = np.ones(len(y_true), bool) if inside is None else inside
    truth, rows = y_true[inside], {}
    for name, one in predictions.items():
        pair = predictions[baseline][:, inside], one[:, inside]
        result = paired_bootstrap(truth, *pair, groups[inside], bootstrap)
        each = [
            f1_score(truth, p, labels=np.unique(truth), average="macro", zero_division=0) for p in pair[1]
        ]
        rows[name] = {
            "accuracy": np.mean([accuracy_score(truth, p) for p in pair[1]]),
            "macro_f1": result.score_b,
            **dict(zip(("difference", "low", "high"), result.difference.values, strict=True)),
            "verdict": result.difference.verdict,
            "std_sets": np.std(each, ddof=1) if len(each) > 1 else np.nan,
            "sets": len(one),
            "clips": len(truth),
            "sentences": result.difference.n,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
