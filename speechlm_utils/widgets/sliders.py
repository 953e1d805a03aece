"""Sliders of notebooks 01 and 02: layers of residual VQ, and the budget of a penalty."""

from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np

from ..codec.residual_vq import quantise, reconstruct
from ..plots.codec import plot_rounding
from ..plots.selection import plot_penalty
from ..selection.penalties import boundary, minimise_within, quadratic_loss
from .panel import WIDE, label, live, operate

MATRIX = np.array([[1.0, 0.55], [0.55, 1.2]])
GRID = np.linspace(-1.6, 2.4, 161)


def explore_residual_vq(points: np.ndarray, codebooks: np.ndarray):
    """Return a slider over the layers that points (n_points, 2) are decoded from; see `fit_codebooks`."""
    codes = quantise(points, codebooks)

    def show(layers: int) -> None:
        decoded = reconstruct(codes, codebooks, layers)
        plot_rounding(plt.figure(figsize=(5, 4.5)).subplots(), points, decoded, layers)
        plt.show()
        print(f"mean distance {np.linalg.norm(points - decoded, axis=1).mean():.3f}")

    return _slide_layers(show, len(codebooks))


def _slide_layers(show: Callable[[int], None], n_layers: int):
    look = label("layers") | {"continuous_update": False}
    return live(lambda: operate(show, {"layers": ipywidgets.IntSlider(1, 1, n_layers, **look)}))


def show_penalties(budget: float = 1.0, angle: float = 10.0, length: float = 1.7):
    """Draw the diamond and the circle of one budget, and where the smallest loss lies in each.

    budget : the largest |w1| + |w2|, or sqrt(w1² + w2²); angle (degrees), length : of the minimum.
    """
    centre = length * np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    loss = quadratic_loss(np.stack(np.meshgrid(GRID, GRID), axis=-1), centre, MATRIX)
    fig, axes = plt.subplots(1, 2, figsize=(8.5, 4.2))
    for ax, norm, name in zip(axes, ("l1", "l2"), ("ℓ1, a diamond", "ℓ2, a circle"), strict=True):
        best = minimise_within(centre, MATRIX, budget, norm)
        plot_penalty(ax, GRID, loss, boundary(norm, budget), centre, best)
        zeros = int((best == 0).sum())  # a corner is hit exactly; the circle only comes near an axis
        ax.set_title(f"{name}: w = ({best[0]:.2f}, {best[1]:.2f}), {zeros} exactly zero")
    return fig


def explore_penalties():
    """Return sliders for the budget and the place of the minimum over `show_penalties`."""

    def draw(budget: float, angle: float) -> None:
        titles = [ax.get_title(loc="left") or ax.get_title() for ax in show_penalties(budget, angle).axes]
        plt.show()
        print(*titles, sep="\n")

    def make() -> ipywidgets.Widget:
        look = {"continuous_update": False, "layout": WIDE}
        budget = ipywidgets.FloatSlider(1.0, min=0.1, max=1.6, step=0.1, **look, **label("budget"))
        angle = ipywidgets.FloatSlider(10.0, min=-40, max=130, step=2, **look, **label("angle (degrees)"))
        return operate(draw, {"budget": budget, "angle": angle})

    return live(make)
