"""Figures of notebook 03: a clip and its features, token effects, class directions, recovery."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..codec_spec import CodecSpec
from .overview import UNITS
from .style import AUDIO, NEUTRAL, TEXT, draw_table, place_groups, set_color, show_name

FEATURE_NAMES = {
    "f0_st": "pitch (semitones)",
    "voiced": "voiced (0 or 1)",
    "rms_db": "loudness (dB)",
    "centroid_hz": "centroid (Hz)",
    "zcr": "zero crossings\n(per sample)",
    "tilt_db_oct": "tilt (dB/octave)",
    "f0_slope_st_s": "pitch slope (semitones/s)",
    "rms_slope_db_s": "loudness slope (dB/s)",
    "position": "place in the clip",
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
    spec: CodecSpec,
) -> Sequence[Axes]:
    """Draw a clip's waveform and features under each other, with the frames of one token marked.

    axes : one for wav (n_samples,) and one for each feature, (n_frames,), where NaN leaves a gap;
    marked : bool array, shape (n_frames,); token : its name, for the title.
    """
    rate, seconds = spec.frame_rate, (np.arange(len(marked)) + 0.5) / spec.frame_rate
    axes[0].plot(np.arange(len(wav)) / spec.sample_rate, wav, color=NEUTRAL, linewidth=0.4)
    axes[0].set_ylabel("waveform", rotation=0, ha="right", va="center")
    axes[0].set_title(f"orange: the {marked.sum()} frames of {1000 / rate:.3g} ms in which {token} occurs")
    for ax, (name, values) in zip(axes[1:], features.items(), strict=True):
        ax.plot(seconds, values, ".-", color=TEXT, markersize=2, linewidth=0.8)
        ax.plot(seconds[marked], values[marked], "o", color=AUDIO, markersize=4)
        ax.set_ylabel(name_feature(name, with_unit=True), rotation=0, ha="right", va="center")
    for ax in axes:
        for frame in np.flatnonzero(marked):
            ax.axvspan(frame / rate, (frame + 1) / rate, color=AUDIO, alpha=0.25, linewidth=0)
    axes[-1].set(xlabel="time (s)", xlim=(0, len(marked) / rate))
    return axes


def plot_two_groups(ax: Axes, with_token: np.ndarray, others: np.ndarray, token: str, feature: str) -> Axes:
    """Draw the distribution of a standardised feature in the frames of a token and in all the others."""
    bins = np.linspace(*np.quantile(np.concatenate([with_token, others]), [0.001, 0.999]), 50)
    groups = {"all other frames": (others, NEUTRAL), f"frames of {token}": (with_token, AUDIO)}
    for name, (values, color) in groups.items():
        label = f"{name} (n = {len(values):,})"
        ax.hist(values, bins, density=True, color=color, alpha=0.55, label=label)
        ax.axvline(values.mean(), color=color, linewidth=2)
    ax.set_xlabel(f"{name_feature(feature)}, in standard deviations about the speaker's mean")
    ax.set_ylabel("density")
    ax.legend()
    return ax


def plot_grid(
    ax: Axes, values: np.ndarray, names: Sequence[str], limit: float, label: str, unsure=None
) -> Axes:
    """Draw values (n_tokens, n_names), tokens in columns, red above zero and blue below, to `limit`.

    A dot marks what is `unsure`: bool array of the shape of `values`.
    """
    image = ax.imshow(np.transpose(values), cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="none")
    ax.set_aspect("auto")
    if unsure is not None:
        ax.plot(*np.argwhere(unsure).T, ".", color="black", markersize=1.5)
    ax.set_yticks(range(len(names)), [name_feature(name) for name in names], fontsize=8.5)
    ax.figure.colorbar(image, ax=ax, label=label, extend="both", pad=0.01, aspect=8)
    return ax


def plot_strengths(
    ax: Axes, names: Sequence[str], selected: np.ndarray, draws: np.ndarray, floor: float
) -> Axes:
    """Draw the mean |r| of the selected tokens with each value, beside every draw of matched ones.

    names, selected : of n values; draws (n_draws, n values); floor : what permutations give, a dotted line.
    """
    places = np.arange(len(names))
    color, label = set_color("matched"), f"matched tokens: {len(draws)} draws"
    ax.plot(
        np.tile(places, len(draws)), np.ravel(draws), "o", color=color, alpha=0.5, markersize=4, label=label
    )
    ax.plot(places, selected, "D", color=set_color("selected"), markersize=8, label="selected tokens")
    ax.axhline(floor, color="black", linestyle="dotted", linewidth=1, label="clips exchanged")
    ax.set_xticks(
        places, [UNITS.get(one, name_feature(one).replace(" ", "\n")) for one in names], fontsize=8.5
    )
    ax.set(ylabel="mean |r| over the tokens", ylim=(0, None))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    return ax


def plot_profile(
    ax: Axes, profile: np.ndarray, classes: Sequence[str], features: Sequence[str], title: str = ""
) -> Axes:
    """Draw class by feature as a picture with numbers, red above the middle of the classes and blue below."""
    limit = np.abs(profile).max() or 1
    texts = [[f"{value:+.1f}" for value in row] for row in profile]
    names = [show_name(name) for name in classes], [name_feature(name) for name in features]
    draw_table(ax, profile, texts, names, "RdBu_r", (-limit, limit))
    ax.set_title(title)
    return ax


def plot_recovery(
    ax: Axes, parameters: Sequence[str], mean: Mapping[str, np.ndarray], deviation: Mapping[str, np.ndarray]
) -> Axes:
    """Draw how much of each planted parameter each set of predictors recovers.

    `mean`, `deviation`: name of a set -> float array, shape (n_parameters,), R² over held-out folds.
    """
    for x, (name, values) in zip(place_groups(len(parameters), len(mean)), mean.items(), strict=True):
        ax.errorbar(x, values, deviation[name], fmt="o", color=set_color(name), markersize=5, label=name)
    for edge in np.arange(len(parameters) - 1) + 0.5:
        ax.axvline(edge, color="#EEEEEE", linewidth=0.8)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xticks(range(len(parameters)), [UNITS.get(name, show_name(name)) for name in parameters])
    lowest = min(0.0, *(float(np.min(values)) for values in mean.values()))
    ax.set(ylabel="R² on held-out voices\n(mean ± std over folds)", ylim=(max(lowest - 0.1, -1), 1))
    ax.legend(ncols=len(mean), loc="upper center", bbox_to_anchor=(0.5, 1.14))
    return ax
