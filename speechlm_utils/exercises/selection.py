"""Checks of the exercises of notebook 02."""

from collections.abc import Callable, Sequence

import numpy as np

from ..selection.penalties import shrink, soft_threshold
from .feedback import tell


def check_soft_threshold(function: Callable[[float, float], float]) -> bool | None:
    """Check a function (a, strength) -> w that minimises (w - a)² / 2 + strength · |w|."""
    name = "Soft threshold"
    for a, strength in ((3.0, 1.0), (-3.0, 1.0), (0.4, 1.0), (-0.4, 1.0), (0.0, 0.5), (2.0, 0.0)):
        answer = function(a, strength)
        if answer is None:
            return tell(name, None)
        right = float(soft_threshold(a, strength))
        if not np.isclose(answer, right):
            hint = " That is the ℓ2 answer." if np.isclose(answer, shrink(a, strength)) else ""
            case = f"a = {a:g} with strength {strength:g}"
            return tell(name, False, f"{case}: you return {float(answer):g}, not {right:g}.{hint}")
    return tell(name, True, "Whatever is smaller than the strength becomes exactly zero.")


def check_overlap(answer: float | None, n_kept: int, n_tokens: int) -> bool | None:
    """Check the number of tokens that two random draws of n_kept from n_tokens share on average."""
    name = "Overlap by chance"
    if answer is None:
        return tell(name, None)
    right = n_kept**2 / n_tokens
    if np.isclose(answer, right, rtol=0.02):
        return tell(name, True, f"About {right:.2f} tokens: an overlap of dozens is not chance.")
    if np.isclose(answer, n_kept / n_tokens, rtol=0.02):
        return tell(name, False, "This is the chance for one token; there are n_kept of them.")
    return tell(name, False, f"You say {answer:g}. How likely is one kept token to be in the other draw?")


def check_permutation_p(function: Callable[[float, Sequence[float]], float]) -> bool | None:
    """Check a function (real, permuted) -> p-value, large values being the unusual ones."""
    name = "Permutation p-value"
    permuted = [3, 5, 5, 8, 2, 9, 4, 1, 6]
    for real in (20, 5, 0):
        answer = function(real, permuted)
        if answer is None:
            return tell(name, None)
        count = int((np.array(permuted) >= real).sum())
        right = (count + 1) / (len(permuted) + 1)
        if not np.isclose(answer, right):
            case = f"real {real} among {permuted}"
            hint = ""
            if np.isclose(answer, count / len(permuted)):
                hint = " Count the real one in: it is one of the orders that chance could have given."
            elif np.isclose(answer, (np.array(permuted) > real).mean()):
                hint = " A tie is as large as the real one: count it."
            return tell(name, False, f"{case}: you return {float(answer):g}, not {right:g}.{hint}")
    return tell(name, True, "It is never zero: with few permutations no claim can be strong.")
