"""Figures of notebooks 08 and 09: scores with intervals over a size, a price or a disturbance."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from .style import AUDIO, BOTH, NEUTRAL, TEXT, reach

CURVE_COLORS = (BOTH, "#E69F00", TEXT, AUDIO, "#CC79A7", NEUTRAL, "#56B4E9", "#6E4B2A")
MARKERS = "osD^v*PX"


def plot_curves(
    ax: Axes, curves: Mapping[str, np.ndarray], colors: Sequence[str] = CURVE_COLORS, spread: float = 0.0
) -> Axes:
    """Draw scores with upright intervals, a line and a marker for each name.

    curves : name -> float array (n_points, 4), by rising x: x, score, low, high; one point draws no line
    spread : distance in x between the curves, so that their intervals stand side by side
    """
    for i, ((name, rows), color) in enumerate(zip(curves.items(), colors, strict=False)):
        x, score, low, high = np.asarray(rows, dtype=float).T
        x = x + (i - (len(curves) - 1) / 2) * spread
        ax.errorbar(
            x,
            score,
            yerr=reach(score, low, high),
            color=color,
            marker=MARKERS[i % len(MARKERS)],
            markersize=5,
            linewidth=1.6,
            elinewidth=1,
            capsize=2,
            label=name,
        )
    ax.set_ylabel("macro-F1")
    return ax


def mark_limits(ax: Axes, limits: Mapping[str, float]) -> Axes:
    """Draw scores that do not depend on x as dotted and dashed lines, named."""
    for (name, value), style in zip(limits.items(), (":", "--", "-."), strict=False):
        ax.axhline(value, color="black", linestyle=style, linewidth=1.2, label=name)
    return ax


def scale_sizes(ax: Axes, ticks: Sequence[float], xlabel: str) -> Axes:
    """Make the x axis one of sizes: logarithmic above 1, with a place for 0, and ticks written out."""
    ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(-0.3, 1.3 * max(ticks))
    ax.set_xlabel(xlabel)
    return ax


def plot_penalty(
    ax: Axes, Cs: np.ndarray, n_tokens: np.ndarray, shares: Mapping[str, np.ndarray], marks=(np.nan, np.nan)
) -> Axes:
    """Draw over C how many tokens are selected (left axis) and several measures from 0 to 1 (right axis).

    Cs, n_tokens and each of `shares` are (n_C,), NaN where a measure is not defined; the range of C between
    the two marks is shaded. Returns the right axis.
    """
    ax.axvspan(*marks, color=NEUTRAL, alpha=0.2, linewidth=0)
    ax.plot(Cs, n_tokens, "o-", color="black", markersize=4, label="tokens selected (left axis)")
    ax.set(xscale="log", xlabel="C: small is a strong penalty, large a weak one", ylabel="tokens selected")
    ax.set_yscale("symlog", linthresh=1, linscale=0.4)
    ax.set_ylim(-0.12, 2 * max(np.max(n_tokens), 1))
    ax.set_yticks([0, 1, 10, 100, 1000])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    right = ax.twinx()
    for (name, values), color, marker in zip(shares.items(), CURVE_COLORS, MARKERS, strict=False):
        values = np.array(values, dtype=float)
        right.plot(Cs, values, marker=marker, color=color, markersize=4, label=name)
    right.set(ylabel="macro-F1, agreement", ylim=(-0.05, 1.0))
    right.spines["right"].set_visible(True)
    lines = [line for one in (ax, right) for line in one.get_lines()]
    right.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return right


def plot_doses(ax: Axes, curves: Mapping[str, np.ndarray], controls: Mapping[str, str]) -> Axes:
    """Draw what changes over the dose of tokens, with upright intervals.

    curves : name of a token -> float array (n_doses, 4), see `DoseResponse.curve`
    controls : name of a token -> that of its control, which is dashed and of the same colour
    """
    for i, (name, control) in enumerate(controls.items()):
        for one, style, face in ((name, "-", CURVE_COLORS[i]), (control, "--", "white")):
            x, middle, low, high = curves[one].T
            look = {"color": CURVE_COLORS[i], "marker": MARKERS[i], "markersize": 5, "markerfacecolor": face}
            look |= {"linestyle": style, "elinewidth": 1, "capsize": 2, "label": one}
            ax.errorbar(x + 1.5 * (i - 1) + (style == "--"), middle, yerr=reach(middle, low, high), **look)
    ax.axhline(0, color="black", linewidth=0.8)
    return ax
