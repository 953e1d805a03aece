"""Score what arms predict, and compare them: sentences, voices and draws are resampled together."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..bootstrap import Bootstrap, bootstrap_macro_f1, paired_bootstrap
from .rotation import Outcome

DRAWS = Bootstrap(rows="draws")
Units = Mapping[str, np.ndarray]  # of `name_units`, (n_clips,) each


def score_arms(
    y_true: np.ndarray, outcomes: Mapping[str, Outcome], units: Units, bootstrap: Bootstrap = DRAWS
) -> pd.DataFrame:
    """Tabulate macro-F1 of every arm with its interval, its draws, and the tokens that a clip holds.

    Predictions are (n_draws, n_clips), y_true is (n_clips,). Columns: macro_f1, low, high, draws, tokens (of
    the list that is read; 0 where none is), per_clip, per_clip_once.
    """
    rows = {}
    for name, one in outcomes.items():
        score = bootstrap_macro_f1(y_true, one.predictions, units, bootstrap)
        rows[name] = dict(zip(("macro_f1", "low", "high"), score.values, strict=True))
        rows[name] |= {"draws": len(one.predictions), "tokens": round(float(np.mean(one.n_tokens or [0])))}
        rows[name] |= {"per_clip": one.per_clip, "per_clip_once": one.per_clip_once}
    return pd.DataFrame.from_dict(rows, "index")


def compare_arms(
    y_true: np.ndarray,
    outcomes: Mapping[str, Outcome],
    best: str,
    units: Units,
    bootstrap: Bootstrap = DRAWS,
) -> pd.DataFrame:
    """Tabulate the macro-F1 of one arm less that of every other: difference, low, high, over, verdict."""
    rows = {}
    for name in outcomes:
        if name != best:
            pair = (outcomes[one].predictions for one in (name, best))
            found = paired_bootstrap(y_true, *pair, units, bootstrap).difference
            rows[name] = found.numbers | {"over": found.over, "verdict": found.verdict}
    return pd.DataFrame.from_dict(rows, "index")
