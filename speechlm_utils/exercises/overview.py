"""Checks of the exercises of notebook 00."""

from collections.abc import Sequence

import pandas as pd

from ..clips import Clip
from .feedback import tell


def check_codes_in_clip(answer: int | None, seconds: float = 3, frame_rate: float = 50, n_layers: int = 8):
    """Check how many codes a clip of `seconds` becomes."""
    name, expected = "Codes in a clip", round(seconds * frame_rate * n_layers)
    if answer is None:
        return tell(name, None)
    if answer == expected:
        return tell(name, True, f"{seconds:g} s become {expected} codes, and about {2 * seconds:.0f} words.")
    hint = (
        "that is the number of frames; each has one code per layer" if answer * n_layers == expected else ""
    )
    return tell(name, False, f"You said {answer}{f': {hint}' if hint else ''}.")


def check_no_gain(answer: str | None, table: pd.DataFrame) -> bool | None:
    """Check which task cannot gain from hearing, against the ceilings (see `compute_ceilings`)."""
    name = "No gain from hearing"
    if answer is None:
        return tell(name, None)
    both = table[table["inputs"] == "both"].set_index("task")
    if answer not in both.index:
        return tell(name, False, f"{answer!r} is none of the tasks {', '.join(both.index)}.")
    least = both["gain"].idxmin()
    message = f"Words and delivery against words alone, {answer}: {both.loc[answer, 'gain']:+.2f}"
    return tell(name, answer == least, message + ("." if answer == least else "; another task has less."))


def check_heard(answers: Sequence[str] | None, clips: Sequence[Clip], task: str = "fallacy") -> bool | None:
    """Check what a listener heard: one label per clip; right from half of them on."""
    name = "By ear"
    if answers is None:
        return tell(name, None)
    truth = [clip.labels[task] for clip in clips]
    if len(answers) != len(truth):
        return tell(name, False, f"Give {len(truth)} labels, one per clip; you gave {len(answers)}.")
    if unknown := sorted(set(answers) - set(truth)):
        return tell(
            name, False, f"No clip here is {unknown[0]!r}; the labels are {', '.join(sorted(truth))}."
        )
    hits = sum(a == b for a, b in zip(answers, truth, strict=True))
    return tell(name, 2 * hits >= len(truth), f"{hits} of {len(truth)} as planted.")
