"""Checks of notebook 10: None is not attempted, mistakes get their hints, solutions pass."""

import numpy as np
from solutions import make_tests

from speechlm_utils import exercises


def own_thirds(values, train):
    return np.searchsorted(np.quantile(values, (1 / 3, 2 / 3)), values)


def thirds_of_range(values, train):
    return np.searchsorted(train.min() + np.ptp(train) * np.array([1 / 3, 2 / 3]), values)


def turned(values, train):
    return 2 - np.searchsorted(np.quantile(train, (1 / 3, 2 / 3)), values)


def likeliest_of_all(logits, allowed):
    return int(np.argmax(logits))


def place_only(logits, allowed):
    return int(np.argmax(np.array(logits)[allowed]))


def with_zeros(logits, allowed):
    return int(np.argmax([x if i in allowed else 0 for i, x in enumerate(logits)]))


def least(logits, allowed):
    return min(allowed, key=lambda i: logits[i])


def count(table):
    return np.stack([np.bincount(one, minlength=3) for one in table.T])


def same_of_test(train, test):
    return (test == count(test).argmax(axis=1)).mean()


def same_for_all(train, test):
    return (test == np.bincount(train.ravel()).argmax()).mean()


def same_on_train(train, test):
    return (train == count(train).argmax(axis=1)).mean()


test_solution, test_nothing_written, test_mistakes = make_tests(
    "10",
    [
        (exercises.check_thirds, "my_words"),
        (exercises.check_allowed, "my_choice"),
        (exercises.check_same_words, "my_share"),
    ],
    [
        (exercises.check_thirds, own_thirds, "of the clips at hand"),
        (exercises.check_thirds, thirds_of_range, "divide the \\*range\\*"),
        (exercises.check_thirds, turned, "from low to high"),
        (exercises.check_allowed, likeliest_of_all, "not allowed"),
        (exercises.check_allowed, place_only, "a place in"),
        (exercises.check_allowed, with_zeros, "minus infinity"),
        (exercises.check_allowed, least, "least likely"),
        (exercises.check_same_words, same_of_test, "never seen"),
        (exercises.check_same_words, same_for_all, "by itself"),
        (exercises.check_same_words, same_on_train, "on train"),
    ],
)
