"""Checks of the exercises of notebooks 07 and 15."""

from collections.abc import Mapping, Sequence

import numpy as np

from .feedback import NotYet, compare, exercise

CONTROLS = {
    "Is it the sound, or that there are tokens at all?": "shuffled",
    "Is it which tokens, or would others as frequent do?": "matched",
    "Is it how the clip sounds, or how long it lasts?": "count-only",
    "Is it more than the recording level?": "rms",
}
"""A doubt -> the arm that answers it."""


@exercise("Which control?")
def check_controls(answer: Mapping[str, str]) -> str:
    """Check the choice of an arm for each doubt of `CONTROLS`; a doubt that is None is not answered yet."""
    if any(answer.get(doubt) is None for doubt in CONTROLS):
        raise NotYet
    hints = {
        "random": "Random tokens differ in how frequent they are, too, and in their layers.",
        "shuffled": "With the codes of another clip, presence and number of tokens stay; the sound does not.",
        "rms": "At equal loudness all but the level stays.",
        "count-only": "That arm knows the number of tokens and the length of the clip alone.",
    }
    for doubt, arm in CONTROLS.items():
        if answer[doubt] != arm:
            raise NotYet(f"{doubt} Not {answer[doubt]!r}. {hints.get(answer[doubt], '')}".strip())
    return "Each control takes away one thing and leaves the rest."


@exercise("How many by chance?")
def check_chance_verdicts(answer: float, n_arms: int) -> str:
    """Check how many of n_arms that gain nothing are still called "above", on average, at 95 %."""
    hints = {
        "5 % lie outside on both sides together; half of these lie above.": 0.05 * n_arms,
        "That is the share; ask for the number of arms.": 0.025,
        "That is the number whose interval holds zero.": 0.95 * n_arms,
    }
    otherwise = "A 95 % interval lies wholly above zero in 2.5 % of cases."
    compare(answer, 0.025 * n_arms, hints, otherwise=otherwise)
    return f"About {answer:.1f} of {n_arms}: name the comparison that counts before you look."


@exercise("A threshold with decoys")
def check_threshold(function) -> str:
    """Check a function (wins, rate) -> the smallest win from which on the estimated false share is small."""
    cases = {
        "wins 5 4 3 2 1 -1, rate 0.4": (([5, 4, 3, 2, 1, -1], 0.4), 1),
        "wins 5 4 3 2 1 -1, rate 0.25": (([5, 4, 3, 2, 1, -1], 0.25), 2),
        "wins 9 8 -7 6 5 4 3, rate 0.5": (([9, 8, -7, 6, 5, 4, 3], 0.5), 3),
        "wins 5 4 3, rate 0.2": (([5, 4, 3], 0.2), np.inf),
    }
    for case, ((wins, rate), right) in cases.items():
        hint = {
            "Count one decoy more than there are: else a single lucky token would pass.": _find(wins, rate, 0)
        }
        otherwise = "Try the sizes of the wins from the smallest up; return np.inf if none will do."
        compare(function(np.array(wins, dtype=float), rate), right, hint, case, otherwise)
    return "The decoys that win stand for the tokens that win by chance."


def _find(wins: Sequence[float], rate: float, more: int) -> float:
    wins = np.asarray(wins, dtype=float)
    for least in np.sort(np.abs(wins)):
        if more + (wins <= -least).sum() <= rate * (wins >= least).sum():
            return least
    return np.inf


@exercise("The front")
def check_front(function) -> str:
    """Check a function (costs, scores) -> bool for each arm: is no other better in both?"""
    costs, scores = np.array([1.0, 2, 3, 2, 5]), np.array([0.5, 0.8, 0.7, 0.6, 0.9])
    right = np.array([True, True, False, False, True])
    found = np.asarray(function(costs.copy(), scores.copy()))
    if found.dtype != bool:
        raise NotYet("Return True or False for each arm.")
    found, right = found.astype(int), right.astype(int)
    hints = {
        "You have turned it round: True are the arms that nothing beats.": 1 - right,
        "The cheapest and the best are on it, but so are those between them that nothing beats.": [
            1,
            0,
            0,
            0,
            1,
        ],
    }
    otherwise = "An arm is off the front if another costs no more and scores no less, and is better in one."
    compare(found, right, hints, f"costs {costs.tolist()}, scores {scores.tolist()}", otherwise, rtol=0)
    costs, scores = np.array([1.0, 1.0]), np.array([0.5, 0.5])
    compare(
        np.asarray(function(costs, scores)).astype(int), [1, 1], {}, "two arms alike", "Alike is not better."
    )
    return "What lies off the front has a rival that is as cheap or cheaper, and as good or better."


@exercise("The price of a point")
def check_price(answer: float, cheap: Sequence[float], dear: Sequence[float]) -> str:
    """Check how many seconds a point of macro-F1 (0.01) costs; both arms are (seconds, macro-F1)."""
    seconds, gain = dear[0] - cheap[0], dear[1] - cheap[1]
    hints = {
        "A point is 0.01, not 1.": seconds / gain,
        "Seconds over points, not points over seconds.": 100 * gain / seconds,
        "Take the difference in seconds, not the seconds of the dear arm.": dear[0] / (100 * gain),
    }
    compare(answer, seconds / (100 * gain), hints, otherwise="More seconds, divided by more points.")
    return f"{answer:.2g} seconds a point, from this arm to that one; the next point may cost more."
