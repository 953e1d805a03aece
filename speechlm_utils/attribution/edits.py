"""Edit the kept tokens of a clip: mute, swap or repeat some of them, and hear what a model makes of it.

The language model reads kept tokens in time order and no other code (`vocabulary.kept_tokens`). So an edited
clip needs no waveform: its codes have a column for each kept token and an empty one after it, so that a token
that is repeated on purpose is not taken for one that lasts (`collapse_repeats`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..clips import Clip
from ..tokens import find_kept, show_token

NOTHING = -1  # a code that no token has


@dataclass(frozen=True)
class KeptToken:
    """A kept token where it occurs: frame (from 0), layer (from 1) and code."""

    frame: int
    layer: int
    code: int

    def __str__(self) -> str:
        return show_token(self.layer, self.code)


def list_kept(
    codes: np.ndarray, tokens: Collection[tuple[int, int]], collapse_repeats: bool = False
) -> list[KeptToken]:
    """List the kept tokens of a clip as the model reads them; arguments as in `vocabulary.kept_tokens`."""
    codes = np.asarray(codes)
    found = zip(*find_kept(codes, list(tokens), collapse_repeats), strict=True)
    return [KeptToken(int(frame), int(layer), int(codes[layer - 1, frame])) for frame, layer in found]


def mute_tokens(kept: Sequence[KeptToken], places: Collection[int]) -> list[KeptToken]:
    """Leave out the tokens at some places."""
    _check_places(kept, places)
    return [token for place, token in enumerate(kept) if place not in places]


def repeat_tokens(kept: Sequence[KeptToken], places: Collection[int], times: int = 2) -> list[KeptToken]:
    """Write the tokens at some places `times` times in a row."""
    if times < 1:
        raise ValueError(f"times={times}: must be at least 1")
    _check_places(kept, places)
    return [token for place, token in enumerate(kept) for _ in range(times if place in places else 1)]


def swap_tokens(kept: Sequence[KeptToken], places: Collection[int], layer: int, code: int) -> list[KeptToken]:
    """Put another token in the place of some."""
    _check_places(kept, places)
    return [
        replace(token, layer=layer, code=code) if place in places else token
        for place, token in enumerate(kept)
    ]


def _check_places(kept: Sequence[KeptToken], places: Collection[int]) -> None:
    if wrong := [place for place in places if not 0 <= place < len(kept)]:
        raise ValueError(f"place {wrong[0]}: there are {len(kept)} kept tokens, numbered from 0")


def write_codes(kept: Sequence[KeptToken], n_layers: int) -> np.ndarray:
    """Write codes that hold these kept tokens in this order and nothing else.

    Returns
    -------
    codes : int16 array, shape (n_layers, 2 * n_kept); no waveform has them, they are for a prompt only
    """
    codes = np.full((n_layers, 2 * len(kept)), NOTHING, dtype=np.int16)
    for place, token in enumerate(kept):
        codes[token.layer - 1, 2 * place] = token.code
    return codes


def edit_clip(clip: Clip, kept: Sequence[KeptToken]) -> Clip:
    """Return the clip as the model would read it with these kept tokens in place of its own."""
    return replace(clip, codes=write_codes(kept, len(clip.codes)))
