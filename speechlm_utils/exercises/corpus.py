"""Checks of the exercises of notebooks 00 and 13."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..clips import Clip
from ..codec_spec import CodecSpec
from .feedback import NotYet, exercise

SAME = {
    "Don't stop!": "don't  stop",
    "well-known": "Well known",
    " a\tb ": "a b",
    "ΝΑΙ, ΒΈΒΑΙΑ": "ναι βέβαια",
}
DIFFERENT = {"今日は": "明日は", "ναι": "όχι", "a cat": "a rat"}


@exercise("Codes in a clip")
def check_codes_in_clip(answer: int, spec: CodecSpec, seconds: float = 3) -> str:
    """Check how many codes a clip of `seconds` becomes."""
    frames = round(seconds * spec.frame_rate)
    if answer != frames * spec.n_layers:
        hint = ": that is the number of frames; each has one code per layer" if answer == frames else ""
        raise NotYet(f"You said {answer}{hint}.")
    return f"{seconds:g} s become {answer} codes, and about {2 * seconds:.0f} words."


@exercise("No gain from hearing")
def check_no_gain(answer: str, table: pd.DataFrame) -> str:
    """Check which task cannot gain from hearing, against the upper bounds (see `compute_upper_bounds`)."""
    gains = table[table["inputs"] == "both"].set_index("task")["gain"].map(lambda gain: gain.estimate)
    if answer not in gains.index:
        raise NotYet(f"{answer!r} is none of the tasks {', '.join(gains.index)}.")
    message = f"Words and prosody against words alone, {answer}: {gains[answer]:+.2f}"
    if answer != gains.idxmin():
        raise NotYet(f"{message}; another task has less.")
    return f"{message}."


@exercise("By ear")
def check_heard(answers: Sequence[str], clips: Sequence[Clip], task: str) -> str:
    """Check what a listener heard: one label per clip; right from half of them on."""
    truth = [clip.labels[task] for clip in clips]
    if len(answers) != len(truth):
        raise NotYet(f"Give {len(truth)} labels, one per clip; you gave {len(answers)}.")
    if unknown := sorted(set(answers) - set(truth)):
        raise NotYet(f"No clip here is {unknown[0]!r}; the labels are {', '.join(sorted(truth))}.")
    hits = sum(a == b for a, b in zip(answers, truth, strict=True))
    if 2 * hits < len(truth):
        raise NotYet(f"{hits} of {len(truth)} as planted.")
    return f"{hits} of {len(truth)} as planted."


@exercise("Compare texts")
def check_normalise(function) -> str:
    """Check a function text -> text whose results agree where only case, space and punctuation differ."""
    for one, other in SAME.items():
        if function(one) != function(other):
            but = f"but {other!r} becomes {function(other)!r}."
            raise NotYet(f"{one!r} becomes {function(one)!r}, {but}")
    for one, other in DIFFERENT.items():
        if function(one) == function(other):
            hint = "" if function(one).strip() else " Letters are not only a to z."
            raise NotYet(f"{one!r} and {other!r} both become {function(one)!r}.{hint}")
    return "Without it, a full stop hides a test sentence in train."


@exercise("Split by group")
def check_group_split(function) -> str:
    """Check a function (groups, share, rng) -> bool array, True for test, that breaks no group."""
    for seed, (n_groups, share) in enumerate(((20, 0.2), (10, 0.5), (30, 0.1))):
        rng = np.random.default_rng(seed)
        groups = rng.permutation(np.repeat([f"g{i}" for i in range(n_groups)], rng.integers(1, 5, n_groups)))
        answer = np.asarray(function(groups, share, np.random.default_rng(seed)))
        if answer.dtype != bool or answer.shape != groups.shape:
            raise NotYet(f"Return one True or False for each of the {len(groups)} clips.")
        if broken := np.intersect1d(groups[answer], groups[~answer]).tolist():
            raise NotYet(f"Group {broken[0]} lies on both sides: sample groups, not clips.")
        n_test = len(np.unique(groups[answer]))
        if abs(n_test - share * n_groups) > 1:
            raise NotYet(f"{n_test} of {n_groups} groups are test, the share is {share}.")
    if np.array_equal(answer, function(groups, share, np.random.default_rng(seed + 100))):
        raise NotYet("Another rng gives the same split: sample with it.")
    return "With groups of unequal size, the share of clips is only nearly right."
