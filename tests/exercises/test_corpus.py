"""Checks of notebook 13: None is not attempted, each known mistake gets its hint, the solution passes."""

import re

import numpy as np
import pytest
from solutions import run_solution

from speechlm_utils.exercises.corpus import check_group_split, check_normalise


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


CASES = [
    (check_normalise, "my_normalise", str.lower, "becomes"),
    (check_normalise, "my_normalise", lambda text: " ".join(text.split()), 'but "don\'t  stop" becomes'),
    (check_normalise, "my_normalise", letters_a_to_z, "Letters are not only a to z"),
    (check_normalise, "my_normalise", lambda text: "x", "'今日は' and '明日は' both become 'x'"),
    (check_group_split, "my_split", by_clip, "lies on both sides"),
    (check_group_split, "my_split", half_of_the_groups, "10 of 20 groups are test, the share is 0.2"),
    (check_group_split, "my_split", always_the_first, "Another rng gives the same split"),
    (check_group_split, "my_split", lambda groups, share, rng: np.arange(3), "one True or False for each"),
]


@pytest.mark.parametrize(("check", "name", "wrong", "hint"), CASES)
def test_function_exercises(check, name, wrong, hint, capsys):
    assert check(lambda *args: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert check(wrong) is False
    assert hint in capsys.readouterr().out
    assert check(run_solution("13", name)) is True
    assert "correct" in capsys.readouterr().out
