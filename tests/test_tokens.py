"""Names of tokens and their pairs are inverse; the selected tokens of a clip stand in time order."""

import numpy as np
import pytest
from tiny_llm import TOKENS

from speechlm_utils.tokens import (
    find_spans,
    list_occurrences,
    mark_tokens,
    parse_token,
    show_token,
    token_name,
)


def names(codes, tokens, **options):
    return [one.name for one in list_occurrences(codes, tokens, **options)]


def test_names_and_pairs_are_inverse():
    assert token_name(3, 417) == "<|L3_0417|>" and show_token(3, 417) == "L3-0417"
    assert all(parse_token(token_name(*pair)) == pair for pair in [(1, 0), (8, 1023), (12, 2047), (2, 12345)])


def test_tokens_run_frame_by_frame_then_layer_by_layer():
    codes = np.zeros((8, 3), dtype=np.int16)
    codes[1] = [9, 5, 0]
    codes[2] = [1, 0, 1]
    codes[4] = [0, 7, 7]
    expected = ["<|L2_0009|>", "<|L3_0001|>", "<|L2_0005|>", "<|L5_0007|>", "<|L3_0001|>", "<|L5_0007|>"]
    assert names(codes, TOKENS[::-1]) == expected
    assert names(codes, []) == []


def test_collapsed_repeats_stand_once_per_run_of_frames_in_each_layer():
    codes = np.zeros((8, 5), dtype=np.int16)
    codes[1] = [5, 5, 0, 5, 5]  # two runs: what interrupts them need not be listed
    codes[4] = [0, 7, 7, 7, 1]
    found = list_occurrences(codes, TOKENS, collapse_repeats=True)
    assert [str(one) for one in found] == ["L2-0005", "L5-0007", "L2-0005"]
    assert [one.frame for one in found] == [0, 1, 3] and [one.layer for one in found] == [2, 5, 2]
    assert len(names(codes, TOKENS)) == 7


def test_tokens_refuse_a_layer_that_is_not_there():
    with pytest.raises(ValueError, match=r"layers 2 to \d, the codes have 1 to 3"):
        list_occurrences(np.zeros((3, 4), dtype=int), TOKENS)
    with pytest.raises(ValueError, match="no codes; encode_clips"):
        mark_tokens(None, TOKENS)


def test_spans_are_first_frame_and_the_one_after_the_last():
    codes = np.zeros((8, 6), dtype=np.int16)
    codes[1] = [5, 5, 0, 5, 0, 5]
    assert find_spans(codes, (2, 5)).tolist() == [[0, 2], [3, 4], [5, 6]]
    assert find_spans(codes, (2, 6)).shape == (0, 2)
