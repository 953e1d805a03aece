"""What an arm costs and what it gives: one row an arm, and the arms that nothing beats on both counts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from .arms import ARMS
from .report import score_arm

COSTS = {
    "CPU seconds": "cpu_seconds",
    "memory, GiB": "peak_memory_gib",
    "parameters trained": "n_trainable",
}
TOKENS = ("audio_tokens_per_clip_once", "audio_tokens_per_clip")
"""Tokens that a clip holds, those that last counted once: of linear arms, of the language model's."""


def tabulate_costs(study: Mapping, split: str = "test") -> pd.DataFrame:
    """One row for each arm: macro-F1, and what a run cost on average; NaN where no run says it.

    Where some of an arm's runs had a GPU and others none, the costs are those of the others, if they tell
    their seconds (a run that was stopped and resumed does not). "runs timed" counts the runs whose seconds
    these are, "device" names their machines. "audio tokens a clip" counts a token that lasts once, and is NaN
    where no list of tokens is read.
    """
    rows = {}
    for arm in dict.fromkeys(run["arm"] for run in study["runs"]):
        runs = [run for run in study["runs"] if run["arm"] == arm]
        rows[arm] = {"macro-F1": float(np.mean(score_arm(study, arm, split))), "runs": len(runs)}
        alike = choose_alike(runs)
        for name, key in COSTS.items():
            known = [run[key] for run in alike if run.get(key) is not None]
            rows[arm][name] = float(np.mean(known)) if known else np.nan
        held = [next((run[key] for key in TOKENS if key in run), 0) for run in runs]
        rows[arm]["audio tokens a clip"] = float(np.mean(held)) if all(held) else np.nan
        rows[arm]["runs timed"] = sum(run.get("cpu_seconds") is not None for run in alike)
        rows[arm]["device"] = ", ".join(sorted({run.get("device") or "not recorded" for run in alike}))
    return pd.DataFrame.from_dict(rows, orient="index")


def had_gpu(run: Mapping) -> bool:
    """Tell whether a run names a GPU as its device."""
    return "NVIDIA" in (run.get("device") or "")


def choose_alike(runs: Sequence[Mapping]) -> list[Mapping]:
    """Choose the runs that had no GPU, if one of them tells its seconds; else those that had one, or all."""
    on_gpu = [run for run in runs if had_gpu(run)]
    on_cpu = [run for run in runs if run not in on_gpu]
    return on_cpu if any(run.get("cpu_seconds") for run in on_cpu) else on_gpu or on_cpu


def find_front(costs: Sequence[float], scores: Sequence[float]) -> np.ndarray:
    """Find the Pareto front: no other costs as little or less and scores as much or more, one of them truly.

    Bool array (n,); one whose cost is NaN is never on it.
    """
    costs, scores = np.asarray(costs, dtype=float), np.asarray(scores, dtype=float)
    no_worse = (costs <= costs[:, None]) & (scores >= scores[:, None])
    better = no_worse & ((costs < costs[:, None]) | (scores > scores[:, None]))
    return ~better.any(axis=1) & np.isfinite(costs)


def list_not_run(study: Mapping, task: str) -> pd.DataFrame:
    """List the arms of the language model that have no record here: what each isolates, and how to run it."""
    there = {run["arm"] for run in study["runs"]}
    command = f"python scripts/llm_study.py --task {task} --arms {{}} --seeds 0 1 2 3 4 --merge"
    rows = {
        name: {"isolates": arm.isolates, "record": "not run here", "command": command.format(name)}
        for name, arm in ARMS.items()
        if name not in there
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["isolates", "record", "command"])
