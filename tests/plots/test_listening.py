"""Moments and windows of a token are drawn where they are."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from speechlm_utils import plots


def test_moment_is_marked_on_both():
    axes = plt.subplots(2, 1)[1]
    plots.listening.plot_moment(axes, np.zeros(16000), np.zeros((80, 63)), np.array([[0.2, 0.24]]), 16000)
    (span,) = axes[0].patches
    assert span.get_x() == pytest.approx(0.2) and span.get_width() == pytest.approx(0.04)
    edges = [line.get_xdata()[0] for line in axes[1].lines]
    assert edges == pytest.approx([0.2, 0.24, 0.22])


def test_strip_shows_windows_in_order():
    ax = plt.subplots()[1]
    plots.listening.plot_strip(ax, np.stack([np.full((4, 3), k) for k in range(5)]), "five")
    assert ax.images[0].get_array().shape == (4, 15)
    assert ax.images[0].get_array()[0, ::3].tolist() == [0, 1, 2, 3, 4]
    assert [line.get_xdata()[0] for line in ax.lines] == [2.5, 5.5, 8.5, 11.5]
    assert ax.get_xticks().tolist() == [1, 4, 7, 10, 13]
