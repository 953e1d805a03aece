"""Figures and sliders of notebook 02 show the data they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES
from matplotlib.colors import to_rgb

from speechlm_utils import plots, widgets
from speechlm_utils.corpus import label_ids
from speechlm_utils.plots.style import set_color
from speechlm_utils.selection import fit_l1_path


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots()[1]


@pytest.fixture(scope="module")
def path(planted_clips):
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    return fit_l1_path(planted_clips, y, [0.001, 0.02, 0.1], codebook_size=CODEBOOK_SIZE)


def test_spread_leaves_out_what_never_occurs(ax):
    plots.plot_spread(ax, np.array([0.1, 0, 0.5]), np.array([0.2, 1, 0.4]), np.array([True, False, False]))
    tokens, words = (one.get_offsets().tolist() for one in ax.collections)
    assert tokens == [[0.5, 0.4]] and words == [[0.1, 0.2]]


def test_shrinkage_has_three_curves(ax):
    a = np.linspace(-1, 1, 5)
    plots.plot_shrinkage(ax, a, 0 * a, a / 2)
    assert [line.get_ydata().tolist() for line in ax.lines[:3]] == [
        a.tolist(),
        (a / 2).tolist(),
        (0 * a).tolist(),
    ]


def test_sizes_end_where_zeros_begin(ax):
    plots.plot_sizes(ax, {"ℓ1": np.array([0.0, 2.0, 0.0, 1.0]), "ℓ2": np.array([1.0, 2.0, 3.0, 4.0])})
    assert ax.lines[0].get_ydata().tolist() == [2.0, 1.0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ℓ1: 2", "ℓ2: 4"]


def test_path_shows_counts_scores_and_marks(ax):
    below = plt.subplots()[1]
    Cs, score = np.array([0.01, 0.1]), np.array([0.3, 0.5])
    plots.plot_C_path(ax, below, Cs, np.array([0, 80]), score, np.array([0.1, 0.2]), {"best": 0.1})
    assert ax.lines[0].get_ydata().tolist() == [0, 80] and below.lines[0].get_ydata().tolist() == [0.3, 0.5]
    assert ax.lines[1].get_xdata()[0] == 0.1 and ax.get_legend().get_texts()[0].get_text() == "best"
    band = below.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(0.2) and band.max() == pytest.approx(0.7)


def test_boxes_span_the_folds_in_the_colour_of_the_layer(ax):
    coefs = np.array([[0.1, -0.2], [0.3, 0.0], [0.2, -0.1]])
    plots.plot_fold_coefs(ax, coefs, ["L2-0001", "L8-0002"], [2, 8], "emotion")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["L2-0001", "L8-0002"]
    assert [to_rgb(box.get_facecolor()) for box in ax.patches] == [
        to_rgb(c) for c in plots.layer_colors([2, 8])
    ]
    ends = np.concatenate([line.get_xdata() for line in ax.lines])
    assert {0.1, 0.3, -0.2, 0.0} <= set(np.round(ends, 6).tolist())


def test_empty_class_says_so(ax):
    plots.plot_fold_coefs(ax, np.zeros((3, 0)), [], [], "emotion")
    assert ax.get_xlabel() == "no token is kept"


def test_stability_is_sorted_and_may_be_empty(ax):
    plots.plot_stability(ax, np.array([0.2, 1.0, 0.5]), np.array([]))
    assert ax.lines[0].get_ydata().tolist() == [1.0, 0.5, 0.2] and ax.lines[1].get_ydata().size == 0


def test_layer_bars_and_what_chance_gives(ax):
    counts, even = np.array([5, 0, 1]), np.full(3, 2.0)
    plots.plot_layer_counts(ax, [2, 3, 4], counts, even, even - 1, even + 2)
    assert [bar.get_height() for bar in ax.patches] == [5, 0, 1]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["L2", "L3", "L4"]
    spans = ax.collections[0].get_segments()
    assert spans[0][:, 1].tolist() == [1.0, 4.0]


def test_frequencies_have_a_dot_per_token(ax):
    plots.plot_frequencies(ax, {"selected": np.array([1, 10, 100]), "random": np.array([])})
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [1, 10, 100]
    assert ax.lines[0].get_xdata().tolist() == [10, 10]


def test_intervals_have_the_colour_of_their_condition(ax):
    plots.plot_intervals(
        ax, ["text + selected", "text + matched random"], [0.1, 0.0], [0.05, -0.1], [0.2, 0.1]
    )
    bars = {line.get_color(): line.get_xdata() for line in ax.lines[1:] if len(line.get_xdata()) == 2}
    assert list(bars[set_color("selected")]) == [0.05, 0.2]
    assert list(bars[set_color("matched random")]) == [-0.1, 0.1]
    assert set_color("text + matched random") != set_color("text + random") != set_color("text")


def test_permuted_counts_span_least_to_most(ax):
    permuted = np.array([[0, 5], [2, 9], [1, 7]])
    plots.plot_permuted_counts(ax, np.array([0.01, 0.1]), np.array([3, 20]), permuted, "topic")
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0, 9) and ax.lines[1].get_ydata().tolist() == [3, 20]
    assert ax.lines[0].get_ydata().tolist() == [1, 7]


def test_penalties_touch_a_corner_with_l1_only():
    fig = widgets.show_penalties(budget=1.0, angle=10)
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes]
    assert "1 exactly zero" in titles[0] and "0 exactly zero" in titles[1]
    assert fig.axes[0].lines[2].get_xydata().tolist() == [[1.0, 0.0]]


def test_path_step_shows_the_kept_tokens_of_each_layer(path):
    fig = widgets.show_path(path, FALLACIES, 1)
    count, coefs = fig.axes
    assert count.lines[1].get_ydata().tolist() == [3]
    shown = np.asarray(coefs.images[0].get_array())
    assert shown.shape == (3, 3) and (shown.argmax(axis=0) == [0, 1, 2]).all()
    assert [label.get_text() for label in coefs.get_xticklabels()] == ["L3", "L5", "L8"]


def test_path_step_without_tokens_says_so(path):
    fig = widgets.show_path(path, FALLACIES, 0)
    assert fig.axes[1].get_xlabel() == "no token is kept" and not fig.axes[1].images


def test_sliders_offer_the_path_and_redraw(path, monkeypatch):
    drawn = []
    monkeypatch.setattr("speechlm_utils.widgets.selection.show_path", lambda *args: drawn.append(args[2]))
    box = widgets.explore_path(path, FALLACIES, 1)
    slider = box.children[0]
    assert [label for label, _ in slider.options] == ["0.001", "0.02", "0.1"] and slider.value == 1
    slider.value = 2
    assert drawn[-1] == 2


def test_penalty_sliders_redraw(monkeypatch):
    drawn = []
    monkeypatch.setattr("speechlm_utils.widgets.selection.show_penalties", lambda *args: drawn.append(args))
    box = widgets.explore_penalties()
    box.children[0].value = 0.5
    assert drawn[-1] == (0.5, 10.0)
