"""Sizes are selected as asked, hold the planted tokens, and have their matched draws and their ends."""

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.clips import label_ids
from speechlm_utils.evaluation.arms import Part, Recipe
from speechlm_utils.evaluation.sizes import (
    ALL,
    list_occurring,
    list_size_arms,
    match_sizes,
    select_sizes,
)


@pytest.fixture(scope="module")
def part(voiced_clips):
    train, test = voiced_clips[:120], voiced_clips[120:]
    return Part(train, label_ids(train, "fallacy", FALLACIES), test, Recipe(n_draws=3))


@pytest.fixture(scope="module")
def selections(part):
    return select_sizes(part, (3, 10, 40, 440), np.geomspace(0.02, 1, 4))


def test_sizes_are_close_to_what_was_asked_and_others_are_left_out(selections):
    assert 440 not in selections and list(selections) == [3, 10, 40]
    for size, tokens in selections.items():
        assert abs(len(tokens) - size) <= max(1, size / 5) and tokens == sorted(tokens)


def test_larger_sizes_hold_the_planted_tokens(selections):
    for size, tokens in selections.items():
        if size >= 10:
            assert set(PLANTED_TOKENS) <= set(tokens)


def test_a_selection_comes_once(part):
    found = select_sizes(part, (3, 4, 3), [0.06])
    assert len(found) <= 1


def test_arms_run_from_no_token_to_all_that_occur(part, selections):
    arms = list_size_arms(part, selections)
    assert next(iter(arms)) == "words" and arms["words"][0].block is None and list(arms)[-1] == ALL
    everything = arms[ALL][0].tokens
    occurring = {
        (layer, int(code)) for clip in part.train for layer in part.layers for code in clip.codes[layer - 1]
    }
    assert set(everything) == occurring and list(everything) == sorted(occurring) == list_occurring(part)


def test_matched_draws_are_others_of_the_same_number(part, selections):
    size, tokens = next(iter(selections.items()))
    arms, shares = match_sizes(part, {size: tokens})
    draws = arms[f"matched, {size}"]
    assert [len(draw.tokens) for draw in draws] == [len(tokens)] * 3
    assert not any(set(draw.tokens) & set(tokens) for draw in draws)
    assert 0 <= shares[f"matched, {size}"] <= 1
