"""Read a study's records: scores of every arm, and intervals of what one gains over another."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..bootstrap import Bootstrap, Interval, paired_bootstrap
from ..clips import Clip, label_ids
from ..metrics import macro_f1_scores

SUBSETS = ("all", "ambiguous", "specific")
"""All clips; those whose words fit two or more classes; the others."""
SEEDED = ("seeds", "runs")
"""What rows of predictions are called if a training's chance is in them: "runs" where some are linear."""


def describe_clips(clips: Mapping[str, Sequence[Clip]], task: str, names: Sequence[str]) -> dict:
    """Return what a study says of the clips that its runs predict: split -> lists of equal length."""
    return {
        split: {
            "ids": [clip.id for clip in some],
            "y_true": label_ids(some, task, names).tolist(),
            "sentences": [clip.group for clip in some],
            "voices": [clip.speaker for clip in some],
            "ambiguous": [clip.ambiguous for clip in some],
        }
        for split, some in clips.items()
        if split != "train"
    }


def load_study(path: str | Path) -> dict:
    """Read a study; a missing or damaged file raises ValueError that names it."""
    try:
        study = json.loads(Path(path).read_text(encoding="utf-8"))
        missing = {"label_names", "clips", "runs"} - set(study)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: no study ({error}); scripts/llm_study.py --merge writes one") from None
    if missing:
        raise ValueError(f"{path}: lacks {sorted(missing)}")
    return study


def continue_study(path: str | Path, about: Mapping) -> dict:
    """Return the study of a file, or one without runs, to which runs will be added.

    `about` has its label_names and clips; a file that has others raises ValueError.
    """
    if not Path(path).exists():
        return {**about, "runs": []}
    there = load_study(path)
    for name in ("label_names", "clips"):
        if there[name] != about[name]:
            raise ValueError(f"{path}: has other {name} than are found now; choose another folder (--out)")
    return there | about


def join_studies(study: Mapping, other: Mapping, mark: str) -> dict:
    """Join two studies that predict the same test clips, so that their arms can be compared clip by clip.

    The other's arms get a mark before their names ("LLM: "). Other clips or classes raise ValueError.
    """
    for name, (a, b) in {
        "test clips": (study["clips"]["test"]["ids"], other["clips"]["test"]["ids"]),
        "classes": (study["label_names"], other["label_names"]),
    }.items():
        if a != b:
            raise ValueError(f"two studies have other {name} ({len(a)} and {len(b)}): they cannot be joined")
    marked = [run | {"arm": mark + run["arm"]} for run in other["runs"]]
    return {**study, "runs": [*study["runs"], *marked]}


def stack_predictions(study: Mapping, arm: str, split: str = "test") -> np.ndarray:
    """Return the predictions of an arm's runs: int array, shape (n_seeds, n_clips); unknown raises."""
    found = [run["predictions"][split] for run in study["runs"] if run["arm"] == arm]
    if not found:
        known = sorted({run["arm"] for run in study["runs"]})
        raise ValueError(f"arm={arm!r}: the study has {known}")
    return np.array(found)


def compare_arms(
    study: Mapping, base: str, other: str, split="test", subset="all", bootstrap=Bootstrap(rows="seeds")
) -> Interval:
    """Return what `other` gains over `base` in macro-F1; sentences, voices and seeds are resampled.

    Where sentences are the voices (EmoDB: all voices say the same ones), voices alone. An arm that was
    trained once, with one seed, is given the spread over seeds that others have (`pool_spread`); linear
    models beside it (`join_studies`) give one answer, so they have none.
    """
    about = study["clips"][split]
    at = choose_subset(about["ambiguous"], subset)
    y, is_same = np.array(about["y_true"])[at], about["sentences"] == about["voices"]
    units = ("voices",) if is_same else ("sentences", "voices")
    groups = {unit: np.array(about[unit])[at] for unit in units if len(set(about[unit])) > 1}
    pair = [stack_predictions(study, arm, split)[:, at] for arm in (base, other)]
    if bootstrap.rows in SEEDED and min(map(len, pair)) == 1:
        spread = pool_spread(study, split, subset)
        has_seeds = [bootstrap.rows == "seeds" or is_trained(study, arm) for arm in (base, other)]
        bootstrap = replace(bootstrap, spread=tuple(spread * one for one in has_seeds))
    return paired_bootstrap(y, *pair, groups, bootstrap).difference


def is_trained(study: Mapping, arm: str) -> bool:
    """Tell whether an arm's runs trained a language model, so that another seed gives other answers."""
    return any("llm" in run for run in study["runs"] if run["arm"] == arm)


def choose_subset(ambiguous: Sequence[bool], subset: str) -> np.ndarray:
    """Return which clips belong to a subset of `SUBSETS`; bool, (n_clips,)."""
    if subset not in SUBSETS:
        raise ValueError(f"subset={subset!r}: must be one of {SUBSETS}")
    ambiguous = np.asarray(ambiguous, dtype=bool)
    return np.ones(len(ambiguous), bool) if subset == "all" else ambiguous == (subset == "ambiguous")


def score_arm(study: Mapping, arm: str, split: str = "test", subset: str = "all") -> list[float]:
    """Return macro-F1 over the present classes of every seed of an arm."""
    about = study["clips"][split]
    at = choose_subset(about["ambiguous"], subset)
    y, n = np.array(about["y_true"])[at], len(study["label_names"])
    rows = stack_predictions(study, arm, split)[:, at]
    return [macro_f1_scores(y, row, n)["macro_f1_present"] for row in rows]


def pool_spread(study: Mapping, split: str = "test", subset: str = "all") -> float:
    """Return the standard deviation over seeds, pooled over the arms that have several; 0.0 if none has.

    Beside arms of a language model, linear ones do not count: their runs are draws of tokens.
    """
    runs = [run for run in study["runs"] if split in run["predictions"]]
    n_runs = Counter(run["arm"] for run in [run for run in runs if "llm" in run] or runs)
    several = {arm: n - 1 for arm, n in n_runs.items() if n > 1}
    if not several:
        return 0.0
    variances = [np.var(score_arm(study, arm, split, subset), ddof=1) for arm in several]
    return float(np.sqrt(np.average(variances, weights=[*several.values()])))


def count_collapsed(study: Mapping, split: str = "test") -> dict[str, int]:
    """Count each arm's runs that predict one class for all clips; arms that have such runs only.

    Training failed there, or what the arm reads is the same for all classes.
    """
    there = dict.fromkeys(run["arm"] for run in study["runs"])
    counts = {arm: int((np.ptp(stack_predictions(study, arm, split), axis=1) == 0).sum()) for arm in there}
    return {arm: n for arm, n in counts.items() if n}


def tabulate_study(study: Mapping, bootstrap: Bootstrap = Bootstrap(rows="seeds")) -> pd.DataFrame:
    """One row for each arm: seeds, macro-F1 of validation and test with deviation, tokens, gain over text.

    The gain is that on test, an `Interval`; validation is told beside it, for a gain that it does not show
    deserves doubt.
    """
    rows, arms = {}, list(dict.fromkeys(run["arm"] for run in study["runs"]))
    for arm in arms:
        runs = [run for run in study["runs"] if run["arm"] == arm]
        rows[arm] = {"seeds": len(runs)}
        for split in ("validation", "test"):
            if all(split in run["predictions"] for run in runs):
                scores = score_arm(study, arm, split)
                spread = np.std(scores, ddof=1) if len(scores) > 1 else np.nan
                rows[arm] |= {split: np.mean(scores), f"{split}, sd": spread}
        rows[arm]["tokens a clip"] = runs[0]["audio_tokens_per_clip"]
        if arm != "text" and "text" in arms:
            rows[arm]["less text"] = compare_arms(study, "text", arm, bootstrap=bootstrap)
    return pd.DataFrame.from_dict(rows, orient="index")
