"""Players side by side: a table of captions and sounds that works in a page without a running kernel."""

from collections.abc import Mapping
from html import escape

import numpy as np
from IPython.display import HTML, Audio

_CELL = "padding:.3em 1.2em .3em 0;text-align:left;border:0;vertical-align:top"


def show_players(wavs: Mapping[str, np.ndarray], sample_rate: int = 16000, columns: int = 3) -> HTML:
    """Return a table of audio players, each under its caption; how loud they are against each other is kept.

    Parameters
    ----------
    wavs : caption -> float array, shape (n_samples,), full scale at 1 (louder samples are clipped)
    sample_rate : int
    columns : int, players in a row
    """
    cells = []
    for caption, wav in wavs.items():
        audio = Audio(np.clip(wav, -1, 1), rate=sample_rate, normalize=False)
        label = f'aria-label="{escape(caption)}"'  # what a screen reader says
        player = audio._repr_html_().replace("<audio ", f'<audio {label} style="width:17rem;height:2rem" ')
        cells.append(f'<td style="{_CELL}">{escape(caption)}<br>{player}</td>')
    rows = ("".join(cells[i : i + columns]) for i in range(0, len(cells), columns))
    plain = '<tr style="background:none">'  # Jupyter stripes tables: here a stripe would mean nothing
    return HTML(f"<table>{''.join(f'{plain}{row}</tr>' for row in rows)}</table>")
