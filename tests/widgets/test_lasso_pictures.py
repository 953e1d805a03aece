"""Pictures of a lasso path: tokens of a step by layer; a moved picture is the one drawn at once."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import FALLACIES

from speechlm_utils import widgets
from speechlm_utils.clips import label_ids
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.widgets.lasso_pictures import PathPictures, describe_step

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


def test_moved_picture_is_the_one_that_is_drawn_at_once(path):
    moved, fresh = (PathPictures(path, FALLACIES) for _ in range(2))
    for step in (2, 1):
        moved.show(step)
    fresh.show(1)
    for a, b in ((moved.count, fresh.count), (moved.coefs, fresh.coefs)):
        difference = np.asarray(a.canvas.buffer_rgba()).astype(int) - np.asarray(b.canvas.buffer_rgba())
        assert (np.abs(difference) > 40).mean() < 0.02  # the scale's margin may differ by a digit


def test_a_fit_that_stopped_early_is_said(path):
    stopped = replace(path, converged=np.array([True, False, True]), n_iter=np.array([5, 1000, 7]))
    assert describe_step(stopped, 1) == (
        "3 of 448 audio tokens selected; NOT converged after 1000 iterations: read it with care"
    )
    assert describe_step(stopped, 0) == "0 of 448 audio tokens selected; converged after 5 iterations"
