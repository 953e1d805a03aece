"""Figures of notebook 03 show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import SPEC

from speechlm_utils import plots


def test_features_have_names_for_people_with_and_without_a_unit():
    assert plots.acoustics.name_feature("zcr") == "zero crossings"
    assert plots.acoustics.name_feature("rms_db", with_unit=True) == "loudness (dB)"
    assert plots.acoustics.name_feature("speech_rate") == "speech rate"


def test_marked_frames_lie_on_their_20_ms():
    axes = plt.subplots(2, 1)[1]
    marked = np.zeros(10, bool)
    marked[4] = True
    values = np.arange(10.0)
    plots.acoustics.plot_clip(axes, np.zeros(3200), {"rms_db": values}, marked, "L2-0001", SPEC)
    assert axes[1].lines[0].get_ydata().tolist() == values.tolist()
    assert axes[1].lines[1].get_xydata().tolist() == [[pytest.approx(0.09), 4.0]]
    span = axes[0].patches[0]
    assert span.get_x() == pytest.approx(0.08) and span.get_width() == pytest.approx(0.02)
    assert axes[1].get_ylabel() == "loudness (dB)"


def test_two_groups_mark_their_means(ax):
    plots.acoustics.plot_two_groups(ax, np.array([1.0, 3.0]), np.array([-1.0, 0.0, 1.0]), "L2-0001", "rms_db")
    assert [line.get_xdata()[0] for line in ax.lines] == [0.0, 2.0]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["all other frames (n = 3)", "frames of L2-0001 (n = 2)"]


def test_effects_are_tokens_by_features_with_unsure_cells_dotted(ax):
    effects = np.array([[0.5, -1.0], [2.0, np.nan], [0.0, 0.1]])
    sure = np.array([[True, True], [True, False], [False, True]])
    plots.acoustics.plot_grid(ax, effects, ["f0_st", "rms_db"], 2, "effect", ~sure)
    plots.codec.mark_layers(ax, np.array([2, 2, 5]))
    np.testing.assert_array_equal(np.ma.filled(ax.images[0].get_array(), np.nan), effects.T)
    assert ax.lines[0].get_xydata().tolist() == [[1, 1], [2, 0]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L5"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["pitch", "loudness"]


def test_strengths_show_the_selection_and_every_draw(ax):
    draws = np.array([[0.1, 0.2], [0.3, 0.1]])
    plots.acoustics.plot_strengths(ax, ["gain_db", "final pitch"], np.array([0.4, 0.5]), draws, 0.05)
    assert ax.lines[0].get_xydata().tolist() == [[0, 0.1], [1, 0.2], [0, 0.3], [1, 0.1]]
    assert ax.lines[1].get_ydata().tolist() == [0.4, 0.5]
    assert [one.get_text() for one in ax.get_xticklabels()] == ["gain\n(dB)", "final\npitch"]
    assert "matched tokens: 2 draws" in [one.get_text() for one in ax.get_legend().get_texts()]


def test_profile_writes_its_numbers(ax):
    plots.acoustics.plot_profile(
        ax, np.array([[1.0, -0.5], [-1.0, 0.5]]), ["ad_hominem", "slogans"], ["f0_st", "rms_db"]
    )
    assert [text.get_text() for text in ax.texts] == ["+1.0", "-0.5", "-1.0", "+0.5"]
    assert ax.get_yticklabels()[0].get_text() == "ad hominem"


def test_recovery_keeps_sets_beside_each_other(ax):
    mean = {"selected": np.array([0.4, 0.2]), "random": np.array([0.0, -0.1])}
    spread = {name: np.array([0.1, 0.1]) for name in mean}
    plots.acoustics.plot_recovery(ax, ["gain_db", "unknown_ms"], mean, spread)
    places = [line.get_xdata() for line in ax.lines if line.get_marker() == "o"]
    assert (places[0] < places[1]).all()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["gain\n(dB)", "unknown ms"]
    assert ax.get_ylim()[0] == pytest.approx(-0.2)
