"""The parts of a token card, each a table of facts: see `cards` for what the columns mean."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..acoustics.features import CARD_FEATURES
from ..clips import Clip, groups, label_ids
from ..codec.codebooks import nearest_codes, read_codebook
from ..codec.probing import frame_phones
from ..pretraining.geometry import compute_cosines
from ..selection.selection import Selection
from ..selection.stability import fold_coefs, stability
from ..tokens import Token, codes_of, list_tokens, mark_tokens, show_token, token_name
from .association import correct_p_values, token_associations
from .shares import compare_shares, compare_voices, split_by

COLUMNS = ("token", "layer", "code", "part", "name", "value", "low", "high", "expected", "q", "n")


def describe_coefs(selection: Selection) -> pd.DataFrame:
    """Tell the coefficient of every token for every class; without folds."""
    return _spread("coefficient", selection.tokens, selection.label_names, value=selection.coefs.T)


def describe_trust(
    selection: Selection,
    train: Sequence[Clip],
    codebook_size: int,
    n_folds: int = 5,
    n_half_samples: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """Tell coefficients with their least and greatest over folds, and how many half-samples keep a token.

    A half-sample has half the clips, so its C is twice as large: the penalty then weighs as much per clip.
    """
    names, tokens, task = selection.label_names, selection.tokens, selection.task
    settings = {"solver": selection.solver, "layers": selection.layers, "codebook_size": codebook_size}
    data = train, label_ids(train, task, names), groups(train)
    columns = {token: i for i, token in enumerate(list_tokens(selection.layers, codebook_size))}
    folds = fold_coefs(*data, selection.C, n_folds, seed, **settings)
    n_words = folds.shape[2] - len(columns)
    folds = folds[:, :, [n_words + columns[tuple(token)] for token in tokens]]
    if folds.shape[1] < len(names):  # two classes have one row of coefficients
        folds = np.concatenate([-folds, folds], axis=1)
    spread = {"low": folds.min(axis=0).T + 0.0, "high": folds.max(axis=0).T + 0.0, "n": n_folds}
    coefs = _spread("coefficient", tokens, names, value=selection.coefs.T, **spread)
    found = stability(*data, 2 * selection.C, n_half_samples, seed, **settings)
    share = {(int(r.layer), int(r.code)): r.frequency for r in found.itertuples()}
    kept = np.array([[share.get(tuple(token), 0.0)] for token in tokens])
    return pd.concat([coefs, _spread("kept", tokens, ["half-samples"], value=kept, n=n_half_samples)])


def describe_frequency(
    tokens: Sequence[Token], clips: Sequence[Clip], task: str, names: Sequence[str], **draws
) -> pd.DataFrame:
    """Tell how often each token occurs in each class, per 1,000 frames, beside all clips together."""
    hits, frames = count_hits(clips, tokens)
    labels = [clip.labels[task] for clip in clips]
    found = compare_shares(
        split_by(hits, labels, names),
        split_by(frames[:, None], labels, names),
        hits[:, :, None],
        frames[:, None, None],
        **draws,
    )
    for key in ("value", "low", "high", "expected"):
        found[key] = 1000 * found[key]
    return _spread("frequency", tokens, names, **_correct(found))


def describe_sound(
    tokens: Sequence[Token], clips: Sequence[Clip], features: list[dict], **draws
) -> pd.DataFrame:
    """Tell what each token sounds like: the effects of `association.token_associations`."""
    found = token_associations(list(clips), features, list(tokens), names=CARD_FEATURES, **draws)
    shape = len(tokens), len(CARD_FEATURES)
    parts = {name: found[name].to_numpy().reshape(shape) for name in ("effect", "low", "high", "q")}
    n = found.n_clips.to_numpy().reshape(shape)
    return _spread("sound", tokens, CARD_FEATURES, value=parts.pop("effect"), n=n, **parts)


def describe_phones(
    tokens: Sequence[Token], clips: Sequence[Clip], n_phones: int = 4, **draws
) -> pd.DataFrame:
    """Tell on which phones each token falls most; q is corrected over all phones, not those told alone."""
    phones = [frame_phones(clip) for clip in clips]
    names = np.unique(np.concatenate(phones))
    hits, frames = count_hits(clips, tokens)
    member = [one[:, None] == names[None] for one in phones]
    part = np.stack(
        [
            mark_tokens(codes_of(clip), list(tokens)) @ one.astype(float)
            for clip, one in zip(clips, member, strict=True)
        ]
    )
    whole = np.stack([one.sum(axis=0) for one in member]).astype(float)
    found = compare_shares(part, hits[:, :, None], whole[:, None], frames[:, None, None], **draws)
    facts = _spread("phone", tokens, names, **_correct(found))
    return _keep_largest(facts, "value", n_phones)


def describe_voices(
    tokens: Sequence[Token], clips: Sequence[Clip], task: str, n_voices: int = 3, **draws
) -> pd.DataFrame:
    """Tell which voices speak a token more than their part of all frames; q: does the voice matter at all?

    The test hands whole clips to other voices, within the classes of the task (`shares.compare_voices`).
    """
    speakers = [clip.speaker for clip in clips]
    hits, frames = count_hits(clips, tokens)
    p = compare_voices(
        hits / frames[:, None],
        speakers,
        [clip.labels[task] for clip in clips],
        draws.get("n_resamples", 1000),
        draws.get("seed", 0),
    )
    names = sorted(set(speakers))
    found = compare_shares(
        split_by(hits, speakers, names),
        hits[:, :, None],
        split_by(frames[:, None], speakers, names),
        frames[:, None, None],
        **draws,
    )
    found["q"] = np.repeat(correct_p_values(p)[:, None], len(names), axis=1)
    found.pop("p")
    facts = _spread("voice", tokens, names, **found)
    return _keep_largest(facts.assign(excess=facts.value - facts.expected), "excess", n_voices)


def describe_codebook(
    tokens: Sequence[Token], codec, clips: Sequence[Clip], n_nearest: int = 3
) -> pd.DataFrame:
    """Tell the nearest codes of each token's layer, among those that occur in the clips."""
    rows = []
    for layer in sorted({layer for layer, _ in tokens}):
        vectors = read_codebook(codec, layer)
        used = np.unique(np.concatenate([codes_of(clip)[layer - 1] for clip in clips]))
        for token in (token for token in tokens if token[0] == layer):
            near = nearest_codes(vectors, token[1], n_nearest, used.tolist())
            rows += [(token, show_token(layer, code), distance) for code, distance in near]
    return _list_facts("codebook", rows)


def describe_rows(
    tokens: Sequence[Token],
    rows: Mapping[str, np.ndarray],
    words: Mapping[str, Sequence[tuple[str, float]]],
    n_nearest: int = 3,
) -> pd.DataFrame:
    """Tell the nearest speech tokens, and the nearest words, by the rows that the language model reads."""
    names = [token_name(*token) for token in tokens]
    values = np.stack([rows[name] for name in names])
    cosines = compute_cosines(values, values.mean(axis=0))
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1)[:, : min(n_nearest, len(tokens) - 1)]
    near = [
        (token, show_token(*tokens[k]), cosines[i, k]) for i, token in enumerate(tokens) for k in order[i]
    ]
    told = [
        (token, word, cosine)
        for token, name in zip(tokens, names, strict=True)
        for word, cosine in list(words.get(name, []))[:n_nearest]
    ]
    return pd.concat([_list_facts("speech rows", near), _list_facts("words", told)])


def count_hits(clips: Sequence[Clip], tokens: Sequence[Token]) -> tuple[np.ndarray, np.ndarray]:
    """Count each token's frames and all frames: float arrays (n_clips, n_tokens) and (n_clips,)."""
    hits = np.array([mark_tokens(codes_of(clip), list(tokens)).sum(axis=1) for clip in clips], dtype=float)
    return hits, np.array([clip.codes.shape[1] for clip in clips], dtype=float)


def _correct(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Replace p by q, corrected over the whole array."""
    p = found.pop("p")
    return found | {"q": correct_p_values(p.ravel()).reshape(p.shape)}


def _spread(part: str, tokens: Sequence[Token], names: Sequence[str], **arrays) -> pd.DataFrame:
    """Turn arrays (n_tokens, n_names) into a row per fact."""
    shape = len(tokens), len(names)
    rows = [(tuple(token), name, np.nan) for token in tokens for name in names]
    facts = _list_facts(part, rows)
    return facts.assign(**{key: np.broadcast_to(one, shape).ravel() for key, one in arrays.items()})


def _list_facts(part: str, rows: Sequence[tuple[Token, str, float]]) -> pd.DataFrame:
    """Make a table of (token, name, value), with the other columns unknown."""
    facts = pd.DataFrame(
        [(show_token(*token), *token, part, name, value) for token, name, value in rows], columns=COLUMNS[:6]
    )
    return facts.assign(**{key: np.nan for key in COLUMNS[6:]})


def _keep_largest(facts: pd.DataFrame, column: str, n: int) -> pd.DataFrame:
    """Keep the n rows of each token with the largest positive value in a column, the largest first."""
    ordered = facts[facts[column] > 0].sort_values(
        ["layer", "code", column], ascending=[True, True, False], kind="stable"
    )
    return ordered.groupby("token", sort=False).head(n)[list(COLUMNS)]
