"""Token cards: planted sounds, phones, voices and coefficients come back, each in its part."""

from dataclasses import replace

import pandas as pd
import pytest
from card_tokens import LOUD, ON_AH, VOICE_TOKEN
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import label_ids
from speechlm_utils.interpretation import card_parts
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.cards import find_card, list_cards
from speechlm_utils.interpretation.evidence import Evidence
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selection import make_selection
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.tokens import show_token


def find_fact(facts, token, part, name):
    card = find_card(facts, token)
    (row,) = card[(card.part == part) & (card.name == name)].itertuples()
    return row


def test_planted_sound_is_found_on_its_token_alone(facts):
    loud = find_fact(facts, LOUD, "sound", "rms_db")
    assert loud.value > 2 and loud.low > 1.5 and loud.q < 1e-6
    others = facts[(facts.part == "sound") & ~((facts.token == loud.token) & (facts.name == "rms_db"))]
    assert (others[others.name != "rms_slope_db_s"].q < 0.05).mean() < 0.1


def test_frequency_is_per_1000_frames_of_the_class(facts, world):
    _, clips, _ = world
    row = find_fact(facts, LOUD, "frequency", FALLACIES[0])
    own = [clip for clip in clips if clip.labels["fallacy"] == FALLACIES[0]]
    count = sum((clip.codes[LOUD[0] - 1] == LOUD[1]).sum() for clip in own)
    assert row.value == pytest.approx(1000 * count / (60 * len(own)))
    assert row.expected == pytest.approx(row.value / 3) and row.q < 0.01
    assert find_fact(facts, LOUD, "frequency", FALLACIES[1]).value == 0


def test_phone_of_a_token_comes_first(facts):
    card = find_card(facts, ON_AH)
    phones = card[card.part == "phone"]
    assert phones.iloc[0]["name"] == "AH" and phones.iloc[0].value == 1 and phones.iloc[0].expected < 0.1
    assert phones.iloc[0].q < 0.01


def test_trust_in_a_fitted_selection(world):
    _, clips, _ = world
    y = label_ids(clips, "fallacy", FALLACIES)
    selector = make_selector(L1LogisticRegression(0.05)).fit(clips, y)
    chosen = make_selection(selector, clips, "fallacy", FALLACIES, "codec")
    data = Evidence(chosen, clips, [], clips, n_folds=3, n_subsamples=4)
    trust = pd.concat([card_parts.describe_coefs(data), card_parts.describe_stability(data)])
    for token, label in zip(PLANTED_TOKENS, FALLACIES, strict=True):
        coefficient = find_fact(trust, token, "coefficient", label)
        assert 0 < coefficient.low <= coefficient.high
        assert coefficient.value == pytest.approx((coefficient.low + coefficient.high) / 2, rel=0.5)
        assert find_fact(trust, token, "stability", "subsamples").value == 1


def test_neighbours_by_embeddings_and_words(facts):
    near = find_card(facts, LOUD)
    assert near[near.part == "speech tokens"].iloc[0]["name"] == show_token(*VOICE_TOKEN)
    assert near[near.part == "words"]["name"].tolist() == [" loud", " noise"]
    assert "words" not in set(find_card(facts, ON_AH).part)


def test_codebook_neighbours_occur_in_the_clips(world, tiny_codec, tiny_clips):
    chosen = replace(world[0], tokens=[(2, 3), (2, 5), (8, 1)])
    found = card_parts.describe_codebook(Evidence(chosen, tiny_clips, [], codec=tiny_codec))
    assert len(found) == 9 and found.value.between(0, 1.5).all()
    used = {show_token(2, int(code)) for clip in tiny_clips for code in clip.codes[1]}
    assert set(found[found.layer == 2].name) <= used
    assert not (found.token == found.name).any()


def test_without_train_codec_and_embeddings_the_card_is_shorter(world):
    chosen, clips, features = world
    clips = [replace(clip, phones="", speaker="") for clip in clips]
    found = describe_tokens(Evidence(chosen, clips, features, bootstrap=Bootstrap(50)))
    assert set(found.part) == {"coefficient", "frequency", "sound"}
    assert "voice" not in list_cards(found) and not find_card(found, LOUD).empty
