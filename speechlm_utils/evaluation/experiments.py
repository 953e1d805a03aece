"""The long experiment: several conditions and seeds on the same test clips, merged to one table.

`scripts/reference_results.py` makes the runs (hours on a laptop); notebook 05 shows what came of them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..bootstrap import Bootstrap, paired_bootstrap
from ..metrics import macro_f1_scores

CONDITIONS = {
    "text": "text",
    "selected": "text + selected",
    "random": "text + random",
    "matched": "text + matched random",
    "rms": "text + selected, equal loudness",
    "fresh": "text + selected, rows not pre-trained",
}
"""Conditions and their names for people.

Random tokens are drawn anew for each seed; matched ones are of the selected tokens' layers and frequencies;
with equal loudness every clip has the same RMS before it is encoded."""

SHARED = ("task", "label_names", "ids", "y_true", "groups", "ambiguous")
"""What all runs that are merged must have in common."""

SUBSETS = ("all", "ambiguous", "specific")


def merge_runs(runs: Sequence[Mapping], bootstrap: Bootstrap = Bootstrap(5000)) -> dict:
    """Merge runs and compare each condition with text alone, over the seeds that both have.

    Parameters
    ----------
    runs : dicts with `SHARED` (ids, labels, sentences and ambiguity of the test clips), "condition", "seed",
        "predictions" (n_clips,) and anything else, which is kept
    bootstrap : resamples sentences and averages macro-F1 over seeds

    Returns
    -------
    merged : dict with `SHARED`, "runs" and "comparisons"

    Raises
    ------
    ValueError
        If there is no run, or the runs are not about the same clips; the message names condition and seed.
    """
    if not runs:
        raise ValueError("runs: none given")
    for run in runs:
        for key in SHARED:
            if run[key] != runs[0][key]:
                raise ValueError(
                    f"{run['condition']}, seed {run['seed']}: its {key} are not those of "
                    f"{runs[0]['condition']}, seed {runs[0]['seed']}; were they made from other clips?"
                )
    order = list(CONDITIONS)
    runs = sorted(runs, key=lambda run: (order.index(run["condition"]), run["seed"]))
    shared = {key: runs[0][key] for key in SHARED}
    return {
        **shared,
        "runs": [{key: value for key, value in run.items() if key not in SHARED} for run in runs],
        "comparisons": _compare_all(runs, shared, bootstrap),
    }


def _compare_all(runs: Sequence[Mapping], shared: Mapping, bootstrap: Bootstrap) -> list[dict]:
    """Compare every condition but text with text, on all clips and on the two parts of them."""
    by_condition = _index_predictions(runs)
    found = []
    for condition in by_condition:
        for subset in SUBSETS if condition != "text" else ():
            one = _compare_pair(shared, by_condition, "text", condition, subset, bootstrap)
            if one:
                found.append({"condition": condition, "subset": subset, **one})
    return found


def _index_predictions(runs: Sequence[Mapping]) -> dict[str, dict[int, Sequence[int]]]:
    """Return condition -> seed -> predictions (n_clips,)."""
    by_condition: dict[str, dict[int, Sequence[int]]] = {}
    for run in runs:
        by_condition.setdefault(run["condition"], {})[run["seed"]] = run["predictions"]
    return by_condition


def _compare_pair(
    shared: Mapping, by_condition: Mapping, a: str, b: str, subset: str, bootstrap: Bootstrap
) -> dict | None:
    """Compare b with a on a subset, over the seeds that both have; None where there is nothing to compare."""
    first, second = by_condition.get(a, {}), by_condition.get(b, {})
    seeds, at = sorted(set(first) & set(second)), choose_subset(shared["ambiguous"], subset)
    if not seeds or not at.any():
        return None
    predictions = (np.array([one[s] for s in seeds])[:, at] for one in (first, second))
    y, groups = np.array(shared["y_true"])[at], np.array(shared["groups"])[at]
    found = paired_bootstrap(y, *predictions, groups, bootstrap)
    about = {"level": bootstrap.level, "n_resamples": bootstrap.n_resamples}
    return {"seeds": seeds, **found.numbers, **about, "n_groups": found.difference.n, "n_clips": len(y)}


def choose_subset(ambiguous: Sequence[bool], subset: str) -> np.ndarray:
    """Return which clips belong to "all", to the "ambiguous" or to the "specific" ones; bool, (n_clips,)."""
    ambiguous = np.asarray(ambiguous, dtype=bool)
    if subset not in SUBSETS:
        raise ValueError(f"subset={subset!r}: must be one of {SUBSETS}")
    return np.ones(len(ambiguous), bool) if subset == "all" else ambiguous == (subset == "ambiguous")


def score_runs(merged: Mapping, subset: str = "all") -> dict[str, list[float]]:
    """Return macro-F1 over the present classes of every seed: condition -> scores, in order of the seeds."""
    at = choose_subset(merged["ambiguous"], subset)
    y, scores = np.array(merged["y_true"])[at], {}
    for run in merged["runs"]:
        both = macro_f1_scores(y, np.array(run["predictions"])[at], len(merged["label_names"]))
        scores.setdefault(run["condition"], []).append(both["macro_f1_present"])
    return scores


def tabulate_runs(merged: Mapping, subset: str = "all") -> pd.DataFrame:
    """Lay out the merged runs, one row per condition.

    Returns
    -------
    table : DataFrame indexed by the conditions' names, with `seeds`, `mean` and `sd` of macro-F1 (over the
        present classes; sd over seeds), and `difference`, `low`, `high` against text
    """
    against = {one["condition"]: one for one in merged["comparisons"] if one["subset"] == subset}
    rows = {}
    for condition, scores in score_runs(merged, subset).items():
        found = against.get(condition, {})
        rows[CONDITIONS[condition]] = {
            "seeds": len(scores),
            "mean": np.mean(scores),
            "sd": np.std(scores, ddof=1) if len(scores) > 1 else np.nan,
            **{key: found.get(key, np.nan) for key in ("difference", "low", "high")},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def tabulate_controls(
    merged: Mapping, subset: str = "all", bootstrap: Bootstrap = Bootstrap(5000)
) -> pd.DataFrame:
    """Compare the selected tokens with each other set of tokens, over the seeds that both have.

    Parameters
    ----------
    merged : dict from `merge_runs`, with runs of the condition "selected"
    subset : one of `SUBSETS`

    Returns
    -------
    table : DataFrame indexed by the other conditions' names, with `seeds`, and `difference`, `low`, `high` of
        macro-F1, selected minus the other; empty where there is no run to compare
    """
    by_condition, rows = _index_predictions(merged["runs"]), {}
    for condition in by_condition:
        if condition in ("text", "selected"):
            continue
        if one := _compare_pair(merged, by_condition, condition, "selected", subset, bootstrap):
            interval = {key: one[key] for key in ("difference", "low", "high")}
            rows[CONDITIONS[condition]] = {"seeds": len(one["seeds"]), **interval}
    return pd.DataFrame.from_dict(rows, orient="index")


def load_reference(path: str | Path) -> dict | None:
    """Read a merged file; None if there is none. A damaged one raises ValueError that names it."""
    path = Path(path)
    if not path.is_file():
        return None
    try:
        merged = json.loads(path.read_text(encoding="utf-8"))
        missing = {*SHARED, "runs", "comparisons"} - set(merged)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: no file of merged runs ({error})") from None
    if missing:
        raise ValueError(f"{path}: lacks {sorted(missing)}")
    return merged
