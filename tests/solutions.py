"""What tests of exercises share: the notebooks' solutions, and what a check must do with an answer."""

import re
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils import exercises

SOURCE = Path(__file__).parents[1] / "notebooks" / "source"


def find_solutions(number: str) -> list[str]:
    """Return the code blocks of all folded solutions of a notebook, without their "# "."""
    (path,) = SOURCE.glob(f"{number}_*.py")
    folded = re.findall(r"<summary>Solution</summary>(.*?)</details>", path.read_text(encoding="utf-8"), re.S)
    plain = [re.sub(r"^# ?", "", text, flags=re.M) for text in folded]
    return [code for text in plain for code in re.findall(r"```python\n(.*?)```", text, re.S)]


def run_solution(number: str, name: str, **given):
    """Run the one solution of a notebook that defines `name`, and return it; `given` are names it may use."""
    (code,) = [one for one in find_solutions(number) if re.search(rf"^(def )?{name}\b", one, re.M)]
    space = {"np": np, **given}
    exec(compile(code, f"solution of {name} in notebook {number}", "exec"), space)
    return space[name]


def run_cell(number: str, name: str, **given) -> dict:
    """Run the one cell of a notebook that defines the function `name`, and return all that it knows then."""
    (path,) = SOURCE.glob(f"{number}_*.py")
    cells = re.split(r"^# %%.*$", path.read_text(encoding="utf-8"), flags=re.M)
    (code,) = [cell for cell in cells if re.search(rf"^def {name}\(", cell, re.M)]
    space = {"np": np, "exercises": exercises, **given}
    exec(compile(code, f"cell of {name} in notebook {number}", "exec"), space)
    return space


def expect_correct(check, answer, capsys):
    """A right answer passes, and is told so."""
    assert check(answer) is True
    assert "correct" in capsys.readouterr().out


def expect_not_attempted(check, capsys):
    """A function that still returns None is no mistake."""
    assert check(lambda *given: None) is None
    assert "not attempted" in capsys.readouterr().out


def expect_hint(check, wrong, hint, capsys):
    """A wrong answer fails, with a hint (a regular expression) to what is wrong with it."""
    assert check(wrong) is False
    told = capsys.readouterr().out
    assert "not yet" in told and re.search(hint, told), told


def make_tests(number: str, solved: list, mistakes: list):
    """Make the three tests of a notebook's function exercises.

    `solved` lists (check, name of the answer in the notebook), `mistakes` (check, wrong answer, hint).
    """

    @pytest.mark.parametrize(("check", "name"), solved)
    def test_solution(check, name, capsys):
        expect_correct(check, run_solution(number, name), capsys)

    @pytest.mark.parametrize("check", [check for check, _ in solved])
    def test_nothing_written(check, capsys):
        expect_not_attempted(check, capsys)

    @pytest.mark.parametrize(("check", "wrong", "hint"), mistakes)
    def test_mistakes(check, wrong, hint, capsys):
        expect_hint(check, wrong, hint, capsys)

    return test_solution, test_nothing_written, test_mistakes


def try_answers(check, cases, capsys):
    """Try cases of one check, each an answer, the outcome, and words that the printed line holds."""
    for answer, outcome, words in cases:
        assert check(answer) is outcome
        assert words in capsys.readouterr().out
