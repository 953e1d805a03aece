"""The path equals single fits; the search finds the count that is asked for, or the closest that it saw."""

import numpy as np
import pytest

from speechlm_utils.selection import path as path_module
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.path import find_C_for_count, fit_l1_path
from speechlm_utils.selection.selector import list_selected, make_selector


def count_at(clips, y, C):
    return len(list_selected(make_selector(L1LogisticRegression(C)).fit(clips, y)))


def test_path_equals_single_fits(planted_clips, y):
    path = fit_l1_path(make_selector(), planted_clips, y, [0.001, 0.02, 0.2])
    single = make_selector(L1LogisticRegression(0.2)).fit(planted_clips, y)
    assert path.coefs.shape == (3, 3, path.n_words + len(path.tokens)) and path.converged.all()
    assert np.array_equal(path.coefs[2], single["l1"].coef_)
    assert path.n_tokens.tolist() == [0, 3, len(list_selected(single))] and path.tokens[0] == (2, 0)
    assert np.array_equal(path.selected, path.coefs.any(axis=1))


def test_path_of_two_classes_has_a_row_for_each(planted_clips, y):
    two = [clip for clip, k in zip(planted_clips, y, strict=True) if k < 2]
    coefs = fit_l1_path(make_selector(), two, y[y < 2], [0.1]).coefs[0]
    assert len(coefs) == 2 and np.array_equal(coefs[0], -coefs[1])


@pytest.mark.parametrize("n_tokens", [3, 20, 75])
def test_search_finds_the_count(planted_clips, y, n_tokens):
    C, count = find_C_for_count(make_selector(), planted_clips, y, n_tokens)
    assert abs(count - n_tokens) <= 1 and count_at(planted_clips, y, C) == count


def test_search_returns_the_closest_seen_where_the_count_jumps(planted_clips, y, monkeypatch):
    def jumping(model, n_words):
        return {True: 50, False: 90}[model.coef_.any(axis=0).sum() % 2 == 0]

    monkeypatch.setattr(path_module, "count_selected", jumping)
    assert find_C_for_count(make_selector(), planted_clips, y, 75, n_fits=6)[1] == 90


def test_search_ends_where_the_wish_is_out_of_reach(planted_clips, y, monkeypatch):
    monkeypatch.setattr(path_module, "C_RANGE", (0.01, 0.2))
    C, count = find_C_for_count(make_selector(), planted_clips, y, 400)
    assert C == 0.2 and 3 < count < 400
