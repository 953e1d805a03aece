"""Figures of notebook 02: why one penalty sets coefficients to zero and another does not."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT

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
