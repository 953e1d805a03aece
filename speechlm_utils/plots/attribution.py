"""Figures of attribution: words above, the waveform, and what each audio token adds where it stands."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
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


def plot_way(ax: Axes, way: np.ndarray, scores: np.ndarray, points: np.ndarray) -> Axes:
    """Draw the score of a class from baseline to prompt, and where an integral of few points looks.

    Parameters
    ----------
    way, scores : float arrays, shape (n_points,); 0 is the baseline, 1 the prompt, scores in logits
    points : float array, where the integral asks for the slope
    """
    ax.plot(way, scores, color=AUDIO)
    ax.plot(points, np.interp(points, way, scores), "o", color=TEXT, ms=4, label=f"{len(points)} points")
    ax.set(xlabel="way from baseline (0) to prompt (1)", ylabel="score (logits)", xlim=(0, 1))
    ax.legend()
    return ax


def plot_trust(ax: Axes, trust: pd.DataFrame) -> Axes:
    """Draw what words and audio tokens add to the predicted class, with intervals, in pairs of bars.

    Parameters
    ----------
    trust : indexed by what the clips have in common; columns "clips", and "text" and "audio", each also with
        " low" and " high", in logits
    """
    places = np.arange(len(trust))
    for kind, color, shift in (("text", TEXT, -0.18), ("audio", AUDIO, 0.18)):
        mean, low, high = (trust[kind + part].to_numpy(float) for part in ("", " low", " high"))
        reach = np.maximum([mean - low, high - mean], 0)
        ax.barh(places + shift, mean, 0.34, xerr=reach, color=color, label=kind, error_kw={"lw": 1})
    labels = [f"{name} ({n})" for name, n in zip(trust.index, trust["clips"], strict=True)]
    ax.set_yticks(places, labels)
    ax.invert_yaxis()
    ax.axvline(0, color=NEUTRAL, lw=1)
    ax.set(xlabel="added to the score (logits), 95 % intervals")
    ax.legend()
    return ax


def plot_token_scores(ax: Axes, scores: np.ndarray, kinds: Sequence[str]) -> Axes:
    """Draw the attribution of every position of a prompt, coloured by its kind.

    Parameters
    ----------
    scores : float array, shape (n_positions,), in logits
    kinds : "text", "audio" or "marker" for each
    """
    colors = {"text": TEXT, "audio": AUDIO}
    for kind, color in colors.items():
        at = np.flatnonzero(np.asarray(kinds) == kind)
        ax.bar(at, np.asarray(scores)[at], color=color, label=kind)
    ax.axhline(0, color=NEUTRAL, lw=1)
    ax.set(ylabel="logits")
    ax.legend(ncols=2)
    return ax


def plot_attention(ax: Axes, attention: np.ndarray) -> Axes:
    """Draw the attention of one position on all others, a row for each block; the scale is logarithmic.

    Parameters
    ----------
    attention : float array, shape (n_blocks, n_positions)
    """
    image = ax.imshow(
        np.log10(np.maximum(attention, 1e-5)),
        aspect="auto",
        cmap="viridis",
        vmin=-4,
        vmax=0,
        origin="lower",
        interpolation="nearest",
    )
    bar = ax.figure.colorbar(image, ax=ax, label="attention", ticks=range(-4, 1))
    bar.ax.set_yticklabels(["≤ 0.0001", "0.001", "0.01", "0.1", "1"])
    ax.set(xlabel="position in the prompt", ylabel="block")
    return ax
