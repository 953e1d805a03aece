"""What the controls are made of: pictures, players, menus, a line that says what happens, controls that wait.

Controls live in JupyterLab; a notebook that is executed to be read shows a remark in their place, see `live`.
"""

import base64
import io
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio, Markdown
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

log = logging.getLogger(__name__)

WIDE, SHORT = {"width": "40rem", "max_width": "98%"}, {"width": "20rem"}
STATIC = "SPEECHLM_STATIC"  # environment variable that `speechlm run` sets: nobody is there to move a slider
REMARK = "*In JupyterLab a control stands here; the figure above shows one of its states.*"
LONGEST_LINE = 300  # characters
LONGEST_SOUND = 60  # seconds of a player
_LINE = "padding:.2em .6em;border-radius:3px;max-width:60rem;border-left:4px solid"
_KINDS = {  # of status lines: sign and style
    "fine": ("", "#009E73"),
    "working": ("… ", "#0072B2"),
    "problem": ("⚠ ", "#D55E00;background:#fff;color:#000;font-weight:bold"),
}
_CELL = "padding:.3em 1.2em .3em 0;text-align:left;border:0;vertical-align:top"

# In JupyterLab's command mode arrows move from cell to cell and letters are commands, even while a menu or
# a list of ours has the focus; the attribute, on the very element, is what JupyterLab offers against it. A
# style sheet of no rules tells when it has become part of the page.
_OWN_KEYS = (
    "<style onload=\"this.closest('.jp-OutputArea-output')?.addEventListener('focusin', "
    "event => event.target.setAttribute('data-lm-suppress-shortcuts', 'true'))\"></style>"
)


def live(make: Callable[[], ipywidgets.Widget], still: Callable[[], object] | None = None):
    """Return the control that `make` makes, or a remark, below what `still` draws, where no one can use it.

    No widget is made then: messages of ipywidgets between kernel and papermill have been seen to stall a run.
    """
    if not os.environ.get(STATIC):
        return make()
    if still is not None:
        still()
        plt.show()
    return Markdown(REMARK)


def stack(parts: Sequence[ipywidgets.Widget]) -> ipywidgets.VBox:
    """Put the parts of a control below each other; the keys that are pressed in it belong to it."""
    return ipywidgets.VBox([*parts, ipywidgets.HTML(_OWN_KEYS, layout={"height": "0", "margin": "0"})])


def operate(draw: Callable, controls: Mapping[str, ipywidgets.Widget]) -> ipywidgets.VBox:
    """Put controls above what `draw`, called with their values by name, shows and prints."""
    return stack([*controls.values(), ipywidgets.interactive_output(draw, controls)])


def beside(*parts: ipywidgets.Widget) -> ipywidgets.HBox:
    """Put parts side by side, or below each other where there is no room."""
    return ipywidgets.HBox(parts, layout={"flex_flow": "row wrap"})


def label(description: str) -> dict:
    """Return what describes a control as all others are described."""
    return {"description": description, "style": {"description_width": "7rem"}}


def menu(description: str, options: Iterable, layout: Mapping = WIDE) -> ipywidgets.Dropdown:
    """Return a menu of (what is shown, value) pairs."""
    return ipywidgets.Dropdown(options=list(options), layout=layout, **label(description))


def show_players(wavs: Mapping[str, np.ndarray], sample_rate: int, columns: int = 3) -> HTML:
    """Return a table of audio players that works without a kernel; how loud they are to each other stays.

    wavs : caption -> float array, shape (n_samples,), full scale at 1 (louder samples are clipped). Of what
        is longer than `LONGEST_SOUND` the beginning is played, and the caption says so: the sound lies in the
        page, which a long one would fill with megabytes.
    """
    cells = []
    for caption, wav in wavs.items():
        if len(wav) > LONGEST_SOUND * sample_rate:
            caption = f"{caption} (the first {LONGEST_SOUND} of {len(wav) / sample_rate:.0f} s)"
            wav = wav[: LONGEST_SOUND * sample_rate]
        audio = Audio(np.clip(wav, -1, 1), rate=sample_rate, normalize=False)
        name = f'aria-label="{escape(caption)}"'  # what a screen reader says
        player = audio._repr_html_().replace("<audio ", f'<audio {name} style="width:17rem;height:2rem" ')
        cells.append(f'<td style="{_CELL}">{escape(caption)}<br>{player}</td>')
    rows = ("".join(cells[i : i + columns]) for i in range(0, len(cells), columns))
    plain = '<tr style="background:none">'  # Jupyter stripes tables: here a stripe would mean nothing
    return HTML(f"<table>{''.join(f'{plain}{row}</tr>' for row in rows)}</table>")


def write_html(shown: object) -> str:
    """Return what an HTML widget takes: a string as it is, of another object what it shows of itself."""
    return shown if isinstance(shown, str) else shown._repr_html_()


class Picture:
    """A figure of so many inches in a widget, redrawn in place: a white PNG and a text for the blind."""

    def __init__(self, width: float, height: float, layout: str = "constrained"):
        self.figure = Figure(figsize=(width, height), dpi=100, layout=layout, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self.widget = ipywidgets.HTML(layout={"overflow": "hidden"})

    def draw(self, draw: Callable[[Figure], str]) -> None:
        """Redraw: `draw` is called with the empty figure and returns the text for who cannot see it."""
        self.figure.clear()
        text = draw(self.figure)
        self.canvas.draw()
        file = io.BytesIO()
        quick = {"compress_level": 1}  # large, but it never leaves the machine
        imsave(file, self.canvas.buffer_rgba(), format="png", pil_kwargs=quick)
        data = base64.b64encode(file.getvalue()).decode()
        style = f"width:{self.canvas.get_width_height()[0]}px;max-width:100%;height:auto"
        self.widget.value = f'<img alt="{escape(text)}" style="{style}" src="data:image/png;base64,{data}">'

    def clear(self) -> None:
        """Show nothing."""
        self.widget.value = ""


class Status:
    """One line that says what was done, is being done, or went wrong; screen readers read it out."""

    def __init__(self):
        self.widget = ipywidgets.HTML()

    def show(self, text: str, kind: str = "fine") -> None:
        """Show a line; kind is "fine", "working" or "problem"."""
        line = " ".join(str(text).split())
        line = line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
        sign, style = _KINDS[kind]
        look = f'data-kind="{kind}" style="{_LINE} {style}"'
        said = sign + escape(line, quote=False)
        self.widget.value = f'<div role="status" aria-live="polite" {look}>{said}</div>'


@contextmanager
def busy(
    controls: Sequence[ipywidgets.Widget],
    status: Status,
    text: str = "",
    at: ipywidgets.Widget | None = None,
    failed: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Disable controls while something is computed; an error becomes one line, and nothing is left disabled.

    text says what is being done, if it takes time; `at`, the control in use, stays enabled, so that the
    keyboard does not lose its place; `failed` takes away, after an error, what belongs to the state before.
    """
    before = [(control, control.disabled) for control in controls if control is not at]
    if text:
        status.show(text, "working")
    try:
        for control, _ in before:
            control.disabled = True
        yield
    except Exception as error:  # whatever it is: a page must not die of it
        log.info("%s", text or error, exc_info=True)
        if failed is not None:
            failed()
        known = isinstance(error, OSError | ValueError)
        status.show(str(error) if known else f"{type(error).__name__}: {error}", "problem")
    finally:
        for control, was in before:
            control.disabled = was
