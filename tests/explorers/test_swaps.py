"""Swaps in a page: two menus choose a state that was computed before, and both clips can be heard."""

import numpy as np
import pytest
from conftest import FALLACIES

from speechlm_utils.explorers.swaps import explore_swaps


@pytest.fixture(scope="module")
def clips(tiny_clips):
    return [clip for clip in tiny_clips if "fallacy" in clip.labels][1:6:2]


@pytest.fixture(scope="module")
def shares(clips):
    """Words of i with tokens of j: mostly class j; without tokens: mostly the last class."""
    shares = np.full((3, 4, 3), 0.1)
    for j, k in enumerate((0, 1, 2, 2)):
        shares[:, j, k] = 0.8
    return shares


def test_a_missing_state_is_refused(clips, shares):
    with pytest.raises(ValueError, match=r"expected shape \(3, 4, 3\), got \(3, 3, 3\)"):
        explore_swaps(clips, shares[:, :3], "fallacy", FALLACIES)


def test_menus_choose_words_and_tokens(clips, shares, read):
    page = read(explore_swaps(clips, shares, "fallacy", FALLACIES))
    said = page.get_by_role("status")
    assert said.inner_text().startswith("most probable: ad hominem (80 %); with the clip's own tokens: ad ho")
    assert page.locator("audio").count() == 1
    page.get_by_role("combobox", name="speech tokens of").select_option(index=1)
    assert said.inner_text().startswith("most probable: authority (80 %)")
    assert page.locator("audio").count() == 2
    page.get_by_role("combobox", name="speech tokens of").select_option(index=3)
    assert said.inner_text().startswith("most probable: emotion (80 %)")
    assert page.locator("audio").count() == 1
    page.get_by_role("combobox", name="words of").select_option(index=2)
    assert clips[2].text in page.locator("audio").first.get_attribute("aria-label")
    assert (
        "class of the words"
        in page.locator(".bar").all_inner_texts()[FALLACIES.index(clips[2].labels["fallacy"])]
    )
