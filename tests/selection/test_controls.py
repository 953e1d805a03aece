"""Permuted labels keep how labels lie in sentences, and select less; random tokens match."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import CODEBOOK_SIZE, FALLACIES, SPEC

from speechlm_utils.clips import groups, label_ids
from speechlm_utils.selection.bag_of_words import count_matrix
from speechlm_utils.selection.controls import (
    MOST_SHARED,
    N_NEAREST,
    count_permuted,
    find_entry_C,
    largest_share,
    matched_random_tokens,
    permute_labels,
    random_tokens,
)
from speechlm_utils.selection.l1 import L1LogisticRegression, fit_l1
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


@pytest.mark.parametrize("classes", [3, 2])
def test_first_token_enters_where_the_slope_says(planted_clips, classes):
    some = [clip for clip in planted_clips if clip.labels["fallacy"] in FALLACIES[:classes]]
    some = some[: len(some) - classes]  # classes of unequal size
    y, selector = label_ids(some, "fallacy", FALLACIES), make_selector(use_text=False)
    X, rng = selector[:-1].fit_transform(some), np.random.default_rng(0)
    labels = np.stack([y, *(permute_labels(y, groups(some), rng) for _ in range(3))])
    found = find_entry_C(X, labels)
    assert found.shape == (4,) and found[0] < found[1:].min()  # what is planted enters first
    for one, C in zip(labels, found, strict=True):
        before, after = (fit_l1(L1LogisticRegression(), X, one, C * share) for share in (0.98, 1.02))
        assert not before.get_support().any() and after.get_support().any()


def totals(clips):
    """How often each token of the layers 2 to 8 occurs: (7, CODEBOOK_SIZE)."""
    return np.asarray(count_matrix(clips).sum(axis=0)).reshape(7, CODEBOOK_SIZE)


def keep_codes_below(clips, limit):
    """The same clips where the layers from 2 on hold codes below `limit` alone; every one of them occurs."""
    codes = [np.vstack([clip.codes[:1], clip.codes[1:] % limit]) for clip in clips]
    return [replace(clip, codes=one) for clip, one in zip(clips, codes, strict=True)]


def test_random_tokens_are_seeded_and_sampled_evenly_over_the_layers(planted_clips):
    sampled = [token for seed in range(200) for token in random_tokens(20, planted_clips, (2, 5), seed)]
    layers, counts = np.unique([layer for layer, _ in sampled], return_counts=True)
    assert layers.tolist() == [2, 5] and abs(counts[0] / len(sampled) - 0.5) < 0.04
    assert len({code for _, code in sampled}) == 64
    everything = [(layer, code) for layer in (2, 5) for code in range(64)]
    assert random_tokens(128, planted_clips, (2, 5)) == everything
    assert random_tokens(0, planted_clips, (2,)) == []
    tokens = random_tokens(75, planted_clips, LAYERS, 1)
    assert len(set(tokens)) == 75 and {layer for layer, _ in tokens} <= set(LAYERS)
    assert (
        tokens == random_tokens(75, planted_clips, LAYERS, 1) != random_tokens(75, planted_clips, LAYERS, 2)
    )


def test_what_never_occurs_is_never_sampled(planted_clips):
    few = keep_codes_below(planted_clips, 10)
    assert {code for _, code in random_tokens(20, few, (2, 5))} == set(range(10))
    with pytest.raises(ValueError, match=r"n_tokens=21: of layers \(2, 5\), 20 tokens occur"):
        random_tokens(21, few, (2, 5))
    draws = matched_random_tokens([(2, 0), (2, 1), (5, 0)], few, (2, 5), 12)
    assert all(code < 10 for draw in draws for _, code in draw)


def test_matched_tokens_have_the_same_layers_and_frequencies(planted_clips):
    counts, selected = totals(planted_clips), random_tokens(16, planted_clips, (2, 3))
    draws = matched_random_tokens(selected, planted_clips, (2, 3), 4)

    def median(tokens):
        return np.median([counts[layer - 2, code] for layer, code in tokens])

    assert len(draws) == 4
    for draw in draws:
        assert not set(selected) & set(draw) and len(set(draw)) == 16 and draw == sorted(draw)
        assert sorted(layer for layer, _ in selected) == sorted(layer for layer, _ in draw)
        assert abs(median(draw) - median(selected)) < 12
    assert draws == matched_random_tokens(selected, planted_clips, (2, 3), 4)
    assert draws != matched_random_tokens(selected, planted_clips, (2, 3), 4, seed=1)


def test_a_match_is_one_of_the_nearest_in_frequency(planted_clips):
    counts = totals(planted_clips)[2]
    gaps = np.sort(np.abs(np.delete(counts, 10) - counts[10]))
    for seed in range(5):
        draws = matched_random_tokens([(4, 10)], planted_clips, LAYERS, N_NEAREST, seed)
        found = [code for ((_, code),) in draws]
        assert {layer for ((layer, _),) in draws} == {4} and 10 not in found
        assert len(set(found)) == N_NEAREST  # one token each, none twice: all the nearest, in some order
        assert sorted(abs(counts[found] - counts[10])) == gaps[:N_NEAREST].tolist()


@pytest.mark.parametrize("n_tokens", [7, 35, 50])
def test_ten_draws_share_a_fifth_at_most(planted_clips, n_tokens):
    selected = random_tokens(n_tokens, planted_clips, LAYERS, 3)
    draws = matched_random_tokens(selected, planted_clips, LAYERS, 10)
    shares = [len(set(a) & set(b)) / n_tokens for a in draws for b in draws if a is not b]
    assert largest_share(draws) == max(shares) <= MOST_SHARED


def test_largest_share_is_that_of_the_worst_pair():
    a, b, c = ([(2, code) for code in some] for some in ((1, 2, 3, 4), (3, 4, 5, 6), (4, 7, 8, 9)))
    assert largest_share([a, b, c]) == 0.5 and largest_share([a, c]) == 0.25
    assert largest_share([a]) == largest_share([]) == largest_share([[], []]) == 0


def test_a_layer_that_is_used_up_is_named(planted_clips):
    half = [(2, code) for code in range(6)]
    with pytest.raises(ValueError, match=r"layer 2: too few unselected tokens occur to match its 6"):
        matched_random_tokens(half, keep_codes_below(planted_clips, 11), LAYERS, 2)
    assert matched_random_tokens(half, keep_codes_below(planted_clips, 12), LAYERS, 1) == [
        [(2, code) for code in range(6, 12)]
    ]
    with pytest.raises(ValueError, match=r"token \(1, 3\).*none of \(2, 3"):
        matched_random_tokens([(1, 3)], planted_clips, LAYERS, 2)
