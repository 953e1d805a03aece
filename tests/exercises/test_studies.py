"""Checks of notebooks 07 and 15: None is not attempted, mistakes get their hints, solutions pass."""

import numpy as np
from solutions import make_tests, run_solution, try_answers

from speechlm_utils import exercises


def no_luck(wins, rate):
    for least in np.sort(np.abs(wins[wins != 0])):
        if (wins <= -least).sum() <= rate * (wins >= least).sum():
            return least
    return np.inf


test_solution_07, test_nothing_written_07, test_mistakes_07 = make_tests(
    "07",
    [(exercises.check_threshold, "my_threshold")],
    [
        (exercises.check_threshold, no_luck, "Count one decoy more"),
        (exercises.check_threshold, lambda wins, rate: 0.0, "smallest up"),
        (exercises.check_threshold, lambda wins, rate: wins, "not one number"),
    ],
)
test_solution_15, test_nothing_written_15, test_mistakes_15 = make_tests(
    "15",
    [(exercises.check_front, "my_front")],
    [
        (exercises.check_front, lambda costs, scores: scores, "True or False"),
        (exercises.check_front, lambda costs, scores: np.array([False, False, True, True, False]), "round"),
        (
            exercises.check_front,
            lambda costs, scores: (costs == costs.min()) | (scores == scores.max()),
            "between them",
        ),
        (
            exercises.check_front,
            lambda costs, scores: np.array(
                [not ((costs <= c) & (scores >= s)).sum() > 1 for c, s in zip(costs, scores, strict=True)]
            ),
            "Alike",
        ),
    ],
)


def test_controls(capsys):
    right = run_solution("07", "my_controls")
    first = next(iter(right))
    cases = [
        (right, True, "takes away one thing"),
        (dict.fromkeys(right), None, "not attempted"),
        (right | {first: None}, None, "not attempted"),
        (right | {first: "random"}, False, "how frequent"),
        (right | {first: "rms"}, False, "all but the level"),
    ]
    try_answers(exercises.check_controls, cases, capsys)


def test_false_ones(capsys):
    right = run_solution("07", "my_false_ones", n_arms=24)
    cases = [
        (right, True, "0.6 of 24"),
        (None, None, "not attempted"),
        (1.2, False, "both sides"),
        (0.025, False, "number of arms"),
        (5.0, False, "2.5 %"),
    ]
    try_answers(lambda answer: exercises.check_chance_verdicts(answer, 24), cases, capsys)


def test_price(capsys):
    pair = {"cheap": (1.0, 0.4), "dear": (5.0, 0.6)}
    right = run_solution("15", "my_price", **pair)
    cases = [
        (right, True, "0.2 seconds a point"),
        (None, None, "not attempted"),
        (20.0, False, "0.01, not 1"),
        (5.0, False, "points over seconds"),
        (0.25, False, "difference in seconds"),
        (7.0, False, "divided by"),
    ]
    try_answers(lambda answer: exercises.check_price(answer, **pair), cases, capsys)
