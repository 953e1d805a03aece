"""Figures of the notebooks, by topic: arrays and an Axes in, an Axes out; nothing is fitted here."""

from . import (
    acoustics,
    attribution,
    cards,
    codec,
    curves,
    embeddings,
    intervals,
    overview,
    path,
    selection,
    studies,
    training,
)
from .style import AUDIO, BOTH, NEUTRAL, TEXT, apply_style, label_colors, layer_colors, show_name
