"""What the controls are made of: pictures with words, one line for what happens, nothing left disabled."""

import base64
import io
import re

import ipywidgets
import matplotlib.image
import numpy as np
import pytest

from speechlm_utils import widgets
from speechlm_utils.widgets.panel import LONGEST_LINE, Picture, Status, busy, show_players


@pytest.fixture
def controls():
    return [ipywidgets.Button(), ipywidgets.IntText(), ipywidgets.Button(disabled=True)]


def test_picture_is_white_has_its_size_and_escaped_words():
    picture = Picture(3, 2)
    picture.draw(lambda figure: figure.subplots().set_title("x") and 'a "b" <c>')
    page = picture.widget.value
    assert 'alt="a &quot;b&quot; &lt;c&gt;"' in page and "width:300px" in page
    data = base64.b64decode(re.search('base64,([^"]+)"', page)[1])
    pixels = matplotlib.image.imread(io.BytesIO(data))
    assert (
        pixels.shape[:2] == (200, 300) and (pixels[0, 0] == 1).all()
    )  # white and opaque, whatever the theme
    picture.clear()
    assert picture.widget.value == ""


def test_while_busy_all_but_the_one_in_use_are_disabled(controls):
    status, seen = Status(), []
    with busy(controls, status, "counting", at=controls[1]):
        seen = [control.disabled for control in controls]
        assert "… counting" in status.widget.value and 'data-kind="working"' in status.widget.value
    assert seen == [True, False, True]
    assert [control.disabled for control in controls] == [False, False, True]  # as before


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such\n  task <x>"), "⚠ no such task &lt;x&gt;"),
        (KeyError("a"), "⚠ KeyError: 'a'"),
    ],
)
def test_an_error_is_one_line_and_nothing_stays_disabled(controls, error, line):
    status = Status()
    with busy(controls, status, "counting"):
        raise error
    assert line in status.widget.value and 'data-kind="problem"' in status.widget.value
    assert [control.disabled for control in controls] == [False, False, True]


def test_a_line_is_never_long():
    status = Status()
    status.show("word " * 500, "problem")
    text = re.sub("<[^>]+>", "", status.widget.value)
    assert len(text) <= LONGEST_LINE + 2 and text.endswith("…") and 'role="status"' in status.widget.value


@pytest.mark.parametrize(
    "make",
    [
        widgets.explore_penalties,
        lambda: widgets.explore_residual_vq(np.zeros((3, 2)), np.zeros((2, 4, 2))),
    ],
)
def test_keys_pressed_in_a_slider_belong_to_it(make):
    assert "data-lm-suppress-shortcuts" in make().children[-1].value


def test_of_a_long_sound_the_beginning_is_played():
    page = show_players({"talk": np.zeros(20 * 60 * 8000, np.float32)}, 8000).data
    assert "talk (the first 60 of 1200 s)" in page and len(page) < 2e6
