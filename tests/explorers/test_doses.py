"""Doses in a page: menu and slider change sound, numbers and verdicts; a control stands beside its token."""

import numpy as np
import pytest
from explorer_tools import RATE, make_tone

from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec
from speechlm_utils.explorers.doses import explore_doses
from speechlm_utils.interpretation.doses import DoseResponse

TOKENS, DOSES, NAMES = [(3, 5), (3, 9)], (0.0, 0.5, 1.0), ("pitch", "a_b")
CLIP = Clip("clips/0001", "we say so", None, spec=CodecSpec(RATE, 320, 64, 8, (1,)))


@pytest.fixture(scope="module")
def response():
    """The token raises pitch by 6 semitones in each of five clips, its control by none; the class stays."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.01, (2, 3, 5, 2))
    values[0, :, :, 0] += 6 * np.array(DOSES)[:, None]
    values[:, :, :, 1] = 50
    return DoseResponse(TOKENS, DOSES, NAMES, values, {TOKENS[0]: TOKENS[1]})


@pytest.fixture(scope="module")
def wavs():
    return {token: [make_tone(0.5 + 0.1 * i, 200 + 50 * i) for i in range(3)] for token in TOKENS}


@pytest.fixture
def page(response, wavs, read):
    return read(explore_doses(response, wavs, CLIP, {TOKENS[0]: "r = +0.40 with pitch"}))


def read_row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name)).inner_text()


def test_curve_that_is_not_known_is_none(response, wavs):
    values = response.values.copy()
    values[0, 2, :, 0] = np.nan
    unknown = DoseResponse(TOKENS, DOSES, NAMES, values, response.controls)
    row = explore_doses(unknown, wavs, CLIP, {}).data["tokens"][0]["rows"][0]
    assert row["curve"][2] is row["slope"] is None and row["says"] == row["less"] == "not measured"


def test_slider_tells_change_slope_and_verdict(page):
    said = page.get_by_role("status")
    assert said.inner_text() == "L3-0005 written into 0 % of the frames; 1 of 2 measures move with its dose"
    assert "+0.0 [+0.0, +0.0]" in read_row(page, "pitch")
    page.get_by_role("slider", name="dose:").press("End")
    assert "100 % of the frames" in said.inner_text()
    row = read_row(page, "pitch (semitones)")
    assert "+6.0 [" in row and row.count("rises") == 2  # in itself, and less its control
    assert "not decided" in read_row(page, "a b (% points)")
    label = page.get_by_role("img").first.get_attribute("aria-label")
    assert label.startswith("pitch over the dose: 0 % +0.0, 50 % +3.0, 100 % +6.0")


def test_slider_and_menu_change_the_sound(page):
    player, durations = page.locator("audio"), []
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.get_by_role("slider", name="dose:").press(key)
        player.evaluate("one => one.readyState > 0 || new Promise(done => one.onloadedmetadata = done)")
        durations.append(player.evaluate("one => one.duration"))
    assert durations == pytest.approx([0.5, 0.6, 0.7], abs=0.05)
    before = player.get_attribute("aria-label")
    page.get_by_label("token:").select_option(index=1)
    assert "L3-0009" in player.get_attribute("aria-label") != before


def test_control_stands_beside_its_token_and_alone(page):
    menu = page.get_by_label("token:")
    assert menu.locator("option").all_inner_texts() == [
        "L3-0005 (selected; r = +0.40 with pitch)", "L3-0009 (control of L3-0005, not selected)",
    ]  # fmt: skip
    assert page.get_by_role("columnheader", name="less its control").count() == 1
    assert "L3-0009, its control" in page.locator("caption").inner_text()
    menu.select_option(index=1)
    assert page.get_by_role("columnheader", name="less its control").count() == 0
