"""The token browser lists what its menus say, and shows card and sound of the one picked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.display import HTML
from widget_tools import find_disabled, is_problem, read, read_words

from speechlm_utils import widgets
from speechlm_utils.selection.selection import Selection
from speechlm_utils.tokens import show_token
from speechlm_utils.widgets.tokens import TokenBrowser, describe_token, order_tokens

TOKENS = [(2, 5), (2, 9), (3, 1), (8, 7)]
COEFS = np.array([[0.1, -0.2, 0.5, -0.1], [-0.1, 0.3, 0.0, -0.4]])


@pytest.fixture
def selection():
    return Selection(
        "task", TOKENS, COEFS, ["a_b", "c"], 0.1, "liblinear", True, 9, 0, "codec", "corpus", (2, 3, 8)
    )


def draw(figure, token):
    figure.subplots().set_title(show_token(*token))
    return f"card of {show_token(*token)}"


def play(token):
    if token == (8, 7):
        raise ValueError("no clip\nholds it")
    return HTML(f"<audio aria-label='{show_token(*token)}'></audio>")


@pytest.fixture
def browser(selection):
    return TokenBrowser(selection, draw, play)


def listed(browser):
    return [token for _, token in browser.token.options]


def test_strongest_token_is_shown_first(browser):
    assert listed(browser) == [(3, 1), (2, 9), (2, 5), (8, 7)]
    assert read(browser.status.widget) == "L3-0001 speaks for a b (+0.50)"
    assert read_words(browser.card) == "card of L3-0001" and "L3-0001" in browser.sound.value


def test_picking_shows_another_card_and_sound(browser):
    browser.token.value = (2, 5)
    assert read_words(browser.card) == "card of L2-0005" and "L2-0005" in browser.sound.value
    assert read(browser.status.widget) == "L2-0005 speaks for a b (+0.10)" and not find_disabled(
        browser.controls
    )


def test_menus_narrow_the_list(browser):
    browser.label.value = 1
    assert listed(browser) == [(2, 9)] and read_words(browser.card) == "card of L2-0009"
    browser.label.value = 0
    browser.layer.value = 2
    assert listed(browser) == [(2, 5)] and read_words(browser.card) == "card of L2-0005"
    browser.label.value = None
    assert listed(browser) == [(2, 9), (2, 5)]


def test_an_empty_list_says_so_and_a_wider_one_shows_again(browser):
    browser.label.value, browser.layer.value = 1, 3
    assert is_problem(browser.status) and "choose others" in read(browser.status.widget)
    assert listed(browser) == [] and not browser.card.widget.value and not browser.sound.value
    browser.label.value = None
    assert listed(browser) == [(3, 1)] and read_words(browser.card) == "card of L3-0001"
    assert not is_problem(browser.status)


def test_a_token_that_cannot_be_heard_is_one_line_and_the_next_works(browser):
    browser.token.value = (8, 7)
    assert is_problem(browser.status) and read(browser.status.widget) == "⚠ no clip holds it"
    assert not browser.card.widget.value and not browser.sound.value and not find_disabled(browser.controls)
    browser.token.value = (2, 9)
    assert read_words(browser.card) == "card of L2-0009" and not is_problem(browser.status)


def test_plain_html_is_taken_too(selection):
    assert TokenBrowser(selection, draw, lambda token: "<b>x</b>").sound.value == "<b>x</b>"


def test_order_and_words(selection):
    assert order_tokens(selection, row=1) == [(2, 9)]
    assert order_tokens(selection, layer=8) == [(8, 7)]
    assert describe_token(selection, (8, 7)) == "L8-0007 speaks against c (-0.40)"


def test_controls_are_named_and_an_empty_selection_refused(browser, selection):
    assert [one.description for one in browser.controls] == ["speaks for", "layer", "token"]
    none = Selection(**vars(selection) | {"tokens": [], "coefs": np.zeros((2, 0))})
    with pytest.raises(ValueError, match="no token"):
        widgets.explore_tokens(none, draw, play)


def test_executed_notebook_has_a_card_and_a_remark(selection, monkeypatch):
    monkeypatch.setenv("SPEECHLM_STATIC", "1")
    monkeypatch.setattr(plt, "show", lambda: None)
    assert "JupyterLab" in widgets.explore_tokens(selection, draw, play).data
    assert plt.gcf().axes[0].get_title() or plt.gcf().axes[0].get_title(loc="left")
    plt.close("all")
