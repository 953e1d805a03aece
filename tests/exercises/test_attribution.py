"""Checks of notebook 12: None is not attempted, each known mistake gets its hint, the solution passes."""

import numpy as np
from solutions import make_tests

from speechlm_utils import exercises

SOLVED = [(exercises.check_completeness, "my_error"), (exercises.check_control, "my_places")]


def top(scores, k):
    return np.argsort(-scores)[:k]


MISTAKES = [
    (exercises.check_completeness, lambda s, a, b: (s.sum() - (a - b)) / abs(a - b) - 0.5, "no sign"),
    (exercises.check_completeness, lambda s, a, b: abs(s.sum() - (a - b)), "divide"),
    (exercises.check_completeness, lambda s, a, b: abs(s.sum() - a) / abs(a), "score alone"),
    (
        exercises.check_completeness,
        lambda s, a, b: abs(np.abs(s).sum() - (a - b)) / abs(a - b),
        "as they are",
    ),
    (exercises.check_completeness, lambda s, a, b: s, "one number"),
    (exercises.check_completeness, lambda s, a, b: 0.7, "not 0.25"),
    (exercises.check_control, lambda s, k, rng: (np.argsort(s)[:k], top(s, k)), "smallest"),
    (exercises.check_control, lambda s, k, rng: (np.argsort(-abs(s))[:k], top(s, k)), "by size"),
    (exercises.check_control, lambda s, k, rng: (np.arange(k), top(s, k)), "largest three"),
    (exercises.check_control, lambda s, k, rng: (top(s, k), rng.choice(len(s), k)), "replacement"),
    (
        exercises.check_control,
        lambda s, k, rng: (top(s, k), rng.choice(np.argsort(-s)[k:], k, replace=False)),
        "leaves the top",
    ),
    (exercises.check_control, lambda s, k, rng: (top(s, k), top(s, k)), "given rng"),
    (exercises.check_control, lambda s, k, rng: top(s, k), "two lists"),
]

test_solution, test_nothing_written, test_mistakes = make_tests("12", SOLVED, MISTAKES)
