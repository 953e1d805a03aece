"""Checks of notebook 14: None is not attempted, wrong answers fail with a hint, right ones pass."""

import math
import re

import numpy as np
import pytest
from solutions import run_solution

from speechlm_utils.exercises.other_codecs import check_equal_bits, check_lead


def layers_needed(frame_rate, codebook_size, bits):
    return math.ceil(bits / (frame_rate * math.log2(codebook_size)))


CASES = [
    (check_equal_bits, "my_layers", lambda *given: layers_needed(*given) - 1, "12.5 frames/s|not 8"),
    (check_equal_bits, "my_layers", lambda r, k, b: b / (r * math.log2(k)), "round up"),
    (
        check_equal_bits,
        "my_layers",
        lambda r, k, b: b // (r * math.log2(k)),
        "1000 bits/s.*not 8.*round up",
    ),
    (check_lead, "my_lead", lambda kept, occurring: kept / kept.sum() * 3, "equally many"),
    (check_lead, "my_lead", lambda kept, occurring: kept / occurring, "divide it"),
    (check_lead, "my_lead", lambda k, o: k / k.sum() - o / o.sum(), "ratio"),
    (check_lead, "my_lead", lambda kept, occurring: np.ones(3), r"10, 30, 20.*\[1.0, 1.0, 1.0\]"),
]


@pytest.mark.parametrize(("check", "name", "wrong", "hint"), CASES)
def test_function_exercises(check, name, wrong, hint, capsys):
    assert check(lambda *given: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert check(wrong) is False
    assert re.search(hint, capsys.readouterr().out)
    assert check(run_solution("14", name)) is True
    assert "correct" in capsys.readouterr().out
