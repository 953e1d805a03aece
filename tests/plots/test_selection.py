"""Figures of notebook 02 show the data they were given."""

import numpy as np
from matplotlib.colors import to_rgb

from speechlm_utils import plots
from speechlm_utils.plots import style


def test_boxes_span_the_folds_in_the_colour_of_the_layer(ax):
    coefs = np.array([[0.1, -0.2], [0.3, 0.0], [0.2, -0.1]])
    plots.selection.plot_fold_coefs(ax, coefs, ["L2-0001", "L8-0002"], [2, 8], "emotion")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["L2-0001", "L8-0002"]
    assert [to_rgb(box.get_facecolor()) for box in ax.patches] == [
        to_rgb(c) for c in style.layer_colors([2, 8])
    ]
    ends = np.concatenate([line.get_xdata() for line in ax.lines])
    assert {0.1, 0.3, -0.2, 0.0} <= set(np.round(ends, 6).tolist())


def test_empty_class_says_so(ax):
    plots.selection.plot_fold_coefs(ax, np.zeros((3, 0)), [], [], "emotion")
    assert ax.get_xlabel() == "no token is selected"


def test_stability_is_sorted_and_may_be_empty(ax):
    plots.selection.plot_stability(ax, np.array([0.2, 1.0, 0.5]), np.array([]))
    assert ax.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.2] and ax.lines[1].get_ydata().size == 0


def test_frequencies_have_a_dot_per_token(ax):
    plots.selection.plot_frequencies(ax, {"selected": np.array([1, 10, 100]), "random": np.array([])})
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [1, 10, 100]
    assert ax.lines[0].get_xdata().tolist() == [10, 10]
