"""Pick a selected token, see its card, hear it."""

from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..plots.style import show_name
from ..selection.selection import Selection
from ..tokens import Token, show_token
from .panel import SHORT, Picture, Status, beside, busy, label, live, menu, stack, write_html

ANY, SIZE = "any", (10, 6.5)  # inches, of the card


def explore_tokens(
    selection: Selection, draw_card: Callable[[Figure, Token], str], listen: Callable[[Token], object]
) -> ipywidgets.Widget:
    """Return a list of the selected tokens, beside the card of the one that is picked and its sound.

    draw_card draws the card of a token into an empty figure and returns it in words; listen returns what
    plays a token: HTML, or an object shown as HTML. Raises ValueError if no token is selected.
    """

    def draw_still() -> None:
        if selection.tokens:
            draw_card(plt.figure(figsize=SIZE), order_tokens(selection)[0])

    return live(lambda: TokenBrowser(selection, draw_card, listen).box, draw_still)


class TokenBrowser:
    """The control behind `explore_tokens`; `box` is what to show, `controls` all that can be operated."""

    def __init__(self, selection: Selection, draw_card: Callable, listen: Callable):
        if not selection.tokens:
            raise ValueError("selection: holds no token, the list would be empty")
        self.selection, self.draw_card, self.listen = selection, draw_card, listen
        self.status, self.card, self.sound = Status(), Picture(*SIZE), ipywidgets.HTML()
        classes = [(ANY, None), *((show_name(name), row) for row, name in enumerate(selection.label_names))]
        layers = [(ANY, None), *((f"layer {n}", n) for n in sorted({layer for layer, _ in selection.tokens}))]
        self.label = menu("speaks for", classes, SHORT)
        self.layer = menu("layer", layers, SHORT)
        look = label("token") | {"rows": 12, "layout": {"width": "26rem", "max_width": "98%"}}
        self.token = ipywidgets.Select(**look)
        self.controls, menus = [self.label, self.layer, self.token], beside(self.label, self.layer)
        self.box = stack([menus, self.token, self.status.widget, self.sound, self.card.widget])
        for one in (self.label, self.layer):
            one.observe(lambda change: self.fill(change["owner"]), "value")
        self.token.observe(lambda _: self.show(self.token), "value")
        self.fill()

    def fill(self, at: ipywidgets.Widget | None = None) -> None:
        """List the tokens of the class and layer that the menus show."""
        found = order_tokens(self.selection, self.label.value, self.layer.value)
        options = [(describe_token(self.selection, token), token) for token in found]
        if tuple(options) != tuple(self.token.options):
            self.token.options = options  # nothing is picked then
        if not found:
            self.blank()
            self.status.show("no selected token is of this class and layer: choose others", "problem")
        elif self.token.value is None:
            self.token.value = found[0]  # which shows it
        elif not self.card.widget.value:
            self.show(at)

    def show(self, at: ipywidgets.Widget | None = None) -> None:
        """Show the card and the sound of the token that is picked."""
        token = self.token.value
        if token is None:
            return
        with busy(self.controls, self.status, f"looking {show_token(*token)} up", at, self.blank):
            sound = write_html(self.listen(token))
            self.card.draw(lambda figure: self.draw_card(figure, token))
            self.sound.value = sound
            self.status.show(describe_token(self.selection, token))

    def blank(self) -> None:
        """Show nothing."""
        self.card.clear()
        self.sound.value = ""


def order_tokens(selection: Selection, row: int | None = None, layer: int | None = None) -> list[Token]:
    """List tokens (of one layer, if given), the largest coefficient first: of a class's row, or of any."""
    weights = selection.coefs.max(axis=0) if row is None else selection.coefs[row]
    places = (place for place in np.argsort(-weights, kind="stable") if row is None or weights[place] > 0)
    tokens = (tuple(selection.tokens[place]) for place in places)
    return [token for token in tokens if layer in (None, token[0])]


def describe_token(selection: Selection, token: Token) -> str:
    """Name a token, and the class that it speaks for most."""
    weights = selection.coefs[:, [tuple(one) for one in selection.tokens].index(tuple(token))]
    is_for = bool(weights.max() > 0)
    row = int(weights.argmax() if is_for else weights.argmin())
    name = show_name(selection.label_names[row])
    return f"{show_token(*token)} speaks {'for' if is_for else 'against'} {name} ({weights[row]:+.2f})"
