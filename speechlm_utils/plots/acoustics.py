"""Figures of notebook 03: a clip and its features, token effects, class directions, recovery."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .layers import mark_layers
from .overview import UNITS
from .style import AUDIO, NEUTRAL, TEXT, set_color, show_name

FEATURE_NAMES = {
    "f0_st": "pitch (semitones)",
    "voiced": "voiced (0 or 1)",
    "rms_db": "loudness (dB)",
    "centroid_hz": "centroid (Hz)",
    "zcr": "zero crossings\n(per sample)",
    "tilt_db_oct": "tilt (dB/octave)",
}


def name_feature(name: str, with_unit: bool = False) -> str:
    """Return a feature's name for people, with its unit or without."""
    full = FEATURE_NAMES.get(name, show_name(name))
    return full if with_unit else full.split(" (")[0].split("\n")[0]


def plot_clip(
    axes: Sequence[Axes],
    wav: np.ndarray,
    features: Mapping[str, np.ndarray],
    marked: np.ndarray,
    token: str,
    sample_rate: int = 16000,
    frame_rate: float = 50,
) -> Sequence[Axes]:
    """Draw a clip's waveform and features under each other, with the frames of one token marked.

    Parameters
    ----------
    axes : one for the waveform and one for each feature, sharing x
    wav : float array, shape (n_samples,)
    features : name -> float array, shape (n_frames,); NaN leaves a gap
    marked : bool array, shape (n_frames,)
    token : its name, for the title
    """
    seconds = (np.arange(len(marked)) + 0.5) / frame_rate
    axes[0].plot(np.arange(len(wav)) / sample_rate, wav, color=NEUTRAL, linewidth=0.4)
    axes[0].set_ylabel("waveform", rotation=0, ha="right", va="center")
    frames = f"{marked.sum()} frames of {1000 / frame_rate:.3g} ms"
    axes[0].set_title(f"orange: the {frames} in which {token} fires")
    for ax, (name, values) in zip(axes[1:], features.items(), strict=True):
        ax.plot(seconds, values, ".-", color=TEXT, markersize=2, linewidth=0.8)
        ax.plot(seconds[marked], values[marked], "o", color=AUDIO, markersize=4)
        ax.set_ylabel(name_feature(name, with_unit=True), rotation=0, ha="right", va="center")
    for ax in axes:
        for frame in np.flatnonzero(marked):
            ax.axvspan(frame / frame_rate, (frame + 1) / frame_rate, color=AUDIO, alpha=0.25, linewidth=0)
    axes[-1].set(xlabel="time (s)", xlim=(0, len(marked) / frame_rate))
    return axes


def plot_medians(ax: Axes, medians: Mapping[str, float]) -> Axes:
    """Draw each speaker's median pitch (Hz, logarithmic), from low to high."""
    ordered = sorted(medians, key=medians.get)
    ax.hlines(range(len(ordered)), 60, [medians[name] for name in ordered], color="#DDDDDD")
    ax.plot([medians[name] for name in ordered], range(len(ordered)), "o", color=AUDIO)
    ax.set_yticks(range(len(ordered)), ordered)
    ax.set(xscale="log", xlabel="median pitch of voiced frames (Hz)")
    ticks = [75, 100, 150, 200, 300]
    ax.set_xticks(ticks, ticks)
    ax.minorticks_off()
    return ax


def plot_two_groups(ax: Axes, with_token: np.ndarray, others: np.ndarray, token: str, feature: str) -> Axes:
    """Draw the distribution of a standardised feature in the frames of a token and in all the others."""
    bins = np.linspace(*np.quantile(np.concatenate([with_token, others]), [0.001, 0.999]), 50)
    for values, color, name in (
        (others, NEUTRAL, "all other frames"),
        (with_token, AUDIO, f"frames of {token}"),
    ):
        label = f"{name} (n = {len(values):,})"
        ax.hist(values, bins, density=True, color=color, alpha=0.55, label=label)
        ax.axvline(values.mean(), color=color, linewidth=2)
    ax.set(
        xlabel=f"{name_feature(feature)}, in standard deviations about the speaker's mean", ylabel="density"
    )
    ax.legend()
    return ax


def plot_effects(
    ax: Axes, effects: np.ndarray, sure: np.ndarray, layers: np.ndarray, features: Sequence[str]
) -> Axes:
    """Draw effect sizes as a picture, a column per token (ordered by layer), a row per feature.

    Parameters
    ----------
    ax : Axes
    effects : float array, shape (n_tokens, n_features), standard deviations
    sure : bool array of the same shape; other cells get a small dot
    layers : int array, shape (n_tokens,), rising
    features : names of the rows
    """
    image = ax.imshow(effects.T, cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto", interpolation="none")
    ax.plot(*np.argwhere(~sure).T, ".", color="black", markersize=1.5)
    mark_layers(ax, layers)
    ax.set_yticks(range(len(features)), [name_feature(name) for name in features])
    ax.set_xlabel("tokens, ordered by layer, within a layer by loudness")
    ax.figure.colorbar(image, ax=ax, label="effect (standard deviations)", extend="both", pad=0.01)
    return ax


def plot_shares(ax: Axes, shares: Mapping[str, np.ndarray], features: Sequence[str]) -> Axes:
    """Draw, per feature, the share of tokens with a strong effect: a bar for their mean, a dot per set.

    Parameters
    ----------
    ax : Axes
    shares : name of a kind of tokens -> float array, shape (n_sets, n_features)
    features : names of the columns
    """
    width = 0.8 / len(shares)
    for k, (name, values) in enumerate(shares.items()):
        x = np.arange(len(features)) + (k - (len(shares) - 1) / 2) * width
        label = f"{name} ({len(values)} set{'s' if len(values) > 1 else ''})"
        ax.bar(x, values.mean(axis=0), width * 0.9, color=set_color(name), alpha=0.6, label=label)
        ax.plot(np.tile(x, len(values)), values.ravel(), ".", color="black", markersize=3)
    ax.set_xticks(range(len(features)), [name_feature(name).replace(" ", "\n") for name in features])
    ax.set_ylabel("share of tokens with |effect| > 0.8\nand q < 0.05")
    ax.set_ylim(0, None)
    ax.legend()
    return ax


def plot_profile(
    ax: Axes, profile: np.ndarray, classes: Sequence[str], features: Sequence[str], title: str = ""
) -> Axes:
    """Draw class by feature as a picture with numbers, red above the middle of the classes and blue below."""
    limit = np.abs(profile).max() or 1
    ax.imshow(profile, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for (row, column), value in np.ndenumerate(profile):
        ink = "white" if abs(value) > 0.6 * limit else "black"
        ax.text(column, row, f"{value:+.1f}", ha="center", va="center", color=ink, fontsize=9)
    ax.set_xticks(range(len(features)), [name_feature(name) for name in features])
    ax.set_yticks(range(len(classes)), [show_name(name) for name in classes])
    ax.tick_params(length=0)
    ax.set_title(title)
    return ax


def plot_null(ax: Axes, null: np.ndarray, observed: float, xlabel: str = "") -> Axes:
    """Draw what chance gives (a histogram) and what was found (a line)."""
    ax.hist(null, 40, color=NEUTRAL, alpha=0.6, label=f"shuffled ({len(null):,} times)")
    ax.axvline(observed, color=set_color("selected"), linewidth=2.5, label="found")
    ax.set(xlabel=xlabel, ylabel="shuffles")
    ax.legend()
    return ax


def plot_recovery(
    ax: Axes, parameters: Sequence[str], mean: Mapping[str, np.ndarray], deviation: Mapping[str, np.ndarray]
) -> Axes:
    """Draw how much of each planted parameter is recovered by each set of predictors.

    Parameters
    ----------
    ax : Axes
    parameters : names of the planted parameters
    mean, deviation : name of a set -> float array, shape (n_parameters,), R² over held-out folds
    """
    width = 0.8 / len(mean)
    for k, (name, values) in enumerate(mean.items()):
        x = np.arange(len(parameters)) + (k - (len(mean) - 1) / 2) * width
        ax.errorbar(x, values, deviation[name], fmt="o", color=set_color(name), markersize=5, label=name)
    for edge in np.arange(len(parameters) - 1) + 0.5:
        ax.axvline(edge, color="#EEEEEE", linewidth=0.8)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xticks(range(len(parameters)), [UNITS.get(name, show_name(name)) for name in parameters])
    lowest = min(float(np.min(values)) for values in mean.values())
    ax.set(ylabel="R² on held-out voices\n(mean ± std over folds)", ylim=(max(min(lowest, 0) - 0.1, -1), 1))
    ax.legend(ncols=len(mean), loc="upper center", bbox_to_anchor=(0.5, 1.14))
    return ax
