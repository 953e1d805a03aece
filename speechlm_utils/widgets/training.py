"""Look into prompts (04), and give words another delivery (05)."""

import functools
from collections.abc import Callable, Mapping, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.colors import to_hex

from ..llm.prompts import Prompt, build_prompt
from ..llm.vocabulary import MARKERS
from ..plots.style import layer_color, show_name
from ..plots.training import plot_probabilities
from ..tokens import parse_token, show_token
from .live import live
from .panel import stack

_BOX = (
    "display:inline-block;margin:1px;padding:0 .3em;border-radius:3px;font:12px/1.6 monospace;white-space:pre"
)
_MARKER = f"{_BOX};background:#333;color:#fff"
_WORD = f"{_BOX};background:#fff;color:#000;border:1px solid #999"


class PromptView:
    """A prompt for people: words in boxes, speech tokens in the colour of their layer, markers in black.

    Parameters
    ----------
    pieces : list of (kind, text, layer) as `split_prompt` returns them
    """

    def __init__(self, pieces: Sequence[tuple[str, str, int]]):
        self.pieces = list(pieces)

    def __repr__(self) -> str:
        return " ".join(f"[{text}]" if kind == "word" else text for kind, text, _ in self.pieces)

    def _repr_html_(self) -> str:
        spans = (
            f'<span style="{_find_style(kind, layer)}">{escape(text)}</span>'
            for kind, text, layer in self.pieces
        )
        return f'<div style="max-width:60rem;line-height:1.9">{" ".join(spans)}</div>'


def show_prompt(tokenizer, prompt: Prompt) -> PromptView:
    """Return a view of a prompt, which a notebook shows in colour and a terminal as text."""
    return PromptView(split_prompt(tokenizer, prompt.input_ids))


def split_prompt(tokenizer, input_ids: Sequence[int]) -> list[tuple[str, str, int]]:
    """Name the ids of a prompt: (kind, text, layer); kind is "marker", "speech" or "word".

    What a user typed is a word, whatever it looks like; layer is 0 for markers and words.
    """
    pieces = []
    for token_id in input_ids:
        name = tokenizer.convert_ids_to_tokens(int(token_id))
        if name in MARKERS:
            pieces.append(("marker", name, 0))
            continue
        try:
            layer, code = parse_token(name)
            pieces.append(("speech", show_token(layer, code), layer))
        except ValueError:
            pieces.append(("word", tokenizer.decode([int(token_id)]), 0))
    return pieces


@functools.cache
def _find_style(kind: str, layer: int) -> str:
    if kind != "speech":
        return _MARKER if kind == "marker" else _WORD
    color = layer_color(layer)
    ink = "#fff" if _find_luminance(color) < 0.179 else "#000"  # where both contrast alike, with 4.6 to 1
    return f"{_BOX};background:{to_hex(color)};color:{ink}"


def _find_luminance(color: Sequence[float]) -> float:
    """Relative luminance (WCAG 2.1) of an sRGB colour, three floats from 0 to 1."""
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return float(np.dot([0.2126, 0.7152, 0.0722], light))


@live
def explore_budget(
    tokenizer, clip, tokens, longest: int = 128, collapse_repeats: bool = False
) -> ipywidgets.Widget:
    """Return a slider over `max_length` above the prompt that it leaves of a clip.

    Parameters
    ----------
    tokenizer, clip, tokens, collapse_repeats : see `build_prompt`
    longest : int, where the slider ends and stands at first; at least the markers and a token of each part
    """
    least = len(MARKERS) + 2
    longest = max(longest, least)
    slider = ipywidgets.IntSlider(
        longest, least, longest, description="max_length", continuous_update=False, layout={"width": "36rem"}
    )

    def draw(max_length: int) -> None:
        how = {"max_length": max_length, "collapse_repeats": collapse_repeats}
        prompt = build_prompt(tokenizer, clip.text, clip.codes, tokens, **how)
        print(f"{prompt.n_text_cut} text and {prompt.n_audio_cut} audio tokens are cut")
        display(show_prompt(tokenizer, prompt))

    return stack([slider, ipywidgets.interactive_output(draw, {"max_length": slider})])


@live
def explore_deliveries(
    words: Mapping[str, object],
    deliveries: Mapping[str, object],
    predict: Callable[[object, object], np.ndarray],
    names: Sequence[str],
    color: str,
) -> ipywidgets.Widget:
    """Return two menus, for words and for a delivery, above the class probabilities of their combination.

    A choice costs one call of `predict`; nothing is trained.

    Parameters
    ----------
    words, deliveries : what the menus show -> clip
    predict : called with the clip of the words and that of the delivery; float array, shape (n_classes,)
    names : of the classes
    color : of the bars

    Raises
    ------
    ValueError
        If a menu would be empty.
    """
    if not (words and deliveries):
        raise ValueError(f"{len(words)} words and {len(deliveries)} deliveries: each menu needs one at least")
    wide = {"width": "48rem", "max_width": "98%"}
    first, second = (
        ipywidgets.Dropdown(options=dict(one), description=title, layout=wide)
        for one, title in ((words, "words of"), (deliveries, "tokens of"))
    )

    def draw(word_clip, delivery_clip) -> None:
        probabilities = np.asarray(predict(word_clip, delivery_clip))
        _, ax = plt.subplots(figsize=(6, 2.6))
        plot_probabilities(ax, names, {"": probabilities}, {"": color})
        plt.show()
        likely = int(probabilities.argmax())
        print(f"most probable: {show_name(names[likely])} ({probabilities[likely]:.0%})")

    output = ipywidgets.interactive_output(draw, {"word_clip": first, "delivery_clip": second})
    return stack([first, second, output])
