"""Figures of attribution: words above, the waveform, and what each audio token adds where it stands."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT


def plot_word_scores(ax: Axes, words: Sequence[str], scores: np.ndarray) -> Axes:
    """Draw what each word or piece of one adds to the score of a class.

    Parameters
    ----------
    words : of the prompt, in order
    scores : float array, shape (n_words,), in logits
    """
    ax.bar(range(len(words)), scores, color=TEXT)
    ax.set_xticks(range(len(words)), words, rotation=40, ha="right", rotation_mode="anchor")
    ax.axhline(0, color=NEUTRAL, lw=1)
    ax.set(ylabel="words (logits)")
    return ax


def plot_audio_scores(
    ax: Axes, frames: np.ndarray, scores: np.ndarray, frame_rate: float, n_frames: int
) -> Axes:
    """Draw what each audio token adds to the score of a class, at the time where it stands.

    Tokens of one frame share a bar: their scores are added.

    Parameters
    ----------
    frames : int array, shape (n_tokens,)
    scores : float array, shape (n_tokens,), in logits
    frame_rate : frames per second
    n_frames : int, of the clip
    """
    sums = np.bincount(np.asarray(frames, dtype=int), np.asarray(scores, dtype=float), minlength=n_frames)
    ax.bar((np.arange(len(sums)) + 0.5) / frame_rate, sums, width=1 / frame_rate, color=AUDIO)
    ax.axhline(0, color=NEUTRAL, lw=1)
    ax.set(xlabel="seconds", ylabel="audio (logits)", xlim=(0, n_frames / frame_rate))
    return ax
