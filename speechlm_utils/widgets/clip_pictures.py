"""Pictures of a clip and of what a classifier says of it, each returned in words too."""

import numpy as np
from matplotlib.figure import Figure

from ..clips import Clip
from ..plots.codec import plot_codes, plot_waveform
from ..plots.embeddings import plot_occurrences
from ..plots.style import BOTH, show_name
from ..plots.training import plot_probabilities
from ..tokens import list_occurrences

SIZE, BARS = (9, 4.6), (9, 2.6)  # inches


def draw_clip(figure: Figure, clip: Clip, wav: np.ndarray, classifier) -> str:
    """Draw waveform, codes and selected tokens of a recording above each other; returns it in words."""
    codes, spec = clip.codes, clip.spec
    found = list_occurrences(codes, classifier.tokens, classifier.settings.collapse_repeats)
    wave, image, tokens = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.5, 1.3))
    plot_waveform(wave, wav, spec.sample_rate)
    plot_codes(image, codes, spec)
    plot_occurrences(tokens, found, codes.shape[1], spec)
    image.set_title(f"{codes.size:,} codes: a colour stands for a code and means no size")
    tokens.set_title(f"selected: {len(found)}")
    return f"waveform, {codes.size} codes and {len(found)} selected tokens"


def draw_prediction(figure: Figure, probabilities: np.ndarray, classifier, clip: Clip) -> str:
    """Draw the probability of every class, the true one on a grey band; returns them in words."""
    names, truth = classifier.label_names, clip.labels.get(classifier.task)
    truth = truth if truth in names else None
    plot_probabilities(figure.subplots(), names, {"": probabilities}, {"": BOTH}, truth=truth)
    return ", ".join(f"{show_name(name)} {p:.0%}" for name, p in zip(names, probabilities, strict=True))
