"""Figures of arms: colours by verdict, the front joined and named."""

import matplotlib.pyplot as plt
import numpy as np

from speechlm_utils.plots.studies import VERDICT_COLORS, plot_attributes, plot_gains, plot_pareto


def test_gains_have_the_colour_of_their_verdict():
    spans = np.array([[0.2, 0.1, 0.3], [-0.2, -0.3, -0.1], [0.0, -0.1, 0.1]])
    verdicts = ["above", "below", "not decided"]
    ax = plot_gains(plt.subplots()[1], ["a", "b", "c"], spans, verdicts, "gain")
    lines = [line for line in ax.lines if list(line.get_xdata()) == [0.1, 0.3]]
    assert [line.get_color() for line in lines] == [VERDICT_COLORS["above"]]
    assert [label.get_text() for label in ax.get_legend().get_texts()] == verdicts


def test_front_is_joined_from_cheap_to_dear_and_named():
    points = {"dear": (9.0, 0.9), "cheap": (1.0, 0.5), "poor": (9.0, 0.4)}
    families = ["language model", "linear", "linear"]
    ax = plot_pareto(plt.subplots()[1], points, [True, True, False], families)
    assert [one.get_text() for one in ax.texts] == ["cheap", "dear"]
    joined = next(line for line in ax.lines if line.get_label() == "Pareto front")
    assert joined.get_xdata().tolist() == [1.0, 9.0] and ax.get_xscale() == "log"
    assert ax.get_ylim()[0] == 0


def test_attributes_show_each_arm_beside_the_others():
    spans = np.array([[0.5, 0.4, 0.6], [0.3, 0.2, 0.4]])
    ax = plot_attributes(plt.subplots()[1], ["rate", "pitch"], {"tokens": spans, "text": spans - 0.1})
    assert [one.get_text() for one in ax.get_xticklabels()] == ["rate", "pitch"]
    assert {one.get_text() for one in ax.get_legend().get_texts()} == {"tokens", "text", "guessing"}
    left, right = (one.lines[0] for one in ax.containers)
    assert left.get_ydata().tolist() == [0.5, 0.3]
    assert all(left.get_xdata() < right.get_xdata())
    bars = ax.containers[0].lines[2][0].get_segments()
    assert [bar[:, 1].round(6).tolist() for bar in bars] == [[0.4, 0.6], [0.2, 0.4]]
