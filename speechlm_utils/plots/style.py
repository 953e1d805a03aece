"""One look for all figures: fonts, colours (safe for the colour-blind), and what many figures draw alike."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

TEXT, AUDIO, BOTH, NEUTRAL = "#0072B2", "#D55E00", "#009E73", "#8C8C8C"
"""Colours of what a model reads: words, speech, both; and of controls."""

SEMANTIC = "#D55E00"
LABEL_CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6E4B2A", "#000000")

SET_COLORS = {
    "text": TEXT,
    "audio": AUDIO,
    "selected": BOTH,
    "matched": "#E69F00",
    "random": NEUTRAL,
    "equal loudness": "#CC79A7",
    "all acoustic": "#56B4E9",
    "measured": "#000000",
}
"""Colour of a set of tokens, or of a condition named after it, see `set_color`."""

SCRIPT_FONTS = ("Noto Sans", "Source Han Sans", "WenQuanYi", "Droid Sans Fallback", "Arial Unicode")
SCRIPT_FONTS += ("Microsoft YaHei", "SimHei", "PingFang", "Hiragino Sans", "IPAGothic", "Malgun Gothic")
SCRIPT_FONTS += ("Nirmala", "Leelawadee", "Lohit", "Nanum")  # for labels in scripts that DejaVu does not draw
MANY_FONTS = 12

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
    mpl.rcParams.update(STYLE | {"font.family": ["DejaVu Sans", *find_fonts()]})


def find_fonts() -> list[str]:
    """Name the fonts of other scripts that are installed here; letters that the first lacks are theirs."""
    from matplotlib.font_manager import fontManager

    installed = sorted({font.name for font in fontManager.ttflist})
    return [name for name in installed if name.startswith(SCRIPT_FONTS) and "Mono" not in name][:MANY_FONTS]


def layer_colors(
    layers: Sequence[int], n_layers: int | None = None, semantic_layers: Sequence[int] = (1,)
) -> list[tuple[float, float, float]]:
    """Return the colours of layers, numbered from 1: orange if semantic, else from dark to light blue.

    n_layers is 8 or the largest unless given.
    """
    n_layers = n_layers or max(8, *layers, 0)
    if wrong := [layer for layer in layers if not 1 <= layer <= n_layers]:
        raise ValueError(f"layer={wrong[0]}: must be from 1 to {n_layers}")
    depths = [max(layer - 2, 0) / max(n_layers - 2, 1) for layer in layers]
    blues = [mpl.colormaps["Blues"](0.95 - 0.6 * depth)[:3] for depth in depths]
    orange = mpl.colors.to_rgb(SEMANTIC)
    return [orange if one in semantic_layers else blue for one, blue in zip(layers, blues, strict=True)]


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
    """Show a label or column for people: "ad_hominem" -> "ad hominem"; a dollar sign begins no formula."""
    return name.replace("_", " ").replace("$", r"\$")


def name_rows(ax: Axes, names: Sequence[str], are_tokens: bool = False) -> None:
    """Name the rows of a figure, the first on top; tokens in type that keeps them below each other."""
    ax.set_yticks(range(len(names)), names)
    if are_tokens:
        ax.tick_params("y", labelfontfamily="monospace", labelsize=8.5)
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)


def draw_errors(ax: Axes, x: Sequence, spans: np.ndarray, label: str | None = None) -> None:
    """Draw upright intervals: spans (3, n) are estimates (a dash if there is a label), lows and highs."""
    middle, low, high = (np.asarray(one, dtype=float) for one in spans)
    look = {"fmt": "_", "markersize": 12, "label": label} if label else {"fmt": "none"}
    ax.errorbar(x, middle, yerr=reach(middle, low, high), color="black", capsize=3, linewidth=1, **look)


def reach(middle: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how far intervals reach below and above estimates: (2, n), none negative, for `errorbar`."""
    return np.maximum([middle - low, high - middle], 0)


def place_groups(n_places: int, n_groups: int, width: float = 0.8) -> np.ndarray:
    """Return where the bars of several groups stand side by side: float array (n_groups, n_places).

    `width` is shared by the groups of one place, the places are 0, 1, …
    """
    return np.arange(n_places) + ((np.arange(n_groups) - (n_groups - 1) / 2) * width / n_groups)[:, None]


def draw_table(
    ax: Axes, values: np.ndarray, texts: Sequence[Sequence], names: tuple, cmap: str, limits: tuple
) -> AxesImage:
    """Draw a table, coloured by values, with texts in the cells; names are those of rows and of columns."""
    image = ax.imshow(values, cmap=cmap, vmin=limits[0], vmax=limits[1])
    is_dark = image.to_rgba(np.asarray(values, dtype=float))[..., :3].mean(axis=-1) < 0.5
    for (row, column), dark in np.ndenumerate(is_dark):
        ink = "white" if dark else "black"
        ax.text(column, row, texts[row][column], ha="center", va="center", color=ink, fontsize=9)
    name_rows(ax, names[0])
    ax.set_xticks(range(len(names[1])), names[1])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def count_along(axis: Axis) -> None:
    """Put ticks at whole numbers only."""
    axis.set_major_locator(MaxNLocator(integer=True))
