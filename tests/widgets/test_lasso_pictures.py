"""Pictures of a lasso path: tokens of a step by layer; the control draws what stands beside it."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import FALLACIES
from matplotlib.figure import Figure

from speechlm_utils import widgets
from speechlm_utils.clips import label_ids
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.widgets.lasso_pictures import SIZE, describe_step, draw_at_once

CS = [0.001, 0.02, 0.1]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def path(planted_clips):
    return fit_l1_path(make_selector(), planted_clips, label_ids(planted_clips, "fallacy", FALLACIES), CS)


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
    assert fig.axes[1].get_xlabel() == "no token is selected" and not fig.axes[1].images
    assert len(fig.axes) == 2 and not len(fig.axes[1].get_xticks())


def test_path_step_uses_the_threshold(path, planted_clips):
    selector = make_selector(L1LogisticRegression(threshold="mean"))
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    every = widgets.show_path(path, FALLACIES, 2).axes[1].images[0].get_array()
    path = fit_l1_path(selector, planted_clips, y, CS)
    strong = widgets.show_path(path, FALLACIES, 2).axes[1].images[0].get_array()
    assert 3 <= strong.shape[1] < every.shape[1]


def test_control_and_page_have_the_same_picture(path):
    figure = Figure(figsize=SIZE, layout="none")
    words = draw_at_once(figure, path, FALLACIES, 1)
    assert words.startswith("3 of 448 audio tokens selected; converged")
    assert "coefficients of 3 tokens" in words
    beside = widgets.show_path(path, FALLACIES, 1)
    for a, b in zip(figure.axes[:2], beside.axes[:2], strict=True):
        assert a.get_title(loc="left") == b.get_title(loc="left") and a.get_xlabel() == b.get_xlabel()
        drawn, expected = ([line.get_xydata().tolist() for line in ax.lines] for ax in (a, b))
        assert drawn == expected
    assert (figure.axes[1].images[0].get_array() == beside.axes[1].images[0].get_array()).all()
    figure.canvas.draw()
    labels = [one.get_window_extent().x0 for one in figure.axes[1].get_yticklabels()]
    assert min(labels) > figure.axes[0].get_window_extent().x1  # names do not cover the count


def test_a_fit_that_stopped_early_is_said(path):
    stopped = replace(path, converged=np.array([True, False, True]), n_iter=np.array([5, 1000, 7]))
    assert describe_step(stopped, 1) == (
        "3 of 448 audio tokens selected; NOT converged after 1000 iterations: read it with care"
    )
    assert describe_step(stopped, 0) == "0 of 448 audio tokens selected; converged after 5 iterations"
