"""Edited clips hold the tokens that they should, in the order in which the model reads them."""

import numpy as np
import pytest

from speechlm_utils.attribution import edits
from speechlm_utils.clips import Clip
from speechlm_utils.tokens import list_occurrences

TOKENS = [(2, 5), (3, 1), (8, 7)]
CODES = np.zeros((8, 4), dtype=np.int16)
CODES[1, [0, 2]], CODES[2, 2], CODES[7, 1] = 5, 1, 7


def names(found):
    return [str(token) for token in found]


def test_tokens_stand_in_the_order_of_the_prompt():
    assert names(list_occurrences(CODES, TOKENS)) == ["L2-0005", "L8-0007", "L2-0005", "L3-0001"]
    assert [token.frame for token in list_occurrences(CODES, TOKENS)] == [0, 1, 2, 2]


def test_each_edit_changes_its_places_only():
    found = list_occurrences(CODES, TOKENS)
    assert names(edits.mute_tokens(found, {0, 3})) == ["L8-0007", "L2-0005"]
    assert names(edits.repeat_tokens(found, [1], 3)) == ["L2-0005", *["L8-0007"] * 3, "L2-0005", "L3-0001"]
    swapped = edits.swap_tokens(found, [2], 8, 7)
    assert names(swapped) == ["L2-0005", "L8-0007", "L8-0007", "L3-0001"] and swapped[2].frame == 2
    assert names(found) == ["L2-0005", "L8-0007", "L2-0005", "L3-0001"]  # itself unchanged


def test_the_model_reads_what_was_edited():
    clip = Clip("a", "words", None, codes=CODES)
    found = edits.repeat_tokens(list_occurrences(CODES, TOKENS), [3])
    edited = edits.edit_clip(clip, found)
    assert names(list_occurrences(edited.codes, TOKENS)) == names(found)
    assert edited.text == "words" and clip.codes is CODES
    assert list_occurrences(edits.edit_clip(clip, []).codes, TOKENS) == []


@pytest.mark.parametrize("edit", [edits.mute_tokens, edits.repeat_tokens])
def test_a_place_that_is_not_there_is_named(edit):
    with pytest.raises(ValueError, match="place 9: there are 4 selected tokens"):
        edit(list_occurrences(CODES, TOKENS), [0, 9])


def test_zero_times_is_refused():
    with pytest.raises(ValueError, match="times=0"):
        edits.repeat_tokens(list_occurrences(CODES, TOKENS), [0], 0)
