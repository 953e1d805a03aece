"""A clip in a page: tokens lie in time, play their moment, show their card; what-ifs were asked before."""

import numpy as np
import pytest
from explorer_tools import make_facts, plant_tokens, read_sound

from speechlm_utils.explorers.atlas import explore_atlas
from speechlm_utils.explorers.timeline import DOSE, ask_what_if, describe_clip, explore_timeline

NAMES, TOKENS = ("a_b", "c"), [(2, 5), (3, 7), (4, 9)]


def classify(clips):
    """The more L2-0005, the more a_b; one frame of L4-0009 or more: certainly c."""
    share = np.array([0.5 + (clip.codes[1] == 5).mean() / 2 for clip in clips])
    share[[bool((clip.codes[3] == 9).any()) for clip in clips]] = 0
    return np.stack([share, 1 - share], axis=1)


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return plant_tokens(tiny_clips[:2])


@pytest.fixture(scope="module")
def timeline(clips):
    return explore_timeline(clips, explore_atlas(make_facts()), classify, "task", NAMES)


def find_token(page, name):
    return page.locator(f".lanes button[data-token='{name}']")


def test_spans_are_listed_in_time(clips):
    about = describe_clip(clips[0], TOKENS, "task")
    assert about["spans"] == [(1, 0.04, 0.06), (0, 0.1, 0.2), (1, 0.3, 0.32)]
    assert about["seconds"] == pytest.approx(clips[0].codes.shape[1] / 50, abs=0.02)
    assert max(about["outline"]) == 1 and about["label"] == "a b"


def test_what_is_asked_is_what_the_classifier_says(clips):
    found, n = ask_what_if(clips[0], TOKENS, classify), clips[0].codes.shape[1]
    assert found["spoken"] == pytest.approx([0.5 + 2.5 / n, 0.5 - 2.5 / n], abs=1e-3)
    assert found["without"] == {"L2-0005": [0.5, 0.5], "L3-0007": found["spoken"]}
    assert found["with"]["L4-0009"] == [0, 1]
    assert found["with"]["L2-0005"][0] == pytest.approx(found["spoken"][0] + DOSE / 2, abs=0.06)


def test_token_shows_card_moments_and_what_is_said_without_it(timeline, clips, read):
    page = read(timeline)
    assert page.locator(".lanes button").count() == 3
    page.get_by_label("write another").select_option(label="L4-0009, against c")
    find_token(page, "L2-0005").press("Enter")
    assert read_sound(page)[0] == pytest.approx(clips[0].codes.shape[1] / 50, abs=0.05)
    card = page.locator("[data-card]").inner_text()
    assert "L2-0005 speaks for a b" in card and "1 moment, 0.10 s together" in card
    said = page.get_by_role("status").inner_text()
    assert "without L2-0005: a b (50 %)" in said and "with L4-0009: c (100 %)" in said
    assert page.get_by_role("rowheader", name="a b (true)").count() == 1
    assert "0.10 s" in page.get_by_role("img").get_attribute("aria-label")


def test_arrow_keys_go_through_time(timeline, read):
    page = read(timeline)
    find_token(page, "L3-0007").first.focus()
    places = []
    for _ in range(3):
        places.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("ArrowRight")
    assert [one.split(",")[0] for one in places] == [
        "L3-0007 at 0.04 s",
        "L2-0005 at 0.10 s",
        "L3-0007 at 0.30 s",
    ]


def test_menu_shows_another_clip(timeline, clips, read):
    page = read(timeline)
    page.get_by_label("clip:").select_option(index=1)
    assert find_token(page, "L3-0007").count() == 0 and find_token(page, "L2-0005").count() == 1
    assert clips[1].text in page.locator("audio").get_attribute("aria-label")


class Both:
    """Two explorers of one page, as a notebook shows them."""

    def __init__(self, *some):
        self.some = some

    def _repr_html_(self):
        return "".join(one._repr_html_() for one in self.some)


def test_atlas_and_clips_send_to_each_other(timeline, clips, read):
    page = read(Both(explore_atlas(make_facts(), {}, clips), timeline))
    dot = page.locator(".plot button[data-token='L2-0005']")
    dot.focus()
    page.get_by_role("button", name=f"show L2-0005 in {clips[1].id}").press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("L2-0005 at 0.10 s")
    assert page.get_by_label("clip:").input_value() == "1"
    page.get_by_label("clip:").select_option(index=0)
    find_token(page, "L3-0007").first.focus()
    page.get_by_label("class:").select_option("a b")  # where the atlas would not show it
    page.get_by_role("button", name="Its other moments, in the atlas").press("Enter")
    assert page.evaluate("document.activeElement.matches('.plot [data-token=L3-0007]')")
