"""A clip in a page: where its selected tokens are, what each is, and what a model says without it.

What can be asked is computed before: the probabilities of the classes as spoken, without each token that
occurs, and with each token written into some more frames.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..audio import load_audio
from ..clips import Clip
from ..interpretation.doses import remove_token, write_token
from ..plots.style import show_name
from ..tokens import Token, find_spans, show_token
from .page import Explorer
from .sounds import embed_clip

DOSE = 0.1  # of the frames: into so many another token is written
N_BARS = 240  # of the waveform
Classify = Callable[[Sequence[Clip]], np.ndarray]


def explore_timeline(
    clips: Sequence[Clip], atlas: Explorer, classify: Classify, task: str, names: Sequence[str]
) -> Explorer:
    """Return a menu of clips, each with its waveform and its tokens in time, their cards, and what-ifs.

    The tokens are those of an atlas (`explore_atlas`), with their cards; classify turns clips into the
    probabilities of names, float array (n_clips, n_classes).
    """
    keys = ("name", "layer", "code", "label", "stance", "card")
    about = [{key: one[key] for key in keys} for one in atlas.data["tokens"]]
    tokens = [(one["layer"], one["code"]) for one in about]
    told = [describe_clip(clip, tokens, task) | ask_what_if(clip, tokens, classify) for clip in clips]
    shown = {"names": [show_name(name) for name in names], "classes": atlas.data["classes"]}
    data = {"clips": told, "tokens": about, "dose": DOSE} | shown
    return Explorer("timeline", "A clip and its tokens", data)


def describe_clip(clip: Clip, tokens: Sequence[Token], task: str) -> dict:
    """Describe a clip: words, class, sound, the outline of its waveform, and where each token lasts."""
    wav = load_audio(clip.audio, clip.spec.sample_rate)
    outline = [float(np.abs(part).max(initial=0)) for part in np.array_split(wav, N_BARS)]
    highest = max(outline) or 1.0
    spans = [(place, *span / clip.spec.frame_rate) for place, token in enumerate(tokens)
             for span in find_spans(clip.codes, token)]  # fmt: skip
    spans = [(place, round(float(begin), 2), round(float(end), 2)) for place, begin, end in spans]
    about = {"id": clip.id, "text": clip.text, "label": show_name(clip.labels[task])}
    about |= {"sound": embed_clip(clip), "seconds": round(len(wav) / clip.spec.sample_rate, 2)}
    about["spans"] = sorted(spans, key=lambda one: one[1:])
    return about | {"outline": [round(one / highest, 2) for one in outline]}


def ask_what_if(clip: Clip, tokens: Sequence[Token], classify: Classify) -> dict:
    """Ask for the probabilities as spoken, without each token, and with each written into `DOSE` more frames.

    Keys: "spoken"; "without", of the tokens that occur, and "with", of all: name of a token -> probabilities.
    """
    here = [token for token in tokens if len(find_spans(clip.codes, token))]
    codes = [clip.codes, *(remove_token(clip.codes, token, tokens) for token in here)]
    codes += [write_token(clip.codes, token, DOSE) for token in tokens]
    shares = np.round(classify([replace(clip, codes=one) for one in codes]), 3).tolist()
    without = dict(zip((show_token(*token) for token in here), shares[1:], strict=False))
    added = dict(zip((show_token(*token) for token in tokens), shares[1 + len(here) :], strict=True))
    return {"spoken": shares[0], "without": without, "with": added}
