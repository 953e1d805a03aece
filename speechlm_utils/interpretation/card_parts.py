"""The parts of a token card, each a table of facts: see `cards` for what the columns mean."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import cosine_similarity

from ..acoustics.features import CARD_FEATURES
from ..clips import Clip, groups
from ..codec.codebooks import nearest_codes, read_codebook
from ..codec.probing import frame_phones
from ..codec_spec import shared_spec
from ..selection.stability import fold_coefs, split_folds, stability
from ..tokens import Token, list_tokens, mark_tokens, show_token, token_name
from .association import correct_p_values, token_associations
from .evidence import COLUMNS, Evidence, list_facts, tabulate
from .shares import compare_shares, compare_voices, split_by

N_PHONES, N_VOICES, N_NEAREST = 4, 3, 3  # at most so many on a card


def describe_coefs(data: Evidence) -> pd.DataFrame:
    """Tell the coefficient of every token for every class, with the least and greatest over folds."""
    names, spread = data.selection.label_names, {}
    if data.train:
        selector, y = data.refit()
        columns = list_tokens(data.selection.layers, shared_spec(data.train).codebook_size)
        parts = split_folds(y, groups(data.train), data.n_folds, data.bootstrap.seed)
        folds = fold_coefs(selector, data.train, y, parts)
        place = {token: folds.shape[2] - len(columns) + i for i, token in enumerate(columns)}
        folds = folds[:, :, [place[token] for token in data.tokens]]
        spread = {"low": folds.min(axis=0).T + 0.0, "high": folds.max(axis=0).T + 0.0, "n": data.n_folds}
    return tabulate("coefficient", data.tokens, names, value=data.selection.coefs.T, **spread)


def describe_stability(data: Evidence) -> pd.DataFrame | None:
    """Tell how many subsamples select each token.

    A subsample has half the clips, so its C is twice as large: the penalty then weighs as much per clip.
    """
    if not data.train:
        return None
    selector, y = data.refit(2.0)
    found = stability(selector, data.train, y, data.n_subsamples, data.bootstrap.seed)
    share = found.set_index(["layer", "code"]).frequency.reindex(data.tokens, fill_value=0.0)
    values = share.to_numpy()[:, None]
    return tabulate("stability", data.tokens, ["subsamples"], value=values, n=data.n_subsamples)


def describe_frequency(data: Evidence) -> pd.DataFrame:
    """Tell how often each token occurs in each class, per 1,000 frames, beside all clips together."""
    hits, frames = count_hits(data.clips, data.tokens)
    names, labels = data.selection.label_names, [clip.labels[data.selection.task] for clip in data.clips]
    by_class = split_by(hits, labels, names), split_by(frames[:, None], labels, names)
    found = compare_shares(*by_class, hits[:, :, None], frames[:, None, None], data.bootstrap)
    found |= {key: 1000 * found[key] for key in ("value", "low", "high", "expected")}
    return tabulate("frequency", data.tokens, names, **found, q=correct_p_values(found["p"]))


def describe_sound(data: Evidence) -> pd.DataFrame:
    """Tell what each token sounds like: the effects of `association.token_associations`."""
    table = token_associations(data.clips, data.features, data.tokens, CARD_FEATURES, data.bootstrap)
    names = [show_token(*token) for token in zip(table.layer, table.code, strict=True)]
    table = table.rename(columns={"feature": "name", "effect": "value", "n_clips": "n"})
    return table.assign(token=names, part="sound").reindex(columns=list(COLUMNS))


def describe_phones(data: Evidence) -> pd.DataFrame | None:
    """Tell on which phones each token falls most; q is corrected over all phones, not those told alone."""
    if not all(clip.phones for clip in data.clips):
        return None
    phones = [frame_phones(clip) for clip in data.clips]
    names = np.unique(np.concatenate(phones))
    hits, frames = count_hits(data.clips, data.tokens)
    member = [(one[:, None] == names).astype(float) for one in phones]
    marked = [mark_tokens(clip.codes, data.tokens) for clip in data.clips]
    part = np.stack([at @ one for at, one in zip(marked, member, strict=True)])
    whole = np.stack([one.sum(axis=0) for one in member])[:, None]
    found = compare_shares(part, hits[:, :, None], whole, frames[:, None, None], data.bootstrap)
    facts = tabulate("phone", data.tokens, names, **found, q=correct_p_values(found["p"]))
    return _take_largest(facts, facts.value, N_PHONES)


def describe_voices(data: Evidence) -> pd.DataFrame | None:
    """Tell which voices speak a token more than their part of all frames; q: does the voice matter at all?

    The test hands whole clips to other voices, within the classes of the task (`shares.compare_voices`).
    """
    speakers = [clip.speaker for clip in data.train]
    if len(set(speakers) - {""}) < 2:
        return None
    hits, frames = count_hits(data.train, data.tokens)
    names, labels = sorted(set(speakers)), [clip.labels[data.selection.task] for clip in data.train]
    draws = data.bootstrap.n_resamples, data.bootstrap.seed
    q = correct_p_values(compare_voices(hits / frames[:, None], speakers, labels, *draws))
    part, whole = split_by(hits, speakers, names), split_by(frames[:, None], speakers, names)
    found = compare_shares(part, hits[:, :, None], whole, frames[:, None, None], data.bootstrap)
    facts = tabulate("voice", data.tokens, names, **found, q=q[:, None])
    return _take_largest(facts, facts.value - facts.expected, N_VOICES)


def describe_codebook(data: Evidence) -> pd.DataFrame | None:
    """Tell the nearest codes of each token's layer, among those that occur in the clips."""
    if data.codec is None:
        return None
    rows, clips = [], [*data.clips, *data.train]
    for layer in sorted({layer for layer, _ in data.tokens}):
        vectors = read_codebook(data.codec, layer)
        used = np.unique(np.concatenate([clip.codes[layer - 1] for clip in clips])).tolist()
        for token in (token for token in data.tokens if token[0] == layer):
            near = nearest_codes(vectors, token[1], N_NEAREST, used)
            rows += [(token, show_token(layer, code), distance) for code, distance in near]
    return list_facts("codebook", rows)


def describe_embeddings(data: Evidence) -> pd.DataFrame | None:
    """Tell the nearest speech tokens, by the embeddings that the language model reads."""
    if not data.embeddings:
        return None
    tokens = data.tokens
    values = np.stack([data.embeddings[token_name(*token)] for token in tokens])
    cosines = cosine_similarity(values.astype(float) - values.mean(axis=0))
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1)[:, : min(N_NEAREST, len(tokens) - 1)]
    rows = [(tokens[i], show_token(*tokens[k]), cosines[i, k]) for i, near in enumerate(order) for k in near]
    return list_facts("speech tokens", rows)


def describe_words(data: Evidence) -> pd.DataFrame | None:
    """Tell the nearest words, by these embeddings."""
    near = {token: list(data.words.get(token_name(*token), ()))[:N_NEAREST] for token in data.tokens}
    rows = [(token, *one) for token, some in near.items() for one in some]
    return list_facts("words", rows) if rows else None


def count_hits(clips: Sequence[Clip], tokens: Sequence[Token]) -> tuple[np.ndarray, np.ndarray]:
    """Count each token's frames and all frames: float arrays (n_clips, n_tokens) and (n_clips,)."""
    hits = np.array([mark_tokens(clip.codes, tokens).sum(axis=1) for clip in clips], dtype=float)
    return hits, np.array([clip.codes.shape[1] for clip in clips], dtype=float)


def _take_largest(facts: pd.DataFrame, size: pd.Series, n: int) -> pd.DataFrame:
    """Take the n facts of each token with the largest positive size, the largest first."""
    order = facts.assign(size=size).sort_values(["layer", "code", "size"], ascending=[True, True, False],
                                                kind="stable")  # fmt: skip
    return order[order["size"] > 0].groupby("token", sort=False).head(n)[list(COLUMNS)]


def describe_tokens(evidence: Evidence) -> pd.DataFrame:
    """Describe every selected token: the table of facts behind the cards.

    It has the columns `COLUMNS` and a row per fact, NaN where a part has no such thing. `n` counts what the
    value rests on (clips with the token; folds; subsamples). `q` is corrected within each part.
    """
    if not evidence.tokens:
        raise ValueError("selection: holds no token, there is nothing to describe")
    measured = describe_coefs, describe_stability, describe_frequency, describe_sound, describe_phones
    describe = *measured, describe_voices, describe_codebook, describe_embeddings, describe_words
    return pd.concat([part(evidence) for part in describe], ignore_index=True)
