"""The confusion matrix in a page: cells count, list and play their clips."""

import numpy as np
import pytest
from explorer_tools import read_sound

from speechlm_utils.explorers.confusion import explore_confusion

NAMES = ("ad_hominem", "authority", "emotion")


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return [clip for clip in tiny_clips if "fallacy" in clip.labels][:9]


Y = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
SAID = {"words": np.array([0, 0, 1, 1, 1, 1, 2, 0, 0]), "words + tokens": Y}


def test_cells_hold_every_clip_once_and_some_are_heard(clips):
    data = explore_confusion(clips, Y, SAID, NAMES, n_heard=1).data
    for name, cells in data["models"].items():
        assert sorted(place for row in cells for cell in row for place in cell) == list(range(9))
        assert [[len(cell) for cell in row] for row in cells] == [
            [int(((Y == i) & (SAID[name] == j)).sum()) for j in range(3)] for i in range(3)
        ]
        heard = [[any("sound" in data["clips"][i] for i in cell) for cell in row if cell] for row in cells]
        assert all(flag for row in heard for flag in row)
    assert sum("sound" in one for one in data["clips"]) == 5  # the cells of both share them


def test_cell_lists_and_plays_its_clips(clips, read):
    page = read(explore_confusion(clips, Y, SAID, NAMES))
    assert "words: 6 of 9 clips right" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="true emotion, predicted ad hominem: 2").press("Enter")
    assert "predicted ad hominem: 2 clips" in page.get_by_role("status").inner_text()
    assert page.get_by_role("listitem").count() == 2
    assert clips[7].text in page.get_by_role("list").inner_text()
    page.get_by_role("button", name="play").first.press("Enter")
    assert read_sound(page)[0] > 0.3


def test_menu_shows_the_other_classifier(clips, read):
    page = read(explore_confusion(clips, Y, SAID, NAMES))
    page.get_by_label("classifier").select_option("words + tokens")
    assert "9 of 9 clips right" in page.get_by_role("status").inner_text()
    assert page.get_by_role("button", name="true emotion, predicted ad hominem: 0").count() == 1


def test_arrow_keys_go_from_cell_to_cell(clips, read):
    page = read(explore_confusion(clips, Y, SAID, NAMES))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "true ad hominem, predicted authority: 1"
