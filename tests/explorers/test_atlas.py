"""The atlas in a page: dots lie where the effects say, show their card and play their token."""

import numpy as np
import pandas as pd
import pytest
from explorer_tools import embed_tone, read_sound

from speechlm_utils.explorers.atlas import explore_atlas, list_lines

TOKENS = {(2, 5): (0.8, "a_b", 1.5, -0.5), (3, 7): (0.4, "c", -1.0, 0.25), (4, 9): (-0.3, "c", 0.5, np.nan)}


def make_facts():
    """Coefficients of two classes and effects on two features, one of them not measured for a token."""
    rows = []
    for (layer, code), (coefficient, label, pitch, level) in TOKENS.items():
        token = {"token": f"L{layer}-{code:04d}", "layer": layer, "code": code, "expected": np.nan}
        for name in ("a_b", "c"):
            value = coefficient if name == label else min(coefficient, 0) / 2
            rows.append(token | {"part": "coefficient", "name": name, "value": value, "q": np.nan})
        for name, value in (("f0_st", pitch), ("rms_db", level)):
            q = 0.01 if value > 0 else 0.5
            rows.append(token | {"part": "sound", "name": name, "value": value, "q": q})
    return pd.DataFrame(rows).assign(low=lambda t: t.value - 0.1, high=lambda t: t.value + 0.1)


@pytest.fixture
def page(read):
    return read(explore_atlas(make_facts(), {(2, 5): embed_tone(0.4)}))


def find_dot(page, name):
    return page.locator(f"button[data-token='{name}']")


def test_card_has_words_and_intervals():
    lines = list_lines(make_facts(), (2, 5))
    assert lines[0].startswith("L2-0005 speaks for a b (+0.80)")
    assert any(line.endswith("+1.50 [+1.40, +1.60] std") for line in lines)
    assert any(line.endswith("-0.50 [-0.60, -0.40] std, not sure") for line in lines)


def test_dots_lie_in_the_order_of_their_effects(page):
    left, right = (find_dot(page, name).bounding_box() for name in ("L3-0007", "L2-0005"))
    assert left["x"] < right["x"] and left["y"] < right["y"]  # lower pitch, and louder: further up
    assert page.locator(".dot").count() == 2  # of the third one level is not known
    assert "2 of 3 tokens" in page.get_by_role("status").inner_text()


def test_pointing_shows_the_card_and_a_click_plays(page):
    find_dot(page, "L2-0005").hover()
    assert "speaks for a b" in page.locator("[data-card]").inner_text()
    find_dot(page, "L2-0005").click()
    assert read_sound(page) == [pytest.approx(0.4, abs=0.05), False]


def test_arrow_keys_move_from_dot_to_dot_and_enter_plays(page):
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.token") == "L3-0007"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.token") == "L2-0005"
    assert "L2-0005" in page.locator("[data-card] h3").inner_text()
    page.keyboard.press("Enter")
    assert read_sound(page)[0] > 0.3


def test_menus_choose_axes_and_class(page):
    page.get_by_label("up:").select_option("coefficient")
    assert page.locator(".dot").count() == 3
    page.get_by_label("class:").select_option("c")
    assert page.locator(".dot").count() == 2
    find_dot(page, "L4-0009").focus()
    assert "against c" in page.locator("[data-card]").inner_text()
    assert "against c" in find_dot(page, "L4-0009").get_attribute("aria-label")
