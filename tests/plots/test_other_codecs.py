"""Figures of notebook 14 show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from speechlm_utils.plots.other_codecs import KIND_COLORS, plot_kept_layers, plot_source_gains
from speechlm_utils.plots.style import SEMANTIC, TEXT


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def test_gains_have_a_row_each_and_a_legend_entry_per_kind(ax):
    gains = {"layers 1-2": (0.1, 0.0, 0.2), "layers 1-4": (0.2, 0.1, 0.3), "random": (-0.1, -0.2, 0.05)}
    plot_source_gains(ax, gains, ["this codec", "this codec", "untrained"])
    zero, *drawn = ax.lines
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
    assert plot_source_gains(ax, {"a": (0.1, 0.0, 0.2)}, ["this codec"]).get_legend() is None
    with pytest.raises(KeyError):
        plot_source_gains(ax, {"a": (0.1, 0.0, 0.2)}, ["a fourth kind"])


def test_kept_layers_beside_chance(ax):
    chance = np.array([3.0, 2.0, 1.0]), np.array([1.0, 1.0, 0.0]), np.array([6.0, 4.0, 3.0])
    plot_kept_layers(ax, (1, 2, 3), [5, 0, 1], chance, semantic_layers=(1,))
    assert [bar.get_height() for bar in ax.patches] == [5, 0, 1]
    assert [bar.get_facecolor()[:3] for bar in ax.patches] == [to_rgb(SEMANTIC), to_rgb(TEXT), to_rgb(TEXT)]
    ranges = ax.collections[0].get_segments()
    assert np.allclose([segment[:, 1] for segment in ranges], [[1, 6], [1, 4], [0, 3]])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["L1", "L2", "L3"]


def test_many_layers_of_which_none_is_semantic(ax):
    layers, zero = tuple(range(1, 33)), np.zeros(32)
    plot_kept_layers(ax, layers, zero, (zero, zero, zero))
    assert len(ax.patches) == 32 and {bar.get_facecolor()[:3] for bar in ax.patches} == {to_rgb(TEXT)}
    assert [t.get_text() for t in ax.get_xticklabels()][:3] == ["L1", "L4", "L7"]
