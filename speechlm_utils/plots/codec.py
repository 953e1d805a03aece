"""Figures of notebook 01: residual VQ, codes of a clip, what each layer carries; ticks by layer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from ..codec_spec import CodecSpec
from .style import AUDIO, BOTH, NEUTRAL, TEXT, count_along, draw_errors, label_colors, layer_colors

CODES_MAP = "twilight"  # neighbouring code numbers have nothing in common: no scale from low to high


def plot_clusters(ax: Axes, points: np.ndarray, codes: np.ndarray, centres: np.ndarray) -> Axes:
    """Draw points (n_points, 2) in the colour of their code, and the centres (n_codes, 2) with numbers."""
    colors = np.array(list(label_colors([f"{code:05d}" for code in range(len(centres))]).values()))
    ax.scatter(*points.T, c=colors[codes], s=5, alpha=0.5, linewidths=0)
    ax.plot(*centres.T, "X", color="black", markeredgecolor="white", markersize=9)
    for code, centre in enumerate(centres):
        number = ax.annotate(str(code), centre, (5, 5), textcoords="offset points", weight="bold")
        number.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    ax.set_aspect("equal")
    return ax


def plot_rounding(ax: Axes, points: np.ndarray, decoded: np.ndarray, n_layers: int) -> Axes:
    """Draw where points (n_points, 2) come back after decoding from some layers, joined with their place."""
    pairs = np.stack([points, decoded, np.full_like(points, np.nan)], axis=1).reshape(-1, 2)
    ax.plot(*pairs.T, color=NEUTRAL, linewidth=0.4, zorder=0)
    ax.plot(*points.T, ".", color="black", markersize=1.5, label="frames")
    ax.plot(*decoded.T, "o", color=layer_colors([n_layers])[0], markersize=3.5, label="decoded")
    n_places = len(np.unique(decoded.round(9), axis=0))
    ax.set_title(f"{n_layers} layer{'s' * (n_layers > 1)}: {n_places} places")
    ax.set_aspect("equal")
    return ax


def plot_waveform(ax: Axes, wav: np.ndarray, sample_rate: int, color: str = AUDIO) -> Axes:
    """Draw a waveform over seconds: float array, shape (n_samples,), full scale at 1."""
    ax.plot(np.arange(len(wav)) / sample_rate, wav, color=color, linewidth=0.4)
    ax.set(ylabel="amplitude", xlim=(0, len(wav) / sample_rate))
    return ax


def plot_log_mel(ax: Axes, mel: np.ndarray, seconds: float, sample_rate: int) -> Axes:
    """Draw a log-mel spectrogram (n_bands, n_frames), natural log of magnitudes, over seconds."""
    from librosa import mel_frequencies  # slow to import

    ax.imshow(mel, origin="lower", cmap="magma", extent=(0, seconds, 0, len(mel)), vmin=-9, vmax=1)
    bands, ticks = mel_frequencies(len(mel), fmax=sample_rate / 2), np.array([0.5, 1, 2, 4])
    ax.set_yticks(np.interp(1000 * ticks, bands, np.arange(len(mel)) + 0.5), [f"{kHz:g}" for kHz in ticks])
    ax.set(ylabel="kHz")
    return ax


def plot_phones(ax: Axes, phones: str) -> Axes:
    """Write the phones of a clip ("AH:0.150-0.210 R:…", seconds) on a strip, each within its bounds."""
    for place, item in enumerate(phones.split()):
        name, times = item.split(":")
        start, end = (float(t) for t in times.split("-"))
        ax.axvspan(start, end, color=NEUTRAL, alpha=0.45 if place % 2 else 0.2, linewidth=0)
        ax.text((start + end) / 2, 0.5, name, ha="center", va="center", fontsize=6.5)
    ax.set(ylim=(0, 1), yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def spread_codes(codes: np.ndarray) -> np.ndarray:
    """Move codes to places from 0 to 1, neighbours far apart: a colour map then shows them as different."""
    return codes * 0.618034 % 1


def plot_codes(ax: Axes, codes: np.ndarray, spec: CodecSpec) -> Axes:
    """Draw codes (n_layers, n_frames) as an image, layer 1 on top; a colour is a code and no size."""
    n_layers, n_frames = codes.shape
    extent = (0, n_frames / spec.frame_rate, n_layers + 0.5, 0.5)
    ax.imshow(spread_codes(codes), cmap=CODES_MAP, vmin=0, vmax=1, extent=extent)
    layers = range(1, n_layers + 1)
    ax.set(ylabel="layer", yticks=layers)
    colors = layer_colors(layers, n_layers, spec.semantic_layers)
    for label, color in zip(ax.get_yticklabels(), colors, strict=True):
        label.set(color=color, weight="bold")
    return ax


def plot_probes(ax: Axes, table: pd.DataFrame, target: str) -> Axes:
    """Draw how well one target of `report_probes` is read from layer 1, acoustic layers and both."""
    rows = table[table["target"] == target]
    names = list(rows["layers"])
    colors = [AUDIO if name == "1" else BOTH if name.startswith("1") else TEXT for name in names]
    values = np.array([r2.values for r2 in rows["r2"]]).T
    ax.bar(names, values[0], color=colors)
    draw_errors(ax, names, values)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="layers read", ylabel="R² on unseen voices\n(95 % interval)")
    return ax


def plot_overflow(ax: Axes, rates: dict[str, np.ndarray], seed: int = 0) -> Axes:
    """Draw how many symbols a second of speech becomes: name -> (n_clips,), a dot per clip."""
    rng = np.random.default_rng(seed)
    for place, values in enumerate(rates.values()):
        color = TEXT if place == 0 else AUDIO
        height = place + rng.uniform(-0.22, 0.22, len(values))
        ax.plot(values, height, ".", color=color, alpha=0.35, markersize=4)
        middle = float(np.median(values))
        ax.text(middle, place - 0.33, f"{middle:.3g} per second", ha="center", va="bottom", color=color)
    ax.set(xscale="log", xlabel="symbols per second of speech", xlim=(1, 1000))
    ax.set_yticks(range(len(rates)), rates)
    ax.set_ylim(len(rates) - 0.5, -0.6)
    return ax


def mark_layers(ax: Axes, layers: Sequence[int]) -> Axes:
    """Mark the layers (n_tokens,), rising, of columns from x = 0: a tick in the middle, lines between."""
    found, start, count = np.unique(np.asarray(layers), return_index=True, return_counts=True)
    places, labels = start + (count - 1) / 2, []
    for i, layer in enumerate(found):
        is_near = i > 0 and places[i] - places[i - 1] < 0.05 * len(layers)
        is_low = bool(is_near) and not labels[-1].startswith("\n")  # two names side by side would overlap
        labels.append("\n" * is_low + f"L{layer}")
    ax.set_xticks(places, labels)
    for edge in start[1:]:
        ax.axvline(edge - 0.5, color="black", linewidth=0.8)
    return ax


def plot_layer_counts(
    ax: Axes, layers: Sequence[int], counts: np.ndarray, chance: np.ndarray, semantic_layers=(1,)
) -> Axes:
    """Draw how many of the selected tokens each layer supplies, beside what chance would give.

    chance : float array, shape (3, n_layers): mean and 95 % range of random selections.
    """
    places, colors = np.arange(len(layers)), layer_colors(layers, semantic_layers=semantic_layers)
    ax.bar(places, counts, color=colors, edgecolor="black", linewidth=0.5)
    draw_errors(ax, places, chance, "chance (95 %)")
    every = -(-len(layers) // 12)  # a label for each of up to twelve layers
    ax.set_xticks(places[::every], [f"L{layer}" for layer in layers[::every]])
    ax.set(xlabel="layer", ylabel="tokens selected", ylim=(0, 1.25 * max(np.max(counts), np.max(chance), 1)))
    count_along(ax.yaxis)
    ax.legend(loc="upper right")
    return ax


def plot_layer_bars(
    ax: Axes, values: np.ndarray, ylabel: str, error: np.ndarray | None = None, floor=None
) -> Axes:
    """Draw one bar per layer, in the layer's colour; all arrays are of shape (n_layers,).

    error is half the length of the error bars, NaN draws none; floor, what shuffled values give, is a dash.
    """
    layers = np.arange(1, len(values) + 1)
    ax.bar(layers, values, color=layer_colors(layers, len(values)))
    if error is not None and np.isfinite(error).all():
        draw_errors(ax, layers, (values, values - error, values + error))
    if floor is not None:
        ax.hlines(floor, layers - 0.4, layers + 0.4, colors="black", linestyles="dotted", label="shuffled")
        ax.legend()
    ax.set(xlabel="layer", ylabel=ylabel, xticks=layers)
    return ax
