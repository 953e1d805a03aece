"""Figures of notebook 02: why a penalty sets coefficients to zero, and how far to trust a selection."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT, layer_colors, set_color

L1_COLOR, L2_COLOR = "#0072B2", "#E69F00"
POINT_COLORS = ("#E69F00", NEUTRAL, "#CC79A7", TEXT)


def plot_shrinkage(ax: Axes, a: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> Axes:
    """Draw what a penalty makes of one coefficient: before it (x) against after it (y)."""
    ax.plot(a, a, color=NEUTRAL, linestyle=":", label="no penalty")
    ax.plot(a, l2, color=L2_COLOR, label="ℓ2: divided, never zero")
    ax.plot(a, l1, color=L1_COLOR, label="ℓ1: moved, then exactly zero")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.set(xlabel="coefficient without a penalty", ylabel="coefficient with the penalty")
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
    ax.set(xscale="log", yscale="log", xlabel="rank of the column")
    ax.set_ylabel("largest |coefficient|\nover the classes")
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
    ax.set(xlabel="token, most often selected first", ylabel="share of subsamples\nthat select it")
    ax.set_ylim(0, 1.03)
    ax.set_xlim(1, max(len(real), len(permuted), 2))
    ax.legend()
    return ax


def plot_cost(
    ax: Axes, curve: np.ndarray, points: Mapping[str, Sequence[float]], limits: Mapping[str, float]
) -> Axes:
    """Draw a score with its interval over how many tokens a clip holds; limits are dotted lines.

    curve : float array, shape (n, 4), rising: tokens per clip, score, low, high; points : name -> the same
    """
    tokens, score, low, high = np.asarray(curve, dtype=float).T
    ax.fill_between(tokens, low, high, color=set_color("selected"), alpha=0.15, linewidth=0)
    ax.plot(tokens, score, ".-", color=set_color("selected"), label="selected by lasso (95 % interval)")
    for (name, (x, y, *bounds)), color, marker in zip(points.items(), POINT_COLORS, "sDvo", strict=False):
        ax.plot([x, x], bounds, color=color, linewidth=1)
        ax.plot(x, y, marker, color=color, markersize=6, label=name)
    for name, value in limits.items():
        ax.axhline(value, color="black", linestyle=":", linewidth=1.2, label=name)
    ax.set(xlabel="tokens that a clip holds", ylabel="macro-F1", xlim=(-0.02 * tokens[-1], None))
    ax.legend(loc="lower right")
    return ax
