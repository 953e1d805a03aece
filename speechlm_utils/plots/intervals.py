"""Figures of estimates with their intervals, one row each, the first on top, and a line at zero.

`spans` are float arrays, shape (n_rows, 3): estimate, low, high, as `Interval.values` has them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AUDIO, NEUTRAL, TEXT, name_rows, set_color

KIND_COLORS = {"this codec": TEXT, "another codec": AUDIO, "untrained": NEUTRAL}


def plot_intervals(
    ax: Axes, names: Sequence[str], spans: np.ndarray, xlabel: str = "", colors=None, are_tokens: bool = False
) -> Axes:
    """Draw estimates with their intervals; colors are one, one for each row, or that of its name.

    The colour of a name is that of `set_color`; NaN bounds draw no interval.
    """
    colors = [colors] * len(names) if isinstance(colors, str) else colors or list(map(set_color, names))
    ax.axvline(0, color="black", linewidth=0.8)
    for row, ((estimate, *bounds), color) in enumerate(zip(spans, colors, strict=True)):
        ax.plot(bounds, [row, row], color=color, linewidth=2)
        ax.plot(estimate, row, "o", color=color, markersize=5)
    name_rows(ax, names, are_tokens)
    ax.set_xlabel(xlabel)
    return ax


def plot_source_gains(ax: Axes, gains: Mapping[str, Sequence[float]], kinds: Sequence[str]) -> Axes:
    """Draw what each source of tokens adds to the words: name -> span; kinds are keys of KIND_COLORS."""
    xlabel, colors = "difference of macro-F1 to the words alone", [KIND_COLORS[kind] for kind in kinds]
    plot_intervals(ax, list(gains), list(gains.values()), xlabel, colors)
    if len(named := dict.fromkeys(kinds)) > 1:
        for kind in named:
            ax.plot([], [], "o", color=KIND_COLORS[kind], label=kind)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(named))
    return ax
