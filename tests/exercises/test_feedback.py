"""The outcome of a check: none, right, or wrong with the hint that explains it; imports are light."""

import subprocess
import sys

import numpy as np
import pytest

from speechlm_utils.exercises.feedback import NotYet, compare, exercise

TWICE = {"This is half of it.": [0.5, 1.0]}


@exercise("Twice")
def check_twice(answer, numbers):
    """Check twice the numbers."""
    compare(answer(numbers) if callable(answer) else answer, 2 * numbers, TWICE, "twice [1, 2]")
    return "Well done."


@pytest.mark.parametrize(
    ("answer", "outcome", "told"),
    [
        (None, None, "Twice: not attempted yet.\n"),
        ((2, None), None, "Twice: not attempted yet.\n"),
        (lambda x: None, None, "Twice: not attempted yet.\n"),
        (lambda x: 2 * x, True, "Twice: correct. Well done.\n"),
        ([2.001, 4], True, "Twice: correct. Well done.\n"),
        (lambda x: x / 2, False, "you return [0.5, 1.0], not [2.0, 4.0]. This is half of it.\n"),
        ([0, 0], False, "Twice: not yet. twice [1, 2]: you return [0, 0], not [2.0, 4.0].\n"),
        (3, False, "You return shape (), not a pair."),
    ],
)
def test_outcome_is_told_and_returned(answer, outcome, told, capsys):
    assert check_twice(answer, np.array([1.0, 2.0])) is outcome
    assert told in capsys.readouterr().out


def test_a_number_found_by_hand_is_not_given_away():
    with pytest.raises(NotYet, match="^Count again.$"):
        compare(3, 4, {"Double it.": 2}, otherwise="Count again.")


def test_other_errors_of_a_learners_function_are_shown():
    with pytest.raises(ZeroDivisionError):
        check_twice(lambda x: 1 / 0, np.ones(2))


def test_checks_are_imported_without_heavy_libraries():
    code = (
        "import sys, speechlm_utils.exercises; print({'torch', 'transformers', 'librosa'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
