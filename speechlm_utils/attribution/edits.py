"""Edit the selected tokens of a clip: mute, swap or repeat some of them, and hear what a model makes of it.

The language model reads selected tokens in time order and no other code. So an edited clip needs no waveform:
its codes have a column for each token and an empty one after it, so that a token that is repeated on purpose
is not taken for one that lasts (`collapse_repeats`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..clips import Clip
from ..tokens import Token, find_kept, show_token

NOTHING = -1  # a code that no token has


@dataclass(frozen=True)
class KeptToken:
    """A selected token where it occurs: frame (from 0), layer (from 1) and code."""

    frame: int
    layer: int
    code: int

    def __str__(self) -> str:
        return show_token(self.layer, self.code)


def list_kept(
    codes: np.ndarray, tokens: Collection[Token], collapse_repeats: bool = False
) -> list[KeptToken]:
    """List the selected tokens of a clip as the model reads them; arguments as in `kept_tokens`."""
    found = zip(*find_kept(codes, list(tokens), collapse_repeats), strict=True)
    return [KeptToken(int(frame), int(layer), int(codes[layer - 1, frame])) for frame, layer in found]


def mute_tokens(kept: Sequence[KeptToken], places: Collection[int]) -> list[KeptToken]:
    """Leave out the tokens at some places."""
    return _edit(kept, places, lambda token: [])


def repeat_tokens(kept: Sequence[KeptToken], places: Collection[int], times: int = 2) -> list[KeptToken]:
    """Write the tokens at some places `times` times in a row."""
    if times < 1:
        raise ValueError(f"times={times}: must be at least 1")
    return _edit(kept, places, lambda token: [token] * times)


def swap_tokens(kept: Sequence[KeptToken], places: Collection[int], layer: int, code: int) -> list[KeptToken]:
    """Put another token in the place of some."""
    return _edit(kept, places, lambda token: [replace(token, layer=layer, code=code)])


def _edit(
    kept: Sequence[KeptToken], places: Collection[int], change: Callable[[KeptToken], list[KeptToken]]
) -> list[KeptToken]:
    """Change the tokens at some places; raises ValueError where there is no such place."""
    if wrong := [place for place in places if not 0 <= place < len(kept)]:
        raise ValueError(f"place {wrong[0]}: there are {len(kept)} selected tokens, numbered from 0")
    edited = [change(token) if place in places else [token] for place, token in enumerate(kept)]
    return [token for some in edited for token in some]


def edit_clip(clip: Clip, kept: Sequence[KeptToken]) -> Clip:
    """Return the clip as the model would read it with these tokens in place of its own.

    Its codes hold them in this order and nothing else; no waveform has them, they are for a prompt only.
    """
    codes = np.full((len(clip.codes), 2 * len(kept)), NOTHING, dtype=np.int16)
    for place, token in enumerate(kept):
        codes[token.layer - 1, 2 * place] = token.code
    return replace(clip, codes=codes)
