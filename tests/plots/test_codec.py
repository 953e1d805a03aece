"""Figures of notebook 01 and those over layers show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from speechlm_utils import plots
from speechlm_utils.bootstrap import Interval
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.plots.codec import mark_layers, spread_codes
from speechlm_utils.plots.style import SEMANTIC, layer_colors


def test_clusters_mark_every_centre(ax):
    points, centres = np.random.default_rng(0).normal(size=(50, 2)), np.array([[0.0, 0.0], [1.0, 1.0]])
    plots.codec.plot_clusters(ax, points, np.arange(50) % 2, centres)
    assert np.allclose(ax.collections[0].get_offsets(), points)
    colors = ax.collections[0].get_facecolor()[:, :3]
    assert (colors[::2] == colors[0]).all() and (colors[1::2] == colors[1]).all()
    assert not np.allclose(colors[0], colors[1])
    assert np.allclose(ax.lines[0].get_xydata(), centres)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]


def test_rounding_joins_each_point_with_its_place(ax):
    points = np.array([[0.0, 0.0], [1.0, 1.0], [1.2, 1.0]])
    decoded = np.array([[0.5, 0.0], [1.0, 0.5], [1.0, 0.5]])
    plots.codec.plot_rounding(ax, points, decoded, 1)
    joins = ax.lines[0].get_xydata()
    assert np.allclose(joins[:2], [points[0], decoded[0]]) and np.isnan(joins[2]).all()
    assert np.allclose(ax.lines[2].get_xydata(), decoded)
    assert ax.get_title(loc="left") + ax.get_title() == "1 layer: 2 places"


def test_more_codes_or_layers_than_the_palette_has_still_draw(ax):
    points, centres = np.zeros((10, 2)), np.arange(20.0).reshape(10, 2)
    plots.codec.plot_clusters(ax, points, np.arange(10), centres)
    assert len(np.unique(ax.collections[0].get_facecolor(), axis=0)) == 10
    plots.codec.plot_rounding(ax, points, points, 9)
    assert ax.get_title().startswith("9 layers")


def test_codes_are_an_image_over_seconds_with_layer_1_on_top(ax):
    codes = np.arange(16).reshape(8, 2)
    plots.codec.plot_codes(ax, codes, CodecSpec(16000, 320, 64, 8, (1,)))
    (image,) = ax.images
    assert np.array_equal(image.get_array(), spread_codes(codes)) and image.get_clim() == (0, 1)
    assert image.get_extent() == [0, 0.04, 8.5, 0.5]
    assert to_rgb(ax.get_yticklabels()[0].get_color()) == to_rgb(SEMANTIC)


def test_spread_codes_are_the_same_codes_and_a_few_low_ones_take_all_colours():
    everything = spread_codes(np.arange(1024))
    assert len(set(everything)) == 1024 and everything.min() >= 0 and everything.max() < 1
    low = np.sort(everything[:32])
    assert low[0] < 0.06 and low[-1] > 0.94 and np.diff(low).max() < 0.06


def test_waveform_mel_and_phones_share_the_seconds(ax):
    plots.codec.plot_waveform(ax, np.linspace(-1, 1, 8000), 16000)
    assert ax.lines[0].get_xdata()[-1] == pytest.approx(7999 / 16000) and ax.get_xlim() == (0, 0.5)
    plots.codec.plot_log_mel(ax, np.zeros((80, 5)), 0.5, 16000)
    assert ax.images[0].get_extent() == [0, 0.5, 0, 80]
    ticks = dict(zip((t.get_text() for t in ax.get_yticklabels()), ax.get_yticks(), strict=True))
    assert list(ticks) == ["0.5", "1", "2", "4"] and np.all(np.diff(list(ticks.values())) > 0)
    plots.codec.plot_phones(ax, "AH:0.100-0.200 R:0.200-0.400")
    texts = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert texts == {"AH": pytest.approx(0.15), "R": pytest.approx(0.3)}


def test_probes_draw_one_target_with_its_intervals(ax):
    rows = [
        ("f0_st", "1", (0.1, 0.0, 0.2)),
        ("f0_st", "2–8", (0.5, 0.4, 0.6)),
        ("rms_db", "1", (0.9, 0.8, 1.0)),
    ]
    table = [(target, layers, Interval(*r2, 9, "clips", None)) for target, layers, r2 in rows]
    plots.codec.plot_probes(ax, pd.DataFrame(table, columns=["target", "layers", "r2"]), "f0_st")
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.1, 0.5])
    ends = [segment[:, 1] for segment in ax.collections[0].get_segments()]
    assert np.allclose(ends, [[0, 0.2], [0.4, 0.6]])


def test_overflow_has_a_dot_per_clip_and_names_the_median(ax):
    plots.codec.plot_overflow(
        ax, {"words": np.array([2.0, 2.5, 3.0]), "codes": np.array([400.0, 400.0, 400.0])}
    )
    assert list(ax.lines[0].get_xdata()) == [2, 2.5, 3]
    assert [t.get_text() for t in ax.texts] == ["2.5 per second", "400 per second"]
    assert ax.get_xscale() == "log"


def test_ticks_of_layers_stand_in_the_middle_of_their_columns(ax):
    assert mark_layers(ax, [2, 2, 2, 5]) is ax
    assert ax.get_xticks().tolist() == [1, 3] and ax.lines[0].get_xdata() == [2.5, 2.5]
    assert to_rgb(ax.lines[0].get_color()) == (0, 0, 0)


def test_names_of_narrow_neighbours_do_not_overlap(ax):
    mark_layers(ax, [2] * 40 + [6] * 38 + [7] + [8])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L6", "L7", "\nL8"]


def test_layer_bars_and_what_chance_gives(ax):
    counts, even = np.array([5, 0, 1]), np.full(3, 2.0)
    plots.codec.plot_layer_counts(ax, [2, 3, 4], counts, [even, even - 1, even + 2])
    assert [bar.get_height() for bar in ax.patches] == [5, 0, 1]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L3", "L4"]
    spans = ax.collections[0].get_segments()
    assert spans[0][:, 1].tolist() == [1.0, 4.0]


def test_layer_bars_have_heights_errors_and_floor(ax):
    values, floor = np.array([0.6, 0.3, 0.2]), np.array([0.1, 0.1, 0.05])
    plots.codec.plot_layer_bars(ax, values, "y", np.full(3, 0.05), floor)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(values)
    assert ax.patches[0].get_facecolor()[:3] == pytest.approx(to_rgb(SEMANTIC))
    dashes = ax.collections[-1].get_segments()
    assert [segment[0, 1] for segment in dashes] == pytest.approx(floor)
    plots.codec.plot_layer_bars(plt.figure().subplots(), values, "y", np.full(3, np.nan))  # a single voice


def test_semantic_layers_have_their_colour(ax):
    chance = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 0.0], [6.0, 4.0, 3.0]])
    plots.codec.plot_layer_counts(ax, (1, 2, 3), [5, 0, 1], chance, semantic_layers=(1,))
    colors = [to_rgb(SEMANTIC), layer_colors([2])[0], layer_colors([3])[0]]
    assert [bar.get_facecolor()[:3] for bar in ax.patches] == [pytest.approx(color) for color in colors]
    ranges = ax.collections[0].get_segments()
    assert np.allclose([segment[:, 1] for segment in ranges], [[1, 6], [1, 4], [0, 3]])


def test_many_layers_of_which_none_is_semantic(ax):
    layers, zero = tuple(range(1, 33)), np.zeros(32)
    plots.codec.plot_layer_counts(ax, layers, zero, [zero, zero, zero], semantic_layers=())
    colors = {bar.get_facecolor()[:3] for bar in ax.patches}
    assert len(ax.patches) == 32 and to_rgb(SEMANTIC) not in colors
    assert [t.get_text() for t in ax.get_xticklabels()][:3] == ["L1", "L4", "L7"]
