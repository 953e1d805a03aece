"""Checks of the exercises of notebook 12."""

from collections.abc import Callable

import numpy as np

from .feedback import tell


def check_completeness(function: Callable[[np.ndarray, float, float], float]) -> bool | None:
    """Check a function (scores, score, baseline score) -> completeness error as a share."""
    name = "Complete or not?"
    scores, score, baseline = np.array([0.5, -0.25, 0.75, -2.5]), -1.5, 0.5
    answer = function(scores.copy(), score, baseline)
    if answer is None:
        return tell(name, None)
    if np.shape(answer) != ():
        return tell(name, False, f"You return shape {np.shape(answer)}, not one number.")
    if np.isclose(answer, 0.25):
        return tell(name, True, "A quarter of what is to be explained is missing: more steps are needed.")
    if np.isclose(answer, -0.25):
        return tell(name, False, "An error has no sign: take the size of both differences.")
    if np.isclose(answer, 0.5):
        return tell(name, False, "This is the error in logits: divide it by what is to be explained.")
    if np.isclose(answer, 0.0):
        return tell(
            name, False, "Compare the sum with the score less the baseline's, not with the score alone."
        )
    if np.isclose(answer, 3.0):
        return tell(
            name, False, "Sum the scores as they are: what speaks against the class counts as negative."
        )
    return tell(name, False, f"You return {answer:.3f}, not 0.250.")


def check_control(function: Callable[..., tuple[np.ndarray, np.ndarray]]) -> bool | None:
    """Check a function (scores, k, rng) -> the places of the k largest scores and k random ones of all."""
    name = "A fair control"
    scores = np.array([0.1, -3.0, 0.4, 0.2, -0.5, 0.3, 0.0, -0.1])
    answer = function(scores.copy(), 3, np.random.default_rng(0))
    if answer is None:
        return tell(name, None)
    if len(answer) != 2 or np.shape(answer[0]) != (3,) or np.shape(answer[1]) != (3,):
        return tell(name, False, "Return two lists of k places each: (top, random).")
    top = set(map(int, answer[0]))
    if top == {1, 4, 7}:
        return tell(name, False, "These are the smallest: what speaks most against the class.")
    if top == {1, 2, 4}:
        return tell(name, False, "Not by size: a token that speaks against the class must not count as top.")
    if top != {2, 3, 5}:
        return tell(name, False, f"The largest three stand at 2, 5 and 3, not at {sorted(top)}.")
    rng, drawn = np.random.default_rng(1), []
    for _ in range(200):
        places = [int(place) for place in function(scores.copy(), 3, rng)[1]]
        if len(set(places)) < 3:
            return tell(name, False, f"{places} holds a place twice: draw without replacement.")
        drawn += places
    missing = set(range(len(scores))) - set(drawn)
    if missing and missing <= top:
        return tell(name, False, "The control leaves the top tokens out: draw from all tokens of the clip.")
    if missing:
        return tell(name, False, f"In 200 draws the places {sorted(missing)} never came: use the given rng.")
    return tell(name, True, "The control may hit a top token by luck: that is what random means.")
