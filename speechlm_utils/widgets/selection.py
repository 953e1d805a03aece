"""Turn the two knobs of notebook 02: the budget of a penalty, and C."""

from collections.abc import Sequence

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from ..plots.path import plot_path_step
from ..plots.penalty import plot_penalty
from ..selection import L1Path, select_columns
from ..shrinkage import boundary, minimise_within, quadratic_loss
from .live import live

MATRIX = np.array([[1.0, 0.55], [0.55, 1.2]])
GRID = np.linspace(-1.6, 2.4, 161)
WIDE = {"width": "36rem", "max_width": "98%"}  # a slider of 86 places needs more than the usual 300 pixels


def show_penalties(budget: float = 1.0, angle: float = 10.0, length: float = 1.7):
    """Draw the diamond and the circle of one budget, and where the smallest loss lies in each.

    Parameters
    ----------
    budget : float, the largest |w1| + |w2|, or sqrt(w1² + w2²)
    angle, length : degrees and length: where the minimum without a budget lies

    Returns
    -------
    fig : Figure
    """
    centre = length * np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    points = np.stack(np.meshgrid(GRID, GRID), axis=-1)
    loss = quadratic_loss(points, centre, MATRIX)
    fig, axes = plt.subplots(1, 2, figsize=(8.5, 4.2))
    for ax, norm, name in zip(axes, ("l1", "l2"), ("ℓ1, a diamond", "ℓ2, a circle"), strict=True):
        best = minimise_within(centre, MATRIX, budget, norm)
        plot_penalty(ax, GRID, loss, boundary(norm, budget), centre, best)
        zeros = int((best == 0).sum())  # a corner is hit exactly; the circle only comes near an axis
        ax.set_title(f"{name}: w = ({best[0]:.2f}, {best[1]:.2f}), {zeros} exactly zero")
    return fig


@live
def explore_penalties() -> ipywidgets.Widget:
    """Return sliders for the budget and the place of the minimum over `show_penalties`."""

    def draw(budget: float, angle: float) -> None:
        titles = [ax.get_title(loc="left") or ax.get_title() for ax in show_penalties(budget, angle).axes]
        plt.show()
        print(*titles, sep="\n")

    shared = {"continuous_update": False, "style": {"description_width": "8rem"}, "layout": WIDE}
    return ipywidgets.interactive(
        draw,
        budget=ipywidgets.FloatSlider(1.0, min=0.1, max=1.6, step=0.1, description="budget", **shared),
        angle=ipywidgets.FloatSlider(10.0, min=-40, max=130, step=2, description="angle (degrees)", **shared),
    )


def show_path(path: L1Path, names: Sequence[str], step: int, threshold: str = "nonzero"):
    """Draw one step of a path: how many tokens it keeps, and their coefficients per class.

    Parameters
    ----------
    path : L1Path
    names : labels, in the order of the path's classes
    step : int, place in path.Cs
    threshold : see L1Selector

    Returns
    -------
    fig : Figure
    """
    kept = np.flatnonzero(select_columns(path.coefs[step], threshold)[path.n_words :])
    layers = np.array([path.tokens[i][0] for i in kept], dtype=int)
    fig, axes = plt.subplots(1, 2, figsize=(11, 3), width_ratios=(1, 2.6))
    coefs = path.coefs[step][:, path.n_words + kept]
    plot_path_step(*axes, path.Cs, path.n_tokens, step, coefs, layers, names)
    return fig


@live
def explore_path(
    path: L1Path, names: Sequence[str], step: int = 0, threshold: str = "nonzero"
) -> ipywidgets.Widget:
    """Return a slider for C over `show_path`; the path is computed beforehand, so that it moves at once."""

    def draw(step: int) -> None:
        show_path(path, names, step, threshold)
        plt.show()
        print(describe_step(path, step))

    options = [(label, i) for i, label in enumerate(label_steps(path.Cs))]
    slider = ipywidgets.SelectionSlider(
        options=options, value=step, description="C", continuous_update=False, layout=WIDE
    )
    return ipywidgets.interactive(draw, step=slider)


def describe_step(path: L1Path, step: int) -> str:
    """Say how many tokens a step of the path keeps, and whether its fit converged."""
    kept = f"{path.n_tokens[step]:,} of {len(path.tokens):,} audio tokens kept"
    if path.converged[step]:
        return f"{kept}; converged after {path.n_iter[step]} iterations"
    return f"{kept}; NOT converged after {path.n_iter[step]} iterations: read it with care"


def label_steps(Cs: Sequence[float]) -> list[str]:
    """Write the values of C with three digits, or with as many as it takes to tell them apart."""
    for digits in range(3, 17):
        labels = [f"{C:.{digits}g}" for C in Cs]
        if len(set(labels)) == len(set(Cs)):
            break
    return labels
