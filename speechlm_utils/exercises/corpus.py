"""Checks of the exercises of notebook 13."""

from collections.abc import Callable

import numpy as np

from .feedback import tell

SAME = (
    ("Don't stop!", "don't  stop"),
    ("well-known", "Well known"),
    ("  a\tb ", "a b"),
    ("ΝΑΙ, ΒΈΒΑΙΑ", "ναι βέβαια"),
)
DIFFERENT = (("今日は", "明日は"), ("ναι", "όχι"), ("a cat", "a rat"))


def check_normalise(function: Callable[[str], str]) -> bool | None:
    """Check a function text -> text whose results agree where only case, space and punctuation differ."""
    name = "Compare texts"
    for one, other in (*SAME, *DIFFERENT):
        answers = function(one), function(other)
        if None in answers:
            return tell(name, None)
        if (one, other) in SAME and answers[0] != answers[1]:
            return tell(name, False, f"{one!r} becomes {answers[0]!r}, but {other!r} becomes {answers[1]!r}.")
        if (one, other) in DIFFERENT and answers[0] == answers[1]:
            hint = " Letters are not only a to z." if not answers[0].strip() else ""
            return tell(name, False, f"{one!r} and {other!r} both become {answers[0]!r}.{hint}")
    return tell(name, True, "Without it, a full stop hides a test sentence in train.")


def check_group_split(
    function: Callable[[np.ndarray, float, np.random.Generator], np.ndarray],
) -> bool | None:
    """Check a function (groups, share, rng) -> bool array, True for test, that breaks no group."""
    name = "Split by group"
    for seed, (n_groups, share) in enumerate(((20, 0.2), (10, 0.5), (30, 0.1))):
        rng = np.random.default_rng(seed)
        groups = rng.permutation(np.repeat([f"g{i}" for i in range(n_groups)], rng.integers(1, 5, n_groups)))
        answer = function(groups, share, np.random.default_rng(seed))
        if answer is None:
            return tell(name, None)
        answer = np.asarray(answer)
        if answer.dtype != bool or answer.shape != groups.shape:
            return tell(name, False, f"Return one True or False for each of the {len(groups)} clips.")
        if broken := sorted({*groups[answer]} & {*groups[~answer]}):
            return tell(name, False, f"Group {broken[0]} lies on both sides: draw groups, not clips.")
        n_test = len({*groups[answer]})
        if abs(n_test - share * n_groups) > 1:
            return tell(name, False, f"{n_test} of {n_groups} groups are test, the share is {share}.")
    if np.array_equal(answer, function(groups, share, np.random.default_rng(seed + 100))):
        return tell(name, False, "Another rng gives the same split: draw with it.")
    return tell(name, True, "With groups of unequal size, the share of clips is only nearly right.")
