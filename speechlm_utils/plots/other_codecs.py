"""Figures of notebook 14: what is gained with each source of tokens, and which layers supply them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .style import AUDIO, NEUTRAL, SEMANTIC, TEXT

KIND_COLORS = {"this codec": TEXT, "another codec": AUDIO, "untrained": NEUTRAL}


def plot_source_gains(
    ax: Axes, gains: Mapping[str, tuple[float, float, float]], kinds: Sequence[str]
) -> Axes:
    """Draw what each source of tokens adds to the words, with intervals, one row each, and a line at zero.

    Parameters
    ----------
    ax : Axes
    gains : name of the source -> (difference, low, high), the first on top
    kinds : of the sources, keys of KIND_COLORS; they give the colours and the legend
    """
    ax.axvline(0, color="black", linewidth=0.8)
    named = set()
    for row, ((value, low, high), kind) in enumerate(zip(gains.values(), kinds, strict=True)):
        color = KIND_COLORS[kind]
        ax.plot([low, high], [row, row], color=color, linewidth=2)
        ax.plot(value, row, "o", color=color, label=None if kind in named else kind)
        named.add(kind)
    ax.set_yticks(range(len(gains)), gains)
    ax.set_ylim(len(gains) - 0.5, -0.5)
    ax.set_xlabel("difference of macro-F1 to the words alone")
    if len(named) > 1:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(named))
    return ax


def plot_kept_layers(
    ax: Axes,
    layers: Sequence[int],
    kept: Sequence[int],
    chance: tuple[np.ndarray, np.ndarray, np.ndarray],
    semantic_layers: Sequence[int] = (),
) -> Axes:
    """Draw how many of the kept tokens each layer supplies; a dash with its range says what chance gives.

    Parameters
    ----------
    ax : Axes
    layers : numbers from 1
    kept : int array, shape (n_layers,)
    chance : three float arrays, shape (n_layers,): expected, low, high
    semantic_layers : drawn in their own colour; there may be none
    """
    places = np.arange(len(layers))
    colors = [SEMANTIC if layer in semantic_layers else TEXT for layer in layers]
    ax.bar(places, kept, color=colors)
    expected, low, high = chance
    bounds = [expected - low, high - expected]
    ax.errorbar(places, expected, yerr=bounds, fmt="_", color="black", markersize=10, capsize=3, linewidth=1)
    every = -(-len(layers) // 12)  # a label for each of up to twelve layers
    ax.set_xticks(places[::every], [f"L{layer}" for layer in layers[::every]])
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.15 * max(np.max(kept), np.max(high), 1))
    return ax
