"""Record the microphone in the browser: the sound goes to the kernel of this machine, and nowhere else."""

from pathlib import Path

import anywidget
import traitlets

from ..explorers.page import FOLDER
from ..explorers.voice import RATE, SECONDS


class Recorder(anywidget.AnyWidget):
    """A button, a level meter and a line that says what happens; `recording` holds the last one as WAV.

    The browser asks for permission when the button is pressed, not before.
    """

    _esm = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (
            FOLDER / "shared.js",
            FOLDER / "microphone.js",
            Path(__file__).with_name("recorder.js"),
        )
    )
    _css = (FOLDER / "style.css").read_text(encoding="utf-8")
    seconds = traitlets.Float(SECONDS).tag(sync=True)
    sample_rate = traitlets.Int(RATE).tag(sync=True)
    recording = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value))
