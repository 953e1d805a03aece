"""Figures of notebook 05: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from speechlm_utils import plots


def test_learning_curves_of_two_runs():
    axes = plt.subplots(1, 2)[1]
    curve = {"losses": [2.0, 1.0], "steps": [2], "scores": [0.5], "color": "red"}
    plots.training.plot_learning_curves(
        axes, {"text": curve, "both": {**curve, "color": "blue"}}, chance=1 / 6
    )
    assert [line.get_color() for line in axes[0].lines] == ["red", "blue"]
    assert axes[1].lines[0].get_xydata().tolist() == [[2, 0.5]]
    assert axes[1].lines[2].get_ydata()[0] == 1 / 6


def test_confusion_shows_counts_and_row_shares(ax):
    plots.training.plot_confusion(ax, [[3, 1], [0, 0]], ["ad_hominem", "b"])
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.75, 0.25], [0, 0]])  # an empty row stays 0
    assert [text.get_text() for text in ax.texts] == ["3", "1", "0", "0"]
    assert ax.get_yticklabels()[0].get_text() == "ad hominem"


def test_class_scores_and_seeds(ax):
    plots.training.plot_class_scores(
        ax, ["a", "b"], {"x": [0.2, 0.5], "y": [0.6, 0.4]}, {"x": "red", "y": "blue"}
    )
    np.testing.assert_allclose(ax.collections[2].get_offsets(), [[0.6, 0], [0.4, 1]])
    other = plt.figure().add_subplot()
    plots.training.plot_seed_scores(other, {"x": [0.2, 0.4], "y": [0.5]}, {"x": "red", "y": "blue"})
    mean, points, one_mean, one = other.collections
    assert mean.get_segments()[0][0][0] == pytest.approx(0.3) and len(points.get_offsets()) == 2
    np.testing.assert_allclose(one.get_offsets(), [[0.5, 1]])
    assert to_rgb(one_mean.get_color()[0]) == to_rgb("blue")


def test_probabilities_mark_the_truth(ax):
    answers = {"text": [0.1, 0.9], "both": [0.7, 0.3]}
    plots.training.plot_probabilities(ax, ["a", "b"], answers, {"text": "red", "both": "blue"}, truth="a")
    band, *bars = ax.patches
    assert [bar.get_width() for bar in bars] == [0.1, 0.9, 0.7, 0.3]
    assert (band.get_y(), band.get_height()) == (-0.5, 1)
