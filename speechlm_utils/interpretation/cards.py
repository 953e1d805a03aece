"""Token cards: all that is known of each selected token, in one tidy table of facts.

A fact is one row: a token, a part of its card, a name within the part, and a value with what belongs to it.
`PARTS` says what the values are, `card_parts` makes them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..clips import Clip
from ..files import write_atomically
from ..selection.selection import Selection
from ..tokens import codes_of
from . import card_parts as parts_of
from .card_parts import COLUMNS

PARTS = {
    "coefficient": "in the linear model, for each class; low and high: least and greatest of the folds",
    "kept": "share of half-samples that select the token",
    "frequency": "occurrences per 1,000 frames in the clips of a class; expected: in all clips",
    "sound": "effect in standard deviations, its frames against all others",
    "phone": "share of its frames that fall on a phone; expected: share of all frames",
    "voice": "share of its frames that a voice speaks; expected: of all frames; q: does the voice matter?",
    "codebook": "nearest codes of its layer: distance, 1 is the median distance",
    "speech rows": "nearest tokens by the rows that the language model reads: cosine",
    "words": "nearest words by these rows: cosine",
}
"""Part of a card -> what its values are. All intervals but those of coefficients resample whole clips."""

CONCENTRATED = 0.25
"""A token is concentrated if a voice's share of its frames exceeds the expected one by this, and q < 0.05."""


def describe_tokens(
    selection: Selection,
    clips: Sequence[Clip],
    features: list[dict[str, np.ndarray]],
    train: Sequence[Clip] | None = None,
    codec=None,
    rows: Mapping[str, np.ndarray] | None = None,
    words: Mapping[str, Sequence[tuple[str, float]]] | None = None,
    n_folds: int = 5,
    n_half_samples: int = 20,
    n_resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Describe every selected token: the table of facts behind the cards.

    Parameters
    ----------
    selection : Selection
    clips : to measure, best such as the selection has not seen: with codes, and with labels of its task
    features : of these clips, see `clip_features`
    train : clips that the selection was made on; None leaves out folds, half-samples and voices
    codec : SpeechCodec, whose codebooks are searched; None leaves their neighbours out
    rows : token name -> float array, shape (width,), see `Experiment.rows`; None leaves rows and words out
    words : token name -> [(word, cosine), ...], see `rows.nearest_tokens`
    n_folds, n_half_samples, n_resamples, seed : of the spreads, the stability, the intervals and the tests

    Returns
    -------
    facts : DataFrame with the columns token, layer, code, part, name, value, low, high, expected, q, n; a row
        per fact, NaN where a part has no such thing. `n` counts what the value rests on (clips with the
        token; folds; half-samples). `q` is corrected within each part (Benjamini and Hochberg, 1995)

    Raises
    ------
    ValueError
        If no token is selected, or clips and features do not fit together.
    """
    tokens = [tuple(token) for token in selection.tokens]
    if not tokens:
        raise ValueError("selection: holds no token, there is nothing to describe")
    draws = {"n_resamples": n_resamples, "seed": seed}
    found = [parts_of.describe_coefs(selection)]
    if train is not None:
        size = codec.spec.codebook_size if codec else 1 + max(int(codes_of(clip).max()) for clip in train)
        found = [parts_of.describe_trust(selection, train, size, n_folds, n_half_samples, seed)]
    found += [
        parts_of.describe_frequency(tokens, clips, selection.task, selection.label_names, **draws),
        parts_of.describe_sound(tokens, clips, features, **draws),
    ]
    if all(clip.phones for clip in clips):
        found.append(parts_of.describe_phones(tokens, clips, **draws))
    if train is not None and len({clip.speaker for clip in train} - {""}) > 1:
        found.append(parts_of.describe_voices(tokens, train, selection.task, **draws))
    if codec is not None:
        found.append(parts_of.describe_codebook(tokens, codec, [*clips, *(train or [])]))
    if rows is not None:
        found.append(parts_of.describe_rows(tokens, rows, words or {}))
    return pd.concat([part for part in found if len(part)], ignore_index=True)[list(COLUMNS)]


def find_card(facts: pd.DataFrame, token: tuple[int, int]) -> pd.DataFrame:
    """Return the facts of one token (layer, code); raises ValueError where the table has none."""
    card = facts[(facts.layer == token[0]) & (facts.code == token[1])]
    if not len(card):
        raise ValueError(f"token {tuple(token)}: not in this table, which has {facts.token.nunique()} tokens")
    return card


def list_cards(facts: pd.DataFrame, level: float = 0.05) -> pd.DataFrame:
    """Reduce the facts to one row per token, its most telling fact of each part.

    Parameters
    ----------
    facts : see `describe_tokens`
    level : effects of sound are told where their q lies below it

    Returns
    -------
    cards : DataFrame, index token: layer, code, stance ("for", or "against" where no coefficient is
        positive), label, coefficient, low, high, kept, sound (feature of the largest sure effect; "" if
        none), effect, voice, excess (of the voice's share), concentrated (bool), phone, neighbour, word.
        Columns of parts that are not there are left out
    """
    rows = {token: _summarise(card, level) for token, card in facts.groupby("token", sort=False)}
    cards = pd.DataFrame.from_dict(rows, orient="index").rename_axis("token")
    if "concentrated" in cards:
        cards["concentrated"] = cards["concentrated"].eq(True)  # no voice is known: not flagged
    return cards


def _summarise(card: pd.DataFrame, level: float) -> dict:
    first = card.iloc[0]
    row = {"layer": first.layer, "code": first.code}
    one = {part: facts for part, facts in card.groupby("part")}
    weights = one["coefficient"].value
    is_for = bool(weights.max() > 0)
    top = one["coefficient"].loc[weights.idxmax() if is_for else weights.idxmin()]
    row |= {"stance": "for" if is_for else "against", "label": top["name"]}
    row |= {"coefficient": top.value, "low": top.low, "high": top.high}
    if "kept" in one:
        row["kept"] = one["kept"].value.iloc[0]
    sure = one["sound"][one["sound"].q < level]
    best = sure.loc[sure.value.abs().idxmax()] if len(sure) else {"name": "", "value": np.nan}
    row |= {"sound": best["name"], "effect": best["value"]}
    if "voice" in one:
        voice = one["voice"].iloc[0]
        excess = voice.value - voice.expected
        concentrated = bool(excess >= CONCENTRATED and voice.q < level)
        row |= {"voice": voice["name"], "excess": excess, "concentrated": concentrated}
    for part, column in (("phone", "phone"), ("codebook", "neighbour"), ("words", "word")):
        if part in one:
            row[column] = one[part]["name"].iloc[0]
    return row


def save_cards(folder: str | Path, task: str, facts: pd.DataFrame) -> tuple[Path, Path]:
    """Write `facts_<task>.csv` (a row per fact), `cards_<task>.csv` (a row per token); return both paths."""
    paths = Path(folder) / f"facts_{task}.csv", Path(folder) / f"cards_{task}.csv"
    for path, table in zip(paths, (facts.set_index("token"), list_cards(facts)), strict=True):
        with write_atomically(path) as part:
            table.to_csv(part)
    return paths
