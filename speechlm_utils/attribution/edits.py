"""Edit the selected tokens of a clip: mute, swap or repeat some of them, and hear what a model makes of it.

The language model reads selected tokens in time order and no other code. So an edited clip needs no waveform:
its codes have a column for each token and an empty one after it, so that a token that is repeated on purpose
is not taken for one that lasts (`collapse_repeats`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from ..clips import Clip
from ..tokens import Occurrence

NOTHING = -1  # a code that no token has


def mute_tokens(found: Sequence[Occurrence], places: Collection[int]) -> list[Occurrence]:
    """Leave out the tokens at some places."""
    return _edit(found, places, lambda token: [])


def repeat_tokens(found: Sequence[Occurrence], places: Collection[int], times: int = 2) -> list[Occurrence]:
    """Write the tokens at some places `times` times in a row."""
    if times < 1:
        raise ValueError(f"times={times}: must be at least 1")
    return _edit(found, places, lambda token: [token] * times)


def swap_tokens(
    found: Sequence[Occurrence], places: Collection[int], layer: int, code: int
) -> list[Occurrence]:
    """Put another token in the place of some."""
    return _edit(found, places, lambda token: [replace(token, layer=layer, code=code)])


def _edit(
    found: Sequence[Occurrence], places: Collection[int], change: Callable[[Occurrence], list[Occurrence]]
) -> list[Occurrence]:
    if wrong := [place for place in places if not 0 <= place < len(found)]:
        raise ValueError(f"place {wrong[0]}: there are {len(found)} selected tokens, numbered from 0")
    edited = [change(token) if place in places else [token] for place, token in enumerate(found)]
    return [token for some in edited for token in some]


def edit_clip(clip: Clip, found: Sequence[Occurrence]) -> Clip:
    """Return the clip as the model would read it with these tokens in place of its own.

    Its codes hold them in this order and nothing else; no waveform has them, they are for a prompt only.
    """
    codes = np.full((len(clip.codes), 2 * len(found)), NOTHING, dtype=np.int16)
    for place, token in enumerate(found):
        codes[token.layer - 1, 2 * place] = token.code
    return replace(clip, codes=codes)
