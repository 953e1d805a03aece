"""Checks of the exercises of notebook 12."""

import numpy as np

from .feedback import NotYet, compare, exercise


@exercise("Complete or not?")
def check_completeness(function) -> str:
    """Check a function (scores, score, baseline score) -> completeness error as a share."""
    hints = {
        "An error has no sign: take the size of both differences.": -0.25,
        "This is the error in logits: divide it by what is to be explained.": 0.5,
        "Compare the sum with the score less the baseline's, not with the score alone.": 0.0,
        "Sum the scores as they are: what speaks against the class counts as negative.": 3.0,
    }
    scores = np.array([0.5, -0.25, 0.75, -2.5])
    compare(function(scores.copy(), -1.5, 0.5), 0.25, hints, f"scores {scores.tolist()}, from 0.5 to -1.5")
    return "A quarter of what is to be explained is missing: more steps are needed."


@exercise("A fair control")
def check_control(function) -> str:
    """Check a function (scores, k, rng) -> the places of the k largest scores and k random ones of all."""
    scores = np.array([0.1, -3.0, 0.4, 0.2, -0.5, 0.3, 0.0, -0.1])
    answer = function(scores.copy(), 3, np.random.default_rng(0))
    if [np.shape(places) for places in answer] != [(3,), (3,)]:
        raise NotYet("Return two lists of k places each: (top, random).")
    hints = {
        "These are the smallest: what speaks most against the class.": [1, 4, 7],
        "Not by size: a token that speaks against the class must not count as top.": [1, 2, 4],
    }
    compare(np.sort(answer[0]), [2, 3, 5], hints, "the largest three", rtol=0)
    rng = np.random.default_rng(1)
    drawn = [np.unique(function(scores.copy(), 3, rng)[1]) for _ in range(200)]
    if any(len(places) < 3 for places in drawn):
        raise NotYet("A random list holds a place twice: sample without replacement.")
    missing = set(range(len(scores))).difference(*drawn)
    if missing and missing <= {2, 3, 5}:
        raise NotYet("The control leaves the top tokens out: sample from all tokens of the clip.")
    if missing:
        raise NotYet(f"In 200 samples the places {sorted(missing)} never came: use the given rng.")
    return "The control may hit a top token by luck: that is what random means."
