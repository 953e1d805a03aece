"""Figures of notebook 00: the map of the method, the prosody of a clip, what was planted, upper bounds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from ..codec_spec import CodecSpec
from .codec import plot_codes
from .style import AUDIO, BOTH, NEUTRAL, TEXT, draw_errors, draw_table, place_groups, show_name

INPUTS = {"text": ("words", TEXT), "planted": ("planted prosody", AUDIO), "both": ("both", BOTH)}
UNITS = {
    "f0_shift_st": "F0 shift\n(semitones)",
    "f0_range": "F0 range\n(factor)",
    "rate": "rate\n(factor)",
    "gain_db": "gain\n(dB)",
    "contour_st": "final contour\n(semitones)",
    "tilt_db": "spectral tilt\n(dB)",
    "pause_ms": "pause\n(ms)",
}
STEPS = {
    "1 · SELECT": ("an ℓ1 penalty selects\nabout 75 tokens, in\nthe acoustic layers", "notebooks 02, 03"),
    "2 · ADAPT": ("they become words of\na frozen LLM: only their\nembeddings are trained", "notebook 04"),
    "3 · FINE-TUNE": ("LoRA and a head read\nwords and tokens, and\nname the class", "notebook 05"),
}


def plot_pipeline(ax: Axes, wav: np.ndarray, codes: np.ndarray, spec: CodecSpec) -> Axes:
    """Draw the three steps from a clip to its class, with the notebook of each.

    ax is about 3.3 times as wide as high, and becomes a canvas of 100 by 30 units; wav (n_samples,) and codes
    (n_layers, n_frames) are drawn as clip and codes.
    """
    ax.set(xlim=(-0.5, 100.5), ylim=(0, 30))
    ax.axis("off")
    wave = ax.inset_axes([0, 12, 14, 11], transform=ax.transData)
    wave.plot(wav, color=AUDIO, linewidth=0.4)
    wave.axis("off")
    image = ax.inset_axes([18.5, 12, 14.5, 11], transform=ax.transData)
    plot_codes(image, codes, spec).set(xticks=[], yticks=[], ylabel="")
    size = f"its codes: {spec.n_layers} layers,\n{spec.frame_rate:g} frames a second"
    _write(ax, (7, 26), "a clip of speech", AUDIO, "bold")
    _write(ax, (25.7, 26), size, AUDIO, "bold")
    _write(ax, (25.7, 9.2), "notebook 01", NEUTRAL)
    _box(ax, (0, 0.5, 14, 5), "its words", TEXT, "bold")
    for x, (title, (text, notebook)) in zip((38, 59.5, 81), STEPS.items(), strict=True):
        _box(ax, (x, 12, 18.5, 11), text)
        _write(ax, (x + 9.25, 26), title, BOTH, "bold")
        _write(ax, (x + 9.25, 9.2), notebook, NEUTRAL)
        _arrow(ax, (x + 9.25, 3), (x + 9.25, 7.6), TEXT)  # every step reads the words too
    for start, end in ((14.2, 18.3), (33.2, 37.7), (56.7, 59.2), (78.2, 80.7)):
        _arrow(ax, (start, 17.5), (end, 17.5), AUDIO)
    ax.plot([14.2, 90.25], [3, 3], color=TEXT, linewidth=1.6, solid_capstyle="round")
    return ax


def _write(ax: Axes, place: tuple, text: str, color: str, weight: str = "normal") -> None:
    style = {"ha": "center", "va": "center", "fontsize": 9.5, "linespacing": 1.3}
    ax.text(*place, text, color=color, weight=weight, **style)


def _box(ax: Axes, box: tuple, text: str, color: str = BOTH, weight: str = "normal") -> None:
    x, y, width, height = box
    shape = {"boxstyle": "round,pad=0,rounding_size=1", "facecolor": "white", "edgecolor": color}
    ax.add_patch(FancyBboxPatch((x, y), width, height, **shape))
    _write(ax, (x + width / 2, y + height / 2), text, "black" if weight == "normal" else color, weight)


def _arrow(ax: Axes, start: tuple, end: tuple, color: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.6})


def plot_prosody(axes: Sequence[Axes], wav: np.ndarray, f0_st: np.ndarray, spec: CodecSpec, color: str):
    """Draw a clip on two Axes: its waveform, and under it its pitch (semitones, NaN where unvoiced)."""
    axes[0].plot(np.arange(len(wav)) / spec.sample_rate, wav, color=color, linewidth=0.4)
    axes[1].plot((np.arange(len(f0_st)) + 0.5) / spec.frame_rate, f0_st, ".", color=color, markersize=3)
    axes[1].axhline(0, color=NEUTRAL, linewidth=0.6)


def plot_planted(ax: Axes, means: pd.DataFrame, deviations: pd.DataFrame) -> Axes:
    """Draw means and deviations (DataFrames, label by parameter, each in its unit) as a table in colour.

    The colour is the distance of a mean from the middle of its column, in within-label standard deviations.
    """
    distance = (means - means.mean()) / deviations.mean()
    typical = deviations.mean().to_numpy()
    rows = zip(means.to_numpy(), deviations.to_numpy(), strict=True)
    texts = [[_show_spread(*cell) for cell in zip(*row, typical, strict=True)] for row in rows]
    labels = [show_name(name) for name in means.index]
    names = labels, [UNITS.get(name, show_name(name)) for name in means.columns]
    image = draw_table(ax, distance.to_numpy(), texts, names, "PuOr", (-4, 4))
    ax.tick_params(labeltop=True, labelbottom=False)
    ax.figure.colorbar(image, ax=ax, shrink=0.8, label="distance from the middle\n(standard deviations)")
    return ax


def _show_spread(mean: float, deviation: float, typical: float) -> str:
    """Write mean ± deviation with as many decimals as the column's typical deviation deserves."""
    decimals = int(np.clip(1 - np.floor(np.log10(1.1 * typical)), 0, 2))
    return f"{round(mean, decimals) + 0.0:.{decimals}f} ± {deviation:.{decimals}f}".replace("-", "−")


def plot_upper_bounds(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw macro-F1 per task and input as bars with intervals, and chance, see `compute_upper_bounds`."""
    by_input = {name: rows.set_index("task") for name, rows in table.groupby("inputs", sort=False)}
    sizes = next(iter(by_input.values()))
    x, width, handles = np.arange(len(sizes)), 0.74 / len(by_input), []
    places = place_groups(len(sizes), len(by_input))
    for middles, (name, rows) in zip(places, by_input.items(), strict=True):
        (label, color), rows = INPUTS[name], rows.loc[sizes.index]
        spans = np.array([score.values for score in rows["score"]]).T
        handles.append(ax.bar(middles, spans[0], width, color=color, label=label))
        draw_errors(ax, middles, spans)
        for middle, score in zip(middles, spans[0], strict=True):
            ax.text(middle, 0.03, f"{score:.2f}", ha="center", color="white")
    dotted = {"colors": "black", "linestyles": "dotted", "label": "chance"}
    handles.append(ax.hlines(sizes["chance"], x - 0.45, x + 0.45, **dotted))
    names = [f"{show_name(r.Index)}\n{r.n_classes} classes, {r.n_test} clips" for r in sizes.itertuples()]
    ax.set_xticks(x, names)
    ax.set(ylim=(0, 1.08), ylabel="macro-F1 on test\n(95 % interval)")
    ax.legend(handles=handles, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
