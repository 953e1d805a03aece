"""Figures of the notebooks, by topic: arrays and an Axes in, an Axes out; nothing is fitted here."""

from .acoustics import (
    name_feature,
    plot_clip,
    plot_grid,
    plot_medians,
    plot_profile,
    plot_recovery,
    plot_shares,
    plot_two_groups,
)
from .attribution import plot_attention, plot_path_scores, plot_token_scores
from .cards import draw_card, plot_atlas
from .codec import (
    plot_clusters,
    plot_codes,
    plot_depth_curve,
    plot_log_mel,
    plot_overflow,
    plot_phones,
    plot_probes,
    plot_rounding,
    plot_waveform,
)
from .embeddings import (
    plot_budget,
    plot_embeddings,
    plot_occurrences,
    plot_pairs,
    plot_permutations,
    plot_pretraining,
)
from .intervals import plot_intervals, plot_source_gains
from .layers import mark_layers, plot_layer_bars, plot_layer_counts
from .listening import plot_moment, plot_strip
from .overview import plot_pipeline, plot_planted, plot_prosody, plot_upper_bounds
from .path import plot_C_path, plot_permuted_counts
from .penalty import plot_shrinkage, plot_sizes, plot_spread
from .selection import plot_fold_coefs, plot_frequencies, plot_stability
from .style import AUDIO, BOTH, NEUTRAL, TEXT, apply_style, label_colors, layer_colors, show_name
from .training import (
    plot_class_scores,
    plot_confusion,
    plot_learning_curves,
    plot_probabilities,
    plot_seed_scores,
)
