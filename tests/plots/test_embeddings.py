"""Figures of notebook 04: what is drawn is what was given."""

import numpy as np
from conftest import SPEC
from matplotlib import pyplot as plt

from speechlm_utils import plots
from speechlm_utils.plots import style
from speechlm_utils.tokens import Occurrence


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_tokens_stand_at_the_middle_of_their_frames(ax):
    plots.embeddings.plot_occurrences(ax, [Occurrence(0, 2, 5), Occurrence(49, 8, 7)], 100, SPEC)
    np.testing.assert_allclose(ax.collections[1].get_offsets(), [[0.01, 2], [0.99, 8]])
    np.testing.assert_allclose(ax.collections[1].get_edgecolor()[1][:3], style.layer_colors([8])[0])
    assert ax.get_xlim() == (0, 2) and ax.get_ylim() == (8.6, 0.4)  # layer 1 on top


def test_pretraining_shows_losses_baseline_and_validation(ax):
    plots.embeddings.plot_pretraining(ax, [9.0, 5.0, 4.0], [9.0, 7.0, 6.0], 3.5, [0, 3], [10.0, 4.2])
    raw, mean, validation, baseline = ax.lines
    assert list(raw.get_xdata()) == [1, 2, 3] and list(mean.get_ydata()) == [9, 7, 6]
    assert list(validation.get_xdata()) == [0, 3] and set(baseline.get_ydata()) == {3.5}
    assert "unigram baseline (3.50)" in texts(ax)


def test_rows_are_coloured_by_layer(ax):
    points = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    plots.embeddings.plot_embeddings(
        ax, np.zeros((4, 2)), points, [3, 2, 3], np.ones((1, 2)), shares=(0.5, 0.25)
    )
    words, second, third, markers = ax.collections
    np.testing.assert_allclose(third.get_offsets(), points[[0, 2]])
    np.testing.assert_allclose(second.get_facecolor()[0][:3], style.layer_colors([2])[0])
    assert len(words.get_offsets()) == 4 and len(markers.get_offsets()) == 1
    assert ax.get_xlabel() == "principal axis 1 (50% of the variance)"


def test_pairs_and_permutations(ax):
    plots.embeddings.plot_pairs(ax, [-3.0, -1.0], [0.1, 0.4], [(-3.0, 0.1), (-1.0, 0.4)])
    assert list(ax.lines[0].get_ydata()) == [0.1, 0.4]
    other = plt.figure().add_subplot()
    plots.embeddings.plot_permutations(other, np.linspace(-1, 1, 100), {"before": 0.0, "after": 0.3})
    assert [line.get_xdata()[0] for line in other.lines] == [0.0, 0.3]
    assert texts(other) == ["tokens shuffled", "before: +0.00", "after: +0.30"]
