"""Pictures of a lasso path at one value of C: beside a text, or in the control."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..plots.path import plot_coef_step, plot_count_step
from ..selection.path import L1Path
from ..tokens import Token

SIZE = (9.7, 3.1)  # inches


def show_path(path: L1Path, names: Sequence[str], step: int) -> Figure:
    """Draw one step (a place in path.Cs): how many tokens it selects, and their coefficients per class."""
    fig = plt.figure(figsize=(11, 3))
    draw_step(fig, path, names, step)
    return fig


def draw_step(figure: Figure, path: L1Path, names: Sequence[str], step: int) -> str:
    """Draw `show_path` into an empty figure and return it in words."""
    count, image = figure.subplots(1, 2, width_ratios=(1, 2.6))
    coefs, tokens = read_step(path, step)
    plot_count_step(count, path.Cs, path.n_tokens, step)
    plot_coef_step(image, coefs, np.array([layer for layer, _ in tokens], dtype=int), names)
    return f"{describe_step(path, step)}; coefficients of {len(tokens)} tokens for {len(names)} classes"


def draw_at_once(figure: Figure, path: L1Path, names: Sequence[str], step: int) -> str:
    """Do as `draw_step` in a figure without layout: to find the margins takes longer than to draw."""
    width, room = 0.89 * SIZE[0], 0.4 + 0.075 * max(map(len, names))  # inches: of all, and for the names
    figure.subplots_adjust(left=0.085, right=0.975, bottom=0.18, top=0.9, wspace=2 * room / (width - room))
    return draw_step(figure, path, names, step)


def read_step(path: L1Path, step: int) -> tuple[np.ndarray, list[Token]]:
    """Return what a step selects: coefs (n_classes, n_selected), and the tokens."""
    places = np.flatnonzero(path.selected[step, path.n_words :])
    return path.coefs[step][:, path.n_words + places], [path.tokens[place] for place in places]


def describe_step(path: L1Path, step: int) -> str:
    """Say how many tokens a step of the path selects, and whether its fit converged."""
    found = f"{path.n_tokens[step]:,} of {len(path.tokens):,} audio tokens selected"
    if path.converged[step]:
        return f"{found}; converged after {path.n_iter[step]} iterations"
    return f"{found}; NOT converged after {path.n_iter[step]} iterations: read it with care"
