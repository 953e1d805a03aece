"""The atlas in a page: each selected token is a dot, placed by its sound; pointed at it shows its card."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..interpretation.cards import find_card, list_cards
from ..plots.acoustics import name_feature
from ..plots.cards import describe_card, order_atlas
from ..plots.style import LABEL_CYCLE, label_colors, show_name
from ..tokens import Token, show_token
from .page import Explorer

COEFFICIENT = "coefficient"


def explore_atlas(facts: pd.DataFrame, sounds: Mapping[Token, str] | None = None) -> Explorer:
    """Return a scatter plot of tokens: two menus choose its axes, a dot shows the card of its token.

    facts are those of `describe_tokens`; sounds, token -> data URI (see `embed_tokens`), what dots play.
    """
    cards = order_atlas(list_cards(facts))
    sound = facts[facts.part == "sound"]
    features = list(dict.fromkeys(sound["name"]))
    effects = sound.pivot(index="token", columns="name", values="value")
    sounds = {show_token(*token): one for token, one in (sounds or {}).items()}
    axes = [{"key": COEFFICIENT, "name": "coefficient in the linear model"}]
    axes += [{"key": name, "name": f"{name_feature(name)}: effect (std)"} for name in features]
    names = sorted(set(cards.label))
    tokens = []
    for name, card in cards.iterrows():
        values = {COEFFICIENT: _write(card.coefficient)}
        values |= {key: _write(effects.at[name, key]) for key in features}
        about = {"name": name, "label": show_name(card.label), "stance": card.stance, "values": values}
        tokens.append(about | {"sound": sounds.get(name), "card": list_lines(facts, (card.layer, card.code))})
    colors = label_colors(names) if len(names) <= len(LABEL_CYCLE) else {}
    classes = [{"name": show_name(name), "color": colors.get(name, LABEL_CYCLE[0])} for name in names]
    return Explorer("atlas", "Token atlas", {"axes": axes, "classes": classes, "tokens": tokens})


def list_lines(facts: pd.DataFrame, token: Token) -> list[str]:
    """List the card of a token, a line each: in words, then every effect of its sound with its interval."""
    card = find_card(facts, token)
    lines = [f"{line}." for line in describe_card(facts, token).rstrip(".").split(". ")]
    for row in card[card.part == "sound"].itertuples():
        if np.isfinite(row.value):
            span = f"{row.value:+.2f} [{row.low:+.2f}, {row.high:+.2f}] std"
            lines.append(f"{name_feature(row.name)}: {span}{'' if row.q < 0.05 else ', not sure'}")
    return lines


def _write(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None
