"""Figures of attribution show the scores they were given."""

import numpy as np
import pytest

from speechlm_utils import plots
from speechlm_utils.plots.attribution import plot_audio_scores, plot_word_scores


def test_points_of_the_integral_lie_on_the_path(ax):
    path, points = np.linspace(0, 1, 201), np.array([0.25, 0.5])
    marks = plots.attribution.plot_path_scores(ax, path, path**2, points).lines[1]
    assert np.allclose(marks.get_xydata(), np.column_stack([points, points**2]))


def test_tokens_of_one_frame_share_a_bar(ax):
    plot_audio_scores(ax, np.array([1, 1, 3]), np.array([0.5, 0.25, -1.0]), 50.0, 5)
    assert [bar.get_height() for bar in ax.patches] == [0, 0.75, 0, -1, 0]
    assert ax.patches[1].get_x() == pytest.approx(0.02)


def test_scores_stand_at_their_words(ax):
    plot_word_scores(ax, ["no", "tax"], np.array([0.5, -0.25]))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["no", "tax"]


def test_attention_has_a_row_for_each_block(ax):
    plots.attribution.plot_attention(ax, np.array([[1.0, 0.1, 0.0]]))
    assert ax.images[0].get_array().tolist() == [[0, -1, -5]]
