"""Checks of the exercises of notebook 02."""

import numpy as np
import pandas as pd

from ..selection.penalties import shrink, soft_threshold
from .feedback import compare, exercise

PENALTIES = {"ℓ2": 0.0, "1 % ℓ1": 0.01, "ℓ1": 1.0}
"""Penalty and its `l1_ratio`, the part of it that is ℓ1."""
SMALL = 1e-3


@exercise("Soft threshold")
def check_soft_threshold(function) -> str:
    """Check a function (a, strength) -> w that minimises (w - a)² / 2 + strength · |w|."""
    for a, strength in ((3.0, 1.0), (-3.0, 1.0), (0.4, 1.0), (-0.4, 1.0), (0.0, 0.5), (2.0, 0.0)):
        hints = {"That is the ℓ2 answer.": shrink(a, strength)}
        case = f"a = {a:g} with strength {strength:g}"
        compare(function(a, strength), soft_threshold(a, strength), hints, case, rtol=1e-5)
    return "Whatever is smaller than the strength becomes exactly zero."


@exercise("Count the zeros")
def check_zeros(function, fit) -> str:
    """Check a function (l1_ratio, C) -> number of zeros in the weights `fit(l1_ratio, C)`; print all."""
    rows = {}
    for penalty, l1_ratio in PENALTIES.items():
        for C in (0.1, 1.0):
            answer, size = function(l1_ratio, C), np.abs(fit(l1_ratio, C))
            zeros, small = (size == 0).sum(), (size < SMALL).sum()
            hints = {
                "You count the weights that are selected.": len(size) - zeros,
                "Nearly zero is not zero: the model still needs the column.": small,
            }
            otherwise = "Does your fit use both arguments?"
            compare(answer, zeros, hints, f"{penalty}, C = {C:g}", otherwise, rtol=0)
            rows[penalty, C] = {"zeros": zeros, f"below {SMALL:g}": small}
    print(pd.DataFrame(rows).T.rename_axis(["penalty", "C"]))
    n_zeros = rows["ℓ2", 0.1]["zeros"] + rows["ℓ2", 1.0]["zeros"]
    verdict = f"ℓ2 gave {n_zeros} zeros here" if n_zeros else "ℓ2 makes weights small, and none zero"
    return f"Of {len(size):,} weights: {verdict}; a little ℓ1 is enough for zeros."


@exercise("Overlap by chance")
def check_overlap(answer: float, n_selected: int, n_tokens: int) -> str:
    """Check the number of tokens that two random samples of n_selected from n_tokens share on average."""
    right = n_selected**2 / n_tokens
    hints = {"This is the chance for one token; there are n_selected of them.": n_selected / n_tokens}
    compare(answer, right, hints, otherwise="How likely is one selected token to be in the other sample?")
    return f"About {right:.2f} tokens: an overlap of dozens is not chance."


@exercise("Permutation p-value")
def check_permutation_p(function) -> str:
    """Check a function (real, permuted) -> p-value, large values being the unusual ones."""
    permuted = [3, 5, 5, 8, 2, 9, 4, 1, 6]
    for real in (20, 5, 0):
        at_least, above = np.greater_equal(permuted, real), np.greater(permuted, real)
        hints = {
            "Count the real one in: it is one of the orders that chance could have given.": at_least.mean(),
            "A tie is as large as the real one: count it.": above.mean(),
        }
        right = (at_least.sum() + 1) / (len(permuted) + 1)
        compare(function(real, permuted), right, hints, f"real {real} among {permuted}", rtol=1e-5)
    return "It is never zero: with few permutations no claim can be strong."
