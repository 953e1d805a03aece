"""Mute, swap or repeat speech tokens of a clip, or give it another delivery, and see the prediction move."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..attribution.edits import KeptToken, edit_clip, list_kept, mute_tokens, repeat_tokens, swap_tokens
from ..clips import Clip
from ..plots.style import AUDIO, NEUTRAL, show_name
from ..plots.training import plot_probabilities
from ..tokens import show_token
from .clips import predict_clip
from .live import live
from .panel import WIDE, Picture, Status, busy, stack
from .training import PromptView

SIZE = (9, 3.2)  # inches
OWN = "its own"
MOST = 250  # about as many as a prompt has room for


def draw_change(
    figure: Figure, before: np.ndarray, after: np.ndarray, names: Sequence[str], truth: str | None = None
) -> str:
    """Draw the probability of every class before and after an edit; returns the largest change in words.

    Parameters
    ----------
    before, after : float arrays, shape (n_classes,)
    names : of the classes
    truth : the class that was meant, on a grey band
    """
    ax = figure.subplots()
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


def _draw_still(classifier, clips: Mapping[str, Clip]) -> None:
    clip = next(iter(clips.values()))
    before = predict_clip(classifier, clip)
    after = predict_clip(classifier, edit_clip(clip, []))
    figure = plt.figure(figsize=SIZE)
    draw_change(figure, before, after, classifier.label_names, clip.labels.get(classifier.task))
    figure.axes[0].set_title("“edited”: every speech token is muted")


@live(still=_draw_still)
def explore_what_if(classifier, clips: Mapping[str, Clip]) -> ipywidgets.Widget:
    """Return a clip's kept tokens as a list, buttons that edit them, and the prediction before and after.

    Parameters
    ----------
    classifier : SpeechTokenClassifier
    clips : what the menus of clips and of deliveries show -> clip with codes

    Raises
    ------
    ValueError
        If there is no clip.
    """
    return WhatIf(classifier, clips).box


class WhatIf:
    """The control behind `explore_what_if`; `box` is what to show."""

    def __init__(self, classifier, clips: Mapping[str, Clip]):
        if not clips:
            raise ValueError("clips: none given, the menu would be empty")
        self.classifier, self.status, self.picture = classifier, Status(), Picture(*SIZE)
        wide = {"layout": WIDE, "style": {"description_width": "8rem"}}
        self.choice = ipywidgets.Dropdown(options=list(clips.items()), description="words of", **wide)
        deliveries = [(OWN, None), *clips.items()]
        self.delivery = ipywidgets.Dropdown(options=deliveries, description="tokens of", **wide)
        self.places = ipywidgets.SelectMultiple(
            description="tokens in order", rows=9, layout={"width": "24rem"}, style=wide["style"]
        )
        tokens = [(show_token(*token), tuple(token)) for token in sorted(classifier.tokens)]
        self.other = ipywidgets.Dropdown(options=tokens, description="swap for", layout={"width": "14rem"})
        self.sequence = ipywidgets.HTML()
        self._make_buttons()
        side = ipywidgets.VBox([*self.buttons[:2], self.other, *self.buttons[2:]])
        editing = ipywidgets.HBox([self.places, side], layout={"flex_flow": "row wrap"})
        parts = [self.choice, self.delivery, editing, self.status.widget, self.sequence, self.picture.widget]
        self.box = stack(parts)
        self.choice.observe(lambda _: self.start(self.choice), "value")
        self.delivery.observe(lambda _: self.start(self.delivery), "value")
        self.start()

    def _make_buttons(self) -> None:
        actions = {
            "Mute": lambda: mute_tokens(self.kept, self._chosen()),
            "Repeat": lambda: repeat_tokens(self.kept, self._chosen()),
            "Swap": lambda: swap_tokens(self.kept, self._chosen(), *self.other.value),
            "Mute all": lambda: [],
            "Back to as spoken": lambda: list(self.spoken),
        }
        self.buttons = []
        for name, act in actions.items():
            button = ipywidgets.Button(description=name, layout={"width": "14rem"})
            button.on_click(lambda button, act=act: self.edit(act, button))
            self.buttons.append(button)

    @property
    def controls(self) -> list[ipywidgets.Widget]:
        """All that can be operated."""
        return [self.choice, self.delivery, self.places, self.other, *self.buttons]

    def _chosen(self) -> tuple[int, ...]:
        if not self.places.value:
            raise ValueError("choose one or more tokens in the list first (Ctrl or Shift for several)")
        return self.places.value

    def start(self, at: ipywidgets.Widget | None = None) -> None:
        """Take the clip and the delivery that the menus show."""
        with busy(self.controls, self.status, "predicting", at, self.blank):
            self.clip = self.choice.value
            self.spoken = self.list_tokens(self.clip)
            self.before = predict_clip(self.classifier, self.clip)
            donor = self.delivery.value
            self.show(self.spoken if donor is None else self.list_tokens(donor))

    def list_tokens(self, clip: Clip) -> list[KeptToken]:
        """List the tokens of a clip as the classifier reads them."""
        return list_kept(clip.codes, self.classifier.tokens, self.classifier.settings.collapse_repeats)

    def edit(self, act: Callable[[], list[KeptToken]], at: ipywidgets.Widget) -> None:
        """Edit the tokens and predict anew; if that cannot be done, all stays as it was."""
        with busy(self.controls, self.status, "predicting", at):
            self.show(act())

    def show(self, kept: Sequence[KeptToken]) -> None:
        """Show tokens and the prediction that they lead to."""
        names, chosen = self.classifier.label_names, self.places.value
        if len(kept) > MOST:
            raise ValueError(f"that would be {len(kept)} tokens; {MOST} are the most that are shown here")
        is_same = list(kept) == self.spoken
        after = self.before if is_same else predict_clip(self.classifier, edit_clip(self.clip, kept))
        same = len(kept) == len(self.places.options)
        self.kept, rate = list(kept), self.classifier.codec.spec.frame_rate
        self.places.options = [(f"{k.frame / rate:5.2f} s  {k}", place) for place, k in enumerate(kept)]
        self.places.value = chosen if same else ()
        self.sequence.value = self._write_sequence()
        truth = self.clip.labels.get(self.classifier.task)
        self.picture.draw(lambda figure: draw_change(figure, self.before, after, names, truth))
        count = f"{len(kept)} audio tokens (as spoken: {len(self.spoken)})"
        self.status.show(f"{count}; {describe_change(self.before, after, names)}")

    def _write_sequence(self) -> str:
        boxes = PromptView([("speech", str(token), token.layer) for token in self.kept])._repr_html_()
        return f"“{escape(self.clip.text)}” with<br>{boxes if self.kept else 'no speech token'}"

    def blank(self) -> None:
        """Show nothing."""
        self.spoken, self.kept, self.places.options, self.sequence.value = [], [], (), ""
        self.picture.clear()
