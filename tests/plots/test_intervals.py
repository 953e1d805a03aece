"""Estimates are drawn on their intervals, each row in its colour."""

import numpy as np
import pytest

from speechlm_utils import plots
from speechlm_utils.plots.intervals import KIND_COLORS
from speechlm_utils.plots.style import set_color


def test_intervals_have_the_colour_of_their_condition(ax):
    spans = [[0.1, 0.05, 0.2], [0.0, -0.1, 0.1]]
    plots.intervals.plot_intervals(ax, ["text + selected", "text + matched random"], spans)
    bars = {line.get_color(): line.get_xdata() for line in ax.lines[1:] if len(line.get_xdata()) == 2}
    assert list(bars[set_color("selected")]) == [0.05, 0.2]
    assert list(bars[set_color("matched random")]) == [-0.1, 0.1]
    assert set_color("text + matched random") != set_color("text + random") != set_color("text")


def test_tokens_have_the_colours_given_and_there_may_be_none(ax):
    spans = [[1.0, 0.5, 1.5], [-1.0, -2.0, -0.5]]
    plots.intervals.plot_intervals(
        ax, ["L2-0001", "L8-0002"], spans, colors=plots.layer_colors([2, 8]), are_tokens=True
    )
    assert list(ax.lines[1].get_xdata()) == [0.5, 1.5] and list(ax.lines[3].get_xdata()) == [-2.0, -0.5]
    assert [line.get_color() for line in ax.lines[1::2]] == plots.layer_colors([2, 8])
    plots.intervals.plot_intervals(ax, [], np.zeros((0, 3)), are_tokens=True)


def test_intervals_stand_on_their_rows(ax):
    plots.intervals.plot_intervals(
        ax, ["a", "b"], [(0.1, 0.0, 0.2), (-0.1, np.nan, np.nan)], colors=["red", "blue"]
    )
    assert [list(line.get_ydata()) for line in ax.lines[1:]] == [[0, 0], [0], [1, 1], [1]]
    assert ax.get_ylim() == (1.5, -0.5) and [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


def test_rows_may_have_one_colour_and_each_has_its_interval(ax):
    plots.intervals.plot_intervals(ax, ["all", "some"], [[0.1, 0.05, 0.2], [-0.2, -0.3, 0.0]], colors="red")
    assert [list(line.get_xdata()) for line in ax.lines[1::2]] == [[0.05, 0.2], [-0.3, 0.0]]
    assert [line.get_xdata()[0] for line in ax.lines[2::2]] == [0.1, -0.2]
    assert {line.get_color() for line in ax.lines[1:]} == {"red"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all", "some"]


def test_first_row_stands_on_top_and_zero_is_marked(ax):
    plots.intervals.plot_intervals(ax, ["all", "some"], [[0.1, 0.05, 0.2], [-0.2, -0.3, 0.0]])
    assert ax.get_ylim() == (1.5, -0.5) and ax.lines[0].get_xdata() == [0, 0]


def test_rows_and_bounds_must_fit(ax):
    with pytest.raises(ValueError, match="longer than"):
        plots.intervals.plot_intervals(ax, ["text", "random"], [[0.1, 0.0, 0.2]])


def test_gains_have_a_row_each_and_a_legend_entry_per_kind(ax):
    gains = {"layers 1-2": (0.1, 0.0, 0.2), "layers 1-4": (0.2, 0.1, 0.3), "random": (-0.1, -0.2, 0.05)}
    plots.intervals.plot_source_gains(ax, gains, ["this codec", "this codec", "untrained"])
    zero, *drawn = ax.lines[:7]
    assert list(zero.get_xdata()) == [0, 0]
    assert [list(line.get_xdata()) for line in drawn[::2]] == [[0.0, 0.2], [0.1, 0.3], [-0.2, 0.05]]
    assert [float(line.get_xdata()[0]) for line in drawn[1::2]] == [0.1, 0.2, -0.1]
    assert [line.get_color() for line in drawn[1::2]] == [KIND_COLORS[k] for k in ("this codec",) * 2] + [
        KIND_COLORS["untrained"]
    ]
    assert [t.get_text() for t in ax.get_yticklabels()] == list(gains)
    assert ax.get_ylim() == (2.5, -0.5)  # the first on top
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["this codec", "untrained"]


def test_one_kind_needs_no_legend(ax):
    assert plots.intervals.plot_source_gains(ax, {"a": (0.1, 0.0, 0.2)}, ["this codec"]).get_legend() is None
    with pytest.raises(KeyError):
        plots.intervals.plot_source_gains(ax, {"a": (0.1, 0.0, 0.2)}, ["a fourth kind"])
