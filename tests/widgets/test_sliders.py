"""Sliders draw and play what their value says; players keep how loud clips are against each other."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile

from speechlm_utils import widgets
from speechlm_utils.codec.residual_vq import fit_codebooks
from speechlm_utils.selection.penalties import minimise_within
from speechlm_utils.widgets.sliders import MATRIX


@pytest.fixture(autouse=True)
def no_windows(monkeypatch):
    """Figures stay open for the test to look at, and are closed after it."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def test_players_hold_the_samples_and_escape_captions():
    quiet, loud = np.full(1600, 0.1), np.full(1600, 0.5)
    page = widgets.show_players({"a <b>": quiet, "loud": loud, "too loud": 4 * loud}, 24000, columns=2).data
    sounds = [
        soundfile.read(io.BytesIO(base64.b64decode(data))) for data in re.findall(r'base64,([^"]+)"', page)
    ]
    assert [rate for _, rate in sounds] == [24000] * 3
    assert [wav.mean() for wav, _ in sounds] == pytest.approx([0.1, 0.5, 1.0], abs=1e-3)
    assert "a &lt;b&gt;" in page and page.count("<tr") == 2
    assert re.findall('aria-label="([^"]+)"', page) == ["a &lt;b&gt;", "loud", "too loud"]


def read_players(page):
    """Label and samples of each player."""
    found = re.findall(r'aria-label="([^"]+)".*?base64,([^"]+)"', page, re.S)
    return {label: soundfile.read(io.BytesIO(base64.b64decode(data)))[0] for label, data in found}


def test_slider_in_the_plane_decodes_from_its_layers(capsys):
    points = np.random.default_rng(0).normal(size=(100, 2))
    control = widgets.explore_residual_vq(points, fit_codebooks(points, 3, 4))
    slider = control.children[0]
    assert (slider.min, slider.max) == (1, 3)
    errors = []
    for layers in (1, 3):
        slider.value = layers
        title = plt.gcf().axes[0].get_title() + plt.gcf().axes[0].get_title(loc="left")
        assert title.startswith(f"{layers} layer")
        errors.append(float(capsys.readouterr().out.split()[-1]))
    assert errors[1] < errors[0]


def test_executed_notebooks_show_a_remark_in_place_of_a_control(monkeypatch):
    points = np.random.default_rng(0).normal(size=(50, 2))
    codebooks = fit_codebooks(points, 2, 4)
    assert hasattr(widgets.explore_residual_vq(points, codebooks), "children")
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    assert "JupyterLab" in widgets.explore_residual_vq(points, codebooks).data


def title(ax):
    return ax.get_title(loc="left") or ax.get_title()


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
    budget.value = 0.5
    capsys.readouterr()
    angle.value = 80.0
    assert "ℓ1, a diamond: w = (0.00, 0.50), 1 exactly zero" in capsys.readouterr().out.splitlines()
    shown = plt.gcf().axes[0]
    assert shown.lines[2].get_xydata().tolist() == [[0.0, 0.5]]  # the corner on the other axis
    assert np.abs(shown.patches[0].get_xy()).sum(axis=1) == pytest.approx(0.5)


def test_static_page_has_a_remark(monkeypatch):
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    assert "JupyterLab" in widgets.explore_penalties().data
