"""Figures of notebook 05: fine-tuning, and what it is worth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import NEUTRAL, count_along, draw_table, name_rows, place_groups, show_name


def plot_learning_curves(axes: Sequence[Axes], curves: Mapping[str, dict], chance: float) -> Sequence[Axes]:
    """Draw training loss (left) and validation macro-F1 (right) of several runs; chance is a macro-F1.

    curves : name -> {"losses": (n_steps,), "steps": (n_evals,), "scores": (n_evals,), "color": colour}
    """
    left, right = axes
    for name, curve in curves.items():
        style = {"color": curve["color"], "label": name}
        left.plot(np.arange(1, len(curve["losses"]) + 1), curve["losses"], **style)
        right.plot(curve["steps"], curve["scores"], marker="o", **style)
    right.axhline(chance, color=NEUTRAL, ls="--", label="chance")
    left.set(xlabel="step", ylabel="training loss (running mean)", ylim=(0, None))
    right.set(xlabel="step", ylabel="validation macro-F1", xlim=(0, None), ylim=(0, 1))
    for ax in axes:
        count_along(ax.xaxis)
    right.legend()
    return axes


def plot_confusion(ax: Axes, matrix: np.ndarray, names: Sequence[str]) -> Axes:
    """Draw a confusion matrix (rows true, columns predicted), counts written, colour by share of the row."""
    matrix = np.asarray(matrix)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shown = [show_name(name) for name in names]
    draw_table(ax, shares, matrix, (shown, shown), "Blues", (0, 1))
    ax.set_xticks(range(len(names)), shown, rotation=40, ha="right", rotation_mode="anchor")
    ax.set(xlabel="predicted", ylabel="true", aspect="equal")
    return ax


def plot_class_scores(
    ax: Axes, names: Sequence[str], scores: Mapping[str, Sequence[float]], colors: Mapping[str, str]
) -> Axes:
    """Draw F1 of every class, one point for each condition, joined by a line.

    scores : condition -> float array, shape (n_classes,); colors : condition -> colour.
    """
    places = np.arange(len(names))
    values = np.stack([np.asarray(one) for one in scores.values()])
    ax.hlines(places, values.min(axis=0), values.max(axis=0), color="0.8", lw=2, zorder=0)
    for condition, one in scores.items():
        ax.scatter(one, places, color=colors[condition], s=45, label=condition)
    name_rows(ax, [show_name(name) for name in names])
    ax.set(xlabel="F1 on test", xlim=(0, 1))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_seed_scores(ax: Axes, scores: Mapping[str, Sequence[float]], colors: Mapping[str, str]) -> Axes:
    """Draw the score of every seed as a point and their mean as a line, one row for each condition.

    scores : condition -> float array, shape (n_seeds,); colors : condition -> colour.
    """
    for place, (name, values) in enumerate(scores.items()):
        ax.vlines(np.mean(values), place - 0.28, place + 0.28, color=colors[name], lw=2.5)
        shifts = np.linspace(-0.12, 0.12, len(values)) * (len(values) > 1)
        ax.scatter(values, place + shifts, color=colors[name], s=30, edgecolor="white", lw=0.6)
    name_rows(ax, scores)
    ax.locator_params(axis="x", nbins=5)
    ax.set(xlabel="macro-F1 on test (points: seeds, line: mean)")
    return ax


def plot_probabilities(
    ax: Axes,
    names: Sequence[str],
    probabilities: Mapping,
    colors: Mapping[str, str],
    truth: str | None = None,
) -> Axes:
    """Draw class probabilities of one clip as bars, side by side for each input; truth has a grey band.

    probabilities : input -> float array, shape (n_classes,); colors : input -> colour.
    """
    if truth is not None:
        row = list(names).index(truth)
        ax.axhspan(row - 0.5, row + 0.5, color="0.92", zorder=0)
    places = place_groups(len(names), len(probabilities))
    for at, (name, values) in zip(places, probabilities.items(), strict=True):
        ax.barh(at, values, 0.72 / len(probabilities), color=colors[name], label=name)
    name_rows(ax, [show_name(name) for name in names])
    ax.set(xlabel="probability", xlim=(0, 1))
    return ax
