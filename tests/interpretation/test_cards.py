"""Token cards: planted sounds, phones, voices and coefficients come back, each in its part."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import FALLACIES, PLANTED_TOKENS

from speechlm_utils.acoustics.features import FEATURES, add_movements
from speechlm_utils.bootstrap import Bootstrap
from speechlm_utils.clips import label_ids
from speechlm_utils.interpretation import card_parts
from speechlm_utils.interpretation.card_parts import describe_tokens
from speechlm_utils.interpretation.cards import PARTS, find_card, list_cards
from speechlm_utils.interpretation.evidence import COLUMNS, Evidence
from speechlm_utils.selection.l1 import L1LogisticRegression
from speechlm_utils.selection.selection import Selection, make_selection
from speechlm_utils.selection.selector import make_selector
from speechlm_utils.tokens import show_token, token_name

VOICE_TOKEN = (4, 9)  # one voice has it to itself, in all classes
LOUD, ON_AH, _ = PLANTED_TOKENS


def make_voiced(clips):
    """Six voices; the frames of LOUD are loud, those of ON_AH fall on the phone AH, VOICE_TOKEN is v0's."""
    rng, made, features = np.random.default_rng(3), [], []
    for i, clip in enumerate(clips):
        codes, speaker = clip.codes.copy(), f"v{i // 6 % 6}"
        codes[3][codes[3] == VOICE_TOKEN[1]] = 0
        if speaker == "v0":
            codes[3, 10:14] = VOICE_TOKEN[1]
        phones = " ".join(
            f"{'AH' if code == ON_AH[1] else 'IY'}:{k * 0.02:.2f}-{k * 0.02 + 0.02:.2f}"
            for k, code in enumerate(codes[ON_AH[0] - 1])
        )
        made.append(replace(clip, codes=codes, speaker=speaker, phones=phones))
        one = {name: rng.normal(size=60) for name in FEATURES}
        one["rms_db"] = one["rms_db"] - 30 + 3 * (codes[LOUD[0] - 1] == LOUD[1])
        features.append(add_movements(one, 50))
    return made, features


@pytest.fixture(scope="module")
def world(planted_clips):
    clips, features = make_voiced(planted_clips)
    coefs = np.hstack([np.eye(3), [[-0.5], [0.0], [0.0]]])
    chosen = Selection(
        "fallacy", [*PLANTED_TOKENS, VOICE_TOKEN], coefs, list(FALLACIES), 0.05, "liblinear",
        True, 10, 0, "codec", "corpus", (2, 3, 4, 5, 6, 7, 8),
    )  # fmt: skip
    return chosen, clips, features


@pytest.fixture(scope="module")
def facts(world):
    chosen, clips, features = world
    rng = np.random.default_rng(0)
    embeddings = {token_name(*token): rng.normal(size=5) for token in chosen.tokens}
    embeddings[token_name(*LOUD)] = embeddings[token_name(*VOICE_TOKEN)] * 2
    words = {token_name(*LOUD): [(" loud", 0.4), (" noise", 0.3)]}
    data = Evidence(chosen, clips, features, clips, None, embeddings, words, Bootstrap(200), 3, 4)
    return describe_tokens(data)


def find_fact(facts, token, part, name):
    card = find_card(facts, token)
    (row,) = card[(card.part == part) & (card.name == name)].itertuples()
    return row


def test_table_is_tidy(facts):
    assert tuple(facts.columns) == COLUMNS
    assert set(facts.part) == set(PARTS) - {"codebook"}
    assert not facts.duplicated(["token", "part", "name"]).any()
    assert (facts.token == [show_token(*one) for one in zip(facts.layer, facts.code, strict=True)]).all()
    interval = facts[facts.low.notna() & ~facts.part.isin(["coefficient"])]
    assert ((interval.low <= interval.value + 1e-9) & (interval.value <= interval.high + 1e-9)).mean() > 0.98


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


def test_only_the_token_of_one_voice_is_flagged(facts):
    cards = list_cards(facts)
    assert cards.index[cards.concentrated].tolist() == [show_token(*VOICE_TOKEN)]
    row = cards.loc[show_token(*VOICE_TOKEN)]
    assert row.voice == "v0" and row.excess == pytest.approx(5 / 6, abs=0.02)


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


def test_one_row_per_token_says_for_or_against(facts):
    cards = list_cards(facts)
    assert cards.stance.tolist() == ["for"] * 3 + ["against"]
    assert cards.label.tolist() == [*FALLACIES, FALLACIES[0]]
    assert cards.loc[show_token(*LOUD), "sound"] == "rms_db"
    assert cards.loc[show_token(*LOUD), "word"] == " loud"


def test_without_train_codec_and_embeddings_the_card_is_shorter(world):
    chosen, clips, features = world
    clips = [replace(clip, phones="", speaker="") for clip in clips]
    found = describe_tokens(Evidence(chosen, clips, features, bootstrap=Bootstrap(50)))
    assert set(found.part) == {"coefficient", "frequency", "sound"}
    assert "voice" not in list_cards(found) and not find_card(found, LOUD).empty


def test_bad_inputs_are_named(world, facts):
    chosen, clips, features = world
    with pytest.raises(ValueError, match="no token"):
        describe_tokens(Evidence(replace(chosen, tokens=[], coefs=np.zeros((3, 0))), clips, features))
    with pytest.raises(ValueError, match=r"\(2, 63\): not in this table, which has 4"):
        find_card(facts, (2, 63))
    with pytest.raises(ValueError, match="features of 179"):
        describe_tokens(Evidence(chosen, clips, features[1:]))
