"""Checks of notebook 12: None is not attempted, each known mistake gets its hint, the solution passes."""

import numpy as np
import pytest
from solutions import expect_correct, expect_hint, expect_not_attempted, run_solution

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


@pytest.mark.parametrize(("check", "name"), SOLVED)
def test_solution_of_the_notebook_passes(check, name, capsys):
    expect_correct(check, run_solution("12", name), capsys)


@pytest.mark.parametrize("check", [check for check, _ in SOLVED])
def test_nothing_written_is_not_attempted(check, capsys):
    expect_not_attempted(check, capsys)


@pytest.mark.parametrize(("check", "wrong", "hint"), MISTAKES)
def test_mistakes_fail_with_a_hint(check, wrong, hint, capsys):
    expect_hint(check, wrong, hint, capsys)
