"""Checks of notebook 02: None is not attempted, each known mistake gets its hint, the solution passes."""

import numpy as np
import pytest
from solutions import expect_correct, expect_hint, run_solution

from speechlm_utils import exercises


def check_overlap(answer):
    return exercises.check_overlap(answer, 75, 7168)


def smallest_at(a, strength):
    """Right on the positive side only."""
    return max(a - strength, 0)


def at_least(real, permuted):
    return np.mean(np.array(permuted) >= real)


def above(real, permuted):
    return np.mean(np.array(permuted) > real)


def without_ties(real, permuted):
    return (1 + sum(value > real for value in permuted)) / (1 + len(permuted))


SOLVED = [
    (exercises.check_soft_threshold, "my_threshold"),
    (check_overlap, "my_overlap"),
    (exercises.check_permutation_p, "my_p_value"),
]
MISTAKES = [
    (exercises.check_soft_threshold, lambda a, s: a / (1 + s), "ℓ2 answer"),
    (exercises.check_soft_threshold, lambda a, s: a if abs(a) > s else 0, "a = 3 with"),  # hard threshold
    (exercises.check_soft_threshold, smallest_at, "a = -3"),
    (exercises.check_soft_threshold, lambda a, s: np.sign(a) * (abs(a) - s), "a = 0.4"),
    (exercises.check_permutation_p, at_least, "Count the real one in"),
    (exercises.check_permutation_p, above, "tie|real one"),
    (exercises.check_permutation_p, without_ties, "real 5 among"),
    (exercises.check_permutation_p, lambda r, p: 1 - at_least(r, p), "real 20 among"),
    (check_overlap, 75 / 7168, "one token"),
    (check_overlap, 0, "How likely"),
    (check_overlap, 12, "How likely"),
]


@pytest.mark.parametrize(("check", "name"), SOLVED)
def test_solution_of_the_notebook_passes(check, name, capsys):
    expect_correct(check, run_solution("02", name), capsys)


@pytest.mark.parametrize("check", [exercises.check_soft_threshold, exercises.check_permutation_p])
def test_nothing_written_is_not_attempted(check, capsys):
    assert check(lambda *args: None) is None and check_overlap(None) is None
    assert capsys.readouterr().out.count("not attempted") == 2


@pytest.mark.parametrize(("check", "wrong", "hint"), MISTAKES)
def test_mistakes_fail_with_a_hint(check, wrong, hint, capsys):
    expect_hint(check, wrong, hint, capsys)
