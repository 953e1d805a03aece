"""What a trained classifier uses: the same clips once more, with one thing in their prompts changed.

An arm of `arms` is trained anew with the change; an intervention is not, so it tells what this classifier
rests on, not what another could have learned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..clips import Clip
from ..selection.controls import shuffle_codes
from ..tokens import Token, find_free_code, list_occurrences

Change = Callable[[Sequence[Clip], Sequence[Token], np.random.Generator], list[Clip]]


@dataclass(frozen=True)
class Intervention:
    """A change of prompts: the question it answers, and the change."""

    asks: str
    change: Change


def write_tokens(clip: Clip, sequence: Sequence[Token], tokens: Sequence[Token]) -> Clip:
    """Give a clip codes that hold a sequence, a token in every second frame, and no others of `tokens`.

    So neighbours that are equal are read twice. A layer whose codes are all among `tokens` raises ValueError.
    """
    codes = np.empty((len(clip.codes), max(2 * len(sequence), 1)), dtype=np.int16)
    for row in range(len(codes)):
        codes[row] = find_other_code(row + 1, tokens)
    for place, (layer, code) in enumerate(sequence):
        codes[layer - 1, 2 * place] = code
    return replace(clip, codes=codes)


def find_other_code(layer: int, tokens: Sequence[Token], n_codes: int = 256) -> int:
    """Find the first code of a layer that is none of the tokens; ValueError if it has no other."""
    if (free := find_free_code(layer, tokens)) >= n_codes:
        raise ValueError(f"layer {layer}: all {n_codes} codes are among the tokens, none stands for nothing")
    return free


def read_sequence(clip: Clip, tokens: Sequence[Token]) -> list[Token]:
    """List the tokens that a prompt of a clip holds, in their order; one that lasts is listed once."""
    return [(one.layer, one.code) for one in list_occurrences(clip.codes, tokens, collapse_repeats=True)]


def exchange_tokens(clips, tokens, rng) -> list[Clip]:
    """Give each clip the tokens of another one, at random."""
    return shuffle_codes(clips, rng)


def exchange_words(clips, tokens, rng) -> list[Clip]:
    """Give each clip the words of another one, at random."""
    order = rng.permutation(len(clips))
    return [replace(one, text=clips[i].text) for one, i in zip(clips, order, strict=True)]


def shuffle_order(clips, tokens, rng) -> list[Clip]:
    """Shuffle the tokens of each clip in time."""
    changed = []
    for clip in clips:
        sequence = read_sequence(clip, tokens)
        changed.append(write_tokens(clip, [sequence[i] for i in rng.permutation(len(sequence))], tokens))
    return changed


def draw_tokens(clips, tokens, rng) -> list[Clip]:
    """Replace each token by one drawn from the tokens of all clips: as many, as frequent, without content."""
    sequences = [read_sequence(clip, tokens) for clip in clips]
    pool = [token for sequence in sequences for token in sequence]
    return [
        write_tokens(clip, [pool[i] for i in rng.integers(len(pool), size=len(sequence))], tokens)
        for clip, sequence in zip(clips, sequences, strict=True)
    ]


def drop_tokens(clips, tokens, rng) -> list[Clip]:
    """Leave the audio part of each prompt empty."""
    return [write_tokens(clip, [], tokens) for clip in clips]


def drop_words(clips, tokens, rng) -> list[Clip]:
    """Leave the text part of each prompt empty."""
    return [replace(clip, text="") for clip in clips]


INTERVENTIONS = {
    "tokens of another clip": Intervention("does it hear this clip, or any?", exchange_tokens),
    "tokens drawn at random": Intervention("is it the number of tokens?", draw_tokens),
    "tokens in another order": Intervention("does their order matter?", shuffle_order),
    "no tokens": Intervention("what is left without sound?", drop_tokens),
    "words of another clip": Intervention("how much does it rest on the words?", exchange_words),
    "no words": Intervention("what is left without words?", drop_words),
}
"""The interventions by name."""
UNCHANGED = "unchanged"
"""The name of what they are compared with."""
