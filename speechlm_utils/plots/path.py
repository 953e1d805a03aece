"""Figures of notebook 02: the path over C, and where the first token enters."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from .acoustics import plot_grid
from .codec import mark_layers
from .style import AUDIO, NEUTRAL, TEXT, name_rows, set_color, show_name


def plot_C_path(
    axes: Sequence[Axes],
    Cs: np.ndarray,
    n_tokens: np.ndarray,
    score: np.ndarray,
    deviation: np.ndarray,
    marks: Mapping[str, float],
) -> None:
    """Draw the number of selected tokens, and below it macro-F1 over folds (mean, deviation), over C.

    Cs, n_tokens, score, deviation : arrays, shape (n_C,); marks : name -> C, vertical lines.
    """
    ax_count, ax_score = axes
    ax_count.plot(Cs, n_tokens, "o-", color=AUDIO, markersize=4)
    _scale_counts(ax_count, n_tokens)
    ax_score.fill_between(Cs, score - deviation, score + deviation, color=TEXT, alpha=0.15, linewidth=0)
    ax_score.plot(Cs, score, "o-", color=TEXT, markersize=4)
    ax_score.set(ylabel="macro-F1, held-out folds\n(mean ± std)")
    for ax in axes:
        _scale_C(ax)
        for (name, C), style in zip(marks.items(), ("--", ":", "-."), strict=False):
            ax.axvline(C, color="black", linestyle=style, linewidth=1, label=name)
    ax_score.set_xlabel("C: small is a strong penalty, large a weak one")
    ax_count.set_xlabel("")
    ax_count.legend(loc="upper left")


def plot_count_step(ax: Axes, Cs: np.ndarray, n_tokens: np.ndarray, step: int) -> Axes:
    """Draw how many tokens are selected over C, with a dot at one step."""
    ax.plot(Cs, n_tokens, ".-", color=NEUTRAL)
    ax.plot(Cs[step], n_tokens[step], "o", color=AUDIO, markersize=9, clip_on=False, zorder=3)
    _scale_C(ax)
    _scale_counts(ax, n_tokens)
    ax.set_title(f"C = {Cs[step]:.3g}: {n_tokens[step]} tokens")
    return ax


def plot_coef_step(ax: Axes, coefs: np.ndarray, layers: np.ndarray, names: Sequence[str]) -> Axes:
    """Draw coefs (n_classes, n_tokens), ordered by layer; there may be no token."""
    if coefs.size:
        plot_grid(ax, coefs.T, names, np.abs(coefs).max(), "coefficient")
        mark_layers(ax, layers)
    else:
        name_rows(ax, [show_name(name) for name in names])
        ax.set_xticks([])
    ax.set_title("coefficients: red speaks for a class, blue against it")
    ax.set_xlabel("selected tokens, ordered by layer" if coefs.size else "no token is selected")
    return ax


def plot_entry(ax: Axes, real: float, permuted: np.ndarray, title: str = "") -> Axes:
    """Draw at which C the first token enters: with permuted labels (n_permutations,) and true ones."""
    edges = np.linspace(0, 1.05 * max(real, permuted.max()), 40)
    ax.hist(permuted, edges, color=NEUTRAL, alpha=0.6, label=f"{len(permuted)} permuted labellings")
    ax.axvline(real, color=set_color("selected"), linewidth=2, label="true labels")
    ax.set(xlabel="C at which the first token enters", ylabel="labellings", title=title)
    ax.locator_params("x", nbins=4)
    return ax


def _scale_C(ax: Axes) -> None:
    """Make the x axis one of C: logarithmic, numbers written out."""
    ax.set(xscale="log", xlabel="C")
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _scale_counts(ax: Axes, counts: np.ndarray) -> None:
    """Make the y axis one of counts: logarithmic but for 0, with room above the largest."""
    ax.set(yscale="symlog", ylabel="speech tokens selected", ylim=(0, 2 * max(np.max(counts), 1)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
