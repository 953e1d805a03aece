"""Arms read what their name says, and take it from the train clips alone."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.clips import label_ids
from speechlm_utils.evaluation.arms import (
    Part,
    Recipe,
    draw_random,
    list_controls,
    list_frequent,
    list_whole_layers,
)
from speechlm_utils.selection.controls import largest_share
from speechlm_utils.tokens import list_occurrences

RECIPE = Recipe(n_tokens=8, n_draws=10, sizes=(3, 20))


@pytest.fixture(scope="module")
def part(voiced_clips):
    train, test = voiced_clips[:120], voiced_clips[120:]
    return Part(train, label_ids(train, "fallacy", FALLACIES), test, RECIPE)


@pytest.fixture(scope="module")
def controls(part):
    return list_controls(part, use_text=False)


def test_selection_finds_the_planted_tokens_with_and_without_words(part, controls):
    for found in (controls, list_controls(part, use_text=True)):
        (selected,) = found["selected"]
        assert set(PLANTED_TOKENS) <= set(selected.tokens) and 5 <= len(selected.tokens) <= 11


def test_controls_are_of_the_same_number_and_differ(controls):
    selected = set(controls["selected"][0].tokens)
    matched, randoms = ([set(draw.tokens) for draw in controls[name]] for name in ("matched", "random"))
    assert len(matched) == len(randoms) == 10
    assert {len(draw) for draw in [*matched, *randoms]} == {len(selected)}
    assert not any(draw & selected for draw in matched) and largest_share(matched) <= 0.2
    assert len({frozenset(draw) for draw in randoms}) == 10


def test_another_seed_draws_other_tokens(part):
    other = replace(part, recipe=replace(RECIPE, seed=1))
    draws = [[draw.tokens for draw in draw_random(one, 8)] for one in (part, part, other)]
    assert draws[0] == draws[1] and not set(draws[0]) & set(draws[2])


def test_most_frequent_tokens_are_those_that_occur_most(part):
    codes = np.hstack([clip.codes[1:] for clip in part.train])
    counts = {(layer, code): np.sum(codes[layer - 2] == code) for layer in range(2, 9) for code in range(64)}
    found = list_frequent(part, 12)
    assert found == sorted(found) and len(found) == 12
    assert min(counts[token] for token in found) >= sorted(counts.values())[-12]


def test_counts_only_knows_how_many_and_how_long(part, controls):
    (draw,) = controls["counts only"]
    clip, tokens = part.test[5], controls["selected"][0].tokens
    expected = np.log1p([len(list_occurrences(clip.codes, tokens)), clip.codes.shape[1]])
    assert draw.block.read([clip])[0].tolist() == expected.tolist() and draw.tokens == ()


def test_curve_comes_close_to_the_sizes(controls):
    sizes = [len(controls[f"curve, {size}"][0].tokens) for size in (3, 20)]
    assert sizes[0] <= 8 <= 12 <= sizes[1]


def test_whole_layers_are_named(part):
    assert list(list_whole_layers(part, True)) == ["all tokens, layers 2–8", "all tokens, layers 1–8"]
    found = list_whole_layers(part, False)
    assert len(found) == 10 and found["all tokens, layer 3"][0].block.read(part.test).shape == (60, 64)
    few = replace(part, recipe=replace(RECIPE, layers=(2, 5)))
    assert "all tokens, layers 2, 5" in list_whole_layers(few, True)


def test_shuffled_audio_moves_codes_within_each_side(part):
    shuffled = part.shuffle_audio()
    for side in ("train", "test"):
        before, after = getattr(part, side), getattr(shuffled, side)
        assert [(c.id, c.text, c.labels) for c in before] == [(c.id, c.text, c.labels) for c in after]
        moved = [a.codes is not b.codes for a, b in zip(before, after, strict=True)]
        assert np.mean(moved) > 0.9
        assert {id(clip.codes) for clip in before} == {id(clip.codes) for clip in after}


def test_other_codes_come_by_clip(part, voiced_clips):
    coded = {clip.id: replace(clip, codes=clip.codes[:, ::2]) for clip in voiced_clips}
    other = part.with_codes(coded)
    assert [clip.id for clip in other.test] == [clip.id for clip in part.test]
    assert all(clip.codes.shape == (8, 30) for clip in [*other.train, *other.test])


def test_inner_folds_keep_voices_apart_where_there_are_enough(part):
    for train, test in part.inner_folds():
        sides = ({part.train[i].speaker for i in some} for some in (train, test))
        assert not set.intersection(*sides)
    nobody = replace(part, train=[replace(clip, speaker="") for clip in part.train])
    for train, test in nobody.inner_folds():
        sides = ({part.train[i].group for i in some} for some in (train, test))
        assert not set.intersection(*sides)
