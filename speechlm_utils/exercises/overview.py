"""Checks of the exercises of notebook 00."""

from collections.abc import Sequence

import pandas as pd

from ..clips import Clip
from ..codec_spec import CodecSpec
from .feedback import NotYet, exercise


@exercise("Codes in a clip")
def check_codes_in_clip(answer: int, spec: CodecSpec, seconds: float = 3) -> str:
    """Check how many codes a clip of `seconds` becomes."""
    frames = round(seconds * spec.frame_rate)
    if answer != frames * spec.n_layers:
        hint = ": that is the number of frames; each has one code per layer" if answer == frames else ""
        raise NotYet(f"You said {answer}{hint}.")
    return f"{seconds:g} s become {answer} codes, and about {2 * seconds:.0f} words."


@exercise("No gain from hearing")
def check_no_gain(answer: str, table: pd.DataFrame) -> str:
    """Check which task cannot gain from hearing, against the upper bounds (see `compute_upper_bounds`)."""
    gains = table[table["inputs"] == "both"].set_index("task")["gain"]
    if answer not in gains.index:
        raise NotYet(f"{answer!r} is none of the tasks {', '.join(gains.index)}.")
    message = f"Words and prosody against words alone, {answer}: {gains[answer]:+.2f}"
    if answer != gains.idxmin():
        raise NotYet(f"{message}; another task has less.")
    return f"{message}."


@exercise("By ear")
def check_heard(answers: Sequence[str], clips: Sequence[Clip], task: str) -> str:
    """Check what a listener heard: one label per clip; right from half of them on."""
    truth = [clip.labels[task] for clip in clips]
    if len(answers) != len(truth):
        raise NotYet(f"Give {len(truth)} labels, one per clip; you gave {len(answers)}.")
    if unknown := sorted(set(answers) - set(truth)):
        raise NotYet(f"No clip here is {unknown[0]!r}; the labels are {', '.join(sorted(truth))}.")
    hits = sum(a == b for a, b in zip(answers, truth, strict=True))
    if 2 * hits < len(truth):
        raise NotYet(f"{hits} of {len(truth)} as planted.")
    return f"{hits} of {len(truth)} as planted."
