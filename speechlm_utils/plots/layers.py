"""Figures over layers: one bar per layer, and ticks that group tokens by their layer."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .style import layer_colors


def mark_layers(ax: Axes, layers: Sequence[int]) -> Axes:
    """Put a tick in the middle of each layer's columns, and a line between layers.

    Parameters
    ----------
    ax : Axes with one column per token, the first at x = 0
    layers : int array, shape (n_tokens,), rising
    """
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
    ax: Axes,
    layers: Sequence[int],
    counts: np.ndarray,
    expected: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> Axes:
    """Draw how many tokens each layer supplies, beside what a draw at random would give.

    Parameters
    ----------
    ax : Axes
    layers : numbers from 1
    counts : int array, shape (n_layers,)
    expected, low, high : float arrays, shape (n_layers,), mean and 95 % range of random draws
    """
    ax.bar(
        range(len(layers)),
        counts,
        color=layer_colors(layers, max(8, *layers)),
        edgecolor="black",
        linewidth=0.5,
    )
    ax.errorbar(
        range(len(layers)), expected, yerr=[expected - low, high - expected], fmt="_", color="black",
        markersize=14, capsize=4, label="drawn at random (95 %)",
    )  # fmt: skip
    ax.set_xticks(range(len(layers)), [f"L{layer}" for layer in layers])
    ax.set(xlabel="layer", ylabel="tokens kept")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.25 * max(counts.max(), high.max(), 1))
    ax.legend(loc="upper right")
    return ax


def plot_layer_bars(
    ax: Axes,
    values: np.ndarray,
    ylabel: str,
    error: np.ndarray | None = None,
    floor: np.ndarray | None = None,
    floor_name: str = "",
) -> Axes:
    """Draw one bar per layer, in the layer's colour.

    Parameters
    ----------
    ax : Axes
    values : float array, shape (n_layers,)
    ylabel : str
    error : float array, shape (n_layers,), half length of the error bars; NaN draws none
    floor : float array, shape (n_layers,), a control to compare with, drawn as a dash across each bar
    floor_name : str, for the legend
    """
    layers = np.arange(1, len(values) + 1)
    ax.bar(layers, values, color=layer_colors(layers, len(values)))
    if error is not None and np.isfinite(error).all():
        ax.errorbar(layers, values, yerr=error, fmt="none", ecolor="black", capsize=3, linewidth=1)
    if floor is not None:
        ax.hlines(floor, layers - 0.4, layers + 0.4, colors="black", linestyles="dotted", label=floor_name)
        ax.legend()
    ax.set(xlabel="layer", ylabel=ylabel, xticks=layers)
    return ax
