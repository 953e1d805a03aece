"""The controls of notebook 02: every position draws what it says, and none of them fits anything."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES

from speechlm_utils import l1, widgets
from speechlm_utils.corpus import label_ids
from speechlm_utils.selection import fit_l1_path
from speechlm_utils.shrinkage import minimise_within
from speechlm_utils.widgets.selection import MATRIX, describe_step, label_steps


@pytest.fixture(autouse=True)
def keep_figures(monkeypatch):
    """Figures stay open for the test to look at, and are closed after it."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def path(planted_clips):
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    return fit_l1_path(planted_clips, y, [0.001, 0.02, 0.1], codebook_size=CODEBOOK_SIZE)


def title(ax):
    return ax.get_title(loc="left") or ax.get_title()


# --- the two penalties


def test_penalties_touch_a_corner_with_l1_only():
    fig = widgets.show_penalties(budget=1.0, angle=10)
    assert "1 exactly zero" in title(fig.axes[0]) and "0 exactly zero" in title(fig.axes[1])
    assert fig.axes[0].lines[2].get_xydata().tolist() == [[1.0, 0.0]]


def test_no_position_of_the_sliders_calls_the_circle_sparse():
    box = widgets.explore_penalties()
    budget, angle = box.children[:2]
    positions = [
        (b, a)
        for b in np.arange(budget.min, budget.max + 1e-9, budget.step)
        for a in np.arange(angle.min, angle.max + 1e-9, angle.step)
    ]
    zeros = {"l1": 0, "l2": 0}
    for b, a in positions:
        centre = 1.7 * np.array([np.cos(np.deg2rad(a)), np.sin(np.deg2rad(a))])
        for norm in zeros:
            zeros[norm] += bool((minimise_within(centre, MATRIX, round(b, 1), norm) == 0).any())
    assert len(positions) == 16 * 86
    assert zeros["l2"] == 0 and zeros["l1"] > len(positions) / 2


def test_penalty_sliders_are_named_and_redraw(capsys):
    box = widgets.explore_penalties()
    budget, angle = box.children[:2]
    assert (budget.description, angle.description) == ("budget", "angle (degrees)")
    capsys.readouterr()
    box.f(budget=0.5, angle=80.0)
    assert "ℓ1, a diamond: w = (0.00, 0.50), 1 exactly zero" in capsys.readouterr().out.splitlines()
    shown = plt.gcf().axes[0]
    assert shown.lines[2].get_xydata().tolist() == [[0.0, 0.5]]  # the corner on the other axis
    assert np.abs(shown.patches[0].get_xy()).sum(axis=1) == pytest.approx(0.5)


# --- the path over C


def test_path_step_shows_the_kept_tokens_of_each_layer(path):
    fig = widgets.show_path(path, FALLACIES, 1)
    count, coefs = fig.axes[:2]
    assert count.lines[1].get_ydata().tolist() == [3]
    shown = np.asarray(coefs.images[0].get_array())
    assert shown.shape == (3, 3) and (shown.argmax(axis=0) == [0, 1, 2]).all()
    assert [label.get_text() for label in coefs.get_xticklabels()] == ["L3", "L5", "L8"]
    assert coefs.images[0].get_clim() == (-np.abs(shown).max(), np.abs(shown).max())  # zero is white
    assert fig.axes[2].get_ylabel() == "coefficient"  # the scale of the colours


def test_path_step_without_tokens_says_so(path):
    fig = widgets.show_path(path, FALLACIES, 0)
    assert fig.axes[1].get_xlabel() == "no token is kept" and not fig.axes[1].images
    assert len(fig.axes) == 2 and not len(fig.axes[1].get_xticks())


def test_path_step_uses_the_threshold(path):
    every = widgets.show_path(path, FALLACIES, 2).axes[1].images[0].get_array()
    strong = widgets.show_path(path, FALLACIES, 2, "mean").axes[1].images[0].get_array()
    assert 3 <= strong.shape[1] < every.shape[1]


def test_every_position_of_the_path_draws_and_none_fits(path, monkeypatch, capsys):
    monkeypatch.setattr(l1, "_make_solver", lambda *args: pytest.fail("a slider must not fit"))
    box = widgets.explore_path(path, FALLACIES, 1)
    slider = box.children[0]
    assert [label for label, _ in slider.options] == ["0.001", "0.02", "0.1"] and slider.value == 1
    assert slider.description == "C"
    for (label, step), n_tokens in zip(slider.options, path.n_tokens, strict=True):
        box.f(step=step)
        assert title(plt.gcf().axes[0]) == f"C = {label}: {n_tokens} tokens"
        assert f"{n_tokens} of 448 audio tokens kept; converged" in capsys.readouterr().out


def test_moving_the_slider_redraws(path, monkeypatch):
    drawn = []

    def note(path, names, step, threshold):
        drawn.append(step)

    monkeypatch.setattr("speechlm_utils.widgets.selection.show_path", note)
    box = widgets.explore_path(path, FALLACIES, 1)
    box.children[0].value = 2
    assert drawn == [1, 2]  # once when it appears, once when it moves


def test_a_fit_that_stopped_early_is_said(path):
    stopped = replace(path, converged=np.array([True, False, True]), n_iter=np.array([5, 1000, 7]))
    assert describe_step(stopped, 1) == (
        "3 of 448 audio tokens kept; NOT converged after 1000 iterations: read it with care"
    )
    assert describe_step(stopped, 0) == "0 of 448 audio tokens kept; converged after 5 iterations"


@pytest.mark.parametrize(
    ("Cs", "labels"),
    [([0.01, 0.5], ["0.01", "0.5"]), ([0.011, 0.01104, 1.0], ["0.011", "0.01104", "1"])],
)
def test_labels_tell_the_values_of_C_apart(Cs, labels):
    assert label_steps(Cs) == labels


def test_static_page_has_a_remark_for_both(path, monkeypatch):
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    for remark in (widgets.explore_penalties(), widgets.explore_path(path, FALLACIES)):
        assert "JupyterLab" in remark.data
