"""Checks of notebook 06: None is not attempted, mistakes get their hints, solutions pass."""

import numpy as np
from solutions import make_tests, run_solution, try_answers

from speechlm_utils import exercises

COUNTS = np.array([127, 81, 46, 69, 71, 79, 62])


def split_clips(speakers, held_out):
    """Every second clip: the voices are on both sides."""
    return np.arange(0, len(speakers), 2), np.arange(1, len(speakers), 2)


def swap(speakers, held_out):
    is_test = np.isin(speakers, held_out)
    return np.flatnonzero(is_test), np.flatnonzero(~is_test)


def leave_out(speakers, held_out):
    return np.flatnonzero(speakers == "b"), np.flatnonzero(np.isin(speakers, held_out))


def as_masks(speakers, held_out):
    is_test = np.isin(speakers, held_out)
    return ~is_test, is_test


test_solution, test_nothing_written, test_mistakes = make_tests(
    "06",
    [(exercises.check_voice_split, "my_split")],
    [
        (exercises.check_voice_split, split_clips, "both sides"),
        (exercises.check_voice_split, swap, "shape|swapped"),
        (exercises.check_voice_split, leave_out, "neither"),
        (exercises.check_voice_split, as_masks, "places"),
    ],
)


def test_constant_answer(capsys):
    right = run_solution("06", "my_macro_f1", counts=COUNTS)
    share = 127 / COUNTS.sum()
    cases = [
        (right, True, "24%"),
        (None, None, "not attempted"),
        (share, False, "not F1"),
        (2 * share / (1 + share), False, "mean over all classes"),
        (1 / 7, False, "number of classes"),
        (share / 7, False, "share that is right"),
        (0.5, False, "recall"),
    ]
    try_answers(lambda answer: exercises.check_constant_answer(answer, COUNTS), cases, capsys)
