"""Checks of the exercises of notebooks 04 and 05."""

from collections.abc import Callable, Sequence

import numpy as np

from ..interval import Interval
from .feedback import tell


def check_budget(share_budget: Callable[[int, int, int], tuple[int, int]]) -> bool | None:
    """Check a function (n_text, n_audio, room) -> (kept text, kept audio) against `build_prompt`."""
    name = "Share the budget"
    cases = [(10, 40, 100), (10, 100, 60), (80, 100, 60), (80, 10, 60), (31, 29, 60), (0, 90, 60), (7, 7, 9)]
    for n_text, n_audio, room in cases:
        answer = share_budget(n_text, n_audio, room)
        if answer is None:
            return tell(name, None)
        text = min(n_text, max(room // 2, room - n_audio))
        right = (text, min(n_audio, room - text))
        if tuple(answer) != right:
            case = f"{n_text} text and {n_audio} audio tokens, room for {room}"
            return tell(name, False, f"{case}: you keep {tuple(answer)}, the rule keeps {right}.")
    return tell(name, True, "What one part leaves unused, the other gets.")


def check_unigram(answer: float | None, counts: Sequence[int], judged: Sequence[int]) -> bool | None:
    """Check the loss of guessing by frequency: `counts` of every kind, `judged` the kinds to predict."""
    name = "Guess by frequency"
    if answer is None:
        return tell(name, None)
    shares = np.asarray(counts) / np.sum(counts)
    right = float(-np.log(shares[np.asarray(judged)]).mean())
    if np.isclose(answer, right, rtol=1e-3):
        return tell(name, True, f"{right:.3f} nats per token: as good as choosing from {np.exp(right):.1f}.")
    if np.isclose(answer, right / np.log(2), rtol=1e-3):
        return tell(name, False, "This is in bits; take the natural logarithm.")
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    if np.isclose(answer, entropy, rtol=1e-3):
        return tell(name, False, "This is the entropy of the counts; average over the tokens of `judged`.")
    return tell(name, False, f"{answer:.3f} is not it: average -log(share) over the tokens of `judged`.")


def check_lora_count(answer: int | None, model) -> bool | None:
    """Check the number of LoRA parameters of a PEFT model."""
    name = "Count the adapter"
    if answer is None:
        return tell(name, None)
    right = sum(p.numel() for key, p in model.named_parameters() if ".lora_" in key)
    if answer == right:
        return tell(name, True, f"{right:,} of {sum(p.numel() for p in model.parameters()):,} parameters.")
    one = sum(p.numel() for key, p in model.named_parameters() if ".lora_" in key and ".layers.0." in key)
    if answer == one:
        return tell(name, False, "This is one block; the model has more of them.")
    return tell(name, False, "Each adapted layer has A (rank x inputs) and B (outputs x rank).")


def check_macro_f1(
    answer: tuple[float, float] | None, y_true: Sequence[int], y_pred: Sequence[int], n_classes: int
) -> bool | None:
    """Check (macro-F1 over all classes, macro-F1 over the classes in y_true)."""
    from ..metrics import macro_f1_scores

    name = "Two macro-F1"
    if answer is None or any(one is None for one in answer):
        return tell(name, None)
    scores = macro_f1_scores(y_true, y_pred, n_classes)
    right = (scores["macro_f1_all"], scores["macro_f1_present"])
    if np.allclose(answer, right, atol=5e-3):
        return tell(name, True, "An absent class costs the first one its share, whatever the model does.")
    if np.allclose(answer, right[::-1], atol=5e-3):
        return tell(name, False, "The two are swapped.")
    is_right = np.isclose(answer, right, atol=5e-3)
    parts = [
        part
        for part, good in zip(("over all classes", "over present classes"), is_right, strict=True)
        if not good
    ]
    return tell(name, False, f"Look again at the one {' and at the one '.join(parts)}.")


def check_wider(answer: str | None, by_clip: Interval, by_sentence: Interval) -> bool | None:
    """Check which interval is wider: "clips", "sentences" or "equal" (within 3 % of each other)."""
    name = "Which interval is wider?"
    if answer is None:
        return tell(name, None)
    clip, sentence = (one.high - one.low for one in (by_clip, by_sentence))
    right = "equal" if abs(clip / sentence - 1) < 0.03 else "clips" if clip > sentence else "sentences"
    widths = f"{clip:.3f} over clips, {sentence:.3f} over sentences."
    return tell(
        name, answer == right, f"The widths are {widths}" if answer == right else "Compute both widths."
    )
