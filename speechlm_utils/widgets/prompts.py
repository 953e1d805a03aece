"""Look into prompts: every token in a box, and what a budget leaves of a clip."""

import functools
from collections.abc import Sequence
from html import escape

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.colors import to_hex

from ..llm.prompts import Prompt, build_prompt
from ..llm.spec import PromptFormat
from ..llm.vocabulary import MARKERS
from ..plots.style import layer_colors
from ..tokens import parse_token, show_token
from .panel import label, live, operate

_BOX = (
    "display:inline-block;margin:1px;padding:0 .3em;border-radius:3px;font:12px/1.6 monospace;white-space:pre"
)
_STYLES = {
    "marker": f"{_BOX};background:#333;color:#fff",
    "word": f"{_BOX};background:#fff;color:#000;border:1px solid #999",
}


class PromptView:
    """A prompt for people: words in boxes, speech tokens in the colour of their layer; see `split_prompt`."""

    def __init__(self, pieces: Sequence[tuple[str, str, int]]):
        self.pieces = list(pieces)

    def __repr__(self) -> str:
        return " ".join(f"[{text}]" if kind == "word" else text for kind, text, _ in self.pieces)

    def _repr_html_(self) -> str:
        spans = (
            f'<span style="{_STYLES.get(kind) or _find_style(layer)}">{escape(text)}</span>'
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
    for token_id, name in zip(input_ids, tokenizer.convert_ids_to_tokens(list(input_ids)), strict=True):
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
def _find_style(layer: int) -> str:
    """Write the style of a speech token: its layer's colour, and ink that has 4.6 to 1 on it (WCAG 2.1)."""
    (color,) = layer_colors([layer])
    light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    ink = "#fff" if np.dot([0.2126, 0.7152, 0.0722], light) < 0.179 else "#000"
    return f"{_BOX};background:{to_hex(color)};color:{ink}"


def explore_budget(tokenizer, clip, tokens, longest: int = 128, collapse_repeats: bool = False):
    """Return a slider over `max_length`, at first at `longest`, above the prompt that it leaves of a clip."""
    least = len(MARKERS) + 2
    longest = max(longest, least)

    def draw(max_length: int) -> None:
        format = PromptFormat(max_length, collapse_repeats=collapse_repeats)
        prompt = build_prompt(tokenizer, clip.text, clip.codes, tokens, format)
        print(f"{prompt.n_text_cut} text and {prompt.n_audio_cut} audio tokens are cut")
        display(show_prompt(tokenizer, prompt))

    def make() -> ipywidgets.Widget:
        look = label("max_length") | {"continuous_update": False, "layout": {"width": "36rem"}}
        return operate(draw, {"max_length": ipywidgets.IntSlider(longest, least, longest, **look)})

    return live(make)
