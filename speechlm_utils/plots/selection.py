"""Figures of notebook 02: why a penalty sets coefficients to zero, and how far to trust a selection."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT, layer_colors, set_color

L1_COLOR, L2_COLOR = "#0072B2", "#E69F00"


def plot_spread(ax: Axes, share: np.ndarray, spread: np.ndarray, is_word: np.ndarray) -> Axes:
    """Draw each column's standard deviation after TF-IDF against the share of clips that it occurs in.

    All of shape (n_columns,); columns that never occur are left out.
    """
    for kind, color, size, name in ((~is_word, AUDIO, 5, "speech tokens"), (is_word, TEXT, 14, "words")):
        shown = kind & (share > 0)
        ax.scatter(share[shown], spread[shown], s=size, color=color, alpha=0.5, linewidth=0, label=name)
    ax.set(xscale="log", yscale="log", xlabel="share of clips that hold the column")
    ax.set_ylabel("standard deviation after TF-IDF")
    ax.legend(markerscale=3)
    return ax


def plot_shrinkage(ax: Axes, a: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> Axes:
    """Draw what a penalty makes of one coefficient: before it (x) against after it (y)."""
    ax.plot(a, a, color=NEUTRAL, linestyle=":", label="no penalty")
    ax.plot(a, l2, color=L2_COLOR, label="ℓ2: divided, never zero")
    ax.plot(a, l1, color=L1_COLOR, label="ℓ1: moved, then exactly zero")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.set(xlabel="coefficient without a penalty", ylabel="coefficient with it")
    ax.legend(loc="upper left")
    return ax


def plot_penalty(
    ax: Axes, grid: np.ndarray, loss: np.ndarray, edge: np.ndarray, centre: np.ndarray, best: np.ndarray
) -> Axes:
    """Draw the loss of two coefficients as rings, the region that a budget allows, and the best point in it.

    loss[i, j] stands at w1 = grid[j], w2 = grid[i]; edge (n_points, 2) bounds the region; centre and best are
    the minimum without and with the budget.
    """
    ax.contour(grid, grid, loss, levels=np.quantile(loss, [0.03, 0.1, 0.2, 0.33, 0.5]), colors="#BBBBBB")
    ax.fill(*edge.T, color=L1_COLOR, alpha=0.15)
    ax.plot(*edge.T, color=L1_COLOR, linewidth=1)
    ax.plot(*centre, "+", color="black", markersize=10)
    ax.annotate("no budget", centre, (0, 9), textcoords="offset points", ha="center")
    ax.plot(*best, "o", color=AUDIO)
    ax.axhline(0, color="black", linewidth=0.6)
    ax.axvline(0, color="black", linewidth=0.6)
    ax.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal", xlim=grid[[0, -1]], ylim=grid[[0, -1]])
    return ax


def plot_sizes(ax: Axes, sizes: Mapping[str, np.ndarray]) -> Axes:
    """Draw the absolute coefficients of each model from the largest down; a curve ends where zeros begin."""
    for (name, values), color in zip(sizes.items(), (L1_COLOR, L2_COLOR), strict=False):
        ordered = np.sort(values[values > 0])[::-1]
        ax.plot(np.arange(1, len(ordered) + 1), ordered, color=color, label=f"{name}: {len(ordered):,}")
        if len(ordered):
            ax.plot(len(ordered), ordered[-1], "o", color=color)
    ax.set(xscale="log", yscale="log", xlabel="rank of the column", ylabel="largest |coefficient| of a class")
    ax.legend(title="columns with weight")
    return ax


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
    sets = {"true labels": (real, set_color("selected")), "permuted labels": (permuted, NEUTRAL)}
    for name, (values, color) in sets.items():
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
