"""The lasso explorer: every position shows what it says, none fits anything, an error is one line."""

import re
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
from speechlm_utils.widgets.lasso import SIZE, LassoExplorer, describe_step, draw_at_once, list_by_class

CS = [0.001, 0.02, 0.1]
EVERY, UPPER = (2, 3, 4, 5, 6, 7, 8), (2, 3, 4)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def path(planted_clips):
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    return fit_l1_path(make_selector(), planted_clips, y, CS)


class Paths:
    """In place of LassoPaths: a path for each set of layers; that of layer 2 cannot be fitted."""

    Cs = CS

    def __init__(self, path, clips):
        self.clips, self.asked = clips, []
        self.known = {EVERY: path}

    def has(self, task, layers):
        return layers in self.known

    def get(self, task, layers):
        if layers == (2,):
            raise ValueError("y holds the\nsingle class 'a'")
        if layers not in self.known:
            self.asked.append((task, layers))
            y = label_ids(self.clips, "fallacy", FALLACIES)
            self.known[layers] = fit_l1_path(make_selector(layers=layers), self.clips, y, CS)
        return self.known[layers], FALLACIES


@pytest.fixture
def explorer(path, planted_clips):
    sets = {"all": EVERY, "upper": UPPER, "one": (2,)}
    return LassoExplorer(Paths(path, planted_clips), "fallacy", EVERY, 0.02, ["fallacy", "topic"], sets)


def read(html):
    """The text of HTML, tags taken off."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.value).split())


def title(ax):
    return ax.get_title(loc="left") or ax.get_title()


def test_every_position_shows_its_step_and_none_fits(explorer, path, monkeypatch):
    monkeypatch.setattr(L1LogisticRegression, "fit", lambda *args: pytest.fail("a slider must not fit"))
    assert explorer.step.options == (("0.001", 0), ("0.02", 1), ("0.1", 2)) and explorer.step.value == 1
    seen = set()
    for step in (2, 0, 1, 2):  # from few to many, over none
        explorer.step.value = step
        n_tokens = path.n_tokens[step]
        assert f"{n_tokens} audio tokens selected; converged" in read(explorer.status.widget)
        assert title(explorer.picture.figure.axes[0]) == f"C = {CS[step]:g}: {n_tokens} tokens"
        ax = explorer.picture.figure.axes[1]
        if n_tokens:
            expected = widgets.show_path(path, FALLACIES, step).axes[1].images[0]
            assert (ax.images[0].get_array() == expected.get_array()).all()
            assert ax.images[0].get_extent() == expected.get_extent()
            assert ax.images[0].get_clim() == expected.get_clim()
        else:
            assert not ax.images and ax.get_xlabel() == "no token is selected"
        seen.add(explorer.picture.widget.value)
    assert len(seen) == 3  # another picture for each position, the same one for the same


def test_tokens_are_listed_under_the_class_they_speak_for(explorer):
    explorer.step.value = 1
    listed = read(explorer.tokens)
    assert re.search("ad hominem: L3-0005 authority: L5-0017 emotion: L8-0040", listed), listed


def test_about_so_many_tokens_moves_the_slider(explorer, path):
    explorer.step.value = 0
    explorer.wanted.value = 3
    assert explorer.step.value == 1
    explorer.wanted.value = 5000
    assert explorer.step.value == int(np.argmax(path.n_tokens))


def test_other_layers_are_fitted_once(explorer):
    explorer.layers.value = UPPER
    upper = explorer.paths.known[UPPER]
    assert len(upper.tokens) == 192 < 448 == len(explorer.paths.known[EVERY].tokens)
    assert f"{upper.n_tokens[explorer.step.value]} audio tokens selected" in read(explorer.status.widget)
    explorer.layers.value = EVERY
    explorer.layers.value = UPPER
    assert explorer.paths.asked.count(("fallacy", UPPER)) == 1
    assert not any(c.disabled for c in (explorer.task, explorer.layers, explorer.step, explorer.wanted))


def test_a_path_that_cannot_be_fitted_is_one_line_and_the_control_goes_on(explorer):
    explorer.layers.value = (2,)
    assert 'data-kind="problem"' in explorer.status.widget.value
    assert read(explorer.status.widget) == "⚠ y holds the single class 'a'"
    explorer.wanted.value = 9  # neither may an action in this state do harm
    explorer.step.value = 2
    assert 'data-kind="problem"' in explorer.status.widget.value
    explorer.layers.value = EVERY
    assert "audio tokens selected" in read(explorer.status.widget)
    assert not any(c.disabled for c in (explorer.task, explorer.layers, explorer.step, explorer.wanted))


def test_controls_are_named_and_pictures_have_words(explorer):
    controls = (explorer.task, explorer.layers, explorer.step, explorer.wanted)
    assert [control.description for control in controls] == ["task", "layers", "C", "about"]
    assert re.search(r'alt="[^"]*tokens', explorer.picture.widget.value)


def test_long_lists_are_cut_and_names_escaped():
    tokens = [(2, code) for code in range(20)]
    page = list_by_class(np.stack([np.arange(20.0), np.zeros(20)]), tokens, ["a<b", "c"])
    assert "a&lt;b and 7 more:" in page and page.count("L2-") == 12 and page.index("L2-0019")
    assert "c: none of them" in page


@pytest.mark.parametrize(
    ("Cs", "labels"),
    [([0.01, 0.5], ["0.01", "0.5"]), ([0.011, 0.01104, 1.0], ["0.011", "0.01104", "1"])],
)
def test_labels_tell_the_values_of_C_apart(path, planted_clips, Cs, labels):
    paths = Paths(path, planted_clips)
    paths.Cs = Cs
    assert [label for label, _ in LassoExplorer(paths, "fallacy", EVERY, None, [], {}).step.options] == labels


def test_executed_notebook_has_the_figure_and_a_remark(path, planted_clips, monkeypatch):
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    monkeypatch.setattr(plt, "show", lambda: None)
    paths = Paths(path, planted_clips)
    assert "JupyterLab" in widgets.explore_lasso(paths, "fallacy", EVERY, 0.03).data
    assert title(plt.gcf().axes[0]) == "C = 0.02: 3 tokens"
    monkeypatch.delenv("SPEECHLM_STATIC")
    assert widgets.explore_lasso(paths, "fallacy", EVERY).children


CS = [0.001, 0.02, 0.1]


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
    assert words.startswith("3 audio tokens selected; converged")
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
        "3 audio tokens selected; NOT converged after 1000 iterations: read it with care"
    )
    assert describe_step(stopped, 0) == "0 audio tokens selected; converged after 5 iterations"
