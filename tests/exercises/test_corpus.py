"""Checks of notebook 13: None is not attempted, each known mistake gets its hint, the solution passes."""

import re

import numpy as np
import pytest
from solutions import expect_correct, expect_hint, expect_not_attempted, run_solution

from speechlm_utils import exercises


def letters_a_to_z(text):
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def by_clip(groups, share, rng):
    return rng.random(len(groups)) < share


def always_the_first(groups, share, rng):
    names = np.unique(groups)
    return np.isin(groups, names[: round(share * len(names))])


def half_of_the_groups(groups, share, rng):
    names = np.unique(groups)
    return np.isin(groups, rng.permutation(names)[: len(names) // 2])


SOLVED = [(exercises.check_normalise, "my_normalise"), (exercises.check_group_split, "my_split")]
MISTAKES = [
    (exercises.check_normalise, str.lower, "becomes"),
    (exercises.check_normalise, lambda text: " ".join(text.split()), 'but "don\'t  stop" becomes'),
    (exercises.check_normalise, letters_a_to_z, "Letters are not only a to z"),
    (exercises.check_normalise, lambda text: "x", "'今日は' and '明日は' both become 'x'"),
    (exercises.check_group_split, by_clip, "lies on both sides"),
    (exercises.check_group_split, half_of_the_groups, "10 of 20 groups are test, the share is 0.2"),
    (exercises.check_group_split, always_the_first, "Another rng gives the same split"),
    (exercises.check_group_split, lambda groups, share, rng: np.arange(3), "one True or False for each"),
]


@pytest.mark.parametrize(("check", "name"), SOLVED)
def test_solution_of_the_notebook_passes(check, name, capsys):
    expect_correct(check, run_solution("13", name), capsys)


@pytest.mark.parametrize("check", [check for check, _ in SOLVED])
def test_nothing_written_is_not_attempted(check, capsys):
    expect_not_attempted(check, capsys)


@pytest.mark.parametrize(("check", "wrong", "hint"), MISTAKES)
def test_mistakes_fail_with_a_hint(check, wrong, hint, capsys):
    expect_hint(check, wrong, hint, capsys)
