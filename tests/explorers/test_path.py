"""The path in a page: every position of the slider tells what the fit says, and bars play their token."""

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS
from explorer_tools import embed_tone, read_sound

from speechlm_utils.clips import label_ids
from speechlm_utils.explorers.path import describe_step, explore_path
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.tokens import show_token

CS = [0.001, 0.02, 0.1]


@pytest.fixture(scope="module")
def path(planted_clips):
    y = label_ids(planted_clips, "fallacy", FALLACIES)
    return fit_l1_path(make_selector(), planted_clips, y, CS)


def test_a_step_tells_counts_and_the_strongest_of_each_class(path):
    step = describe_step(path, FALLACIES, 2)
    assert step["n"] == path.n_tokens[2] == sum(step["layers"].values())
    assert set(step["layers"]) == {str(layer) for layer, _ in path.tokens}
    coefs = path.coefs[2][:, path.n_words :]
    for row, (one, planted) in enumerate(zip(step["classes"], PLANTED_TOKENS, strict=True)):
        assert (one["for"], one["against"]) == ((coefs[row] > 0).sum(), (coefs[row] < 0).sum())
        assert one["top"][0][0] == show_token(*planted) and one["top"][0][1] > 0
        assert all(abs(a[1]) >= abs(b[1]) for a, b in zip(one["top"], one["top"][1:], strict=False))


def test_first_shown_is_the_nearest_C(path):
    assert explore_path(path, FALLACIES, 0.03).data["start"] == 1
    assert explore_path(path, FALLACIES).data["start"] == 1


def test_slider_moves_by_keyboard_and_count_and_bars_change(path, read):
    page = read(explore_path(path, FALLACIES, 0.02, n_all=300))
    said, bars = page.get_by_role("status"), page.locator(".bar")
    assert f"C = 0.02: {path.n_tokens[1]:,} of 300 tokens" in said.inner_text()
    before = bars.all_inner_texts()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert f"C = 0.1: {path.n_tokens[2]:,} of" in said.inner_text()
    assert bars.all_inner_texts() != before
    slider = page.get_by_role("slider", name="C: left a strong penalty")
    assert slider.get_attribute("aria-valuetext") == said.inner_text()


def test_no_token_is_no_fault(path, read):
    page = read(explore_path(path, FALLACIES, 0.001))
    assert f"{path.n_tokens[0]} of" in page.get_by_role("status").inner_text()
    assert "NaN" not in page.content().split("<script>")[0]


def test_bar_plays_its_token(path, read):
    token = PLANTED_TOKENS[1]
    page = read(explore_path(path, FALLACIES, 0.1, {token: embed_tone(0.5)}))
    page.get_by_role("button", name=f"♪ {show_token(*token)}").first.press("Enter")
    assert read_sound(page) == [pytest.approx(0.5, abs=0.05), False]
    page.get_by_role("button", name=f"♪ {show_token(*token)}").first.press("Enter")
    assert read_sound(page)[1]


def test_fit_that_did_not_converge_is_told(path, read):
    stopped = type(path)(**vars(path) | {"converged": np.zeros(3, dtype=bool)})
    assert "did not converge" in read(explore_path(stopped, FALLACIES)).get_by_role("status").inner_text()
