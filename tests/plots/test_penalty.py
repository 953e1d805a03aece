"""Figures of penalties show the data they were given."""

import numpy as np

from speechlm_utils import plots
from speechlm_utils.plots.penalty import plot_penalty


def test_spread_leaves_out_what_never_occurs(ax):
    plots.penalty.plot_spread(
        ax, np.array([0.1, 0, 0.5]), np.array([0.2, 1, 0.4]), np.array([True, False, False])
    )
    tokens, words = (one.get_offsets().tolist() for one in ax.collections)
    assert tokens == [[0.5, 0.4]] and words == [[0.1, 0.2]]


def test_shrinkage_has_three_curves(ax):
    a = np.linspace(-1, 1, 5)
    plots.penalty.plot_shrinkage(ax, a, 0 * a, a / 2)
    assert [line.get_ydata().tolist() for line in ax.lines[:3]] == [
        a.tolist(),
        (a / 2).tolist(),
        (0 * a).tolist(),
    ]


def test_sizes_end_where_zeros_begin(ax):
    plots.penalty.plot_sizes(ax, {"ℓ1": np.array([0.0, 2.0, 0.0, 1.0]), "ℓ2": np.array([1.0, 2.0, 3.0, 4.0])})
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
