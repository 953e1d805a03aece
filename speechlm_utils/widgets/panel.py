"""What the larger controls are made of: a picture, a line that says how things stand, controls that wait.

A picture is drawn on one canvas of its own and sent as a PNG with a text for those who cannot see it; it is
white whatever the theme, as a printed figure is.
"""

import base64
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape

import ipywidgets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

log = logging.getLogger(__name__)

WIDE = {"width": "40rem", "max_width": "98%"}
_LINE = "padding:.2em .6em;border-radius:3px;max-width:60rem"
_LINES = {
    "fine": f"{_LINE};border-left:4px solid #009E73",
    "working": f"{_LINE};border-left:4px solid #0072B2",
    "problem": f"{_LINE};border-left:4px solid #D55E00;background:#fff;color:#000;font-weight:bold",
}
LONGEST_LINE = 300  # characters


# In JupyterLab's command mode arrows move from cell to cell and letters are commands, even while a menu or
# a list of ours has the focus; the attribute, on the very element, is what JupyterLab offers against it. A
# style sheet of no rules tells when it has become part of the page.
_OWN_KEYS = (
    "<style onload=\"this.closest('.jp-OutputArea-output')?.addEventListener('focusin', "
    "event => event.target.setAttribute('data-lm-suppress-shortcuts', 'true'))\"></style>"
)


def stack(parts: Sequence[ipywidgets.Widget]) -> ipywidgets.VBox:
    """Put the parts of a control below each other; the keys that are pressed in it belong to it."""
    return ipywidgets.VBox([*parts, ipywidgets.HTML(_OWN_KEYS, layout={"height": "0", "margin": "0"})])


class Picture:
    """A figure in a widget, redrawn in place.

    Parameters
    ----------
    width, height : float, inches
    layout : of the figure; "none" is quicker, with margins set by who draws

    Attributes
    ----------
    figure : Figure, which no window or notebook cell shows by itself
    widget : what to show
    """

    def __init__(self, width: float, height: float, layout: str = "constrained"):
        self.figure = Figure(figsize=(width, height), dpi=100, layout=layout, facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self.widget = ipywidgets.HTML(layout={"overflow": "hidden"})

    def draw(self, draw: Callable[[Figure], str]) -> None:
        """Draw anew: `draw` is called with the empty figure and returns the text for who cannot see it."""
        self.figure.clear()
        text = draw(self.figure)
        self.canvas.draw()
        self.send(text)

    def send(self, text: str) -> None:
        """Send what is on the canvas."""
        file = io.BytesIO()
        quick = {"compress_level": 1}  # large, but it never leaves the machine
        imsave(file, self.canvas.buffer_rgba(), format="png", pil_kwargs=quick)
        data = base64.b64encode(file.getvalue()).decode()
        width = int(self.figure.get_figwidth() * self.figure.dpi)
        style = f"width:{width}px;max-width:100%;height:auto"
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
        sign = {"problem": "⚠ ", "working": "… "}.get(kind, "")
        self.widget.value = (
            f'<div role="status" aria-live="polite" data-kind="{kind}" style="{_LINES[kind]}">'
            f"{sign}{escape(line, quote=False)}</div>"
        )


@contextmanager
def busy(
    controls: Sequence[ipywidgets.Widget],
    status: Status,
    text: str = "",
    at: ipywidgets.Widget | None = None,
    failed: Callable[[], None] | None = None,
) -> Iterator[None]:
    """Disable controls while something is computed; an error becomes one line, and nothing is left disabled.

    Parameters
    ----------
    controls : disabled meanwhile, but for `at`
    status : where it is said
    text : what is being done; nothing is said where it takes no time
    at : the control in use, which stays enabled, so that the keyboard does not lose its place
    failed : called after an error, to take away what belongs to the state before
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
