"""Pictures of a lasso path at one value of C: static, and in halves that are moved from step to step."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from ..plots.path import move_coef_step, move_count_step, plot_coef_step, plot_count_step
from ..selection.path import L1Path
from ..tokens import Token
from .panel import Picture

SIZES = ((3.1, 3.1), (6.6, 3.1))  # inches, of the two halves of the picture


def show_path(path: L1Path, names: Sequence[str], step: int):
    """Draw one step (a place in path.Cs): how many tokens it selects, and their coefficients per class."""
    fig, axes = plt.subplots(1, 2, figsize=(11, 3), width_ratios=(1, 2.6))
    coefs, tokens = read_step(path, step)
    plot_count_step(axes[0], path.Cs, path.n_tokens, step)
    plot_coef_step(axes[1], coefs, _layers(tokens), names)
    return fig


def read_step(path: L1Path, step: int) -> tuple[np.ndarray, list[Token]]:
    """Return what a step selects: coefs (n_classes, n_selected), and the tokens."""
    places = np.flatnonzero(path.selected[step, path.n_words :])
    return path.coefs[step][:, path.n_words + places], [path.tokens[place] for place in places]


class PathPictures:
    """The figure of `show_path` in two halves that are moved from step to step, not redrawn."""

    def __init__(self, path: L1Path, names: Sequence[str]):
        self.path, self.names = path, names
        self.count, self.coefs = (Picture(*size) for size in SIZES)
        self.image = None
        self._draw_count()

    def show(self, step: int) -> list[Token]:
        """Send both halves at a step; returns the tokens selected."""
        coefs, tokens = read_step(self.path, step)
        self._move_count(step)
        self.count.send(describe_step(self.path, step))
        if self.image is None or not coefs.size:
            self._draw_coefs(coefs, _layers(tokens))
        else:
            move_coef_step(self.coefs.figure.axes[0], self.image, coefs, _layers(tokens))
            self.coefs.canvas.draw()
        self.coefs.send(f"coefficients of {len(tokens)} tokens for {len(self.names)} classes")
        return tokens

    def _draw_count(self) -> None:
        ax = self.count.figure.subplots()
        self.dot = plot_count_step(ax, self.path.Cs, self.path.n_tokens, 0)
        self.count.canvas.draw()  # finds the margins
        self.count.figure.set_layout_engine("none")
        self.moving = (self.dot, move_count_step(ax, self.dot, self.path.Cs, self.path.n_tokens, 0))
        for artist in self.moving:
            artist.set_animated(True)  # the rest is drawn once and kept
        self.count.canvas.draw()
        self.background = self.count.canvas.copy_from_bbox(self.count.figure.bbox)

    def _move_count(self, step: int) -> None:
        ax = self.count.figure.axes[0]
        self.count.canvas.restore_region(self.background)
        move_count_step(ax, self.dot, self.path.Cs, self.path.n_tokens, step)
        for artist in self.moving:
            ax.draw_artist(artist)

    def _draw_coefs(self, coefs: np.ndarray, layers: np.ndarray) -> None:
        figure = self.coefs.figure
        figure.clear()
        figure.set_layout_engine("constrained", rect=(0, 0.07, 0.97, 0.93))  # room for longer ticks
        self.image = plot_coef_step(figure.subplots(), coefs, layers, self.names)
        self.coefs.canvas.draw()
        figure.set_layout_engine("none")  # the margins stay; finding them takes longer than all the rest


def describe_step(path: L1Path, step: int) -> str:
    """Say how many tokens a step of the path selects, and whether its fit converged."""
    found = f"{path.n_tokens[step]:,} of {len(path.tokens):,} audio tokens selected"
    if path.converged[step]:
        return f"{found}; converged after {path.n_iter[step]} iterations"
    return f"{found}; NOT converged after {path.n_iter[step]} iterations: read it with care"


def _layers(tokens: Sequence[Token]) -> np.ndarray:
    return np.array([layer for layer, _ in tokens], dtype=int)
