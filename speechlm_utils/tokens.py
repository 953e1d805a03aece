"""A token is a pair (layer, code), layers numbered from 1: its names, and where tokens occur in a clip."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .clips import Clip

Token = tuple[int, int]  # (layer, code)
_NAME = re.compile(r"<\|L([1-9]\d*)_(\d{4,})\|>")


@dataclass(frozen=True)
class Occurrence:
    """A token where it occurs: frame (from 0), layer (from 1) and code."""

    frame: int
    layer: int
    code: int

    @property
    def name(self) -> str:
        """The token's name in the LLM's vocabulary."""
        return token_name(self.layer, self.code)

    def __str__(self) -> str:
        return show_token(self.layer, self.code)


def token_name(layer: int, code: int) -> str:
    """Return a token's name in the LLM's vocabulary: (3, 417) -> "<|L3_0417|>"."""
    return f"<|L{layer}_{code:04d}|>"


def parse_token(name: str) -> Token:
    """Return (layer, code) of a name such as "<|L3_0417|>"; another string raises ValueError with it."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r}: not the name of a speech token; expected the form '<|L3_0417|>'")
    return int(match[1]), int(match[2])


def show_token(layer: int, code: int) -> str:
    """Return a token's name for people: (3, 417) -> "L3-0417"."""
    return f"L{layer}-{code:04d}"


def list_tokens(layers: Sequence[int], codebook_size: int) -> list[Token]:
    """List all (layer, code) pairs in the order of the count matrix's columns: by layer, then by code."""
    return [(layer, code) for layer in layers for code in range(codebook_size)]


def check_codes(codes: np.ndarray, codebook_size: int, name: str = "codes") -> np.ndarray:
    """Return codes that are integers (n_layers, n_frames) in [0, codebook_size); others raise ValueError.

    It names the clip (`name`) and the first bad code with its layer and frame (from 0).
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers (n_layers, n_frames), got {codes.dtype} {codes.shape}")
    bad = np.argwhere((codes < 0) | (codes >= codebook_size))
    if bad.size:
        layer, frame = bad[0]
        at = f"layer {layer + 1}, frame {frame}"
        raise ValueError(f"{name}: {at}: code {codes[layer, frame]} outside [0, {codebook_size})")
    return codes


def mark_tokens(codes: np.ndarray, tokens: Sequence[Token]) -> np.ndarray:
    """Mark the frames that carry each token; codes (n_layers, n_frames) -> bool (n_tokens, n_frames)."""
    if codes is None:
        raise ValueError("the clip has no codes; encode_clips adds them")
    layers, values = np.array(list(tokens), dtype=int).reshape(-1, 2).T
    if layers.size and (layers.min() < 1 or layers.max() > len(codes)):
        used = f"{layers.min()} to {layers.max()}"
        raise ValueError(f"tokens use layers {used}, the codes have 1 to {len(codes)}")
    return np.asarray(codes)[layers - 1] == values[:, None]


def find_free_code(layer: int, tokens: Sequence[Token]) -> int:
    """Find the first code of a layer that is none of the tokens; beyond the codebook if that is full."""
    taken = {code for at, code in tokens if at == layer}
    return next(code for code in itertools.count() if code not in taken)


def find_spans(codes: np.ndarray, token: Token) -> np.ndarray:
    """Find where a token lasts: first frame and the one after its last, int array (n_spans, 2)."""
    return np.flatnonzero(np.diff(np.pad(mark_tokens(codes, [token])[0], 1))).reshape(-1, 2)


def list_occurrences(
    codes: np.ndarray, tokens: Sequence[Token], collapse_repeats: bool = False
) -> list[Occurrence]:
    """List where tokens occur, as a language model reads them: frame by frame, in a frame layer by layer.

    collapse_repeats=True lists a token that lasts over several frames once, at the first of them.
    """
    is_in, codes = np.zeros(np.shape(codes), dtype=bool), np.asarray(codes)
    for (layer, _), marked in zip(tokens, mark_tokens(codes, tokens), strict=True):
        is_in[layer - 1] |= marked
    if collapse_repeats:
        is_in[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    frames, rows = np.nonzero(is_in.T)
    found = zip(frames.tolist(), (rows + 1).tolist(), codes[rows, frames].tolist(), strict=True)
    return [Occurrence(*one) for one in found]


def find_occurrences(
    clips: Sequence[Clip], token: Token, n_snippets: int, seed: int = 0
) -> list[tuple[Clip, int]]:
    """Sample at most n_snippets clips that carry a token, speakers in turn, and one frame of it in each."""
    rng, by_speaker = np.random.default_rng(seed), {}
    for i in rng.permutation(len(clips)):
        frames = np.flatnonzero(mark_tokens(clips[i].codes, [token])[0])
        if frames.size:
            by_speaker.setdefault(clips[i].speaker, []).append((clips[i], int(rng.choice(frames))))
    places = []
    while len(places) < n_snippets and any(by_speaker.values()):
        places += [found.pop() for _, found in sorted(by_speaker.items()) if found]
    return places[:n_snippets]
