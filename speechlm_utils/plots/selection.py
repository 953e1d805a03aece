"""Figures of notebook 02: how far to trust a selection, over folds, subsamples and random tokens."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import NEUTRAL, layer_colors, set_color


def plot_fold_coefs(
    ax: Axes, coefs: np.ndarray, names: Sequence[str], layers: Sequence[int], title: str = ""
) -> Axes:
    """Draw coefs (n_folds, n_tokens) of some tokens as boxes over folds, in the colours of their layers."""
    ax.set_title(title)
    ax.axvline(0, color="black", linewidth=0.6)
    if coefs.shape[1] == 0:
        ax.set(xticks=[], yticks=[], xlabel="no token is selected")
        return ax
    boxes = ax.boxplot(coefs, orientation="horizontal", widths=0.6, patch_artist=True, whis=(0, 100))
    for box, color in zip(boxes["boxes"], layer_colors(layers, max(8, *layers)), strict=True):
        box.set(facecolor=color, linewidth=0.8)
    for median in boxes["medians"]:
        median.set(color="black", linewidth=1.4)
    ax.set_yticks(range(1, len(names) + 1), names, family="monospace", fontsize=8.5)
    ax.invert_yaxis()
    return ax


def plot_stability(ax: Axes, real: np.ndarray, permuted: np.ndarray) -> Axes:
    """Draw selection frequencies from the most frequent token down, with true and with permuted labels."""
    for values, color, name in (
        (real, set_color("selected"), "true labels"),
        (permuted, NEUTRAL, "permuted labels"),
    ):
        ax.step(np.arange(1, len(values) + 1), np.sort(values)[::-1], where="mid", color=color, label=name)
    ax.set(xlabel="token, most frequent first", ylabel="share of subsamples\nthat select it", ylim=(0, 1.03))
    ax.set_xlim(1, max(len(real), len(permuted), 2))
    ax.legend()
    return ax


def plot_frequencies(ax: Axes, occurrences: Mapping[str, np.ndarray], seed: int = 0) -> Axes:
    """Draw how often the tokens of each set occur, a dot per token, the median as a line."""
    rng = np.random.default_rng(seed)
    for i, (name, values) in enumerate(occurrences.items()):
        ax.scatter(values, i + rng.uniform(-0.25, 0.25, len(values)), s=9, color=set_color(name), alpha=0.7)
        if len(values):
            ax.plot([np.median(values)] * 2, [i - 0.4, i + 0.4], color="black")
    ax.set_yticks(range(len(occurrences)), occurrences)
    ax.set(xscale="symlog", xlabel="occurrences in the train clips", xlim=(-0.4, None))
    ax.invert_yaxis()
    return ax
