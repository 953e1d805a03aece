"""Figures of estimates with their intervals, one row each, and a line at zero."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, BOTH, NEUTRAL, TEXT, draw_intervals, layer_colors, name_rows, set_color

KIND_COLORS = {"this codec": TEXT, "another codec": AUDIO, "untrained": NEUTRAL}


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
    draw_intervals(ax, np.transpose([values, low, high]), [set_color(name) for name in names])
    name_rows(ax, names)
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
    draw_intervals(ax, np.transpose([effect, low, high]), layer_colors(layers))
    name_rows(ax, names, are_tokens=True)
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
    draw_intervals(ax, np.transpose([differences, lows, highs]), [color] * len(labels))
    name_rows(ax, labels)
    ax.set_xlabel("difference of macro-F1 to text alone")
    return ax


def plot_source_gains(ax: Axes, gains: Mapping[str, Sequence[float]], kinds: Sequence[str]) -> Axes:
    """Draw what each source of tokens adds to the words, with intervals, one row each, and a line at zero.

    Parameters
    ----------
    ax : Axes
    gains : name of the source -> (difference, low, high), the first on top
    kinds : of the sources, keys of KIND_COLORS; they give the colours and the legend
    """
    draw_intervals(ax, list(gains.values()), [KIND_COLORS[kind] for kind in kinds])
    name_rows(ax, gains)
    ax.set_xlabel("difference of macro-F1 to the words alone")
    named = dict.fromkeys(kinds)
    if len(named) > 1:
        for kind in named:
            ax.plot([], [], "o", color=KIND_COLORS[kind], label=kind)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(named))
    return ax
