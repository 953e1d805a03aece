"""Figures of notebooks 07 and 15: arms against a base, and what they cost for what they give."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .intervals import plot_intervals
from .style import AUDIO, BOTH, NEUTRAL, TEXT

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
    ax.step(*values[order].T, where="post", color="black", linewidth=1, label="nothing is better in both")
    for place in order:
        name = list(points)[place]
        turned = {
            "rotation": -30,
            "rotation_mode": "anchor",
            "ha": "right",
            "va": "bottom",
        }  # neighbours are near
        ax.annotate(name, values[place], (-4, 3), textcoords="offset points", fontsize=8.5, **turned)
    ax.set(xscale="log", ylabel="macro-F1 on test")
    ax.margins(x=0.25, y=0.28)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax
