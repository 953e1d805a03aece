"""Figures of notebooks 04 and 05: prompts, the new rows, fine-tuning and what it is worth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .style import AUDIO, BOTH, NEUTRAL, TEXT, layer_color, layer_colors, show_name


def plot_kept_tokens(
    ax: Axes, frames: Sequence[int], layers: Sequence[int], n_frames: int, n_layers: int = 8, frame_rate=50.0
) -> Axes:
    """Draw where in a clip its kept tokens lie.

    Parameters
    ----------
    frames, layers : int arrays, shape (n_kept,); frames from 0, layers from 1
    n_frames, n_layers : int, of the clip's codes
    frame_rate : float, frames per second
    """
    seconds = (np.asarray(frames) + 0.5) / frame_rate
    ax.hlines(range(1, n_layers + 1), 0, n_frames / frame_rate, color="0.9", lw=6, zorder=0)
    ax.scatter(seconds, layers, marker="|", s=70, lw=2.2, color=layer_colors(layers, n_layers))
    ax.set(xlabel="time (s)", ylabel="layer", xlim=(0, n_frames / frame_rate), ylim=(n_layers + 0.6, 0.4))
    ax.set_yticks(range(1, n_layers + 1))
    return ax


def plot_budget(ax: Axes, n_text: Sequence[int], n_audio: Sequence[int], max_length: int) -> Axes:
    """Draw every clip's text and audio tokens, and the line above which a prompt is cut.

    Parameters
    ----------
    n_text, n_audio : int arrays, shape (n_clips,), tokens before cutting
    max_length : int, tokens of a prompt, its four markers included
    """
    ax.scatter(n_text, n_audio, s=12, color=AUDIO, alpha=0.35, lw=0)
    room = max_length - 4
    right, top = 1.15 * np.max(n_text), 1.15 * np.max(n_audio)
    ax.plot([0, room], [room, 0], color="black", ls="--", label=f"room in {max_length} tokens")
    ax.set(xlabel="text tokens of a clip", ylabel="kept audio tokens of a clip", xlim=(0, right))
    ax.set_ylim(0, max(top, min(room, 1.6 * top)))
    ax.legend(loc="upper right")
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

    Parameters
    ----------
    losses, smoothed : float arrays, shape (n_steps,), nats per token: each batch alone, and averaged
    baseline : float, loss of guessing every token by its share
    eval_steps, eval_losses : validation, step 0 is before training
    """
    steps = np.arange(1, len(losses) + 1)
    ax.plot(steps, losses, color=AUDIO, alpha=0.3, lw=1, label="training, each batch")
    ax.plot(steps, smoothed, color=AUDIO, label="training, running mean")
    ax.plot(eval_steps, eval_losses, color="black", marker="o", ls=":", label="validation")
    ax.axhline(baseline, color=NEUTRAL, ls="--", label=f"guessing by frequency ({baseline:.2f})")
    ax.set(xlabel="step", ylabel="loss (nats per token)", xlim=(0, len(losses) + 0.5), ylim=(0, None))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def plot_rows(
    ax: Axes,
    words: np.ndarray,
    points: np.ndarray,
    layers: Sequence[int],
    markers: np.ndarray | None = None,
    shares: Sequence[float] | None = None,
    n_layers: int = 8,
) -> Axes:
    """Draw rows of the embedding matrix as points, speech tokens coloured by layer.

    Parameters
    ----------
    words : float array, shape (n_words, 2), rows of the old vocabulary
    points : float array, shape (n_tokens, 2), rows of the speech tokens
    layers : int array, shape (n_tokens,)
    markers : float array, shape (n_markers, 2)
    shares : the two axes' shares of the variance
    """
    layers = np.asarray(layers)
    ax.scatter(*words.T, s=4, color="0.8", lw=0, label="words of the LLM", rasterized=True)
    for layer in np.unique(layers):
        at = points[layers == layer]
        colour = layer_color(int(layer), n_layers)
        ax.scatter(*at.T, s=26, color=colour, edgecolor="white", lw=0.4, label=f"layer {layer}")
    if markers is not None:
        ax.scatter(*markers.T, s=34, marker="x", color="black", lw=1.4, label="markers")
    names = ("first", "second") if shares is None else [f"{s:.0%} of the variance" for s in shares]
    ax.set(xlabel=f"principal axis 1 ({names[0]})", ylabel=f"principal axis 2 ({names[1]})")
    return ax


def plot_pairs(ax: Axes, closeness: np.ndarray, cosines: np.ndarray, bins: Sequence[tuple]) -> Axes:
    """Draw pairs of tokens, how alike they sound against how alike their rows are.

    Parameters
    ----------
    closeness, cosines : float arrays, shape (n_pairs,)
    bins : (closeness, mean cosine) of equally many pairs each, drawn as a line
    """
    ax.scatter(closeness, cosines, s=5, color=NEUTRAL, alpha=0.25, lw=0, rasterized=True)
    ax.plot(*np.transpose(bins), color=AUDIO, marker="o", label="mean of a tenth of the pairs")
    ax.set(xlabel="acoustic closeness (minus distance of effects, sd)", ylabel="cosine of their rows")
    ax.legend()
    return ax


def plot_permutations(ax: Axes, permuted: Sequence[float], observed: Mapping[str, float]) -> Axes:
    """Draw observed correlations over the histogram of those of shuffled tokens.

    Parameters
    ----------
    permuted : float array, shape (n_permutations,)
    observed : name -> correlation; drawn in the order given
    """
    ax.hist(permuted, bins=40, color="0.8", label="tokens shuffled")
    for (name, value), colour in zip(observed.items(), (NEUTRAL, AUDIO, BOTH, TEXT), strict=False):
        ax.axvline(value, color=colour, lw=2.2, label=f"{name}: {value:+.2f}")
    ax.set(xlabel="rank correlation of the two similarities", ylabel="shuffles")
    ax.legend()
    return ax


def plot_learning_curves(
    axes: Sequence[Axes], curves: Mapping[str, Mapping], chance: float
) -> Sequence[Axes]:
    """Draw training loss (left) and validation macro-F1 (right) of several runs.

    Parameters
    ----------
    axes : two Axes
    curves : name -> {"losses": (n_steps,), "steps": (n_evals,), "scores": (n_evals,), "color": colour}
    chance : float, macro-F1 of guessing
    """
    left, right = axes
    for name, curve in curves.items():
        style = {"color": curve["color"], "label": name}
        left.plot(np.arange(1, len(curve["losses"]) + 1), curve["losses"], **style)
        right.plot(curve["steps"], curve["scores"], marker="o", **style)
    right.axhline(chance, color=NEUTRAL, ls="--", label="guessing")
    left.set(xlabel="step", ylabel="training loss (running mean)", ylim=(0, None))
    right.set(xlabel="step", ylabel="validation macro-F1", xlim=(0, None), ylim=(0, 1))
    for ax in axes:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.legend()
    return axes


def plot_confusion(ax: Axes, matrix: np.ndarray, names: Sequence[str]) -> Axes:
    """Draw a confusion matrix, counts written, colour by share of the row.

    Parameters
    ----------
    matrix : int array, shape (n_classes, n_classes), rows true, columns predicted
    names : of the classes
    """
    matrix = np.asarray(matrix)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.55 else "black"
        ax.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
    shown = [show_name(name) for name in names]
    ax.set_xticks(range(len(names)), shown, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), shown)
    ax.set(xlabel="predicted", ylabel="true")
    ax.spines[:].set_visible(False)
    return ax


def plot_class_scores(
    ax: Axes, names: Sequence[str], scores: Mapping[str, Sequence[float]], colors: Mapping[str, str]
) -> Axes:
    """Draw F1 of every class, one point for each condition, joined by a line.

    Parameters
    ----------
    names : of the classes
    scores : condition -> float array, shape (n_classes,)
    colors : condition -> colour
    """
    places = np.arange(len(names))
    values = np.stack([np.asarray(one) for one in scores.values()])
    ax.hlines(places, values.min(axis=0), values.max(axis=0), color="0.8", lw=2, zorder=0)
    for condition, one in scores.items():
        ax.scatter(one, places, color=colors[condition], s=45, label=condition)
    ax.set_yticks(places, [show_name(name) for name in names])
    ax.set(xlabel="F1 on test", xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=len(scores))
    return ax


def plot_differences(
    ax: Axes,
    labels: Sequence[str],
    differences: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    color: str = BOTH,
) -> Axes:
    """Draw differences with their intervals, one line each, and the zero.

    Parameters
    ----------
    labels : str, shape (n,)
    differences, lows, highs : float arrays, shape (n,)
    """
    places, values = np.arange(len(labels)), np.asarray(differences)
    spans = [values - lows, np.asarray(highs) - values]
    ax.axvline(0, color="black", lw=1)
    ax.errorbar(values, places, xerr=spans, fmt="o", color=color, capsize=3, ms=6)
    ax.set_yticks(places, labels)
    ax.set(xlabel="difference of macro-F1 to text alone", ylim=(len(labels) - 0.5, -0.5))
    return ax


def plot_seed_scores(ax: Axes, scores: Mapping[str, Sequence[float]], colors: Mapping[str, str]) -> Axes:
    """Draw the score of every seed as a point and their mean as a line, one row for each condition.

    Parameters
    ----------
    scores : condition -> float array, shape (n_seeds,)
    colors : condition -> colour
    """
    for place, (name, values) in enumerate(scores.items()):
        ax.vlines(np.mean(values), place - 0.28, place + 0.28, color=colors[name], lw=2.5)
        shifts = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else [0.0]
        ax.scatter(values, place + np.asarray(shifts), color=colors[name], s=30, edgecolor="white", lw=0.6)
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(xlabel="macro-F1 on test (points: seeds, line: mean)", ylim=(len(scores) - 0.5, -0.5))
    return ax


def plot_probabilities(
    ax: Axes,
    names: Sequence[str],
    probabilities: Mapping[str, Sequence[float]],
    colors: Mapping[str, str],
    truth: str | None = None,
) -> Axes:
    """Draw class probabilities of one clip as bars, side by side for each input.

    Parameters
    ----------
    names : of the classes
    probabilities : input -> float array, shape (n_classes,)
    colors : input -> colour
    truth : the class that was meant, on a grey band
    """
    if truth is not None:
        ax.axhspan(list(names).index(truth) - 0.5, list(names).index(truth) + 0.5, color="0.92", zorder=0)
    height = 0.8 / len(probabilities)
    for k, (name, values) in enumerate(probabilities.items()):
        at = np.arange(len(names)) + (k - (len(probabilities) - 1) / 2) * height
        ax.barh(at, values, height=0.9 * height, color=colors[name], label=name)
    ax.set_yticks(range(len(names)), [show_name(name) for name in names])
    ax.set(xlabel="probability", xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    return ax
