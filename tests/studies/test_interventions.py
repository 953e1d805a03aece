"""Each intervention changes one thing of the prompts, and that alone."""

from collections import Counter

import numpy as np
import pytest

from speechlm_utils.clips import Clip
from speechlm_utils.studies.interventions import INTERVENTIONS, find_other_code, read_sequence, write_tokens

TOKENS = [(2, 0), (2, 7), (3, 5), (8, 1)]


@pytest.fixture
def clips():
    rng = np.random.default_rng(3)
    return [
        Clip(f"clip{i}", f"words of clip {i}", None, codes=rng.integers(0, 9, (8, 30 + i)).astype(np.int16))
        for i in range(12)
    ]


def change(name, clips, seed=0):
    return INTERVENTIONS[name].change(clips, TOKENS, np.random.default_rng(seed))


def sequences(clips):
    return [read_sequence(clip, TOKENS) for clip in clips]


def test_a_sequence_is_read_as_it_was_written(clips):
    wanted = [(2, 7), (2, 0), (8, 1), (8, 1), (3, 5), (2, 7)]
    assert read_sequence(write_tokens(clips[0], wanted, TOKENS), TOKENS) == wanted


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_clips_and_labels_keep_their_places(clips, name):
    before = [clip.codes.copy() for clip in clips]
    assert [clip.id for clip in change(name, clips)] == [clip.id for clip in clips]
    for clip, codes in zip(clips, before, strict=True):
        assert np.array_equal(clip.codes, codes), "an intervention changed its input"


@pytest.mark.parametrize("name", [name for name in INTERVENTIONS if "word" not in name])
def test_words_stay_where_tokens_are_changed(clips, name):
    assert [clip.text for clip in change(name, clips)] == [clip.text for clip in clips]


@pytest.mark.parametrize("name", ["words of another clip", "no words"])
def test_tokens_stay_where_words_are_changed(clips, name):
    assert sequences(change(name, clips)) == sequences(clips)


def test_another_order_keeps_the_tokens(clips):
    changed = sequences(change("tokens in another order", clips))
    assert changed != sequences(clips)
    assert [Counter(one) for one in changed] == [Counter(one) for one in sequences(clips)]


def test_drawn_tokens_are_as_many_and_other_ones(clips):
    changed = sequences(change("tokens drawn at random", clips))
    assert changed != sequences(clips)
    assert [len(one) for one in changed] == [len(one) for one in sequences(clips)]


def test_another_clips_tokens_are_exchanged(clips):
    changed = sequences(change("tokens of another clip", clips))
    assert changed != sequences(clips)
    assert sorted(changed) == sorted(sequences(clips))


def test_no_tokens_leaves_none(clips):
    assert not any(sequences(change("no tokens", clips)))


def test_no_words_leaves_none(clips):
    assert {clip.text for clip in change("no words", clips)} == {""}


@pytest.mark.parametrize("name", [name for name in INTERVENTIONS if "another" in name or "random" in name])
def test_the_seed_decides(clips, name):
    def state(seed):
        return [(clip.text, read_sequence(clip, TOKENS)) for clip in change(name, clips, seed)]

    assert state(1) == state(1) != state(2)


def test_a_layer_without_a_free_code_is_refused():
    with pytest.raises(ValueError, match="layer 4: all 3 codes are among the tokens"):
        find_other_code(4, [(4, 0), (4, 1), (4, 2), (5, 3)], 3)
