"""Figures of notebook 00: the map of the method, deliveries, what was planted, ceilings."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from .style import AUDIO, BOTH, CODES_MAP, NEUTRAL, TEXT, show_name, spread_codes

INPUT_COLORS = {"text": TEXT, "planted": AUDIO, "both": BOTH}
INPUT_NAMES = {"text": "words", "planted": "planted delivery", "both": "both"}
UNITS = {
    "f0_shift_st": "F0 shift\n(semitones)",
    "f0_range": "F0 range\n(factor)",
    "rate": "rate\n(factor)",
    "gain_db": "gain\n(dB)",
    "contour_st": "final contour\n(semitones)",
    "tilt_db": "spectral tilt\n(dB)",
    "pause_ms": "pause\n(ms)",
}


def plot_pipeline(ax: Axes, wav: np.ndarray, codes: np.ndarray) -> Axes:
    """Draw the three steps from a clip to its class, with the notebook of each.

    Parameters
    ----------
    ax : Axes, about 3.3 times as wide as high; it becomes a canvas of 100 by 30 units
    wav : float array, shape (n_samples,), drawn as the clip
    codes : int array, shape (n_layers, n_frames), drawn as its codes
    """
    ax.set(xlim=(-0.5, 100.5), ylim=(0, 30))
    ax.axis("off")
    wave = ax.inset_axes([0, 12, 14, 11], transform=ax.transData)
    wave.plot(wav, color=AUDIO, linewidth=0.4)
    wave.axis("off")
    image = ax.inset_axes([18.5, 12, 14.5, 11], transform=ax.transData)
    image.imshow(spread_codes(codes, max(1024, codes.max() + 1)), cmap=CODES_MAP, interpolation="nearest")
    image.set(xticks=[], yticks=[])
    _write(ax, 7, 26, "a clip of speech", AUDIO, weight="bold")
    _write(ax, 25.7, 26, "its codes: 8 layers,\n50 frames a second", AUDIO, weight="bold")
    _write(ax, 25.7, 9.2, "notebook 01", NEUTRAL)
    _box(ax, (0, 0.5), (14, 5), "its words", TEXT, weight="bold")
    steps = (
        (
            38,
            "1 · SELECT",
            "an ℓ1 penalty keeps\nabout 75 tokens, in\nthe acoustic layers",
            "notebooks 02, 03",
        ),
        (
            59.5,
            "2 · ADAPT",
            "they become words\nof a frozen LLM: only\ntheir rows are trained",
            "notebook 04",
        ),
        (81, "3 · FINE-TUNE", "LoRA and a head read\nwords and tokens, and\nname the class", "notebook 05"),
    )
    for x, title, text, notebook in steps:
        _box(ax, (x, 12), (18.5, 11), text)
        _write(ax, x + 9.25, 26, title, BOTH, weight="bold")
        _write(ax, x + 9.25, 9.2, notebook, NEUTRAL)
        _arrow(ax, (x + 9.25, 3), (x + 9.25, 7.6), TEXT)  # every step reads the words too
    for x0, x1 in ((14.2, 18.3), (33.2, 37.7), (56.7, 59.2), (78.2, 80.7)):
        _arrow(ax, (x0, 17.5), (x1, 17.5), AUDIO)
    ax.plot([14.2, 90.25], [3, 3], color=TEXT, linewidth=1.6, solid_capstyle="round")
    return ax


def _write(ax: Axes, x: float, y: float, text: str, color: str, weight: str = "normal") -> None:
    ax.text(x, y, text, color=color, ha="center", va="center", fontsize=9.5, weight=weight, linespacing=1.2)


def _box(ax: Axes, corner: tuple, size: tuple, text: str, color: str = BOTH, weight: str = "normal") -> None:
    shape = "round,pad=0,rounding_size=1"
    ax.add_patch(FancyBboxPatch(corner, *size, boxstyle=shape, facecolor="white", edgecolor=color))
    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    ink = "black" if weight == "normal" else color
    ax.text(x, y, text, color=ink, ha="center", va="center", fontsize=9.5, weight=weight, linespacing=1.4)


def _arrow(ax: Axes, start: tuple, end: tuple, color: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.6})


def plot_delivery(
    ax_wave: Axes,
    ax_pitch: Axes,
    wav: np.ndarray,
    f0_st: np.ndarray,
    title: str,
    color: str,
    sample_rate: int = 16000,
    frame_rate: float = 50,
) -> tuple[Axes, Axes]:
    """Draw one clip: its waveform, and under it its pitch contour.

    Parameters
    ----------
    ax_wave, ax_pitch : Axes
    wav : float array, shape (n_samples,), full scale at 1
    f0_st : float array, shape (n_frames,), semitones, NaN where unvoiced
    title : str, above the waveform
    color : of both
    """
    ax_wave.plot(np.arange(len(wav)) / sample_rate, wav, color=color, linewidth=0.4)
    ax_wave.set_title(title, color=color)
    ax_pitch.plot((np.arange(len(f0_st)) + 0.5) / frame_rate, f0_st, ".", color=color, markersize=3)
    ax_pitch.axhline(0, color=NEUTRAL, linewidth=0.6)
    return ax_wave, ax_pitch


def plot_planted(ax: Axes, means: pd.DataFrame, deviations: pd.DataFrame) -> Axes:
    """Draw the planted means per label as a table in colour.

    Parameters
    ----------
    ax : Axes
    means, deviations : DataFrames, label by parameter, each in its unit; the colour is the distance of a mean
        from the middle of its column, in within-label standard deviations
    """
    distance = (means - means.mean()) / deviations.mean()
    image = ax.imshow(distance, cmap="PuOr", vmin=-4, vmax=4)
    ax.set_xticks(range(means.shape[1]), [UNITS.get(name, show_name(name)) for name in means.columns])
    ax.set_yticks(range(len(means)), [show_name(name) for name in means.index])
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(means.to_numpy()):
        ink = "white" if abs(distance.iat[row, column]) > 2.5 else "black"
        text = _show_spread(value, deviations.iat[row, column], deviations.iloc[:, column].mean())
        ax.text(column, row, text, ha="center", va="center", fontsize=9, color=ink)
    ax.figure.colorbar(image, ax=ax, shrink=0.8, label="distance from the middle\n(standard deviations)")
    return ax


def _show_spread(mean: float, deviation: float, typical: float) -> str:
    """Write mean ± deviation with as many decimals as the column's typical deviation deserves."""
    decimals = int(np.clip(1 - np.floor(np.log10(1.1 * typical)), 0, 2))
    text = f"{round(mean, decimals) + 0.0:.{decimals}f} ± {deviation:.{decimals}f}"
    return text.replace("-", "−")


def plot_ceilings(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw macro-F1 per task and input as bars with their intervals, and the level of guessing.

    Parameters
    ----------
    ax : Axes
    table : as `compute_ceilings` returns it
    """
    tasks = list(dict.fromkeys(table["task"]))
    inputs = list(dict.fromkeys(table["inputs"]))
    width = 0.8 / len(inputs)
    for place, name in enumerate(inputs):
        rows = table[table["inputs"] == name].set_index("task").loc[tasks]
        x = np.arange(len(tasks)) + (place - (len(inputs) - 1) / 2) * width
        errors = [rows["macro_f1"] - rows["low"], rows["high"] - rows["macro_f1"]]
        bars = ax.bar(x, rows["macro_f1"], width * 0.92, color=INPUT_COLORS[name], label=INPUT_NAMES[name])
        ax.errorbar(x, rows["macro_f1"], yerr=errors, fmt="none", ecolor="black", capsize=2.5, linewidth=1)
        for bar, value in zip(bars, rows["macro_f1"], strict=True):
            ax.text(bar.get_x() + bar.get_width() / 2, 0.03, f"{value:.2f}", ha="center", color="white")
    sizes = table.drop_duplicates("task").set_index("task").loc[tasks]
    ends = np.arange(len(tasks))
    ax.hlines(
        sizes["chance"], ends - 0.45, ends + 0.45, colors="black", linestyles="dotted", label="guessing"
    )
    names = [f"{show_name(r.Index)}\n{r.n_classes} classes, {r.n_test} clips" for r in sizes.itertuples()]
    ax.set_xticks(range(len(tasks)), names)
    ax.set(ylim=(0, 1.08), ylabel="macro-F1 on test")
    handles, labels = ax.get_legend_handles_labels()
    order = [*range(1, len(handles)), 0] if labels[0] == "guessing" else range(len(handles))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], ncols=4, loc="lower center",
              bbox_to_anchor=(0.5, 1.0))  # fmt: skip
    return ax
