"""Figures over layers: one bar per layer, and ticks that group tokens by their layer."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import count_along, draw_errors, layer_colors


def mark_layers(ax: Axes, layers: Sequence[int]) -> Axes:
    """Mark the layers (n_tokens,), rising, of columns from x = 0: a tick in the middle, lines between."""
    found, start, count = np.unique(np.asarray(layers), return_index=True, return_counts=True)
    places, labels = start + (count - 1) / 2, []
    for i, layer in enumerate(found):
        is_near = i > 0 and places[i] - places[i - 1] < 0.05 * len(layers)
        is_low = bool(is_near) and not labels[-1].startswith("\n")  # two names side by side would overlap
        labels.append("\n" * is_low + f"L{layer}")
    ax.set_xticks(places, labels)
    for edge in start[1:]:
        ax.axvline(edge - 0.5, color="black", linewidth=0.8)
    return ax


def plot_layer_counts(
    ax: Axes, layers: Sequence[int], counts: np.ndarray, chance: np.ndarray, semantic_layers=(1,)
) -> Axes:
    """Draw how many of the selected tokens each layer supplies, beside what chance would give.

    chance : float array, shape (3, n_layers): mean and 95 % range of random selections.
    """
    places, colors = np.arange(len(layers)), layer_colors(layers, semantic_layers=semantic_layers)
    ax.bar(places, counts, color=colors, edgecolor="black", linewidth=0.5)
    draw_errors(ax, places, chance, "chance (95 %)")
    every = -(-len(layers) // 12)  # a label for each of up to twelve layers
    ax.set_xticks(places[::every], [f"L{layer}" for layer in layers[::every]])
    ax.set(xlabel="layer", ylabel="tokens selected", ylim=(0, 1.25 * max(np.max(counts), np.max(chance), 1)))
    count_along(ax.yaxis)
    ax.legend(loc="upper right")
    return ax


def plot_layer_bars(
    ax: Axes, values: np.ndarray, ylabel: str, error: np.ndarray | None = None, floor=None
) -> Axes:
    """Draw one bar per layer, in the layer's colour; all arrays are of shape (n_layers,).

    error is half the length of the error bars, NaN draws none; floor, what shuffled values give, is a dash.
    """
    layers = np.arange(1, len(values) + 1)
    ax.bar(layers, values, color=layer_colors(layers, len(values)))
    if error is not None and np.isfinite(error).all():
        draw_errors(ax, layers, (values, values - error, values + error))
    if floor is not None:
        ax.hlines(floor, layers - 0.4, layers + 0.4, colors="black", linestyles="dotted", label="shuffled")
        ax.legend()
    ax.set(xlabel="layer", ylabel=ylabel, xticks=layers)
    return ax
