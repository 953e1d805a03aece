"""Figures of the path over C show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from speechlm_utils import plots
from speechlm_utils.plots.path import plot_coef_step, plot_count_step


def test_path_shows_counts_scores_and_marks(ax):
    below = plt.subplots()[1]
    Cs, score = np.array([0.01, 0.1]), np.array([0.3, 0.5])
    plots.path.plot_C_path((ax, below), Cs, np.array([0, 80]), score, np.array([0.1, 0.2]), {"best": 0.1})
    assert ax.lines[0].get_ydata().tolist() == [0, 80] and below.lines[0].get_ydata().tolist() == [0.3, 0.5]
    assert ax.lines[1].get_xdata()[0] == 0.1 and ax.get_legend().get_texts()[0].get_text() == "best"
    band = below.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(0.2) and band.max() == pytest.approx(0.7)


def test_path_plot_marks_the_step_and_red_speaks_for_a_class(ax):
    coefs, count = plt.subplots()[1], ax
    values = np.array([[2.0, -1.0], [0.0, 1.0]])
    plot_count_step(count, [0.1, 1.0], [0, 2], 1)
    plot_coef_step(coefs, values, np.array([2, 7]), ["a_b", "c"])
    assert count.lines[1].get_xydata().tolist() == [[1.0, 2.0]] and count.get_title() == "C = 1: 2 tokens"
    assert [label.get_text() for label in coefs.get_yticklabels()] == ["a b", "c"]
    red, _, blue, _ = coefs.images[0].to_rgba(values)[0, 0]
    assert red > blue + 0.2
    assert coefs.lines[0].get_xdata() == [0.5, 0.5]  # between layers 2 and 7


def test_the_largest_count_has_room_above_it_and_numbers_are_written_out(ax):
    plot_count_step(ax, [0.01, 0.1], [0, 80], 0)
    ax.figure.canvas.draw()
    assert ax.get_ylim() == (0, 160)
    assert {"0", "1", "10", "100"} <= {label.get_text() for label in ax.get_yticklabels()}
    assert {"0.01", "0.1"} <= {label.get_text() for label in ax.get_xticklabels()}


def test_entry_counts_every_labelling_and_marks_the_true_one(ax):
    permuted = np.array([0.01, 0.012, 0.02])
    plots.path.plot_entry(ax, 0.004, permuted, "topic")
    assert sum(bar.get_height() for bar in ax.patches) == 3
    assert ax.lines[0].get_xdata() == [0.004, 0.004] and ax.get_title() == "topic"
