"""Prosody in words: one word for each attribute of a clip, of what was planted in it or of what is measured.

A description is "fast, high, lively, falling, loud, bright, no pause": seven attributes in this order, each
in one of three degrees, which divide the clips at hand into equal parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..acoustics.summary import PAUSE_DB
from ..clips import Clip
from ..interpretation.correlation import centre_by

END_SECONDS = 0.45  # the demo corpus has its final contour there


@dataclass(frozen=True)
class Attribute:
    """One thing to say about a clip: its name, the planted parameter behind it, words from low to high."""

    name: str
    planted: str
    words: tuple[str, str, str]


ATTRIBUTES = (
    Attribute("rate", "rate", ("slow", "steady", "fast")),
    Attribute("pitch", "f0_shift_st", ("low", "middle", "high")),
    Attribute("pitch range", "f0_range", ("flat", "moderate", "lively")),
    Attribute("ending", "contour_st", ("falling", "level", "rising")),
    Attribute("loudness", "gain_db", ("soft", "normal", "loud")),
    Attribute("timbre", "tilt_db", ("dark", "neutral", "bright")),
    Attribute("pause", "pause_ms", ("no pause", "short pause", "long pause")),
)
"""What a description says, in its order. No word stands for two attributes."""


def read_planted(clips: Sequence[Clip]) -> np.ndarray:
    """Read what was planted behind every attribute: float array (n_clips, n_attributes)."""
    return np.array([[clip.planted[one.planted] for one in ATTRIBUTES] for clip in clips], dtype=float)


def measure_attributes(clips: Sequence[Clip], features: Sequence[Mapping[str, np.ndarray]]) -> np.ndarray:
    """Measure every attribute, less the mean of the clip's speaker; float array (n_clips, n_attributes).

    `features` are those of `clip_features`. Rate: letters per second outside of pauses. Pitch and its range:
    median, and distance of the 10 % and 90 % quantiles, semitones. Ending: the pitch of the last voiced
    `END_SECONDS` less the median. Loudness and timbre: median level and spectral tilt of voiced frames.
    Pause: the longest stretch within the clip that is `PAUSE_DB` below its loudest frame, seconds.
    """
    pairs = zip(clips, features, strict=True)
    rows = [_measure(clip.text, one, clip.spec.frame_rate) for clip, one in pairs]
    return centre_by(rows, [clip.speaker for clip in clips])


def _measure(text: str, one: Mapping[str, np.ndarray], frame_rate: float) -> list[float]:
    quiet = one["rms_db"] < one["rms_db"].max() - PAUSE_DB
    rate = len(text.replace(" ", "")) / max((~quiet).sum() / frame_rate, 0.1)
    pause = _find_longest(quiet) / frame_rate
    pitch = one["f0_st"][np.isfinite(one["f0_st"])]
    if not pitch.size:
        return [rate, 0.0, 0.0, 0.0, 0.0, 0.0, pause]
    low, middle, high = np.quantile(pitch, (0.1, 0.5, 0.9))
    end = pitch[-max(round(END_SECONDS * frame_rate), 1) :].mean() - middle
    sound = [float(np.nanmedian(one[name][one["voiced"] > 0])) for name in ("rms_db", "tilt_db_oct")]
    return [rate, middle, high - low, end, *sound, pause]


def _find_longest(quiet: np.ndarray) -> int:
    """Return the length of the longest stretch of quiet frames between two that are not."""
    loud = np.flatnonzero(~quiet)
    return int(np.diff(loud).max(initial=1)) - 1


def find_edges(values: np.ndarray) -> np.ndarray:
    """Find the two edges that divide clips into thirds: (n_clips, n_attributes) to (n_attributes, 2)."""
    return np.quantile(values, (1 / 3, 2 / 3), axis=0).T


def choose_words(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Choose each attribute's word, 0 to 2, from low to high: int array (n_clips, n_attributes)."""
    return (np.asarray(values)[:, :, None] > edges).sum(axis=2)


def write_description(words: Sequence[int]) -> str:
    """Write a description, of the word of each attribute (0 to 2)."""
    return ", ".join(one.words[place] for one, place in zip(ATTRIBUTES, words, strict=True))


def read_description(text: str) -> list[int]:
    """Read the word of each attribute, 0 to 2, out of a text; -1 where it has none, or two."""
    said = [word.strip() for word in text.split(",")]
    found = [{one.words.index(word) for word in said if word in one.words} for one in ATTRIBUTES]
    return [some.pop() if len(some) == 1 else -1 for some in found]


def list_descriptions() -> list[str]:
    """List all descriptions that there can be."""
    return [write_description(words) for words in product(range(3), repeat=len(ATTRIBUTES))]
