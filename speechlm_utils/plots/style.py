"""One look for all figures: fonts; colours of layers, labels and inputs (safe for the colour-blind)."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np

TEXT, AUDIO, BOTH, NEUTRAL = "#0072B2", "#D55E00", "#009E73", "#8C8C8C"
"""Colours of what a model reads: words, speech, both; and of controls."""

SEMANTIC = "#D55E00"
LABEL_CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6E4B2A", "#000000")
CODES_MAP = "twilight"  # neighbouring code numbers have nothing in common: no scale from low to high

SET_COLORS = {
    "text": TEXT,
    "selected": BOTH,
    "matched random": "#E69F00",
    "random": NEUTRAL,
    "equal loudness": "#CC79A7",
    "all acoustic": "#56B4E9",
    "measured": "#000000",
}
"""Colour of a set of tokens, or of a condition named after it, see `set_color`."""

STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "image.interpolation": "nearest",
    "image.aspect": "auto",
}


def apply_style() -> None:
    """Set matplotlib's defaults for this session; every notebook calls it once, after its imports."""
    mpl.rcParams.update(STYLE)


def layer_color(layer: int, n_layers: int = 8) -> tuple[float, float, float]:
    """Return the colour of a layer, numbered from 1: orange for layer 1, from dark to light blue below it."""
    if not 1 <= layer <= n_layers:
        raise ValueError(f"layer={layer}: must be from 1 to {n_layers}")
    if layer == 1:
        return mpl.colors.to_rgb(SEMANTIC)
    depth = (layer - 2) / max(n_layers - 2, 1)
    return mpl.colormaps["Blues"](0.95 - 0.6 * depth)[:3]


def layer_colors(layers: Sequence[int], n_layers: int = 8) -> list[tuple[float, float, float]]:
    """Return the colours of several layers, see `layer_color`."""
    return [layer_color(layer, n_layers) for layer in layers]


def label_colors(names: Sequence[str]) -> dict[str, str]:
    """Give every label of a task its colour, by its place among the sorted names."""
    names = sorted(names)
    if len(names) > len(LABEL_CYCLE):
        colours = mpl.colormaps["turbo"](np.linspace(0.05, 0.95, len(names)))
        return {name: mpl.colors.to_hex(c) for name, c in zip(names, colours, strict=True)}
    return dict(zip(names, LABEL_CYCLE, strict=False))


def set_color(name: str) -> str:
    """Return the colour of a token set or condition: that of the longest key of `SET_COLORS` in its name."""
    found = [key for key in SET_COLORS if key in name]
    return SET_COLORS[max(found, key=len)] if found else NEUTRAL


def show_name(name: str) -> str:
    """Show a label or column for people: "ad_hominem" -> "ad hominem"."""
    return name.replace("_", " ")


def spread_codes(codes: np.ndarray, codebook_size: int) -> np.ndarray:
    """Renumber codes so that neighbours lie far apart: a colour map then shows them as different."""
    renumbered = np.argsort(np.arange(codebook_size) * 0.618034 % 1, kind="stable").argsort()
    return renumbered[codes]
