"""Mute, swap or repeat speech tokens of a clip, or give it another's, and see the prediction move."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..attribution.edits import edit_clip, mute_tokens, repeat_tokens, swap_tokens
from ..clips import Clip
from ..plots.style import AUDIO, NEUTRAL, show_name
from ..plots.training import plot_probabilities
from ..tokens import Occurrence, list_occurrences, show_token
from .clips import predict_clip
from .panel import Picture, Status, beside, busy, label, live, menu, stack
from .prompts import PromptView

SIZE = (9, 3.2)  # inches
NARROW = {"width": "14rem"}
MOST = 250  # about as many as a prompt has room for


def draw_change(figure: Figure, before: np.ndarray, after: np.ndarray, classifier, clip: Clip) -> str:
    """Draw the probabilities (n_classes,) before and after an edit, the true class on a grey band."""
    ax, names, truth = figure.subplots(), classifier.label_names, clip.labels.get(classifier.task)
    shares = {"as spoken": before, "edited": after}
    plot_probabilities(ax, names, shares, {"as spoken": NEUTRAL, "edited": AUDIO}, truth=truth)
    ax.legend(loc="lower right")
    return describe_change(before, after, names)


def describe_change(before: np.ndarray, after: np.ndarray, names: Sequence[str]) -> str:
    """Say which class is most probable now, and which probability moved most."""
    likely, moved = int(np.argmax(after)), int(np.argmax(np.abs(after - before)))
    said = f"most probable: {show_name(names[likely])} ({after[likely]:.0%})"
    if np.array_equal(before, after):
        return said
    if likely != int(np.argmax(before)):
        said += f", it was {show_name(names[int(np.argmax(before))])}"
    return f"{said}; moved most: {show_name(names[moved])}, {before[moved]:.0%} to {after[moved]:.0%}"


def explore_what_if(classifier, clips: Mapping[str, Clip]):
    """Return a clip's selected tokens as a list, buttons that edit them, and the prediction before and after.

    `clips`, not empty: what the menus of words and of tokens show -> clip with codes.
    """

    def draw_still() -> None:
        clip, figure = next(iter(clips.values())), plt.figure(figsize=SIZE)
        before, after = (predict_clip(classifier, one) for one in (clip, edit_clip(clip, [])))
        draw_change(figure, before, after, classifier, clip)
        figure.axes[0].set_title("“edited”: every speech token is muted")

    return live(lambda: WhatIf(classifier, clips).box, draw_still)


class WhatIf:
    """The control behind `explore_what_if`; `box` is what to show, `controls` all that can be operated."""

    def __init__(self, classifier, clips: Mapping[str, Clip]):
        if not clips:
            raise ValueError("clips: none given, the menu would be empty")
        self.classifier, self.status, self.picture = classifier, Status(), Picture(*SIZE)
        self.choice = menu("words of", clips.items())
        self.donor = menu("tokens of", [("its own", None), *clips.items()])
        look = label("tokens in order") | {"rows": 9, "layout": {"width": "24rem"}}
        self.places = ipywidgets.SelectMultiple(**look)
        tokens = [(show_token(*token), tuple(token)) for token in sorted(classifier.tokens)]
        self.other = menu("swap for", tokens, NARROW)
        self.sequence = ipywidgets.HTML()
        self.buttons = self._make_buttons()
        self.controls = [self.choice, self.donor, self.places, self.other, *self.buttons]
        side = ipywidgets.VBox([*self.buttons[:2], self.other, *self.buttons[2:]])
        parts = [self.choice, self.donor, beside(self.places, side), self.status.widget, self.sequence]
        self.box = stack([*parts, self.picture.widget])
        for one in (self.choice, self.donor):
            one.observe(lambda change: self.start(change["owner"]), "value")
        self.start()

    def _make_buttons(self) -> list[ipywidgets.Button]:
        actions = {
            "Mute": lambda: mute_tokens(self.tokens, self._picked()),
            "Repeat": lambda: repeat_tokens(self.tokens, self._picked()),
            "Swap": lambda: swap_tokens(self.tokens, self._picked(), *self.other.value),
            "Mute all": lambda: [],
            "Back to as spoken": lambda: list(self.spoken),
        }
        buttons = [ipywidgets.Button(description=name, layout=NARROW) for name in actions]
        for button in buttons:
            button.on_click(lambda button: self.edit(actions[button.description], button))
        return buttons

    def _picked(self) -> tuple[int, ...]:
        if not self.places.value:
            raise ValueError("choose one or more tokens in the list first (Ctrl or Shift for several)")
        return self.places.value

    def start(self, at: ipywidgets.Widget | None = None) -> None:
        """Take the words and the tokens of the clips that the menus show."""
        with busy(self.controls, self.status, "predicting", at, self.blank):
            self.clip, donor = self.choice.value, self.donor.value
            self.spoken = self.list_tokens(self.clip)
            self.before = predict_clip(self.classifier, self.clip)
            self.show(self.spoken if donor is None else self.list_tokens(donor))

    def list_tokens(self, clip: Clip) -> list[Occurrence]:
        """List the tokens of a clip as the classifier reads them."""
        return list_occurrences(clip.codes, self.classifier.tokens, self.classifier.settings.collapse_repeats)

    def edit(self, act: Callable[[], list[Occurrence]], at: ipywidgets.Widget) -> None:
        """Edit the tokens and predict again; if that cannot be done, all stays as it was."""
        with busy(self.controls, self.status, "predicting", at):
            self.show(act())

    def show(self, tokens: Sequence[Occurrence]) -> None:
        """Show tokens and the prediction that they lead to."""
        if len(tokens) > MOST:
            raise ValueError(f"that would be {len(tokens)} tokens; {MOST} are the most that are shown here")
        classifier, clip, before, picked = self.classifier, self.clip, self.before, self.places.value
        is_edited, is_as_long = list(tokens) != self.spoken, len(tokens) == len(self.places.options)
        after = predict_clip(classifier, edit_clip(clip, tokens)) if is_edited else before
        self.tokens, rate = list(tokens), clip.spec.frame_rate
        options = [(f"{one.frame / rate:5.2f} s  {one}", place) for place, one in enumerate(tokens)]
        self.places.options, self.places.value = options, picked if is_as_long else ()
        boxes = PromptView([("speech", str(one), one.layer) for one in tokens])._repr_html_()
        self.sequence.value = f"“{escape(clip.text)}” with<br>{boxes if tokens else 'no speech token'}"
        self.picture.draw(lambda figure: draw_change(figure, before, after, classifier, clip))
        count = f"{len(tokens)} audio tokens (as spoken: {len(self.spoken)})"
        self.status.show(f"{count}; {describe_change(before, after, classifier.label_names)}")

    def blank(self) -> None:
        """Show nothing."""
        self.spoken, self.tokens, self.places.options, self.sequence.value = [], [], (), ""
        self.picture.clear()
