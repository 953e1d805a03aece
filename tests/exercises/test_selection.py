"""Checks of notebook 02: None is not attempted, each known mistake gets its hint, the solution passes."""

import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from solutions import expect_correct, expect_hint, run_cell, run_solution

from speechlm_utils import exercises


def check_overlap(answer):
    return exercises.check_overlap(answer, 75, 1792)


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
    (check_overlap, 75 / 1792, "one token"),
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


# --- count the zeros ----------------------------------------------------------------------------------------


def make_columns():
    """60 clips, 200 columns, of which three tell the class."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2 == 0
    X = rng.normal(size=(60, 200)) * (rng.random((60, 200)) < 0.3)
    X[:, :3] += 2 * y[:, None]
    return sparse.csr_matrix(X), y


def make_fit():
    """The notebook's own fit; its cell samples 120 of the 60 clips, so takes all."""
    X, y = make_columns()
    return run_cell("02", "fit_mixed", X=X, y=y, seed=0, LogisticRegression=LogisticRegression)["fit_mixed"]


FIT = make_fit()


def count_by(condition):
    return lambda l1_ratio, C: int(condition(FIT(l1_ratio, C)).sum())


def test_only_a_share_of_l1_gives_zeros_and_a_planted_column_leads():
    l2, mixed, l1 = (FIT(ratio, 0.1) for ratio in (0, 0.3, 1))
    assert (l2 == 0).sum() == 0 < (mixed == 0).sum() < (l1 == 0).sum()
    assert np.abs(l1).argmax() < 3 and (l1 != 0).sum() < 20


def test_solution_counts_zeros(capsys):
    assert exercises.check_zeros(run_solution("02", "my_zeros", fit_mixed=FIT), FIT) is True
    told = capsys.readouterr().out
    assert re.search(r"ℓ2 +0\.1 +0", told) and "none zero" in told


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (count_by(lambda w: w != 0), "weights that are selected"),
        (count_by(lambda w: np.abs(w) < 1e-3), "Nearly zero is not zero"),
        (lambda l1_ratio, C: count_by(lambda w: w == 0)(1, C), "both arguments"),
        (lambda l1_ratio, C: 0, "1 % ℓ1|ℓ1, C"),
    ],
)
def test_wrong_counts_fail_with_a_hint(wrong, hint, capsys):
    assert exercises.check_zeros(wrong, FIT) is False
    assert re.search(hint, capsys.readouterr().out)
