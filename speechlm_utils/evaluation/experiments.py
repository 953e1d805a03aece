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
SPAN = ("difference", "low", "high")


def merge_runs(runs: Sequence[Mapping], bootstrap: Bootstrap = Bootstrap(5000)) -> dict:
    """Merge runs and compare each condition with text alone, over the seeds that both have.

    A run has `SHARED` (ids, labels, sentences and ambiguity of the test clips), "condition", "seed",
    "predictions" (n_clips,) and anything else, which is kept. Returns a dict with `SHARED`, "runs" and
    "comparisons". Raises ValueError if there is no run, or the runs are not about the same clips; the message
    names condition and seed.
    """
    if not runs:
        raise ValueError("runs: none given")
    for run in runs:
        for key in SHARED:
            if run[key] != runs[0][key]:
                one, first = (f"{some['condition']}, seed {some['seed']}" for some in (run, runs[0]))
                raise ValueError(f"{one}: its {key} are not those of {first}; other clips?")
    order = list(CONDITIONS)
    runs = sorted(runs, key=lambda run: (order.index(run["condition"]), run["seed"]))
    merged = {key: runs[0][key] for key in SHARED}
    merged["runs"] = [{key: value for key, value in run.items() if key not in SHARED} for run in runs]
    conditions = dict.fromkeys(run["condition"] for run in runs if run["condition"] != "text")
    merged["comparisons"] = [
        {"condition": condition, "subset": subset, **found}
        for condition in conditions
        for subset in SUBSETS
        if (found := _compare(merged, "text", condition, subset, bootstrap))
    ]
    return merged


def _compare(merged: Mapping, a: str, b: str, subset: str, bootstrap: Bootstrap) -> dict | None:
    """Compare b with a over the seeds that both have; None where there is nothing to compare."""
    runs = {(run["condition"], run["seed"]): run["predictions"] for run in merged["runs"]}
    seeds = sorted(seed for name, seed in runs if name == a and (b, seed) in runs)
    at = choose_subset(merged["ambiguous"], subset)
    if not seeds or not at.any():
        return None
    pair = (np.array([runs[name, seed] for seed in seeds])[:, at] for name in (a, b))
    y, groups = np.array(merged["y_true"])[at], np.array(merged["groups"])[at]
    found = paired_bootstrap(y, *pair, groups, bootstrap)
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
    """Lay out the merged runs: seeds, mean and sd of macro-F1, and difference, low, high against text.

    Rows are the conditions by name; macro-F1 is over the present classes, sd over seeds.
    """
    against = {one["condition"]: one for one in merged["comparisons"] if one["subset"] == subset}
    rows = {}
    for condition, scores in score_runs(merged, subset).items():
        found = against.get(condition, {})
        rows[CONDITIONS[condition]] = {
            "seeds": len(scores),
            "mean": np.mean(scores),
            "sd": np.std(scores, ddof=1) if len(scores) > 1 else np.nan,
            **{key: found.get(key, np.nan) for key in SPAN},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def tabulate_controls(
    merged: Mapping, subset: str = "all", bootstrap: Bootstrap = Bootstrap(5000)
) -> pd.DataFrame:
    """Compare the selected tokens with each other set of tokens, over the seeds that both have.

    Rows are the other conditions by name: seeds, and difference, low, high of macro-F1, selected minus the
    other; the table is empty where there is no run to compare.
    """
    rows = {}
    for condition in dict.fromkeys(run["condition"] for run in merged["runs"]):
        if condition not in ("text", "selected"):
            if one := _compare(merged, condition, "selected", subset, bootstrap):
                rows[CONDITIONS[condition]] = {"seeds": len(one["seeds"])} | {key: one[key] for key in SPAN}
    return pd.DataFrame(rows, index=["seeds", *SPAN]).T


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
