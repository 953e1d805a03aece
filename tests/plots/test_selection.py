"""Figures of notebook 02 show the data they were given."""

import numpy as np
from matplotlib.colors import to_rgb

from speechlm_utils import plots
from speechlm_utils.plots import style
from speechlm_utils.plots.selection import plot_penalty


def test_shrinkage_has_three_curves(ax):
    a = np.linspace(-1, 1, 5)
    plots.selection.plot_shrinkage(ax, a, 0 * a, a / 2)
    assert [line.get_ydata().tolist() for line in ax.lines[:3]] == [
        a.tolist(),
        (a / 2).tolist(),
        (0 * a).tolist(),
    ]


def test_sizes_end_where_zeros_begin(ax):
    plots.selection.plot_sizes(
        ax, {"ℓ1": np.array([0.0, 2.0, 0.0, 1.0]), "ℓ2": np.array([1.0, 2.0, 3.0, 4.0])}
    )
    assert ax.lines[0].get_ydata().tolist() == [2.0, 1.0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ℓ1: 2", "ℓ2: 4"]


def test_penalty_plot_shows_its_arrays(ax):
    edge = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    grid, centre, best = np.linspace(-2, 2, 9), np.array([1.5, 0.5]), np.array([1.0, 0.0])
    loss = (grid[None] - 1.5) ** 2 + (grid[:, None] - 0.5) ** 2
    plot_penalty(ax, grid, loss, edge, centre, best)
    assert ax.patches[0].get_xy()[:3].tolist() == edge.tolist()
    assert [line.get_xydata().tolist() for line in ax.lines[1:3]] == [[[1.5, 0.5]], [[1.0, 0.0]]]
    assert ax.get_xlim() == ax.get_ylim() == (-2, 2) and ax.get_aspect() == 1
    inner = ax.collections[0].get_paths()[0].vertices  # the smallest ring lies round the centre
    assert np.allclose((inner.min(axis=0) + inner.max(axis=0)) / 2, centre, atol=0.1)


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


def test_cost_shows_the_curve_the_points_and_the_limit(ax):
    curve = np.array([[0, 0.3, 0.2, 0.4], [60, 0.6, 0.5, 0.7]])
    plots.selection.plot_cost(ax, curve, {"matched": (50, 0.4, 0.3, 0.5)}, {"measured": 0.65})
    assert ax.lines[0].get_xydata().tolist() == [[0, 0.3], [60, 0.6]]
    assert ax.lines[1].get_xydata().tolist() == [[50, 0.3], [50, 0.5]]
    assert ax.lines[2].get_xydata().tolist() == [[50, 0.4]] and ax.lines[3].get_ydata() == [0.65, 0.65]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["selected by lasso (95 % interval)", "matched", "measured"]
