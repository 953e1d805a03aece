"""Figures beside the players of notebook 11: moments of a token, and its frames side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .codec import plot_log_mel, plot_waveform
from .style import AUDIO, NEUTRAL


def plot_moment(
    axes: Sequence[Axes], wav: np.ndarray, mel: np.ndarray, spans: np.ndarray, sample_rate: int
) -> Sequence[Axes]:
    """Draw a piece of sound as waveform and log-mel spectrogram; spans (n_spans, 2; seconds) are marked."""
    seconds = len(wav) / sample_rate
    plot_waveform(axes[0], wav, sample_rate, NEUTRAL)
    axes[0].set(ylabel="", yticks=[])
    axes[0].tick_params(labelbottom=False)
    plot_log_mel(axes[1], mel, seconds, sample_rate)
    for begin, end in spans:
        axes[0].axvspan(begin, end, color=AUDIO, alpha=0.5, linewidth=0)
        for edge in (begin, end):
            axes[1].axvline(edge, color="white", linewidth=0.6)
        axes[1].plot((begin + end) / 2, mel.shape[0] - 2, "v", color="white", markersize=5)
    axes[1].set_xlabel("time (s)")
    return axes


def plot_strip(ax: Axes, mels: np.ndarray, title: str = "") -> Axes:
    """Draw log-mel spectrograms (n_windows, n_bands, n_frames) side by side, parted by white lines.

    Ticks below show their middles.
    """
    n, _, width = mels.shape
    ax.imshow(np.hstack(list(mels)), origin="lower", cmap="magma", vmin=-9, vmax=1, aspect="auto")
    for edge in np.arange(1, n) * width - 0.5:
        ax.axvline(edge, color="white", linewidth=1.5)
    ax.set_xticks(np.arange(n) * width + (width - 1) / 2, [""] * n)
    ax.set(yticks=[], title=title)
    return ax
