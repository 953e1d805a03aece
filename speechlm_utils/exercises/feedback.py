"""What every check of an exercise does: ask, compare, say how it went, and never stop the notebook."""

from collections.abc import Callable, Mapping
from functools import wraps

import numpy as np


class NotYet(Exception):
    """A wrong answer, and what is wrong with it; without a message, no answer at all."""


def exercise(name: str) -> Callable:
    """Make a check of a function that returns what the right answer means, and raises NotYet on a wrong one.

    The check takes the learner's answer first, prints the outcome, and returns True, False, or None for "not
    attempted": the answer is None, holds a None, or is a function that returns one.
    """

    def decorate(check):
        @wraps(check)
        def run(answer, *given, **options) -> bool | None:
            try:
                passed, message = True, check(_need(answer), *given, **options)
            except NotYet as wrong:
                passed, message = False if str(wrong) else None, str(wrong)
            outcome = {None: "not attempted yet", True: "correct", False: "not yet"}[passed]
            print(f"{name}: {outcome}. {message}".strip())
            return passed

        return run

    return decorate


def _need(answer):
    """Return the answer, and of a function one that raises NotYet where it gives none."""
    if answer is None or (isinstance(answer, tuple) and any(part is None for part in answer)):
        raise NotYet
    return (lambda *given: _need(answer(*given))) if callable(answer) else answer


def compare(answer, right, hints: Mapping = {}, case: str = "", otherwise: str = "", rtol: float = 0.01):
    """Raise NotYet unless the answer is right, with a hint if it is wrong in a known way.

    hints are hint -> the wrong answer that it explains, otherwise is that for all others; case is what a
    function was asked, shown with both answers, and empty where the right one stays untold.
    """
    shape, wanted = np.shape(answer), np.shape(right)
    if shape != wanted:
        named = {(): "one number", (2,): "a pair"}.get(wanted, f"shape {wanted}")
        raise NotYet(f"You return shape {shape}, not {named}.")
    if np.allclose(answer, right, rtol):
        return
    hint = next((text for text, wrong in hints.items() if np.allclose(answer, wrong, rtol)), otherwise)
    both = (str(np.round(value, 4).tolist()) for value in (answer, right))
    raise NotYet(f"{case}: you return {', not '.join(both)}. {hint}".strip() if case else hint)
