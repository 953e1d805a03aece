"""Checks of notebook 14: None is not attempted, wrong answers fail with a hint, right ones pass."""

import math
import re

import numpy as np
import pytest

from speechlm_utils.exercises.other_codecs import check_equal_bits, check_lead


def layers_needed(frame_rate, codebook_size, bits):
    return math.ceil(bits / (frame_rate * math.log2(codebook_size)))


def lead(kept, occurring):
    return (kept / kept.sum()) / (occurring / occurring.sum())


CASES = [
    (check_equal_bits, layers_needed, lambda *given: layers_needed(*given) - 1, "12.5 frames/s|not 8"),
    (check_equal_bits, layers_needed, lambda r, k, b: b / (r * math.log2(k)), "round up"),
    (
        check_equal_bits,
        layers_needed,
        lambda r, k, b: b // (r * math.log2(k)),
        "1000 bits/s.*not 8.*round up",
    ),
    (check_lead, lead, lambda kept, occurring: kept / kept.sum() * 3, "equally many"),
    (check_lead, lead, lambda kept, occurring: kept / occurring, "divide it"),
    (check_lead, lead, lambda k, o: k / k.sum() - o / o.sum(), "ratio"),
    (check_lead, lead, lambda kept, occurring: np.ones(3), r"10, 30, 20.*\[1.0, 1.0, 1.0\]"),
]


@pytest.mark.parametrize(("check", "right", "wrong", "hint"), CASES)
def test_function_exercises(check, right, wrong, hint, capsys):
    assert check(lambda *given: None) is None
    assert "not attempted" in capsys.readouterr().out
    assert check(wrong) is False
    assert re.search(hint, capsys.readouterr().out)
    assert check(right) is True
    assert "correct" in capsys.readouterr().out
