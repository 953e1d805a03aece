"""Figures of notebook 02: the path over C, and how many tokens labels without meaning would keep."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from .layers import mark_layers
from .style import AUDIO, NEUTRAL, TEXT, set_color, show_name


def plot_C_path(
    ax_count: Axes,
    ax_score: Axes,
    Cs: np.ndarray,
    n_tokens: np.ndarray,
    score: np.ndarray,
    deviation: np.ndarray,
    marks: Mapping[str, float],
) -> tuple[Axes, Axes]:
    """Draw the number of kept tokens and the cross-validated macro-F1 over C.

    Parameters
    ----------
    ax_count, ax_score : Axes, one above the other
    Cs : float array, shape (n_C,)
    n_tokens : array, shape (n_C,), audio tokens kept
    score, deviation : float arrays, shape (n_C,), mean and standard deviation of macro-F1 over folds
    marks : name -> C, vertical lines
    """
    ax_count.plot(Cs, n_tokens, "o-", color=AUDIO, markersize=4)
    _scale_counts(ax_count, n_tokens)
    ax_score.fill_between(Cs, score - deviation, score + deviation, color=TEXT, alpha=0.15, linewidth=0)
    ax_score.plot(Cs, score, "o-", color=TEXT, markersize=4)
    ax_score.set(ylabel="macro-F1, held-out folds\n(mean ± std)")
    for ax in (ax_count, ax_score):
        _scale_C(ax)
        for (name, C), style in zip(marks.items(), ("--", ":", "-."), strict=False):
            ax.axvline(C, color="black", linestyle=style, linewidth=1, label=name)
    ax_score.set_xlabel("C: small is a strong penalty, large a weak one")
    ax_count.set_xlabel("")
    ax_count.legend(loc="upper left")
    return ax_count, ax_score


def plot_path_step(
    ax_count: Axes,
    ax_coefs: Axes,
    Cs: np.ndarray,
    n_tokens: np.ndarray,
    step: int,
    coefs: np.ndarray,
    layers: np.ndarray,
    names: Sequence[str],
) -> tuple[Axes, Axes]:
    """Draw one step of the path: where it lies, and the coefficients of the tokens that it keeps.

    Parameters
    ----------
    ax_count, ax_coefs : Axes, side by side
    Cs, n_tokens : arrays, shape (n_C,)
    step : int, place in Cs
    coefs : float array, shape (n_classes, n_kept), ordered by layer
    layers : int array, shape (n_kept,), layer of each
    names : labels of the classes
    """
    ax_count.plot(Cs, n_tokens, ".-", color=NEUTRAL)
    ax_count.plot(Cs[step], n_tokens[step], "o", color=AUDIO, markersize=9, clip_on=False, zorder=3)
    _scale_C(ax_count)
    _scale_counts(ax_count, n_tokens)
    ax_count.set_title(f"C = {Cs[step]:.3g}: {n_tokens[step]} tokens")
    if coefs.size:
        limit = np.abs(coefs).max()  # a step's own: coefficients grow with C, and a small one would be pale
        colors = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        image = ax_coefs.imshow(coefs, aspect="auto", interpolation="auto", **colors)
        ax_coefs.figure.colorbar(image, ax=ax_coefs, label="coefficient", pad=0.01)
        mark_layers(ax_coefs, layers)
    else:
        ax_coefs.set_xticks([])
    ax_coefs.set_yticks(range(len(names)), [show_name(name) for name in names])
    ax_coefs.set_ylim(len(names) - 0.5, -0.5)
    ax_coefs.set_title("coefficients: red speaks for a class, blue against it")
    ax_coefs.set_xlabel("kept tokens, ordered by layer" if coefs.size else "no token is kept")
    return ax_count, ax_coefs


def plot_permuted_counts(
    ax: Axes, Cs: np.ndarray, real: np.ndarray, permuted: np.ndarray, title: str = ""
) -> Axes:
    """Draw how many audio tokens are kept over C, with true labels and with permuted ones.

    Parameters
    ----------
    ax : Axes
    Cs : float array, shape (n_C,)
    real : int array, shape (n_C,)
    permuted : int array, shape (n_permutations, n_C); drawn from the least to the most, and its median
    title : the task
    """
    ax.fill_between(Cs, permuted.min(axis=0), permuted.max(axis=0), color=NEUTRAL, alpha=0.35, linewidth=0)
    ax.plot(Cs, np.median(permuted, axis=0), color=NEUTRAL, label="permuted labels")
    ax.plot(Cs, real, "o-", color=set_color("selected"), markersize=4, label="true labels")
    _scale_C(ax)
    _scale_counts(ax, np.append(permuted.ravel(), real))
    ax.set_title(title)
    ax.legend(loc="upper left")
    return ax


def _scale_C(ax: Axes) -> None:
    """Make the x axis one of C: logarithmic, numbers written out."""
    ax.set(xscale="log", xlabel="C")
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _scale_counts(ax: Axes, counts: np.ndarray) -> None:
    """Make the y axis one of counts: logarithmic but for 0, with room above the largest."""
    ax.set(yscale="symlog", ylabel="audio tokens kept", ylim=(0, 2 * max(np.max(counts), 1)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
