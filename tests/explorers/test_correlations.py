"""Tokens by their correlations in a page: a dot lies where its r is, its card begins with what is sure."""

import numpy as np
import pytest
from explorer_tools import embed_tone, read_sound

from speechlm_utils.explorers.correlations import explore_correlations, list_correlations
from speechlm_utils.selection.selection import Selection

NAMES = ("pitch", "tilt", "loudness")
R = np.array([[0.4, -0.1, 0.2], [-0.3, 0.0, 0.5]])
SURE = np.array([[True, False, False], [True, False, True]])


@pytest.fixture(scope="module")
def selection():
    coefs = np.array([[0.5, -0.4], [0.0, -0.1]])
    about = {"C": 0.1, "solver": "", "converged": True, "n_iter": 1, "seed": 0}
    where = {"codec_hash": "", "corpus_hash": "", "layers": (2, 3)}
    return Selection("task", [(2, 5), (3, 7)], coefs, ["a_b", "c"], **about, **where)


def test_what_is_sure_comes_first_then_what_is_large():
    lines = list_correlations(R[0], NAMES, SURE[0])
    assert lines == ["pitch: r = +0.40", "loudness: r = +0.20, not sure", "tilt: r = -0.10, not sure"]


def test_dots_lie_at_pitch_and_loudness_and_speak_for_or_against(selection, read):
    page = read(explore_correlations(selection, R, NAMES, SURE, {(2, 5): embed_tone(0.4)}))
    first, second = (page.locator(f"button[data-token='{name}']") for name in ("L2-0005", "L3-0007"))
    boxes = first.bounding_box(), second.bounding_box()
    assert boxes[0]["x"] > boxes[1]["x"] and boxes[0]["y"] > boxes[1]["y"]
    second.focus()
    card = page.locator("[data-card]")
    assert "L3-0007 speaks against a b (-0.40)." in card.inner_text()
    assert "loudness: r = +0.50" in card.inner_text()
    first.press("Enter")
    assert read_sound(page) == [pytest.approx(0.4, abs=0.05), False]
    assert "speaks for a b (+0.50)" in card.inner_text()
    page.get_by_label("up:").select_option("tilt")
    assert "r with tilt" in page.locator("[data-token='L2-0005']").get_attribute("aria-label")


def test_other_numbers_begin_with_the_coefficient(selection):
    data = explore_correlations(selection, R[:, :1], ["duration"], SURE[:, :1]).data
    assert data["start"] == ["coefficient", "coefficient"] and len(data["axes"]) == 2
