"""Checks of the exercises of notebook 13."""

import numpy as np

from .feedback import NotYet, exercise

SAME = {
    "Don't stop!": "don't  stop",
    "well-known": "Well known",
    " a\tb ": "a b",
    "ΝΑΙ, ΒΈΒΑΙΑ": "ναι βέβαια",
}
DIFFERENT = {"今日は": "明日は", "ναι": "όχι", "a cat": "a rat"}


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
