"""Token cards: all that is known of each selected token, in one tidy table of facts.

A fact is one row: a token, a part of its card, a name within the part, and a value with what belongs to it.
`PARTS` says what the values are, `card_parts` makes them.
"""

import pandas as pd

PARTS = {
    "coefficient": "in the linear model, for each class; low and high: least and greatest of the folds",
    "stability": "share of subsamples (half the clips each) that select the token",
    "frequency": "occurrences per 1,000 frames in the clips of a class; expected: in all clips",
    "sound": "effect in standard deviations, its frames against all others",
    "phone": "share of its frames that fall on a phone; expected: share of all frames",
    "voice": "share of its frames that a voice speaks; expected: of all frames; q: does the voice matter?",
    "codebook": "nearest codes of its layer: distance, 1 is the median distance",
    "speech tokens": "nearest tokens by the embeddings that the language model reads: cosine",
    "words": "nearest words by these embeddings: cosine",
}
"""Part of a card -> what its values are. All intervals but those of coefficients resample whole clips."""

CONCENTRATED = 0.25
"""A token is concentrated if a voice's share of its frames exceeds the expected one by this, and q < 0.05."""


def find_card(facts: pd.DataFrame, token: tuple[int, int]) -> pd.DataFrame:
    """Return the facts of one token (layer, code); raises ValueError where the table has none."""
    card = facts[(facts.layer == token[0]) & (facts.code == token[1])]
    if not len(card):
        raise ValueError(f"token {tuple(token)}: not in this table, which has {facts.token.nunique()} tokens")
    return card


def list_cards(facts: pd.DataFrame) -> pd.DataFrame:
    """Reduce the facts to one row per token (index), its most telling fact of each part.

    Columns: layer, code, stance ("for", or "against" where no coefficient is positive), label, coefficient,
    low, high, stability, sound (feature of the largest effect with q < 0.05; "" if none), effect, voice,
    excess (of the voice's share), concentrated (bool), phone, neighbour, word; none of missing parts.
    """
    part = {name: one for name, one in facts.groupby("part")}
    first = {name: one.drop_duplicates("token").set_index("token") for name, one in part.items()}
    weights = part["coefficient"].groupby("token", sort=False).value
    is_for = weights.max() > 0
    cards = facts.loc[weights.idxmax().where(is_for, weights.idxmin())].set_index("token")
    cards = cards[["layer", "code", "name", "value", "low", "high"]]
    cards = cards.rename(columns={"name": "label", "value": "coefficient"})
    cards.insert(2, "stance", is_for.map({True: "for", False: "against"}))
    if "stability" in part:
        cards["stability"] = first["stability"].value
    sound = part["sound"][part["sound"].q < 0.05]
    best = sound.loc[sound.value.abs().groupby(sound.token).idxmax()].set_index("token")
    cards["sound"], cards["effect"] = best["name"].reindex(cards.index, fill_value=""), best.value
    if "voice" in part:
        voice = first["voice"]
        cards["voice"], cards["excess"] = voice["name"], voice.value - voice.expected
        cards["concentrated"] = (cards.excess >= CONCENTRATED) & (voice.q.reindex(cards.index) < 0.05)
    for name, column in (("phone", "phone"), ("codebook", "neighbour"), ("words", "word")):
        if name in part:
            cards[column] = first[name]["name"]
    return cards
