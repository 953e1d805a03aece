"""Checks of notebook 13: None is not attempted, each known mistake gets its hint, the solution passes."""

import re

import numpy as np
from solutions import make_tests

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

test_solution, test_nothing_written, test_mistakes = make_tests("13", SOLVED, MISTAKES)
