"""Bars and ticks over layers show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from speechlm_utils import plots
from speechlm_utils.plots.layers import mark_layers
from speechlm_utils.plots.style import SEMANTIC, layer_colors


def test_ticks_of_layers_stand_in_the_middle_of_their_columns(ax):
    assert mark_layers(ax, [2, 2, 2, 5]) is ax
    assert ax.get_xticks().tolist() == [1, 3] and ax.lines[0].get_xdata() == [2.5, 2.5]
    assert to_rgb(ax.lines[0].get_color()) == (0, 0, 0)


def test_names_of_narrow_neighbours_do_not_overlap(ax):
    mark_layers(ax, [2] * 40 + [6] * 38 + [7] + [8])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L6", "L7", "\nL8"]


def test_layer_bars_and_what_chance_gives(ax):
    counts, even = np.array([5, 0, 1]), np.full(3, 2.0)
    plots.layers.plot_layer_counts(ax, [2, 3, 4], counts, [even, even - 1, even + 2])
    assert [bar.get_height() for bar in ax.patches] == [5, 0, 1]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L3", "L4"]
    spans = ax.collections[0].get_segments()
    assert spans[0][:, 1].tolist() == [1.0, 4.0]


def test_layer_bars_have_heights_errors_and_floor(ax):
    values, floor = np.array([0.6, 0.3, 0.2]), np.array([0.1, 0.1, 0.05])
    plots.layers.plot_layer_bars(ax, values, "y", np.full(3, 0.05), floor)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(values)
    assert ax.patches[0].get_facecolor()[:3] == pytest.approx(to_rgb(SEMANTIC))
    dashes = ax.collections[-1].get_segments()
    assert [segment[0, 1] for segment in dashes] == pytest.approx(floor)
    plots.layers.plot_layer_bars(plt.figure().subplots(), values, "y", np.full(3, np.nan))  # a single voice


def test_semantic_layers_have_their_colour(ax):
    chance = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 0.0], [6.0, 4.0, 3.0]])
    plots.layers.plot_layer_counts(ax, (1, 2, 3), [5, 0, 1], chance, semantic_layers=(1,))
    colors = [to_rgb(SEMANTIC), layer_colors([2])[0], layer_colors([3])[0]]
    assert [bar.get_facecolor()[:3] for bar in ax.patches] == [pytest.approx(color) for color in colors]
    ranges = ax.collections[0].get_segments()
    assert np.allclose([segment[:, 1] for segment in ranges], [[1, 6], [1, 4], [0, 3]])


def test_many_layers_of_which_none_is_semantic(ax):
    layers, zero = tuple(range(1, 33)), np.zeros(32)
    plots.layers.plot_layer_counts(ax, layers, zero, [zero, zero, zero], semantic_layers=())
    colors = {bar.get_facecolor()[:3] for bar in ax.patches}
    assert len(ax.patches) == 32 and to_rgb(SEMANTIC) not in colors
    assert [t.get_text() for t in ax.get_xticklabels()][:3] == ["L1", "L4", "L7"]
