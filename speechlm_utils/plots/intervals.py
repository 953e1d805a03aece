"""Figures of estimates with their intervals, one row each, and a line at zero."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import BOTH, layer_colors, set_color


def plot_intervals(
    ax: Axes, names: Sequence[str], values: np.ndarray, low: np.ndarray, high: np.ndarray, xlabel: str = ""
) -> Axes:
    """Draw estimates with their intervals, one row each, and a line at zero.

    Parameters
    ----------
    ax : Axes
    names : of the rows, the first on top; their colours follow `set_color`
    values, low, high : float arrays, shape (n_rows,); NaN bounds draw a point without an interval
    xlabel : what is measured
    """
    _draw_intervals(ax, values, low, high, [set_color(name) for name in names])
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel(xlabel)
    return ax


def plot_forest(
    ax: Axes,
    names: Sequence[str],
    layers: Sequence[int],
    effect: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> Axes:
    """Draw the effects of some tokens on one feature with their intervals; the colour is the layer.

    Parameters
    ----------
    ax : Axes
    names : of the tokens, the first on top; none leaves the Axes empty
    layers : int array, shape (n_tokens,), numbered from 1
    effect, low, high : float arrays, shape (n_tokens,), standard deviations
    """
    _draw_intervals(ax, effect, low, high, layer_colors(layers, max(8, *layers)) if len(layers) else [])
    ax.set_yticks(range(len(names)), names, family="monospace", fontsize=8.5)
    return ax


def plot_differences(
    ax: Axes,
    labels: Sequence[str],
    differences: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    color: str = BOTH,
) -> Axes:
    """Draw differences of macro-F1 to text alone with their intervals, all in one colour.

    Parameters
    ----------
    ax : Axes
    labels : of the rows, the first on top
    differences, lows, highs : float arrays, shape (n_rows,)
    color : of all rows
    """
    _draw_intervals(ax, differences, lows, highs, [color] * len(labels))
    ax.set_yticks(range(len(labels)), labels)
    ax.set_xlabel("difference of macro-F1 to text alone")
    return ax


def _draw_intervals(ax: Axes, values, low, high, colors: Sequence) -> None:
    """Draw a line at zero, and each estimate as a dot on its interval, the first on top."""
    ax.axvline(0, color="black", linewidth=0.8)
    for i, (value, *bounds, color) in enumerate(zip(values, low, high, colors, strict=True)):
        ax.plot(bounds, [i, i], color=color, linewidth=2)
        ax.plot(value, i, "o", color=color, markersize=5)
    ax.set_ylim(max(len(colors), 1) - 0.5, -0.5)
