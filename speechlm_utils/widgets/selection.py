"""Turn the two knobs of notebook 02: the budget of a penalty, and C."""

from collections.abc import Sequence

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from ..plots.selection import plot_path_step, plot_penalty
from ..selection import L1Path, select_columns
from ..shrinkage import boundary, minimise_within, quadratic_loss
from .live import live

MATRIX = np.array([[1.0, 0.55], [0.55, 1.2]])
GRID = np.linspace(-1.6, 2.4, 161)


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
        zeros = int((np.abs(best) < 1e-9).sum())
        ax.set_title(f"{name}: w = ({best[0]:.2f}, {best[1]:.2f}), {zeros} exactly zero")
    return fig


@live
def explore_penalties() -> ipywidgets.Widget:
    """Return sliders for the budget and the place of the minimum over `show_penalties`."""

    def draw(budget: float, angle: float) -> None:
        show_penalties(budget, angle)
        plt.show()

    return ipywidgets.interactive(
        draw,
        budget=ipywidgets.FloatSlider(1.0, min=0.1, max=1.6, step=0.1, continuous_update=False),
        angle=ipywidgets.FloatSlider(10.0, min=-40, max=130, step=2, continuous_update=False),
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
def explore_path(path: L1Path, names: Sequence[str], step: int = 0) -> ipywidgets.Widget:
    """Return a slider for C over `show_path`; the path is computed beforehand, so that it moves at once."""

    def draw(step: int) -> None:
        show_path(path, names, step)
        plt.show()

    labels = [(f"{C:.3g}", i) for i, C in enumerate(path.Cs)]
    slider = ipywidgets.SelectionSlider(options=labels, value=step, description="C", continuous_update=False)
    return ipywidgets.interactive(draw, step=slider)
