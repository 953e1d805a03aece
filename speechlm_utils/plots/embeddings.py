"""Figures of notebook 04: prompts, the loss of the new embeddings, and what they became."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from ..codec_spec import CodecSpec
from ..tokens import Occurrence
from .style import AUDIO, BOTH, NEUTRAL, TEXT, count_along, layer_colors


def plot_occurrences(ax: Axes, found: Sequence[Occurrence], n_frames: int, spec: CodecSpec) -> Axes:
    """Draw where in a clip its selected tokens lie (`list_occurrences`); n_frames are the clip's."""
    layers = [one.layer for one in found]
    seconds = (np.array([one.frame for one in found]) + 0.5) / spec.frame_rate
    end = n_frames / spec.frame_rate
    ax.hlines(spec.layers, 0, end, color="0.9", lw=6, zorder=0)
    ax.scatter(seconds, layers, marker="|", s=70, lw=2.2, color=layer_colors(layers, spec.n_layers))
    ax.set(xlabel="time (s)", ylabel="layer", xlim=(0, end), ylim=(spec.n_layers + 0.6, 0.4))
    ax.set_yticks(spec.layers)
    return ax


def plot_pretraining(
    ax: Axes,
    losses: Sequence[float],
    smoothed: Sequence[float],
    baseline: float,
    eval_steps: Sequence[int],
    eval_losses: Sequence[float],
) -> Axes:
    """Draw the loss of the speech tokens over the steps against the unigram baseline.

    losses and smoothed, (n_steps,), are nats per token: each batch alone, and averaged; baseline is the loss
    of predicting every token by its share; step 0 of the validation is before training.
    """
    steps = np.arange(1, len(losses) + 1)
    ax.plot(steps, losses, color=AUDIO, alpha=0.3, lw=1, label="training, each batch")
    ax.plot(steps, smoothed, color=AUDIO, label="training, running mean")
    ax.plot(eval_steps, eval_losses, color="black", marker="o", ls=":", label="validation")
    ax.axhline(baseline, color=NEUTRAL, ls="--", label=f"unigram baseline ({baseline:.2f})")
    ax.set(xlabel="step", ylabel="loss (nats per token)", xlim=(0, len(losses) + 0.5), ylim=(0, None))
    count_along(ax.xaxis)
    ax.legend()
    return ax


def plot_embeddings(
    ax: Axes,
    words: np.ndarray,
    points: np.ndarray,
    layers: Sequence[int],
    markers: np.ndarray,
    shares: Sequence[float],
) -> Axes:
    """Draw token embeddings as points in the plane, speech tokens coloured by layer.

    words (n_words, 2), points (n_tokens, 2; speech tokens, of layers) and markers (n_markers, 2) are places
    on two axes that have these shares of the variance.
    """
    layers = np.asarray(layers)
    ax.scatter(*words.T, s=4, color="0.8", lw=0, label="words of the LLM", rasterized=True)
    for layer in np.unique(layers):
        at = points[layers == layer]
        (colour,) = layer_colors([layer], max(8, *layers))
        ax.scatter(*at.T, s=26, color=colour, edgecolor="white", lw=0.4, label=f"layer {layer}")
    ax.scatter(*markers.T, s=34, marker="x", color="black", lw=1.4, label="markers")
    names = [f"principal axis {k} ({share:.0%} of the variance)" for k, share in enumerate(shares, start=1)]
    ax.set(xlabel=names[0], ylabel=names[1])
    return ax


def plot_pairs(ax: Axes, closeness: np.ndarray, cosines: np.ndarray, bins: Sequence[tuple]) -> Axes:
    """Draw pairs of tokens (n_pairs,), how alike they sound against how alike their embeddings are.

    bins : (closeness, mean cosine) of equally many pairs each, drawn as a line.
    """
    ax.scatter(closeness, cosines, s=5, color=NEUTRAL, alpha=0.25, lw=0, rasterized=True)
    ax.plot(*np.transpose(bins), color=AUDIO, marker="o", label="mean of a tenth of the pairs")
    ax.set(xlabel="acoustic closeness (minus distance of effects, sd)", ylabel="cosine of their embeddings")
    ax.legend()
    return ax


def plot_permutations(ax: Axes, permuted: Sequence[float], observed: Mapping[str, float]) -> Axes:
    """Draw observed correlations, by name, over the histogram of those of shuffled tokens."""
    ax.hist(permuted, bins=40, color="0.8", label="tokens shuffled")
    for (name, value), colour in zip(observed.items(), (NEUTRAL, AUDIO, BOTH, TEXT), strict=False):
        ax.axvline(value, color=colour, lw=2.2, label=f"{name}: {value:+.2f}")
    ax.set(xlabel="rank correlation of the two similarities", ylabel="shuffles")
    ax.locator_params(axis="x", nbins=6)
    ax.legend(loc="upper right", bbox_to_anchor=(0.93, 1), frameon=True, framealpha=1, edgecolor="none")
    return ax
