"""Figures of attribution: words above, the waveform, and what each audio token adds where it stands."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT


def plot_word_scores(ax: Axes, words: Sequence[str], scores: np.ndarray) -> Axes:
    """Draw what each word or piece of one adds to the score of a class, in logits (n_words,)."""
    ax.bar(range(len(words)), scores, color=TEXT)
    ax.set_xticks(range(len(words)), words, rotation=40, ha="right", rotation_mode="anchor")
    ax.axhline(0, color=NEUTRAL, lw=1)
    ax.set(ylabel="words (logits)")
    return ax


def plot_audio_scores(
    ax: Axes, frames: np.ndarray, scores: np.ndarray, frame_rate: float, n_frames: int
) -> Axes:
    """Draw what audio tokens, at their frames, add to the score of a class; a bar for each frame."""
    sums = np.bincount(np.asarray(frames, dtype=int), np.asarray(scores, dtype=float), minlength=n_frames)
    ax.bar((np.arange(len(sums)) + 0.5) / frame_rate, sums, width=1 / frame_rate, color=AUDIO)
    ax.axhline(0, color=NEUTRAL, lw=1)
    ax.set(xlabel="seconds", ylabel="audio (logits)", xlim=(0, n_frames / frame_rate))
    return ax


def plot_path_scores(ax: Axes, path: np.ndarray, scores: np.ndarray, points: np.ndarray) -> Axes:
    """Draw the score of a class from baseline (0) to prompt (1), and the points where an integral looks."""
    ax.plot(path, scores, color=AUDIO)
    ax.plot(points, np.interp(points, path, scores), "o", color=TEXT, ms=4, label=f"{len(points)} points")
    ax.set(xlabel="path from baseline (0) to prompt (1)", ylabel="score (logits)", xlim=(0, 1))
    ax.legend()
    return ax


def plot_attention(ax: Axes, attention: np.ndarray) -> Axes:
    """Draw the attention (n_blocks, n_positions) of one position on all others; the scale is logarithmic."""
    look = {"cmap": "viridis", "vmin": -4, "vmax": 0, "origin": "lower"}
    image = ax.imshow(np.log10(np.maximum(attention, 1e-5)), **look)
    bar = ax.figure.colorbar(image, ax=ax, label="attention", ticks=range(-4, 1))
    bar.ax.set_yticklabels(["≤ 0.0001", "0.001", "0.01", "0.1", "1"])
    ax.set(xlabel="position in the prompt", ylabel="block")
    return ax
