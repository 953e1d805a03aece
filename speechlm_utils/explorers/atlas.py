"""The atlas in a page: each selected token is a dot, placed by its sound; pointed at it shows its card."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..clips import Clip
from ..interpretation.cards import find_card, list_cards
from ..plots.acoustics import name_feature
from ..plots.cards import describe_card, order_atlas
from ..plots.style import LABEL_CYCLE, label_colors, show_name
from ..tokens import Token, find_occurrences, find_spans, show_token
from .page import Explorer
from .sounds import embed_clip

COEFFICIENT = "coefficient"
N_MOMENTS = 3  # on a card


def explore_atlas(
    facts: pd.DataFrame, sounds: Mapping[Token, str] | None = None, clips: Sequence[Clip] = ()
) -> Explorer:
    """Return a scatter plot of tokens: two menus choose its axes, a dot shows the card of its token.

    facts are those of `describe_tokens`; sounds, token -> data URI (see `embed_tokens`), what dots play; of
    the clips, a card lists and plays moments of its token.
    """
    cards = order_atlas(list_cards(facts))
    sound = facts[facts.part == "sound"]
    features = list(dict.fromkeys(sound["name"]))
    effects = sound.pivot(index="token", columns="name", values="value")
    sounds = {show_token(*token): one for token, one in (sounds or {}).items()}
    axes = [{"key": COEFFICIENT, "name": "coefficient in the linear model"}]
    axes += [{"key": name, "name": f"{name_feature(name)}: effect (std)"} for name in features]
    tokens = []
    for name, card in cards.iterrows():
        token = (card.layer, card.code)
        values = {COEFFICIENT: write_number(card.coefficient)}
        values |= {key: write_number(effects.at[name, key]) for key in features}
        about = {"name": name, "label": show_name(card.label), "stance": card.stance, "values": values}
        about |= {"layer": int(card.layer), "code": int(card.code)}
        about |= {"sound": sounds.get(name), "card": list_lines(facts, token)}
        tokens.append(about | {"moments": list_moments(clips, token)})
    told = [{"id": clip.id, "text": clip.text, "sound": embed_clip(clip)} for clip in clips]
    start = [axes[1 % len(axes)]["key"], axes[2 % len(axes)]["key"]]
    data = {"axes": axes, "start": start, "classes": color_classes(cards.label), "tokens": tokens}
    return Explorer("atlas", "Token atlas", data | {"clips": told})


def color_classes(labels: Sequence[str]) -> list[dict[str, str]]:
    """Give each class among the labels its name for people and its colour."""
    names = sorted(set(labels))
    colors = label_colors(names) if len(names) <= len(LABEL_CYCLE) else {}
    return [{"name": show_name(name), "color": colors.get(name, LABEL_CYCLE[0])} for name in names]


def list_lines(facts: pd.DataFrame, token: Token) -> list[str]:
    """List the card of a token, a line each: in words, then every effect of its sound with its interval."""
    card = find_card(facts, token)
    lines = [f"{line}." for line in describe_card(facts, token).rstrip(".").split(". ")]
    for row in card[card.part == "sound"].itertuples():
        if np.isfinite(row.value):
            span = f"{row.value:+.2f} [{row.low:+.2f}, {row.high:+.2f}] std"
            lines.append(f"{name_feature(row.name)}: {span}{'' if row.q < 0.05 else ', not sure'}")
    return lines


def list_moments(clips: Sequence[Clip], token: Token) -> list[tuple[int, float, float]]:
    """List moments of a token, voices in turn: place of the clip, begin and end in seconds."""
    places, moments = {clip.id: place for place, clip in enumerate(clips)}, []
    for clip, frame in find_occurrences(clips, token, N_MOMENTS):
        spans = find_spans(clip.codes, token)
        begin, end = spans[(spans[:, 0] <= frame) & (frame < spans[:, 1])][0] / clip.spec.frame_rate
        moments.append((places[clip.id], round(float(begin), 2), round(float(end), 2)))
    return moments


def write_number(value: float) -> float | None:
    """Round a number as JSON takes it; None where it is not known."""
    return round(float(value), 3) if np.isfinite(value) else None
