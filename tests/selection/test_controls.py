"""Permuted labels keep how labels lie in sentences, and select less than planted ones."""

import numpy as np
from conftest import CODEBOOK_SIZE, FALLACIES

from speechlm_utils.clips import groups, label_ids
from speechlm_utils.selection.controls import count_permuted, permute_labels
from speechlm_utils.selection.path import fit_l1_path


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
    settings = {"codebook_size": CODEBOOK_SIZE}
    permuted = count_permuted(planted_clips, y, groups(planted_clips), Cs, 4, **settings)
    real = fit_l1_path(planted_clips, y, Cs, **settings).n_tokens
    assert permuted.shape == (4, 2) and (permuted <= real).all() and (permuted[:, 1] < real[1]).all()
    again = count_permuted(planted_clips, y, groups(planted_clips), Cs, 4, n_jobs=2, **settings)
    assert np.array_equal(permuted, again)
