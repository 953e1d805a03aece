"""Checks of notebook 14: None is not attempted, wrong answers fail with a hint, right ones pass."""

import math

import numpy as np
from solutions import make_tests

from speechlm_utils import exercises


def layers_needed(frame_rate, codebook_size, bits):
    return math.ceil(bits / (frame_rate * math.log2(codebook_size)))


SOLVED = [(exercises.check_equal_bits, "my_layers"), (exercises.check_lead, "my_lead")]
MISTAKES = [
    (exercises.check_equal_bits, lambda *given: layers_needed(*given) - 1, "12.5 frames/s|not 8"),
    (exercises.check_equal_bits, lambda r, k, b: b / (r * math.log2(k)), "round up"),
    (
        exercises.check_equal_bits,
        lambda r, k, b: b // (r * math.log2(k)),
        "1000 bits/s.*not 8.*round up",
    ),
    (exercises.check_lead, lambda kept, occurring: kept / kept.sum() * 3, "equally many"),
    (exercises.check_lead, lambda kept, occurring: kept / occurring, "divide it"),
    (exercises.check_lead, lambda k, o: k / k.sum() - o / o.sum(), "ratio"),
    (exercises.check_lead, lambda kept, occurring: np.ones(3), r"10, 30, 20.*\[1.0, 1.0, 1.0\]"),
]

test_solution, test_nothing_written, test_mistakes = make_tests("14", SOLVED, MISTAKES)
