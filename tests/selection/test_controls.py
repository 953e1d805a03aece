"""Permuted labels keep how labels lie in sentences, and select less; random tokens match."""

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, SPEC

from speechlm_utils.clips import groups, label_ids
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.selection.controls import (
    N_NEAREST,
    count_permuted,
    matched_random_tokens,
    permute_labels,
    random_tokens,
)
from speechlm_utils.selection.path import fit_l1_path
from speechlm_utils.selection.selector import make_selector

LAYERS = SPEC.acoustic_layers


def test_a_label_fixed_by_the_sentence_stays_fixed_and_moves():
    sentences = np.repeat(np.arange(30), 2)
    y = np.repeat(np.arange(30) % 3, 2)
    permuted = permute_labels(y, sentences, np.random.default_rng(0))
    assert (permuted[::2] == permuted[1::2]).all() and (permuted != y).any()
    assert np.array_equal(np.bincount(permuted), np.bincount(y))


def test_a_label_that_varies_in_every_sentence_still_does():
    sentences, y = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    permuted = permute_labels(y, sentences, np.random.default_rng(0))
    assert (permuted[::2] != permuted[1::2]).all()
    assert 5 < (permuted[::2] == 1).sum() < 35


def test_sentences_of_other_lengths_do_not_mix():
    sentences = np.array(["a", "a", "b", "b", "c", "c", "c"])
    y = np.array([0, 0, 1, 1, 2, 2, 2])
    for seed in range(5):
        assert (permute_labels(y, sentences, np.random.default_rng(seed))[4:] == 2).all()


def test_planted_tokens_outnumber_permuted_ones(planted_clips):
    y, Cs = label_ids(planted_clips, "fallacy", FALLACIES), [0.01, 0.02]
    rng = np.random.default_rng(0)
    shuffled = [permute_labels(y, groups(planted_clips), rng) for _ in range(4)]
    permuted = count_permuted(make_selector(), planted_clips, shuffled, Cs)
    real = fit_l1_path(make_selector(), planted_clips, y, Cs).n_tokens
    assert permuted.shape == (4, 2) and (permuted <= real).all() and (permuted[:, 1] < real[1]).all()
    assert np.array_equal(permuted, count_permuted(make_selector(), planted_clips, shuffled, Cs, n_jobs=2))


def test_random_tokens_are_seeded_and_sampled_evenly_over_the_layers():
    sampled = [token for seed in range(200) for token in random_tokens(20, SPEC, (2, 5), seed)]
    layers, counts = np.unique([layer for layer, _ in sampled], return_counts=True)
    assert layers.tolist() == [2, 5] and abs(counts[0] / len(sampled) - 0.5) < 0.04
    assert len({code for _, code in sampled}) == 64
    assert random_tokens(128, SPEC, (2, 5)) == [(layer, code) for layer in (2, 5) for code in range(64)]
    assert random_tokens(0, SPEC, (2,)) == []
    tokens = random_tokens(75, SPEC, LAYERS, 1)
    assert len(set(tokens)) == 75 and {layer for layer, _ in tokens} <= set(LAYERS)
    assert tokens == random_tokens(75, SPEC, LAYERS, 1) != random_tokens(75, SPEC, LAYERS, 2)


def test_matched_tokens_have_the_same_layers_and_frequencies(planted_clips):
    selected = random_tokens(40, SPEC, (2, 3))
    matched = matched_random_tokens(selected, planted_clips, (2, 3))
    counts = count_matrix(planted_clips, (1, 2, 3)).sum(axis=0).A1

    def frequencies(tokens):
        return np.sort([counts[(layer - 1) * CODEBOOK_SIZE + code] for layer, code in tokens])

    assert not set(selected) & set(matched) and len(set(matched)) == 40
    assert sorted(layer for layer, _ in selected) == sorted(layer for layer, _ in matched)
    assert np.abs(np.median(frequencies(selected)) - np.median(frequencies(matched))) < 6
    assert matched == matched_random_tokens(selected, planted_clips, (2, 3))


def test_a_match_is_one_of_the_nearest_in_frequency(planted_clips):
    totals = np.asarray(count_matrix(planted_clips).sum(axis=0)).reshape(7, CODEBOOK_SIZE)
    for seed in range(5):
        ((layer, match),) = matched_random_tokens([(4, 10)], planted_clips, LAYERS, seed)
        others = np.delete(np.arange(CODEBOOK_SIZE), 10)
        gaps = np.abs(totals[2, others] - totals[2, 10])
        assert layer == 4 and match != 10
        assert abs(totals[2, match] - totals[2, 10]) <= np.sort(gaps)[N_NEAREST - 1]


def test_a_layer_that_is_used_up_is_named(planted_clips):
    everything = [(2, code) for code in range(CODEBOOK_SIZE)]
    with pytest.raises(ValueError, match=r"token \(2, \d+\): no unselected token left"):
        matched_random_tokens(everything, planted_clips, LAYERS)
    with pytest.raises(ValueError, match=r"token \(1, 3\).*layers are \(2, 3"):
        matched_random_tokens([(1, 3)], planted_clips, LAYERS)
