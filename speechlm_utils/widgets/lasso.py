"""Turn C and see at once what lasso selects: the control of notebook 02, over paths that are fitted once."""

from collections.abc import Mapping, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..plots.path import plot_coef_step, plot_count_step
from ..plots.style import show_name
from ..selection.path import L1Path
from ..tokens import Token, show_token
from .lasso_paths import LassoPaths
from .panel import SHORT, WIDE, Picture, Status, beside, busy, label, live, menu, stack
from .prompts import PromptView

N_LISTED = 12  # tokens of a class that are named
SIZE = (9.7, 3.1)  # inches


def explore_lasso(
    paths: LassoPaths,
    task: str,
    layers: Sequence[int],
    C: float | None = None,
    tasks: Sequence[str] = (),
    layer_sets: Mapping[str, Sequence[int]] | None = None,
) -> ipywidgets.Widget:
    """Return a slider for C, a field "about so many tokens", and menus for task and layers, over `show_path`.

    A path that is not known yet is fitted when it is chosen; from then on each move of the slider only draws.

    task, layers and C (the nearest value of the path; None: the middle) are shown first; tasks and
    layer_sets, by name, are what else can be chosen.
    """

    def draw_still() -> None:
        show_path(*paths.get(task, layers), _find_step(paths.Cs, C))

    return live(lambda: LassoExplorer(paths, task, tuple(layers), C, tasks, layer_sets or {}).box, draw_still)


class LassoExplorer:
    """The control behind `explore_lasso`; `box` is what to show."""

    def __init__(self, paths, task, layers, C, tasks, layer_sets):
        self.paths, self.status, self.tokens = paths, Status(), ipywidgets.HTML()
        sets = {name: tuple(one) for name, one in layer_sets.items()}
        if layers not in sets.values():
            sets = {f"layers {', '.join(map(str, layers))}": layers} | sets
        self.task = menu("task", [(show_name(name), name) for name in dict.fromkeys([task, *tasks])], SHORT)
        self.layers = menu("layers", sets.items(), SHORT)
        self.layers.value = layers
        steps, look = [(f"{C:g}", place) for place, C in enumerate(paths.Cs)], label("C") | {"layout": WIDE}
        self.step = ipywidgets.SelectionSlider(options=steps, value=_find_step(paths.Cs, C), **look)
        look = label("about") | {"layout": {"width": "12rem"}}
        self.wanted = ipywidgets.BoundedIntText(75, min=1, max=100_000, **look)
        self.picture = Picture(*SIZE, layout="none")
        for one in (self.task, self.layers):
            one.observe(lambda change: self.change_path(change["owner"]), "value")
        self.step.observe(lambda _: self.draw(), "value")
        self.wanted.observe(lambda _: self.seek(), "value")
        number = ipywidgets.HBox([self.wanted, ipywidgets.Label("tokens, as near as the path comes")])
        menus, shown = beside(self.task, self.layers), [self.status.widget, self.picture.widget, self.tokens]
        self.box = stack([menus, self.step, number, *shown])
        self.change_path()

    def change_path(self, at: ipywidgets.Widget | None = None) -> None:
        """Show another path, fitted now if it is not known."""
        chosen = self.task.value, self.layers.value
        if self.paths.has(*chosen):
            return self.draw()
        text = f"fitting {len(self.paths.Cs)} values of C for {show_name(chosen[0])}, once"
        with busy([self.task, self.layers, self.step, self.wanted], self.status, text, at, self.blank):
            self.paths.get(*chosen)
            self.draw()

    def blank(self) -> None:
        """Show nothing: the picture of another path would mislead."""
        self.picture.clear()
        self.tokens.value = ""

    def seek(self) -> None:
        """Move the slider to the step that selects about as many tokens as are wanted."""
        with busy([], self.status):
            path, _ = self.paths.get(self.task.value, self.layers.value)
            step = int(np.argmin(np.abs(path.n_tokens - self.wanted.value)))  # the smaller C of two
            if step == self.step.value:
                self.draw()  # as a move of the slider would
            self.step.value = step

    def draw(self) -> None:
        """Draw the step that the slider shows."""
        with busy([], self.status, failed=self.blank):
            path, names = self.paths.get(self.task.value, self.layers.value)
            step = self.step.value
            self.picture.draw(lambda figure: draw_at_once(figure, path, names, step))
            self.tokens.value = list_by_class(*read_step(path, step), names)
            self.status.show(describe_step(path, step))


def list_by_class(coefs: np.ndarray, tokens: Sequence[Token], names: Sequence[str]) -> str:
    """List the tokens that speak most for each class, as HTML; coefs (n_classes, n_tokens)."""
    rows = []
    for name, weights in zip(names, coefs, strict=True):
        order = np.argsort(-weights, kind="stable")
        order = order[weights[order] > 0]
        boxes = [("speech", show_token(*tokens[i]), tokens[i][0]) for i in order[:N_LISTED]]
        more = f" and {len(order) - N_LISTED} more" if len(order) > N_LISTED else ""
        listed = PromptView(boxes)._repr_html_() if boxes else "none of them"
        rows.append(f'<div style="margin-top:.4em">{escape(show_name(name))}{more}: {listed}</div>')
    return f"Tokens that speak for a class, the strongest first:{''.join(rows)}"


def _find_step(Cs: Sequence[float], C: float | None) -> int:
    return len(Cs) // 2 if C is None else int(np.argmin(np.abs(np.log(Cs) - np.log(C))))


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
    found = f"{path.n_tokens[step]:,} audio tokens selected"
    if path.converged[step]:
        return f"{found}; converged after {path.n_iter[step]} iterations"
    return f"{found}; NOT converged after {path.n_iter[step]} iterations: read it with care"
