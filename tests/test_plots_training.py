"""Figures of notebooks 04 and 05: what is drawn is what was given."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from speechlm_utils import plots


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_kept_tokens_stand_at_the_middle_of_their_frames(ax):
    plots.plot_kept_tokens(ax, [0, 49], [2, 8], n_frames=100)
    np.testing.assert_allclose(ax.collections[1].get_offsets(), [[0.01, 2], [0.99, 8]])
    np.testing.assert_allclose(ax.collections[1].get_edgecolor()[1][:3], plots.layer_color(8))
    assert ax.get_xlim() == (0, 2) and ax.get_ylim() == (8.6, 0.4)  # layer 1 on top


def test_budget_line_leaves_room_for_the_markers(ax):
    plots.plot_budget(ax, [5, 10], [20, 60], max_length=64)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[5, 20], [10, 60]])
    x, y = ax.lines[0].get_data()
    assert list(np.add(x, y)) == [60, 60]


def test_pretraining_shows_losses_baseline_and_validation(ax):
    plots.plot_pretraining(ax, [9.0, 5.0, 4.0], [9.0, 7.0, 6.0], 3.5, [0, 3], [10.0, 4.2])
    raw, mean, validation, baseline = ax.lines
    assert list(raw.get_xdata()) == [1, 2, 3] and list(mean.get_ydata()) == [9, 7, 6]
    assert list(validation.get_xdata()) == [0, 3] and set(baseline.get_ydata()) == {3.5}
    assert "guessing by frequency (3.50)" in texts(ax)


def test_rows_are_coloured_by_layer(ax):
    points = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    plots.plot_rows(ax, np.zeros((4, 2)), points, [3, 2, 3], np.ones((1, 2)), shares=(0.5, 0.25))
    words, second, third, markers = ax.collections
    np.testing.assert_allclose(third.get_offsets(), points[[0, 2]])
    np.testing.assert_allclose(second.get_facecolor()[0][:3], plots.layer_color(2))
    assert len(words.get_offsets()) == 4 and len(markers.get_offsets()) == 1
    assert ax.get_xlabel() == "principal axis 1 (50% of the variance)"


def test_pairs_and_permutations(ax):
    plots.plot_pairs(ax, [-3.0, -1.0], [0.1, 0.4], [(-3.0, 0.1), (-1.0, 0.4)])
    assert list(ax.lines[0].get_ydata()) == [0.1, 0.4]
    other = plt.figure().add_subplot()
    plots.plot_permutations(other, np.linspace(-1, 1, 100), {"before": 0.0, "after": 0.3})
    assert [line.get_xdata()[0] for line in other.lines] == [0.0, 0.3]
    assert texts(other) == ["tokens shuffled", "before: +0.00", "after: +0.30"]
    plt.close(other.figure)


def test_learning_curves_of_two_runs():
    fig, axes = plt.subplots(1, 2)
    curve = {"losses": [2.0, 1.0], "steps": [2], "scores": [0.5], "color": "red"}
    plots.plot_learning_curves(axes, {"text": curve, "both": {**curve, "color": "blue"}}, chance=1 / 6)
    assert [line.get_color() for line in axes[0].lines] == ["red", "blue"]
    assert axes[1].lines[0].get_xydata().tolist() == [[2, 0.5]]
    assert axes[1].lines[2].get_ydata()[0] == 1 / 6
    plt.close(fig)


def test_confusion_shows_counts_and_row_shares(ax):
    plots.plot_confusion(ax, [[3, 1], [0, 0]], ["ad_hominem", "b"])
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.75, 0.25], [0, 0]])  # an empty row stays 0
    assert [text.get_text() for text in ax.texts] == ["3", "1", "0", "0"]
    assert ax.get_yticklabels()[0].get_text() == "ad hominem"


def test_class_scores_and_seeds(ax):
    plots.plot_class_scores(ax, ["a", "b"], {"x": [0.2, 0.5], "y": [0.6, 0.4]}, {"x": "red", "y": "blue"})
    np.testing.assert_allclose(ax.collections[2].get_offsets(), [[0.6, 0], [0.4, 1]])
    other = plt.figure().add_subplot()
    plots.plot_seed_scores(other, {"x": [0.2, 0.4], "y": [0.5]}, {"x": "red", "y": "blue"})
    mean, points, one_mean, one = other.collections
    assert mean.get_segments()[0][0][0] == pytest.approx(0.3) and len(points.get_offsets()) == 2
    np.testing.assert_allclose(one.get_offsets(), [[0.5, 1]])
    assert to_rgb(one_mean.get_color()[0]) == to_rgb("blue")
    plt.close(other.figure)


def test_differences_have_their_own_intervals(ax):
    plots.plot_differences(ax, ["all", "some"], [0.1, -0.2], [0.05, -0.3], [0.2, 0.0])
    segments = ax.collections[0].get_segments()
    np.testing.assert_allclose([[s[0][0], s[1][0]] for s in segments], [[0.05, 0.2], [-0.3, 0.0]])


def test_probabilities_mark_the_truth(ax):
    answers = {"text": [0.1, 0.9], "both": [0.7, 0.3]}
    plots.plot_probabilities(ax, ["a", "b"], answers, {"text": "red", "both": "blue"}, truth="a")
    band, *bars = ax.patches
    assert [bar.get_width() for bar in bars] == [0.1, 0.9, 0.7, 0.3]
    assert (band.get_y(), band.get_height()) == (-0.5, 1)
