"""Checks of the exercises of notebook 06."""

from collections.abc import Sequence

import numpy as np

from .feedback import NotYet, compare, exercise


@exercise("Always the same answer")
def check_constant_answer(answer: float, counts: Sequence[int]) -> str:
    """Check macro-F1 of always giving the most frequent class; `counts` of the clips of every class."""
    counts = np.asarray(counts)
    most, total = counts.max(), counts.sum()
    f1 = 2 * most / (most + total)
    hints = {
        "This is the share of clips that are right, not F1.": most / total,
        "This is F1 of the one class; macro-F1 is the mean over all classes.": f1,
        "The mean over the classes has to be taken of F1, not of the share that is right.": most
        / total
        / len(counts),
        "This is 1 divided by the number of classes, which no such classifier reaches.": 1 / len(counts),
    }
    otherwise = (
        "Precision of the one class is its share of all clips, its recall is 1; the others have F1 = 0."
    )
    compare(answer, f1 / len(counts), hints, otherwise=otherwise)
    return f"Right in {most / total:.0%} of the clips, macro-F1 {answer:.3f}: report the second."


@exercise("Keep voices apart")
def check_voice_split(function) -> str:
    """Check a function (speakers, held_out) -> (places of train clips, places of test clips)."""
    speakers, held_out = np.array(list("abcabdca")), ["a", "c"]
    train, test = (np.sort(np.asarray(one)) for one in function(speakers.copy(), list(held_out)))
    if train.dtype == bool or test.dtype == bool:
        raise NotYet(
            "Return places (numbers), not True and False: `np.flatnonzero` turns one into the other."
        )
    shared = sorted(set(speakers[train]) & set(speakers[test]))
    if shared:
        raise NotYet(f"Speaker {shared[0]} is on both sides: the model may recognise the person.")
    if set(train) | set(test) != set(range(len(speakers))):
        raise NotYet("Some clips are on neither side.")
    hint = {"The two sides are swapped: the held-out speakers are the test.": [0, 2, 3, 6, 7]}
    compare(train, [1, 4, 5], hint if len(train) == 5 else {}, "held out a and c of abcabdca", rtol=0)
    return "No voice is on both sides."
