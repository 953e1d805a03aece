"""One row per token says what its card says."""

from dataclasses import replace

import numpy as np
import pytest
from card_tokens import LOUD, VOICE_TOKEN
from conftest import FALLACIES

from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.cards import find_card, list_cards
from speechlm_utils.interpretation.evidence import Evidence
from speechlm_utils.tokens import show_token


def test_only_the_token_of_one_voice_is_flagged(facts):
    cards = list_cards(facts)
    assert cards.index[cards.concentrated].tolist() == [show_token(*VOICE_TOKEN)]
    row = cards.loc[show_token(*VOICE_TOKEN)]
    assert row.voice == "v0" and row.excess == pytest.approx(5 / 6, abs=0.02)


def test_one_row_per_token_says_for_or_against(facts):
    cards = list_cards(facts)
    assert cards.stance.tolist() == ["for"] * 3 + ["against"]
    assert cards.label.tolist() == [*FALLACIES, FALLACIES[0]]
    assert cards.loc[show_token(*LOUD), "sound"] == "rms_db"
    assert cards.loc[show_token(*LOUD), "word"] == " loud"


def test_bad_inputs_are_named(world, facts):
    chosen, clips, features = world
    with pytest.raises(ValueError, match="no token"):
        describe_tokens(Evidence(replace(chosen, tokens=[], coefs=np.zeros((3, 0))), clips, features))
    with pytest.raises(ValueError, match=r"\(2, 63\): not in this table, which has 4"):
        find_card(facts, (2, 63))
    with pytest.raises(ValueError, match="features of 179"):
        describe_tokens(Evidence(chosen, clips, features[1:]))
