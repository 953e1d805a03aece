"""The sliders of the two penalties in notebook 02: every position draws what it says."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from speechlm_utils import widgets
from speechlm_utils.selection.penalties import minimise_within
from speechlm_utils.widgets.selection import MATRIX


@pytest.fixture(autouse=True)
def keep_figures(monkeypatch):
    """Figures stay open for the test to look at, and are closed after it."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


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
