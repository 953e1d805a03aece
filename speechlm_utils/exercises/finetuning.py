"""Checks of the exercises of notebooks 04 and 05."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..metrics import macro_f1_scores
from .feedback import NotYet, compare, exercise

BASE, N_SEEDS = "as it is", 3


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


@exercise("Count the adapter")
def check_lora_count(answer: int, model) -> str:
    """Check the number of LoRA parameters of a PEFT model."""
    sizes = {key: p.numel() for key, p in model.named_parameters()}
    lora = {key: size for key, size in sizes.items() if ".lora_" in key}
    one_block = sum(size for key, size in lora.items() if ".layers.0." in key)
    hints = {"This is one block; the model has more of them.": one_block}
    otherwise = "Each adapted layer has A (rank x inputs) and B (outputs x rank)."
    compare(answer, sum(lora.values()), hints, otherwise=otherwise, rtol=0)
    return f"{answer:,} of {sum(sizes.values()):,} parameters."


@exercise("Two macro-F1")
def check_macro_f1(answer: tuple, y_true: Sequence[int], y_pred: Sequence[int], n_classes: int) -> str:
    """Check (macro-F1 over all classes, macro-F1 over the classes in y_true)."""
    scores = macro_f1_scores(y_true, y_pred, n_classes)
    right = [scores["macro_f1_all"], scores["macro_f1_present"]]
    good = np.isclose(answer, right, rtol=0.01)
    wrong = [f"over {which} classes" for which, one in zip(("all", "present"), good, strict=True) if not one]
    otherwise = f"Look again at the one {' and at the one '.join(wrong)}."
    compare(answer, right, {"The two are swapped.": right[::-1]}, otherwise=otherwise)
    return "An absent class costs the first one its share, whatever the model does."


@exercise("Which interval is wider?")
def check_wider(answer: str, by_clip, by_sentence) -> str:
    """Check which interval is wider: "clips", "sentences" or "equal" (within 3 % of each other)."""
    clip, sentence = (one.high - one.low for one in (by_clip, by_sentence))
    right = "equal" if abs(clip / sentence - 1) < 0.03 else "clips" if clip > sentence else "sentences"
    if answer != right:
        raise NotYet("Compute both widths.")
    return f"The widths are {clip:.3f} over clips, {sentence:.3f} over sentences."


@exercise("What to turn first")
def check_knob(answer: str, train, knobs: Mapping[str, dict]) -> str:
    """Check which knob lowers the last validation loss most; train with each of them, and print all.

    A knob passes, too, if the seeds do not agree that the best one is better; train is a function
    (seed=, **knob) -> (n_epochs, 3) array of training loss, validation loss and accuracy.
    """
    if answer not in knobs:
        raise NotYet(f"{answer!r} is none of {', '.join(knobs)}.")
    runs, losses = {}, {}
    for name, knob in ({BASE: {}} | knobs).items():
        values = np.array([train(seed=seed, **knob) for seed in range(N_SEEDS)])
        runs[name], losses[name] = values[:, -1].mean(axis=0), values[:, :, 1]
    columns = ["training loss", "validation loss", "accuracy"]
    table = pd.DataFrame.from_dict(runs, orient="index", columns=columns)
    gains = pd.DataFrame({name: losses[BASE][:, -1] - losses[name][:, -1] for name in knobs})
    print(table.assign(**{f"better in, of {N_SEEDS} seeds": (gains > 0).sum()}).round(2))
    if (losses[BASE][:, -1] - losses[BASE].min(axis=1)).mean() <= 0.02:
        raise NotYet("Nothing overfits here: the validation loss ends where it is lowest.")
    gain, best = gains.mean(), gains.mean().idxmax()
    if gain[best] <= 0:
        raise NotYet("No knob lowers the loss as you have set them: turn them further.")
    if answer != best and (gain[answer] <= 0 or (gains[best] > gains[answer]).all()):
        by = f"{answer} by {gain[answer]:.2f}, another by {gain[best]:.2f}, in every seed"
        raise NotYet(f"The validation loss falls: {by}.")
    also = "" if answer == best else f"; {best} does no better in every seed"
    return f"It lowers the validation loss by {gain[answer]:.2f}{also}."
