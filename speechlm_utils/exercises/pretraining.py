"""Checks of the exercises of notebook 04."""

from collections.abc import Sequence

import numpy as np

from .feedback import compare, exercise


@exercise("Share the budget")
def check_budget(share_budget) -> str:
    """Check a function (n_text, n_audio, room) -> (text tokens, audio tokens) that the prompt takes."""
    cases = ((10, 40, 100), (10, 100, 60), (80, 100, 60), (80, 10, 60), (31, 29, 60), (0, 90, 60), (7, 7, 9))
    for n_text, n_audio, room in cases:
        text = min(n_text, max(room // 2, room - n_audio))
        case = f"{n_text} text and {n_audio} audio tokens, room for {room}"
        compare(share_budget(n_text, n_audio, room), (text, min(n_audio, room - text)), case=case, rtol=0)
    return "What one part leaves unused, the other gets."


@exercise("Guess by frequency")
def check_unigram(answer: float, counts: Sequence[int], judged: Sequence[int]) -> str:
    """Check the loss of guessing by frequency: `counts` of every kind, `judged` the kinds to predict."""
    losses = -np.log(np.asarray(counts) / np.sum(counts))
    right = losses[np.asarray(judged)].mean()
    entropy = np.average(losses, weights=counts)
    hints = {
        "This is in bits; take the natural logarithm.": right / np.log(2),
        "This is the entropy of the counts; average over the tokens of `judged`.": entropy,
    }
    otherwise = f"{answer:.3f} is not it: average -log(share) over the tokens of `judged`."
    compare(answer, right, hints, otherwise=otherwise, rtol=1e-3)
    return f"{right:.3f} nats per token: as good as choosing from {np.exp(right):.1f}."
