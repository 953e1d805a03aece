"""Layers in a page: the slider changes sound, picture and distance, and the sound goes on where it was."""

import pytest
from explorer_tools import RATE, make_tone

from speechlm_utils.explorers.depths import explore_depths

READINGS = {
    "a tone": {0: make_tone(1.0, 220), 1: make_tone(1.0, 880), 2: make_tone(1.0, 230)},
    "another": {0: make_tone(1.5, 330), 1: make_tone(1.5, 330), 2: make_tone(1.5, 330)},
}


@pytest.fixture
def page(read):
    return read(explore_depths(READINGS, RATE))


def read_player(page):
    return page.locator("audio").evaluate(
        "one => new Promise(done => { const tell = () => done([one.duration, one.src.length, one.paused]);"
        "one.readyState > 1 ? tell() : one.addEventListener('canplay', tell, {once: true}); })"
    )


def test_original_comes_last_and_differs_from_itself_by_nothing():
    steps = explore_depths(READINGS, RATE).data["readings"]["a tone"]
    assert [one["n"] for one in steps] == [1, 2, 0]
    assert steps[0]["distance"] > steps[1]["distance"] > steps[2]["distance"] == 0


def test_slider_changes_sound_picture_and_distance(page):
    said, image = page.get_by_role("status"), page.get_by_role("img")
    assert said.inner_text().startswith("1 layer: distance")
    picture, player = image.get_attribute("src"), page.locator("audio").get_attribute("src")
    assert read_player(page)[0] == pytest.approx(1.0, abs=0.05)
    page.get_by_label("layers:").press("ArrowRight")
    assert said.inner_text().startswith("2 layers: distance")
    assert image.get_attribute("src") != picture and page.locator("audio").get_attribute("src") != player
    page.get_by_label("layers:").press("End")
    assert said.inner_text() == "the original"


def test_sound_goes_on_while_the_slider_moves(page):
    page.locator("audio").evaluate("one => one.play()")
    page.get_by_label("layers:").press("ArrowRight")
    assert read_player(page)[0] > 0.9
    page.wait_for_function("!document.querySelector('audio').paused")


def test_menu_shows_another_clip(page):
    page.get_by_label("clip:").select_option("another")
    assert read_player(page)[0] == pytest.approx(1.5, abs=0.05)
    assert "another" in page.locator("audio").get_attribute("aria-label")
