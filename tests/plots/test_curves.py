"""Curves show the scores and intervals they were given, sizes begin at zero, C has two axes."""

import numpy as np
import pytest

from speechlm_utils.plots.curves import mark_limits, plot_curves, plot_doses, plot_penalty, scale_sizes

ROWS = np.array([[0, 0.4, 0.3, 0.5], [10, 0.6, 0.5, 0.65]])


def test_curves_have_points_intervals_and_names(ax):
    plot_curves(ax, {"selected": ROWS, "matched": ROWS[1:]})
    first, second = ax.containers
    assert first.lines[0].get_xydata().tolist() == ROWS[:, :2].tolist()
    assert [part.get_label() for part in (first, second)] == ["selected", "matched"]
    (bars,) = first.lines[2]
    assert bars.get_segments()[1][:, 1] == pytest.approx([0.5, 0.65])
    assert first.lines[0].get_color() != second.lines[0].get_color()


def test_curves_can_stand_side_by_side(ax):
    plot_curves(ax, {"a": ROWS, "b": ROWS}, spread=2.0)
    a, b = (part.lines[0].get_xdata() for part in ax.containers)
    assert (a.tolist(), b.tolist()) == ([-1, 9], [1, 11])


def test_limits_are_named_lines(ax):
    mark_limits(ax, {"words": 0.3, "all": 0.7})
    assert [line.get_ydata()[0] for line in ax.lines] == [0.3, 0.7]
    assert len({line.get_linestyle() for line in ax.lines}) == 2


def test_sizes_show_zero_and_thousands(ax):
    scale_sizes(ax, (0, 5, 1786), "tokens")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "5", "1,786"]
    assert ax.get_xlim()[0] < 0 < ax.transData.transform((5, 0))[0] - ax.transData.transform((0, 0))[0]


def test_penalty_has_counts_on_the_left_and_shares_on_the_right(ax):
    right = plot_penalty(
        ax, np.array([0.01, 0.1]), np.array([0, 80]), {"agreement": [np.nan, 0.5]}, (0.02, 0.03)
    )
    assert ax.lines[0].get_ydata().tolist() == [0, 80] and right.lines[0].get_ydata()[1] == 0.5
    names = [text.get_text() for text in right.get_legend().get_texts()]
    assert names == ["tokens selected (left axis)", "agreement"]
    assert ax.patches[0].get_x() == pytest.approx(0.02)


def test_doses_draw_a_token_and_its_control_dashed(ax):
    curves = {"L2-0005": np.array([[0, 0, 0, 0], [100, 3, 2, 4.0]]), "L2-0009": np.zeros((2, 4))}
    plot_doses(ax, curves, {"L2-0005": "L2-0009"})
    own, control = ax.containers
    assert own.lines[0].get_ydata().tolist() == [0, 3] and control.lines[0].get_ydata().tolist() == [0, 0]
    assert own.lines[0].get_color() == control.lines[0].get_color()
    assert (own.lines[0].get_linestyle(), control.lines[0].get_linestyle()) == ("-", "--")
