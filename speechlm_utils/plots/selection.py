"""Figures of notebook 02: penalties, the path over C, coefficients over folds, layers, differences."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from .style import AUDIO, NEUTRAL, TEXT, layer_colors, set_color, show_name

L1_COLOR, L2_COLOR = "#0072B2", "#E69F00"


def plot_spread(ax: Axes, share: np.ndarray, spread: np.ndarray, is_word: np.ndarray) -> Axes:
    """Draw each column's standard deviation against the share of clips that it occurs in, both logarithmic.

    Parameters
    ----------
    ax : Axes
    share : float array, shape (n_columns,), 0 to 1; columns that never occur are left out
    spread : float array, shape (n_columns,), standard deviation after TF-IDF
    is_word : bool array, shape (n_columns,)
    """
    for kind, color, size, name in ((~is_word, AUDIO, 5, "speech tokens"), (is_word, TEXT, 14, "words")):
        shown = kind & (share > 0)
        ax.scatter(share[shown], spread[shown], s=size, color=color, alpha=0.5, linewidth=0, label=name)
    ax.set(xscale="log", yscale="log", xlabel="share of clips that hold the column")
    ax.set_ylabel("standard deviation after TF-IDF")
    ax.legend(markerscale=3)
    return ax


def plot_shrinkage(ax: Axes, a: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> Axes:
    """Draw what a penalty makes of one coefficient: before it (x) against after it (y)."""
    ax.plot(a, a, color=NEUTRAL, linestyle=":", label="no penalty")
    ax.plot(a, l2, color=L2_COLOR, label="ℓ2: divided, never zero")
    ax.plot(a, l1, color=L1_COLOR, label="ℓ1: moved, then exactly zero")
    ax.axhline(0, color="black", linewidth=0.6)
    ax.set(xlabel="coefficient without a penalty", ylabel="coefficient with it")
    ax.legend(loc="upper left")
    return ax


def plot_penalty(
    ax: Axes, grid: np.ndarray, loss: np.ndarray, edge: np.ndarray, centre: np.ndarray, best: np.ndarray
) -> Axes:
    """Draw the loss of two coefficients as rings, the region that a budget allows, and the best point in it.

    Parameters
    ----------
    ax : Axes, square
    grid : float array, shape (n,), values of either coefficient
    loss : float array, shape (n, n), loss[i, j] at w1 = grid[j], w2 = grid[i]
    edge : float array, shape (n_points, 2), boundary of the region: a diamond (ℓ1) or a circle (ℓ2)
    centre, best : float arrays, shape (2,), the minimum without and with the budget
    """
    ax.contour(grid, grid, loss, levels=np.quantile(loss, [0.03, 0.1, 0.2, 0.33, 0.5]), colors="#BBBBBB")
    ax.fill(*edge.T, color=L1_COLOR, alpha=0.15)
    ax.plot(*edge.T, color=L1_COLOR, linewidth=1)
    ax.plot(*centre, "+", color="black", markersize=10)
    ax.annotate("no budget", centre, (0, 9), textcoords="offset points", ha="center")
    ax.plot(*best, "o", color=AUDIO)
    ax.axhline(0, color="black", linewidth=0.6)
    ax.axvline(0, color="black", linewidth=0.6)
    ax.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal", xlim=grid[[0, -1]], ylim=grid[[0, -1]])
    return ax


def plot_sizes(ax: Axes, sizes: Mapping[str, np.ndarray]) -> Axes:
    """Draw the absolute coefficients of each model from the largest down; a curve ends where zeros begin.

    Parameters
    ----------
    ax : Axes
    sizes : name of a model -> float array of absolute coefficients, any order, zeros included
    """
    for (name, values), color in zip(sizes.items(), (L1_COLOR, L2_COLOR), strict=False):
        ordered = np.sort(values[values > 0])[::-1]
        ax.plot(np.arange(1, len(ordered) + 1), ordered, color=color, label=f"{name}: {len(ordered):,}")
        if len(ordered):
            ax.plot(len(ordered), ordered[-1], "o", color=color)
    ax.set(xscale="log", yscale="log", xlabel="rank of the column", ylabel="largest |coefficient| of a class")
    ax.legend(title="columns with weight")
    return ax


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
    ax_count.set(yscale="symlog", ylabel="audio tokens kept", ylim=(0, None))
    ax_score.fill_between(Cs, score - deviation, score + deviation, color=TEXT, alpha=0.15, linewidth=0)
    ax_score.plot(Cs, score, "o-", color=TEXT, markersize=4)
    ax_score.set(ylabel="macro-F1, held-out folds\n(mean ± std)")
    ax_score.set_xlabel("C: small is a strong penalty, large a weak one")
    for ax in (ax_count, ax_score):
        ax.set_xscale("log")
        for (name, C), style in zip(marks.items(), ("--", ":", "-."), strict=False):
            ax.axvline(C, color="black", linestyle=style, linewidth=1, label=name)
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
    ax_count.plot(Cs[step], n_tokens[step], "o", color=AUDIO, markersize=9)
    ax_count.set(xscale="log", yscale="symlog", xlabel="C", ylabel="audio tokens kept", ylim=(0, None))
    ax_count.xaxis.set_minor_formatter(NullFormatter())
    ax_count.set_title(f"C = {Cs[step]:.3g}: {n_tokens[step]} tokens")
    limit = np.abs(coefs).max() if coefs.size else 1
    if coefs.size:
        ax_coefs.imshow(coefs, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="none")
        _mark_layers(ax_coefs, layers)
    ax_coefs.set_yticks(range(len(names)), [show_name(name) for name in names])
    ax_coefs.set_ylim(len(names) - 0.5, -0.5)
    ax_coefs.set_title("coefficients: red speaks for a class, blue against it")
    ax_coefs.set_xlabel("kept tokens, ordered by layer" if coefs.size else "no token is kept")
    return ax_count, ax_coefs


def _mark_layers(ax: Axes, layers: np.ndarray) -> None:
    """Put a tick in the middle of each layer's columns, and a line between layers."""
    found, start, count = np.unique(layers, return_index=True, return_counts=True)
    ax.set_xticks(start + (count - 1) / 2, [f"L{layer}" for layer in found])
    for edge in start[1:]:
        ax.axvline(edge - 0.5, color="black", linewidth=0.6)


def plot_fold_coefs(
    ax: Axes, coefs: np.ndarray, names: Sequence[str], layers: Sequence[int], title: str = ""
) -> Axes:
    """Draw the coefficients of some tokens as boxes over folds, the colour of a box being that of its layer.

    Parameters
    ----------
    ax : Axes
    coefs : float array, shape (n_folds, n_tokens)
    names : of the tokens, the first on top
    layers : layer of each
    title : of the class
    """
    ax.set_title(title)
    ax.axvline(0, color="black", linewidth=0.6)
    if coefs.shape[1] == 0:
        ax.set(xticks=[], yticks=[], xlabel="no token is kept")
        return ax
    boxes = ax.boxplot(coefs, orientation="horizontal", widths=0.6, patch_artist=True, whis=(0, 100))
    for box, color in zip(boxes["boxes"], layer_colors(layers, max(8, *layers)), strict=True):
        box.set(facecolor=color, linewidth=0.8)
    for median in boxes["medians"]:
        median.set(color="black", linewidth=1.4)
    ax.set_yticks(range(1, len(names) + 1), names, family="monospace", fontsize=8.5)
    ax.invert_yaxis()
    return ax


def plot_stability(ax: Axes, real: np.ndarray, permuted: np.ndarray) -> Axes:
    """Draw selection frequencies from the most frequent token down, with true and with permuted labels."""
    for values, color, name in (
        (real, set_color("selected"), "true labels"),
        (permuted, NEUTRAL, "permuted labels"),
    ):
        ax.step(np.arange(1, len(values) + 1), np.sort(values)[::-1], where="mid", color=color, label=name)
    ax.set(
        xlabel="token, most frequent first", ylabel="share of half-samples\nthat select it", ylim=(0, 1.03)
    )
    ax.set_xlim(1, max(len(real), len(permuted), 2))
    ax.legend()
    return ax


def plot_layer_counts(
    ax: Axes,
    layers: Sequence[int],
    counts: np.ndarray,
    expected: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> Axes:
    """Draw how many tokens each layer supplies, beside what a draw at random would give.

    Parameters
    ----------
    ax : Axes
    layers : numbers from 1
    counts : int array, shape (n_layers,)
    expected, low, high : float arrays, shape (n_layers,), mean and 95 % range of random draws
    """
    ax.bar(
        range(len(layers)),
        counts,
        color=layer_colors(layers, max(8, *layers)),
        edgecolor="black",
        linewidth=0.5,
    )
    ax.errorbar(
        range(len(layers)), expected, yerr=[expected - low, high - expected], fmt="_", color="black",
        markersize=14, capsize=4, label="drawn at random (95 %)",
    )  # fmt: skip
    ax.set_xticks(range(len(layers)), [f"L{layer}" for layer in layers])
    ax.set(xlabel="layer", ylabel="tokens kept")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.25 * max(counts.max(), high.max(), 1))
    ax.legend(loc="upper right")
    return ax


def plot_frequencies(ax: Axes, occurrences: Mapping[str, np.ndarray], seed: int = 0) -> Axes:
    """Draw how often the tokens of each set occur, a dot per token, the median as a line.

    Parameters
    ----------
    ax : Axes
    occurrences : name of the set -> array, shape (n_tokens,), how often each token occurs in the train clips
    seed : of the sideways scatter
    """
    rng = np.random.default_rng(seed)
    for i, (name, values) in enumerate(occurrences.items()):
        ax.scatter(values, i + rng.uniform(-0.25, 0.25, len(values)), s=9, color=set_color(name), alpha=0.7)
        if len(values):
            ax.plot([np.median(values)] * 2, [i - 0.4, i + 0.4], color="black")
    ax.set_yticks(range(len(occurrences)), occurrences)
    ax.set(xscale="symlog", xlabel="occurrences in the train clips", xlim=(-0.4, None))
    ax.invert_yaxis()
    return ax


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
    ax.axvline(0, color="black", linewidth=0.8)
    for i, (name, value, bounds) in enumerate(zip(names, values, zip(low, high, strict=True), strict=True)):
        ax.plot(bounds, [i, i], color=set_color(name), linewidth=2)
        ax.plot(value, i, "o", color=set_color(name), markersize=5)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
    return ax


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
    ax.set(xscale="log", yscale="symlog", xlabel="C", ylabel="audio tokens kept", title=title, ylim=(0, None))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(loc="upper left")
    return ax
