"""The atlas in a page: dots lie where the effects say, show their card and play their token."""

import pytest
from explorer_tools import embed_tone, make_facts, plant_tokens, read_sound

from speechlm_utils.explorers.atlas import explore_atlas, list_lines, list_moments


@pytest.fixture
def page(read):
    return read(explore_atlas(make_facts(), {(2, 5): embed_tone(0.4)}))


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return plant_tokens(tiny_clips[:2])


def find_dot(page, name):
    return page.locator(f"button[data-token='{name}']")


def test_card_has_words_and_intervals():
    lines = list_lines(make_facts(), (2, 5))
    assert lines[0].startswith("L2-0005 speaks for a b (+0.80)")
    assert any(line.endswith("+1.50 [+1.40, +1.60] std") for line in lines)
    assert any(line.endswith("-0.50 [-0.60, -0.40] std, not sure") for line in lines)


def test_moments_say_clip_begin_and_end(clips):
    assert sorted(list_moments(clips, (2, 5))) == [(0, 0.1, 0.2), (1, 0.1, 0.2)]
    assert list_moments(clips, (3, 7))[0] in [(0, 0.04, 0.06), (0, 0.3, 0.32)]
    assert list_moments(clips, (4, 9)) == []


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


def test_a_click_keeps_the_card_while_the_pointer_moves_on(page):
    find_dot(page, "L3-0007").hover()
    find_dot(page, "L2-0005").click()
    find_dot(page, "L3-0007").hover()
    assert "L2-0005" in page.locator("[data-card] h3").first.inner_text()
    find_dot(page, "L3-0007").focus()
    assert "L3-0007" in page.locator("[data-card] h3").first.inner_text()


def test_arrow_keys_move_from_dot_to_dot_and_enter_plays(page):
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.token") == "L3-0007"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.token") == "L2-0005"
    assert "L2-0005" in page.locator("[data-card] h3").inner_text()
    page.keyboard.press("Enter")
    assert read_sound(page)[0] > 0.3


def test_card_lists_clips_of_its_token_and_plays_the_moment(clips, read):
    page = read(explore_atlas(make_facts(), {}, clips))
    find_dot(page, "L2-0005").focus()
    items = page.locator("[data-card] li")
    assert items.count() == 2 and clips[0].text in page.locator("[data-card]").inner_text()
    assert page.get_by_role("button", name="show L2-0005").count() == 0  # there is no timeline on this page
    page.get_by_role("button", name=f"play L2-0005 in {clips[0].id} at 0.1 s").press("Enter")
    assert read_sound(page)[0] == pytest.approx(clips[0].codes.shape[1] / 50, abs=0.05)  # of the whole clip
    for _ in range(100):  # not `wait_for_function`: the page's policy allows no eval
        if page.evaluate("window.speechlmSound.stopped"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("window.speechlmSound.stopped")
    assert page.evaluate("window.speechlmSound.currentTime") < 0.4  # 0.1 to 0.2 s, and 0.15 s after it


def test_menus_choose_axes_and_class(page):
    page.get_by_label("up:").select_option("coefficient")
    assert page.locator(".dot").count() == 3
    page.get_by_label("class:").select_option("c")
    assert page.locator(".dot").count() == 2
    find_dot(page, "L4-0009").focus()
    assert "against c" in page.locator("[data-card]").inner_text()
    assert "against c" in find_dot(page, "L4-0009").get_attribute("aria-label")
