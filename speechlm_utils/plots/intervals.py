"""Figures of estimates with their intervals, one row each, the first on top, and a line at zero.

`spans` are float arrays, shape (n_rows, 3): estimate, low, high, as `Interval.values` has them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT, draw_intervals, layer_colors, name_rows, set_color

KIND_COLORS = {"this codec": TEXT, "another codec": AUDIO, "untrained": NEUTRAL}


def plot_intervals(
    ax: Axes, names: Sequence[str], spans: np.ndarray, xlabel: str = "", color: str | None = None
) -> Axes:
    """Draw estimates with their intervals; color=None: that of each row's name, see `set_color`."""
    draw_intervals(ax, spans, [color or set_color(name) for name in names])
    name_rows(ax, names)
    ax.set_xlabel(xlabel)
    return ax


def plot_forest(ax: Axes, names: Sequence[str], layers: Sequence[int], spans: np.ndarray) -> Axes:
    """Draw the effects of some tokens on one feature with their intervals; the colour is the layer."""
    draw_intervals(ax, spans, layer_colors(layers))
    name_rows(ax, names, are_tokens=True)
    return ax


def plot_source_gains(ax: Axes, gains: Mapping[str, Sequence[float]], kinds: Sequence[str]) -> Axes:
    """Draw what each source of tokens adds to the words: name -> span; kinds are keys of KIND_COLORS."""
    draw_intervals(ax, list(gains.values()), [KIND_COLORS[kind] for kind in kinds])
    name_rows(ax, gains)
    ax.set_xlabel("difference of macro-F1 to the words alone")
    if len(named := dict.fromkeys(kinds)) > 1:
        for kind in named:
            ax.plot([], [], "o", color=KIND_COLORS[kind], label=kind)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(named))
    return ax
