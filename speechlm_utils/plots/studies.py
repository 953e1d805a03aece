"""Figures of notebooks 07, 10 and 15: arms against a base, attribute by attribute, and over their costs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .curves import CURVE_COLORS, MARKERS
from .intervals import plot_intervals
from .style import AUDIO, BOTH, NEUTRAL, TEXT, place_groups, reach

VERDICT_COLORS = {"above": BOTH, "below": AUDIO, "not decided": NEUTRAL}
FAMILY_STYLES = {"linear": (TEXT, "o"), "language model": (AUDIO, "s")}


def plot_gains(
    ax: Axes, names: Sequence[str], spans: np.ndarray, verdicts: Sequence[str], xlabel: str
) -> Axes:
    """Draw differences with their intervals, (n_arms, 3), coloured by verdict: above, below, not decided."""
    plot_intervals(ax, names, spans, xlabel, [VERDICT_COLORS[verdict] for verdict in verdicts])
    for verdict, color in VERDICT_COLORS.items():
        ax.plot([], [], "o-", color=color, label=verdict)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax


def plot_pareto(
    ax: Axes, points: Mapping[str, tuple[float, float]], front: Sequence[bool], families: Sequence[str]
) -> Axes:
    """Draw score over cost (logarithmic), a point for each arm; those of the front are joined and named.

    points : name -> (cost, score); families : of each arm, a key of `FAMILY_STYLES`.
    """
    front, values = np.asarray(front, dtype=bool), np.array(list(points.values()), dtype=float)
    for family in dict.fromkeys(families):
        color, marker = FAMILY_STYLES[family]
        at = values[[one == family for one in families]]
        ax.plot(*at.T, marker, color=color, alpha=0.6, linestyle="", label=family)
    order = np.flatnonzero(front)[np.argsort(values[front, 0])]
    ax.step(*values[order].T, where="post", color="black", linewidth=1, label="Pareto front")
    turned = {"rotation": -30, "rotation_mode": "anchor", "ha": "right", "va": "bottom"}
    costs, last = np.log10(values[:, 0]), -np.inf
    for place in order:
        is_near = costs[place] - last < 0.08 * np.ptp(costs)  # two names to the left would lie on each other
        look, at = ({"ha": "left", "va": "bottom"}, (4, 3)) if is_near else (turned, (-4, 3))
        name, last = list(points)[place], costs[place]
        ax.annotate(name, values[place], at, textcoords="offset points", fontsize=8.5, **look)
    ax.set(xscale="log", ylabel="macro-F1 on test")
    ax.margins(x=0.35, y=0.42)  # names reach to the left and up
    ax.set_ylim(bottom=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax


def plot_attributes(
    ax: Axes, names: Sequence[str], scores: Mapping[str, np.ndarray], chance: float = 1 / 3
) -> Axes:
    """Draw shares of right words, (n_names, 3): estimate, low, high; the arms side by side at each name."""
    for i, (arm, x) in enumerate(zip(scores, place_groups(len(names), len(scores), 0.7), strict=True)):
        middle, low, high = np.array(scores[arm]).T
        color, marker = CURVE_COLORS[i % len(CURVE_COLORS)], MARKERS[i % len(MARKERS)]
        look = {"color": color, "fmt": marker, "markersize": 5, "capsize": 2, "label": arm}
        ax.errorbar(x, middle, yerr=reach(middle, low, high), **look)
    ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="guessing")
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel="share of words right", ylim=(0, 1))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return ax
