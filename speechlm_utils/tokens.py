"""A token is a pair (layer, code), layers numbered from 1: its names, and where tokens occur in a clip."""

import re
from collections.abc import Sequence

import numpy as np

from .clips import Clip

Token = tuple[int, int]  # (layer, code)
ACOUSTIC_LAYERS = (2, 3, 4, 5, 6, 7, 8)  # of SpeechTokenizer; for any codec: `codec.spec.acoustic_layers`
_NAME = re.compile(r"<\|L([1-9]\d*)_(\d{4,})\|>")


def mark_tokens(codes: np.ndarray, tokens: list[tuple[int, int]]) -> np.ndarray:
    """Mark the frames that carry each token; codes (n_layers, n_frames) -> bool (n_tokens, n_frames)."""
    layers, values = np.array(tokens, dtype=int).reshape(-1, 2).T
    if layers.size and (layers.min() < 1 or layers.max() > codes.shape[0]):
        raise ValueError(
            f"tokens use layers {layers.min()} to {layers.max()}, the codes have 1 to {codes.shape[0]}"
        )
    return codes[layers - 1] == values[:, None]


def codes_of(clip) -> np.ndarray:
    """Return the codes of a clip, or say that they are missing."""
    if clip.codes is None:
        raise ValueError(f"clip {clip.id} has no codes; encode the clips first (encoding.encode_clips)")
    return clip.codes


def token_name(layer: int, code: int) -> str:
    """Return a token's name in the LLM's vocabulary: (3, 417) -> "<|L3_0417|>"."""
    return f"<|L{layer}_{code:04d}|>"


def parse_token(name: str) -> tuple[int, int]:
    """Return (layer, code) of a name such as "<|L3_0417|>"; another string raises ValueError with it."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r}: not the name of a speech token; expected the form '<|L3_0417|>'")
    return int(match[1]), int(match[2])


def show_token(layer: int, code: int) -> str:
    """Return a token's name for people: (3, 417) -> "L3-0417"."""
    return f"L{layer}-{code:04d}"


def list_tokens(layers: Sequence[int], codebook_size: int) -> list[tuple[int, int]]:
    """List all (layer, code) pairs in the order of the count matrix's columns: by layer, then by code."""
    return [(layer, code) for layer in layers for code in range(codebook_size)]


def check_codes(codes: np.ndarray, codebook_size: int, name: str = "codes") -> np.ndarray:
    """Return the codes if they are integers of shape (n_layers, n_frames) in [0, codebook_size), else raise.

    Raises ValueError; the message names the clip (`name`) and the first bad code with its layer
    and frame (from 0).
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers (n_layers, n_frames), got {codes.dtype} {codes.shape}")
    bad = np.argwhere((codes < 0) | (codes >= codebook_size))
    if bad.size:
        layer, frame = bad[0]
        value = codes[layer, frame]
        raise ValueError(
            f"{name}: layer {layer + 1}, frame {frame}: code {value} outside [0, {codebook_size})"
        )
    return codes


def find_occurrences(
    clips: Sequence[Clip], token: tuple[int, int], n_snippets: int, seed: int = 0
) -> list[tuple[Clip, int]]:
    """Draw clips that carry a token, speakers in turn, and one frame of it in each.

    Parameters
    ----------
    clips : with codes
    token : (layer, code)
    n_snippets : int, at most so many clips
    seed : int

    Returns
    -------
    places : list of (clip, frame), a clip at most once
    """
    rng, by_speaker = np.random.default_rng(seed), {}
    for i in rng.permutation(len(clips)):
        frames = np.flatnonzero(mark_tokens(codes_of(clips[i]), [token])[0])
        if frames.size:
            by_speaker.setdefault(clips[i].speaker, []).append((clips[i], int(rng.choice(frames))))
    places = []
    while len(places) < n_snippets and any(by_speaker.values()):
        places += [found.pop() for _, found in sorted(by_speaker.items()) if found]
    return places[:n_snippets]


def kept_tokens(codes: np.ndarray, tokens: Sequence[Token], collapse_repeats: bool = False) -> list[str]:
    """List the kept tokens of one clip in time order: frame by frame, in a frame layer by layer.

    Parameters
    ----------
    codes : int array, shape (n_layers, n_frames)
    tokens : sequence of (layer, code), layers numbered from 1
    collapse_repeats : bool, True lists a token that lasts over several frames once, at the first of them

    Returns
    -------
    names : list of str such as "<|L3_0417|>"
    """
    codes = np.asarray(codes)
    frames, layers = find_kept(codes, tokens, collapse_repeats)
    return [
        token_name(int(layer), int(codes[layer - 1, frame]))
        for frame, layer in zip(frames, layers, strict=True)
    ]


def find_kept(
    codes: np.ndarray, tokens: Sequence[Token], collapse_repeats: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Find where the kept tokens of one clip stand, in the order of `kept_tokens`, whose arguments it takes.

    Returns
    -------
    frames : int array, shape (n_kept,); layers : int array, shape (n_kept,), numbered from 1
    """
    codes = np.asarray(codes)
    _check_layers(tokens, len(codes))
    is_kept = np.zeros(codes.shape, dtype=bool)
    for layer in {layer for layer, _ in tokens}:
        is_kept[layer - 1] = np.isin(codes[layer - 1], [code for at, code in tokens if at == layer])
    if collapse_repeats:
        is_kept[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    frames, rows = np.nonzero(is_kept.T)
    return frames, rows + 1


def _check_layers(tokens: Sequence[Token], n_layers: int) -> None:
    for layer, code in tokens:
        if not 1 <= layer <= n_layers:
            raise ValueError(f"token (layer {layer}, code {code}): the codes have layers 1 to {n_layers}")
